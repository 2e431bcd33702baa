// Texts that the real program sends to a simulated Twilio, and whose a conversation is.

#include "sim/network.hpp"
#include "support/eventually.hpp"
#include "system/box_site.hpp"

using namespace ringctl;
using test::BoxSite;

namespace {

const std::string k_ours = "+12025550100", k_lin = "+16265550101", k_ann = "ann@example.com",
                  k_bob = "bob@example.com";

/// Ann and Bob answer the messages of one number, which the account has.
struct Office : BoxSite {
  explicit Office(db::Engine engine) : BoxSite(engine) {
    log_in();
    box().add_number(k_ours);
    ok({"numbers", "add", k_ours});
    for (const auto& user : {k_ann, k_bob}) {
      ok({"users", "add", user});
      ok({"pools", "add", k_ours, user});
    }
  }
  static test::Machine::Arguments text(const std::string& as = k_ann) {
    return {"messages", "send", k_lin, "--as", as, "--body", "See you at noon"};
  }
  /// How often the box took one.
  int taken() { return times("POST /Messages"); }
  nlohmann::json outbound() const { return json({"messages", "list", "--direction", "outbound"}); }
};

}  // namespace

TEST_CASE("a text that is sent is shown with its size, and on record with its SID", "[system]") {
  Office f(GENERATE(from_range(test::engines())));
  const auto planned = f.json({"messages", "send", k_lin, "--as", k_ann, "--body", "caf\xC3\xA9", "-n"});
  CHECK(planned.at("segments") == 1);
  CHECK(planned.at("encoding") == "gsm7");
  CHECK(planned.at("characters") == 4);
  CHECK(planned.at("message_sid").is_null());
  CHECK(f.taken() == 0);
  CHECK(f.outbound().empty());
  const auto sent = f.json(Office::text());
  CHECK(sent.at("from_number") == k_ours);
  CHECK(sent.at("message_sid").get<std::string>().starts_with("SM"));
  CHECK(f.taken() == 1);
  const auto list = f.outbound();
  REQUIRE(list.size() == 1);
  CHECK(list.at(0).at("message_sid") == sent.at("message_sid"));
  CHECK(list.at(0).at("user_email") == k_ann);
  CHECK(list.at(0).at("id") == sent.at("id"));
}

TEST_CASE("a text from a file is sent as it stands there, without the newline at its end", "[system]") {
  Office f(db::Engine::sqlite);
  f.machine().file("text.txt", "Hello,\nsee you at noon\n");
  f.ok({"messages", "send", k_lin, "--as", k_ann, "--body-file", "text.txt"});
  CHECK(f.outbound().at(0).at("body") == "Hello,\nsee you at noon");
  CHECK(f.failure({"messages", "send", k_lin, "--as", k_ann, "--body", "x", "--body-file", "text.txt"}) ==
        "2 usage.excluded");
}

TEST_CASE("nobody is texted who said that they want no more, here or to Twilio", "[system][slow]") {
  Office f(GENERATE(from_range(test::engines())));
  SECTION("they are on the list") {
    f.ok({"optouts", "add", k_lin, "--channel", "sms"});
    CHECK(f.failure(Office::text()) == "8 messages.refused");
    CHECK(f.run(Office::text()).err.find("opted_out: ") != std::string::npos);
    CHECK(f.taken() == 0);
    CHECK(f.outbound().empty());
  }
  SECTION("Twilio alone knows") {
    f.box().with([](sim::Account&, sim::Network& network) { network.text_in(k_lin, k_ours, "STOP"); });
    CHECK(f.failure(Office::text()) == "8 messages.refused");
    CHECK(f.json({"optouts", "list"}).at(0).at("channel") == "sms");
    CHECK(f.outbound().at(0).at("status") == "failed");
    CHECK(f.failure(Office::text()) == "8 messages.refused");
    CHECK(f.outbound().size() == 1);
  }
}

TEST_CASE("a text whose answer was lost is looked up, and not sent again", "[system][slow]") {
  Office f(GENERATE(from_range(test::engines())));
  f.box().fault("executed_lost", 1);
  CHECK(f.failure(Office::text()) == "24 messages.unknown_outcome");
  f.box().clear_faults();
  CHECK(f.outbound().at(0).at("message_sid").is_null());
  const auto settled = f.json({"jobs", "resolve"});
  REQUIRE(settled.size() == 1);
  CHECK(settled.at(0).at("state") == "done");
  CHECK(f.outbound().at(0).at("message_sid") == settled.at(0).at("sid"));
  CHECK(f.taken() == 1);
}

TEST_CASE("what is no message is refused with its reason, and nothing is written", "[system][slow]") {
  Office f(db::Engine::sqlite);
  const auto failure = [&](test::Machine::Arguments more, const std::string& to = k_lin) {
    more.insert(more.begin(), {"messages", "send", to, "--as", k_ann});
    return f.failure(more);
  };
  CHECK(failure({}) == "7 messages.empty");
  CHECK(failure({"--body", std::string(1601, 'x')}) == "7 messages.too_long");
  CHECK(failure({"--body", "hi", "--media", "http://192.168.0.1/a.png"}) == "7 messages.bad_media");
  CHECK(failure({"--body", "hi"}, "nobody") == "7 messages.bad_destination");
  CHECK(failure({"--body", "hi", "--from-number", "+12025550177"}) == "5 numbers.unknown");
  test::Machine::Arguments pictures{"--body", "hi"};
  for (int i = 0; i < 11; ++i) pictures.insert(pictures.end(), {"--media", "https://example.com/a.png"});
  CHECK(failure(pictures) == "7 messages.too_many_media");
  f.machine().file("latin1.txt", "caf\xE9\n");
  CHECK(failure({"--body-file", "latin1.txt"}) == "7 messages.bad_text");
  CHECK(f.taken() == 0);
  CHECK(f.outbound().empty());
}

TEST_CASE("a conversation is claimed, answered, released and handed over", "[system][slow]") {
  Office f(GENERATE(from_range(test::engines())));
  f.ok({"numbers", "update", k_ours, "--sms-mode", "claim"});
  f.json(Office::text());
  CHECK(f.failure(Office::text(k_bob)) == "6 messages.claimed");
  CHECK(f.failure({"messages", "claim", k_lin, "--as", k_bob}) == "6 messages.claimed");
  CHECK(f.json({"messages", "claim", k_lin, "--as", k_ann}).at("changed") == false);
  CHECK(f.json({"messages", "claim", "+1 (626) 555-0101", "--as", k_ann}).at("changed") == false);
  CHECK(f.failure({"messages", "release", k_lin, "--as", k_bob}) == "4 messages.not_yours");
  CHECK(f.json({"messages", "release", k_lin, "--as", k_ann}).at("changed") == true);
  CHECK(f.json({"messages", "claim", k_lin, "--as", k_bob, "-n"}).at("dry_run") == true);
  const auto claimed = f.json({"messages", "claim", k_lin, "--as", k_bob});
  CHECK(claimed.at("assigned_to") == k_bob);
  CHECK(claimed.at("lease_expires_at").is_string());
  CHECK(f.failure({"messages", "reassign", k_lin, k_ann, "--as", k_ann}) == "4 messages.may_not_reassign");
  CHECK(f.json({"messages", "reassign", k_lin, k_ann}).at("assigned_to") == k_ann);
  const auto actors = f.json({"audit", "list", "--action", "messages.claim"});
  for (const auto& row : actors) CHECK(row.at("actor").get<std::string>().starts_with("user:"));
  CHECK(f.failure({"messages", "claim", "+12025550199", "--as", k_ann}) == "5 messages.no_thread");
}

TEST_CASE("the last state of a text is fetched where no callback came, once", "[system][slow]") {
  Office f(GENERATE(from_range(test::engines())));
  const auto sid = f.json(Office::text()).at("message_sid").get<std::string>();
  f.box().with([&](sim::Account& account, sim::Network&) {  // another program's
    sim::Message other = *account.messages.find(sid);
    other.sid = "SM" + std::string(32, '1');
    other.sent_at = other.created_at;  // Twilio lists messages by it
    account.messages.add(other);
  });
  nlohmann::json done;
  REQUIRE(test::eventually([&] {
    done = f.json({"messages", "reconcile", "--since", "-1h"});
    return f.outbound().at(0).at("status") == "delivered";
  }));
  CHECK(done.at("seen") == 2);
  CHECK(done.at("foreign") == 1);
  CHECK(f.json({"messages", "reconcile", "--since", "-1h"}).at("changed") == false);
  CHECK(f.failure({"messages", "reconcile", "--since", "today", "--until", "-2d"}) == "2 usage.empty_period");
}
