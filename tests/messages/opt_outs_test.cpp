#include "messages/opt_outs.hpp"

#include "directory/opt_outs.hpp"
#include "messages/counter.hpp"
#include "messages/desk.hpp"
#include "records/records.hpp"
#include "support/catch.hpp"

using namespace ringctl;
using test::k_lin;
using test::message_sid;
using test::TextDesk;

namespace {

db::Engine any_engine() { return GENERATE(from_range(test::engines())); }

const std::string k_ours = test::k_from, k_other = "+12025550109";

struct OptOuts : TextDesk {
  using TextDesk::TextDesk;
  bool stop(const std::string& ours = k_ours, const std::string& from = k_lin) {
    return say(&messages::stop, ours, from);
  }
  bool start(const std::string& ours = k_ours, const std::string& from = k_lin) {
    return say(&messages::start, ours, from);
  }
  void by_hand(const std::string& channel) {
    records::Records(session(), workspace, directory::opt_outs_noun())
        .put({{directory::k_opt_out_number, k_lin}, {directory::k_opt_out_channel, channel}});
  }
  void remove() { records::Records(session(), workspace, directory::opt_outs_noun()).remove(k_lin); }
  /// "all STOP": channel and source; "" = not on the list.
  std::string list() {
    return read([&] {
      auto rows = db().query("SELECT channel, source FROM opt_outs WHERE workspace_id = $1", {workspace});
      return rows.next() ? fmt::format("{} {}", rows.text(0), rows.text(1)) : std::string();
    });
  }
  bool opted_out() {
    return read([&] { return messages::is_opted_out(db(), workspace, k_lin); });
  }
  std::string audited() {
    return rows(
        "SELECT action FROM audit_log WHERE workspace_id = $1 AND action LIKE 'optouts.st%' ORDER BY seq");
  }

 private:
  bool say(bool (*word)(audit::Session&, const base::Uuid&, const messages::StopWord&),
           const std::string& ours, const std::string& from) {
    bool changed = false;
    write([&] {
      messages::lock_counter(db(), workspace);
      changed = word(session(), workspace,
                     {.phone_number = from, .ours = ours, .message_sid = message_sid(1), .at = clock.now()});
    });
    return changed;
  }
};

}  // namespace

TEST_CASE("STOP puts a number on the list, START takes it off", "[messages]") {
  OptOuts f(any_engine());
  CHECK_FALSE(f.opted_out());
  CHECK(f.stop());
  CHECK(f.list() == "all STOP");
  CHECK(f.opted_out());
  CHECK_FALSE(f.stop());
  CHECK(f.start());
  CHECK(f.list().empty());
  CHECK_FALSE(f.opted_out());
  CHECK_FALSE(f.start());
  CHECK(f.audited() == "optouts.stop\noptouts.start\n");
}

TEST_CASE("what STOP means is the workspace's", "[messages]") {
  OptOuts f(any_engine());
  f.decide("stop_means", "sms");
  f.stop();
  CHECK(f.list() == "sms STOP");
  CHECK(f.opted_out());
  f.decide("stop_means", "all");
  f.stop(k_other);
  CHECK(f.list() == "all STOP");
  f.start();
  CHECK(f.start(k_other));
  CHECK(f.list().empty());
}

TEST_CASE("a number that said STOP to two of ours is off the list when it said START to both", "[messages]") {
  OptOuts f(any_engine());
  CHECK(f.stop(k_ours));
  CHECK(f.stop(k_other));
  CHECK_FALSE(f.start(k_ours));
  CHECK(f.opted_out());
  CHECK(f.start(k_other));
  CHECK_FALSE(f.opted_out());
}

TEST_CASE("START takes nothing off the list that STOP did not put there", "[messages]") {
  OptOuts f(any_engine());
  f.by_hand("all");
  f.stop();
  CHECK_FALSE(f.start());
  CHECK(f.list() == "all ");
}

TEST_CASE("STOP widens what was there by hand, and START goes back to it", "[messages]") {
  OptOuts f(any_engine());
  f.by_hand("voice");
  CHECK_FALSE(f.opted_out());
  CHECK(f.stop());
  CHECK(f.list() == "all ");
  CHECK(f.opted_out());
  CHECK(f.start());
  CHECK(f.list() == "voice ");
  CHECK(f.audited() == "optouts.stop\noptouts.start\n");
}

TEST_CASE("texts alone by hand become all where STOP means all, and stay", "[messages]") {
  OptOuts f(any_engine());
  f.by_hand("sms");
  CHECK(f.stop());
  CHECK(f.list() == "all ");
  CHECK_FALSE(f.start());
  CHECK(f.list() == "all ");
}

TEST_CASE("what people changed since STOP is theirs", "[messages]") {
  OptOuts f(any_engine());
  f.stop();
  f.by_hand("sms");
  CHECK_FALSE(f.start());
  CHECK(f.list() == "sms STOP");
}

TEST_CASE("STOP that is said again counts where somebody had taken the number off", "[messages]") {
  OptOuts f(any_engine());
  f.stop();
  f.remove();
  CHECK_FALSE(f.opted_out());
  CHECK(f.stop());
  CHECK(f.list() == "all STOP");
  CHECK(f.start());
  CHECK(f.list().empty());
}

TEST_CASE("what is no number is on no list", "[messages]") {
  OptOuts f(any_engine());
  for (const auto* from : {"72345", "whatsapp:+12025550150", "RINGCTL", "", "+1"})
    CHECK_FALSE(f.stop(k_ours, from));
  CHECK(f.count("opt_outs") == 0);
  CHECK(f.count("message_stops") == 0);
}

TEST_CASE("an opt-out by STOP can be read, changed and exported as any", "[messages]") {
  OptOuts f(any_engine());
  f.stop();
  const auto row = records::Records(f.session(), f.workspace, directory::opt_outs_noun()).get(k_lin);
  CHECK(row.cells == std::vector<std::string>{k_lin, "all", base::format_utc(f.clock.now()), "STOP"});
  CHECK(row.version == 1);
}
