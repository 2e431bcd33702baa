// Numbers that go to a voice agent and come back, by the real program, with Twilio and LiveKit beside it.

#include "support/catch.hpp"
#include "system/box_site.hpp"

using namespace ringctl;
using test::BoxSite;

namespace {

const std::string k_number = "+12025550123";

struct Floor : BoxSite {
  explicit Floor(db::Engine engine) : BoxSite(engine) {
    box().add_number(k_number);
    log_in();
    ok({"numbers", "sync", "--apply"});
    ok({"assistants", "add", "desk", "--host", box().url(), "--sip-domain", "example.sip.livekit.cloud",
        "--api-key", box().livekit_key(), "--api-secret-file", "livekit.txt"});
  }
  nlohmann::json number() const { return json({"numbers", "show", k_number}); }
};

}  // namespace

TEST_CASE("a number is handed to an assistant, is seen side by side, and comes back", "[system][slow]") {
  Floor f(GENERATE(from_range(test::engines())));
  const auto plan = f.json({"assistants", "attach", k_number, "desk", "-n"});
  CHECK(plan.at("steps") == "origination_url|inbound_trunk|dispatch_rule|number|assistant");
  CHECK(f.box().livekit_trunks().empty());
  CHECK(f.failure({"assistants", "attach", k_number, "desk"}) == "2 usage.confirmation_needed");
  f.ok({"assistants", "attach", k_number, "desk", "--yes"});
  CHECK(f.number().at("trunk_sid") == f.json({"trunks", "list"}).at(0).at("sid"));
  CHECK(f.number().at("assistant_id") == f.json({"assistants", "show", "desk"}).at("id"));
  CHECK(f.json({"assistants", "attach", k_number, "desk", "--yes"}).at("changed") == false);
  CHECK(f.failure({"trunks", "sync"}) == "0");
  CHECK(f.failure({"trunks", "detach", k_number}) == "6 assistants.has_number");
  CHECK(f.failure({"assistants", "remove", "desk", "--yes"}) == "6 assistants.in_use");

  const auto again = f.run({"assistants", "attach", k_number, "desk", "--yes"});
  CHECK(again.err.find("(it is handed to desk)") != std::string::npos);
  f.ok({"assistants", "detach", k_number});
  const auto twice = f.run({"assistants", "detach", k_number});
  CHECK(twice.status == 0);
  CHECK(twice.err.find("unchanged " + std::string(k_number) + " (it is handed to no assistant)") !=
        std::string::npos);
  CHECK(f.number().at("trunk_sid").is_null());
  CHECK(f.number().at("webhook_status") == "configured");
  CHECK(f.box().livekit_trunks().empty());
  CHECK(f.box().livekit_rules().empty());
  f.ok({"assistants", "remove", "desk", "--yes"});
}

TEST_CASE("what is left at LiveKit of an assistant that goes is named", "[system]") {
  Floor f(db::Engine::sqlite);
  f.ok({"assistants", "attach", k_number, "desk", "--yes"});
  f.ok({"numbers", "delete", k_number, "--yes"});
  const auto inbound = f.json({"assistants", "show", "desk"}).at("inbound_trunk_id").get<std::string>();
  const auto gone = f.run({"assistants", "remove", "desk", "--yes"});
  CHECK(gone.status == 0);
  CHECK(gone.err.find("LiveKit still has " + inbound) != std::string::npos);
  CHECK(f.box().livekit_trunks().size() == 1);
}

TEST_CASE("an assistant that is refused makes no key, and one that is kept does", "[system]") {
  BoxSite f(db::Engine::sqlite);
  const auto key = f.machine().home() / ".config/ringctl/secrets.key";
  std::vector<std::string> add{
      "assistants",        "add",        "desk", "--host", "http://127.0.0.1:7880", "--api-key", "APIexample",
      "--api-secret-file", "livekit.txt"};
  CHECK(f.failure(add) == "7 assistants.invalid");
  add.insert(add.end(), {"--sip-domain", "sip.example.com"});
  add.emplace_back("-n");
  CHECK(f.failure(add) == "0");
  CHECK_FALSE(std::filesystem::exists(key));
  add.pop_back();
  CHECK(f.failure(add) == "0");
  CHECK((std::filesystem::status(key).permissions() & std::filesystem::perms::all) ==
        std::filesystem::perms(0600));
}

TEST_CASE("attaching to a trunk warns of each loss, and asks", "[system][slow]") {
  Floor f(db::Engine::sqlite);
  f.ok({"numbers", "configure", k_number});
  const auto planned = f.run({"trunks", "attach", k_number, "-n"});
  CHECK(planned.status == 0);
  CHECK(planned.err.find("loses its voice_url: https://pbx.example.com/") != std::string::npos);
  CHECK(f.failure({"trunks", "attach", k_number}) == "2 usage.confirmation_needed");
  const auto attached = f.run({"trunks", "attach", k_number, "--yes"});
  CHECK(attached.status == 0);
  CHECK(attached.err.find("attached " + k_number + " to the trunk \"ringctl default\"") != std::string::npos);
  CHECK(f.run({"trunks", "attach", k_number, "--yes"}).err ==
        "unchanged " + k_number + " (it is on the trunk \"ringctl default\" already)\n");
  CHECK(f.number().at("webhook_status") == "captured");
  CHECK(f.failure({"trunks", "remove", "ringctl default", "--yes"}) == "6 trunks.in_use");
  CHECK(f.run({"trunks", "detach", k_number}).err.find("from the trunk \"ringctl default\"") !=
        std::string::npos);
  f.ok({"trunks", "remove", "ringctl default", "--yes"});
  CHECK(f.json({"trunks", "list"}).empty());
}

TEST_CASE("trunks sync is exit 8 where sides differ, and takes over what is there", "[system][slow]") {
  Floor f(db::Engine::sqlite);
  f.ok({"trunks", "add", "backup", "--origination-url", "sip:pbx.example.com"});
  f.box().with([](sim::Account& account, sim::Network&) {
    account.trunks.each([](sim::Trunk& trunk) {
      for (auto& url : trunk.origination_urls) url.sip_url = "sip:moved.example.com";
    });
  });
  CHECK(f.failure({"trunks", "sync"}) == "8 trunks.differ");
  CHECK(f.failure({"trunks", "sync", "--apply", "-n"}) == "8 trunks.differ");
  CHECK(f.failure({"trunks", "sync", "--apply"}) == "0");
  CHECK(f.json({"trunks", "show", "backup"}).at("origination_url") == "sip:moved.example.com");
  CHECK(f.failure({"trunks", "add", "backup"}) == "0");
  CHECK(f.failure({"trunks", "add", "backup", "--origination-url", "sip:other.example.com"}) ==
        "6 trunks.exists");
  CHECK(f.failure({"assistants", "add", "desk", "--agent-name", "reception"}) == "6 assistants.exists");
  CHECK(f.failure({"trunks", "add", "bad", "--origination-url", "https://pbx.example.com"}) ==
        "7 trunks.invalid");
  CHECK(f.failure({"trunks", "show", "nothing"}) == "5 trunks.unknown");
}
