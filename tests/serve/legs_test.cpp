// Who is rung next, by what is reported of those who were rung before.

#include <set>

#include "serve/outbound.hpp"
#include "serve/switchboard.hpp"
#include "support/catch.hpp"

namespace ringctl::serve {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using test::call_sid;
using test::Form;
using test::Switchboard;

const std::string k_phone = "+12025550190";
std::string leg_sid(int n) { return fmt::format("CA{:032x}", 0xf0000 + n); }

/// Ann and Bob, who are rung together, in their browsers; what they do is read when a test says so.
struct Site : Switchboard {
  explicit Site(db::Engine engine) : Switchboard(engine), bob_id(agent("bob@example.com")) {
    set("ring_owner = FALSE");
  }
  void set(const std::string& what) {
    exec("UPDATE workspaces SET " + what + ", version = version + 1 WHERE id = $1", {workspace});
  }
  /// Ann is rung on her phone, and takes calls by picking it up, or by pressing a key.
  void give_ann_a_phone(bool accept_prompt) {
    exec("UPDATE users SET ring_on = 'phone', phone_number = $2, version = version + 1 WHERE id = $1",
         {ann_id, k_phone});
    if (!accept_prompt) set("accept_prompt = FALSE");
  }

  void open() {
    auto all = options();
    all.estates.every = std::chrono::hours(1);
    service.emplace(std::move(all), opener(), clock);
    service->start();
  }
  /// Who a new call rings: "ann bob", "ann+" on her phone.
  std::string rung(int call) const {
    const auto response = answer("", form({{"CallSid", call_sid(call)}}));
    const auto* const dial = std::get_if<twiml::Dial>(&response.verbs.front());
    std::string names;
    const auto add = [&](std::string_view name) { names.append(names.empty() ? "" : " ").append(name); };
    if (dial == nullptr) return names;
    for (const auto& noun : dial->nouns)
      if (const auto* const client = std::get_if<twiml::Client>(&noun))
        add(user_of_identity(client->identity) == ann_id ? "ann" : "bob");
      else
        add("ann+");
    return names;
  }
  /// "Sun, 08 Mar 2026 12:01:05 +0000", of the clock.
  std::string timestamp() const {
    const auto text = base::format_utc(clock.now());
    return fmt::format("Sun, 08 Mar 2026 {} +0000", text.substr(11, 8));
  }
  /// A status callback of a leg of a call.
  Form leg(int call, int leg_n, const std::string& to, const std::string& status, int sequence) const {
    return form({{"CallSid", leg_sid(leg_n)},
                 {"ParentCallSid", call_sid(call)},
                 {"To", to},
                 {"CallStatus", status},
                 {"SequenceNumber", std::to_string(sequence)},
                 {"Timestamp", timestamp()}});
  }
  static std::string compact(const base::Uuid& user) {
    auto text = user.text();
    std::erase(text, '-');
    return text;
  }
  std::string client(const base::Uuid& user) const { return "client:agent_" + user.text(); }
  void report(const Form& fields) const { CHECK(post("/status/s0w0", fields).status == 204); }
  /// A call of Ann's.
  void dial_out(int call) const {
    const auto response =
        answer("", form({{"CallSid", call_sid(call)}, {"From", from_ann()}, {"To", test::k_to}}));
    REQUIRE(std::holds_alternative<twiml::Dial>(response.verbs.front()));
  }
  /// All that was reported is in the database, and what that says is read.
  void catch_up(std::string_view sql, std::int64_t rows) {
    REQUIRE(test::eventually([&] { return integer(sql) == rows; }, 5));
    service->reload();
  }

  base::Uuid bob_id;
};

TEST_CASE("who rang alone has answered, where nothing but Dial's word came of it", "[serve]") {
  Site site(GENERATE(from_range(test::engines())));
  const auto how = GENERATE(as<std::string>{}, "in her browser", "by phone, with the plan from the database",
                            "together with Bob");
  const bool phone = how.starts_with("by phone"), both = how.ends_with("Bob");
  INFO(how);
  if (phone) site.give_ann_a_phone(false);
  if (!both) site.exec("UPDATE users SET is_active = FALSE WHERE id = $1", {site.bob_id});
  site.open();
  REQUIRE(site.rung(1) == std::string(phone ? "ann+" : "ann") + (both ? " bob" : ""));
  if (phone) {
    REQUIRE(site.stop());
    site.open();
  }
  site.clock.advance(minutes(2));
  const auto end = site.form({{"DialCallSid", leg_sid(11)},
                              {"DialCallStatus", "completed"},
                              {"DialCallDuration", "60"},
                              {"DialBridged", "true"}});
  site.answer("/next/s0w0", end);
  CHECK(site.post("/status", site.form({{"CallStatus", "completed"}, {"SequenceNumber", "3"}})).status ==
        204);
  REQUIRE(site.stop());
  const auto party = phone ? k_phone : "client:agent_" + site.compact(site.ann_id);
  CHECK(site.integer("SELECT count(*) FROM calls WHERE status = 'completed' AND answered_at IS NOT NULL") ==
        1);
  CHECK(site.integer("SELECT count(*) FROM calls WHERE user_id = $1", {site.ann_id}) == (both ? 0 : 1));
  CHECK(site.integer("SELECT count(*) FROM call_attempts WHERE leg_sid = $1 AND answered_at IS NOT NULL",
                     {leg_sid(11)}) == 1);
  CHECK(site.integer("SELECT count(*) FROM call_attempts WHERE user_id = $1 AND party = $2",
                     {site.ann_id, party}) == (both ? 0 : 1));
}

TEST_CASE("whose browser answered is known also where the state's path does not say the step", "[serve]") {
  Site site(GENERATE(from_range(test::engines())));
  site.open();
  CHECK(site.rung(1) == "ann bob");
  CHECK(site.post("/status", site.leg(1, 11, site.client(site.bob_id), "in-progress", 2)).status == 204);
  CHECK(site.rung(2) == "ann");
  REQUIRE(site.stop());
  CHECK(site.integer("SELECT count(*) FROM calls WHERE user_id = $1 AND answered_at IS NOT NULL",
                     {site.bob_id}) == 1);
}

TEST_CASE("an agent who was rung in vain and dials out is not rung during that call", "[serve]") {
  Site site(GENERATE(from_range(test::engines())));
  site.open();
  CHECK(site.rung(1) == "ann bob");
  site.report(site.leg(1, 11, site.client(site.bob_id), "in-progress", 2));
  site.report(site.leg(1, 12, site.client(site.ann_id), "canceled", 2));
  site.clock.advance(seconds(5));
  site.dial_out(2);
  CHECK(site.rung(3).empty());
  site.catch_up("SELECT count(*) FROM calls WHERE direction = 'outbound'", 1);
  CHECK(site.rung(4).empty());
}

TEST_CASE("an agent who dials out right after a call is not rung, and is when that is over", "[serve]") {
  Site site(db::Engine::sqlite);
  site.open();
  site.report(site.leg(1, 12, site.client(site.ann_id), "in-progress", 2));
  CHECK(site.rung(2) == "bob");
  site.clock.advance(minutes(2));
  site.report(site.leg(1, 12, site.client(site.ann_id), "completed", 3));
  CHECK(site.rung(3) == "ann bob");
  site.clock.advance(seconds(5));
  site.dial_out(4);
  CHECK(site.rung(5) == "bob");
  site.clock.advance(minutes(1));
  SECTION("as Dial says") {
    const auto end =
        site.form({{"CallSid", call_sid(4)}, {"From", site.from_ann()}, {"DialCallStatus", "busy"}});
    site.answer("/next/calling", end);
  }
  SECTION("as the call's own callback says") {
    const auto end = site.form({{"CallSid", call_sid(4)}, {"CallStatus", "completed"}});
    CHECK(site.post("/status", end).status == 204);
  }
  CHECK(site.rung(6) == "ann bob");
}

TEST_CASE("who talks when the database goes away is free as soon as they hang up, and talks until then",
          "[serve]") {
  Site site(GENERATE(from_range(test::engines())));
  site.open();
  site.report(site.leg(1, 12, site.client(site.ann_id), "in-progress", 2));
  site.catch_up("SELECT count(*) FROM call_attempts WHERE answered_at IS NOT NULL", 1);
  site.away = true;
  site.report(site.leg(2, 21, site.client(site.bob_id), "in-progress", 2));
  site.clock.advance(minutes(10));
  CHECK(site.rung(3).empty());
  site.report(site.leg(1, 12, site.client(site.ann_id), "completed", 3));
  site.clock.advance(minutes(10));
  CHECK(site.rung(4) == "ann");
  site.away = false;
}

TEST_CASE("webhooks that were caught and are sent again say nothing of who talks now", "[serve]") {
  Site site(db::Engine::sqlite);
  site.give_ann_a_phone(true);
  site.open();
  REQUIRE(site.rung(1) == "ann+ bob");
  const auto bob = site.leg(7, 71, site.client(site.bob_id), "in-progress", 2);
  const auto key = site.form({{"CallSid", leg_sid(12)},
                              {"ParentCallSid", call_sid(1)},
                              {"To", k_phone},
                              {"CallStatus", "in-progress"},
                              {"Digits", "1"}});
  site.report(bob);
  site.answer("/accepted/s0w0", key);
  CHECK(site.rung(2).empty());
  site.clock.advance(minutes(1));
  site.report(site.leg(1, 12, k_phone, "completed", 3));
  site.report(site.leg(7, 71, site.client(site.bob_id), "completed", 3));
  CHECK(site.rung(3) == "ann+ bob");
  site.clock.advance(std::chrono::hours(1));
  site.service->reload();
  site.report(bob);
  site.answer("/accepted/s0w0", key);
  CHECK(site.rung(4) == "ann+ bob");
  // One that remembers nothing of them goes by the time that Twilio gave.
  REQUIRE(site.stop());
  site.open();
  site.report(bob);
  CHECK(site.rung(5) == "ann+ bob");
}

TEST_CASE("a phone that is picked up is an answer also after a restart, where no key is asked for",
          "[serve]") {
  Site site(GENERATE(from_range(test::engines())));
  const bool accept_prompt = GENERATE(false, true);
  site.give_ann_a_phone(accept_prompt);
  site.open();
  REQUIRE(site.rung(1) == "ann+ bob");
  REQUIRE(site.stop());
  site.open();
  site.clock.advance(seconds(4));
  site.report(site.leg(1, 12, k_phone, "in-progress", 2));
  REQUIRE(site.stop());
  const auto answered = "SELECT count(*) FROM call_attempts WHERE answered_at IS NOT NULL AND user_id = $1";
  CHECK(site.integer(answered, {site.ann_id}) == (accept_prompt ? 0 : 1));
  site.open();
  CHECK(site.rung(2) == (accept_prompt ? "ann+ bob" : "bob"));
}

}  // namespace
}  // namespace ringctl::serve
