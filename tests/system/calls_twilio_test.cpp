// Calls that go on, acted upon by the real program: a real serve leads them, a simulated Twilio connects
// them.

#include <fmt/format.h>

#include "sim/network.hpp"
#include "support/eventually.hpp"
#include "support/serve_site.hpp"
#include "support/twilio_box.hpp"

using namespace ringctl;
using test::ServeSite;

namespace {

const std::string k_lin = "+16265550101", k_agent = "agent0@example.com", k_agent_phone = "+12025550143",
                  k_ada = "ada@example.com", k_ada_phone = "+12025550160";

test::ServeOptions on_tcp() {
  test::ServeOptions options;
  options.listen = test::ServeOptions::Listen::tcp;
  return options;
}

test::BoxOptions box_of(const ServeSite& site) {
  test::BoxOptions options;
  options.webhooks_to = site.url("");
  options.public_url = ServeSite::k_public_url;
  options.account_sid = ServeSite::k_account;
  options.auth_token = ServeSite::k_token;
  return options;
}

/// An agent with a telephone and an admin who listens; then the service, which has a port from then on.
const ServeSite& begun(ServeSite& site, const test::Machine::Arguments& settings) {
  site.lay_out(1);
  const auto& ringctl = site.site();
  ringctl.ok({"users", "update", k_agent, "--phone-number", k_agent_phone, "--ring-on", "phone"});
  ringctl.ok({"users", "add", k_ada, "--role", "admin", "--phone-number", k_ada_phone, "--ring-on", "phone",
              "--availability", "offline"});
  test::Machine::Arguments update{"workspaces", "update", "default", "--accept-prompt", "no"};
  update.insert(update.end(), settings.begin(), settings.end());
  ringctl.ok(update);
  site.start();
  return site;
}

/// And a number at a Twilio that reaches it.
struct Floor {
  /// `settings`: of the workspace, as `workspaces update` takes them.
  explicit Floor(db::Engine engine, const test::Machine::Arguments& settings = {})
      : site(engine, on_tcp()), box(box_of(begun(site, settings))) {
    const auto number = box.add_number(test::k_main_line);
    box.with([&](sim::Account& account, sim::Network& network) {
      auto& line = *account.numbers.find(number);
      line.voice_hook.url = std::string(ServeSite::k_public_url) + site.voice();
      line.status_callback.url = std::string(ServeSite::k_public_url) + site.voice("/status");
      for (const auto& phone : {k_agent_phone, k_ada_phone, std::string("+12025550199")})
        network.set_behaviour(phone, {.pickup = sim::Pickup::answer, .after = std::chrono::milliseconds(10)});
    });
  }
  /// The program against the box.
  test::ProcessResult run(test::Machine::Arguments arguments) const {
    test::ProcessOptions options;
    for (const auto& [name, value] : box.environment()) options.environment[name] = value;
    options.environment["RINGCTL_PUBLIC_URL"] = ServeSite::k_public_url;
    if (!site.site().url().empty()) options.environment["RINGCTL_DATABASE_URL"] = site.site().url();
    return site.site().machine().run(arguments, options);
  }
  nlohmann::json json(test::Machine::Arguments arguments) const {
    arguments.insert(arguments.end(), {"-o", "json"});
    const auto result = run(arguments);
    INFO(result.err);
    REQUIRE(result.status == 0);
    return nlohmann::json::parse(result.out);
  }
  /// Lin calls, the agent answers, and both talk: the call's SID.
  std::string talk() {
    std::string sid;
    box.with(
        [&](sim::Account&, sim::Network& network) { sid = network.call_in(k_lin, test::k_main_line, {}); });
    const bool talking = test::eventually([&] { return !site.site().json({"calls", "active"}).empty(); });
    INFO(box.story() << site.log());
    REQUIRE(talking);
    return sid;
  }
  std::string status(const std::string& sid) const {
    return site.site().json({"calls", "show", sid}).at("status").get<std::string>();
  }

  ServeSite site;
  test::TwilioBox box;
};

}  // namespace

TEST_CASE("a plain call is moved into a conference, and a supervisor listens, whispers, joins and leaves",
          "[system][slow]") {
  Floor floor(GENERATE(from_range(test::engines())));
  const auto sid = floor.talk();
  const auto listens = floor.json({"calls", "listen", sid, "--as", k_ada});
  CHECK(listens.at("muted") == true);
  CHECK(listens.at("coaching") == false);
  const auto whispers = floor.json({"calls", "whisper", sid, "--as", k_ada});
  CHECK(whispers.at("leg_sid") == listens.at("leg_sid"));
  CHECK(whispers.at("coaching") == true);
  CHECK(floor.json({"calls", "barge", sid, "--as", k_ada}).at("muted") == false);
  CHECK(floor.run({"calls", "stop", sid, "--as", k_ada}).status == 0);
  CHECK(floor.run({"calls", "listen", sid, "--as", k_agent}).status == 4);
  // The move was no end of the call, and who listened is no party of it.
  CHECK(floor.status(sid) == "in-progress");
  CHECK(floor.site.site().json({"calls", "show", sid}).at("attempts").size() == 1);
  CHECK(floor.run({"calls", "hangup", sid}).status == 0);
  CHECK(test::eventually([&] { return floor.status(sid) == "completed"; }));
  CHECK(floor.run({"calls", "listen", sid, "--as", k_ada}).status == 6);
}

TEST_CASE("a customer is handed over to a number after their agent has spoken to it", "[system][slow]") {
  Floor floor(db::Engine::sqlite);
  floor.site.site().ok({"numbers", "assign", test::k_main_line, k_agent});
  const auto sid = floor.talk();
  CHECK(floor.run({"calls", "transfer", sid, "+12025550199", "--attended"}).status == 0);
  REQUIRE(test::eventually([&] { return floor.run({"calls", "transfer", sid, "--complete"}).status == 0; }));
  CHECK(floor.status(sid) == "in-progress");
  CHECK(floor.run({"calls", "hangup", sid}).status == 0);
  CHECK(test::eventually([&] { return floor.status(sid) == "completed"; }));
}

TEST_CASE("a call that is started rings its agent, then whoever it is for, and is on record as it went",
          "[system][slow]") {
  Floor floor(GENERATE(from_range(test::engines())));
  floor.site.site().ok({"numbers", "assign", test::k_main_line, k_agent});
  const auto started = floor.json({"calls", "start", k_agent, "+12025550199"});
  const auto sid = started.at("call_sid").get<std::string>();
  CHECK(started.at("rung") == k_agent_phone);
  REQUIRE(test::eventually([&] { return floor.status(sid) == "in-progress"; }));
  CHECK(floor.run({"calls", "hangup", sid}).status == 0);
  REQUIRE(test::eventually([&] { return floor.status(sid) == "completed"; }));
  CHECK(floor.run({"calls", "hangup", sid}).status == 0);
  const auto again = floor.run({"calls", "reconcile", "--since", "today", "-o", "json"});
  CHECK(again.status == 0);
}

TEST_CASE("in a workspace with conference_calls both sides of a started call are in one from the start",
          "[system][slow]") {
  Floor floor(db::Engine::sqlite);
  floor.site.site().ok({"numbers", "assign", test::k_main_line, k_agent});
  floor.site.site().ok({"workspaces", "update", "default", "--conference-calls", "yes"});
  const auto started = floor.json({"calls", "start", k_agent, "+12025550199"});
  const auto sid = started.at("call_sid").get<std::string>();
  CHECK(started.at("room") == "call-" + sid);
  REQUIRE(test::eventually([&] { return floor.status(sid) == "in-progress"; }));
  CHECK(floor.json({"calls", "listen", sid, "--as", k_ada}).at("muted") == true);
  CHECK(floor.run({"calls", "hangup", sid}).status == 0);
}

TEST_CASE("a blind transfer of a call that an agent placed leaves one call on record", "[system][slow]") {
  Floor floor(db::Engine::sqlite);
  floor.site.site().ok({"numbers", "assign", test::k_main_line, k_agent});
  const auto sid = floor.json({"calls", "start", k_agent, "+12025550199"}).at("call_sid").get<std::string>();
  REQUIRE(test::eventually([&] { return floor.status(sid) == "in-progress"; }));
  floor.site.site().ok({"users", "update", k_ada, "--name", "Ada King"});
  CHECK(floor.run({"calls", "transfer", sid, "ada king"}).status == 0);
  REQUIRE(test::eventually([&] { return floor.status(sid) == "completed"; }));
  const auto rung = [&] { return floor.site.site().json({"calls", "show", sid}).at("attempts"); };
  REQUIRE(test::eventually([&] { return rung().size() == 2; }));
  const auto handed_to_ada = [&](const std::string& status) {
    for (const auto& leg : rung())
      if (leg.at("user") == k_ada) return leg.at("status") == status;
    return false;
  };
  CHECK(test::eventually([&] { return handed_to_ada("in-progress"); }));
  floor.box.with([&](sim::Account& account, sim::Network& network) {
    std::vector<std::string> live;
    account.calls.each([&](const sim::Call& call) {
      if (!call.is_over()) live.push_back(call.sid);
    });
    for (const auto& leg : live) network.do_now(leg, sim::HangUp{});
  });
  // What ends then is no call of its own.
  CHECK(test::eventually([&] { return handed_to_ada("completed"); }));
  CHECK(floor.site.site().json({"calls", "list"}).size() == 1);
}

TEST_CASE("a recorded call's sound is fetched, kept while the call is held, and deleted", "[system][slow]") {
  Floor floor(GENERATE(from_range(test::engines())),
              {"--recording-policy", "always", "--consent-policy", "never"});
  const auto sid = floor.talk();
  REQUIRE(test::eventually([&] { return floor.status(sid) == "in-progress"; }));
  CHECK(floor.run({"calls", "hangup", sid}).status == 0);
  const auto list = [&] { return floor.site.site().json({"recordings", "list"}); };
  REQUIRE(test::eventually([&] { return list().size() == 1 && list().at(0).at("status") == "completed"; }));
  const auto recording = list().at(0).at("recording_sid").get<std::string>();
  CHECK(floor.json({"recordings", "fetch", "--all", "--folder", "tapes"}).at(0).at("bytes") > 44);
  CHECK(floor.json({"recordings", "fetch", "--all", "--folder", "tapes"}).empty());
  floor.site.site().ok({"calls", "hold", sid, "--reason", "Case 2026-17"});
  CHECK(floor.run({"recordings", "delete", recording, "--yes"}).status == 6);
  CHECK(list().size() == 1);
  floor.site.site().ok({"calls", "unhold", sid});
  CHECK(floor.run({"recordings", "delete", recording, "--yes"}).status == 0);
  CHECK(list().empty());
  CHECK(floor.run({"recordings", "purge", "--owed"}).status == 0);
  CHECK(floor.run({"recordings", "purge"}).status == 2);
}
