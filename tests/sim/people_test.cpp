#include "network_world.hpp"

namespace ringctl::sim {
namespace {

const std::string k_dial_ann = "<Dial action=\"/after\"><Client>ann</Client></Dial>";

TEST_CASE("a browser nobody was told of is not there, a telephone answers after three seconds", "[sim]") {
  World world;
  world.web.answer("/voice", {k_dial_ann});
  world.web.answer("/after", {"<Dial>+12025550177</Dial>"});
  world.call({WaitForSomebody{}, HangUp{}});
  world.finish();
  CHECK(world.status(world.leg_to("client:ann")) == "no-answer");
  const auto& phone = world.record(world.leg_to("+12025550177"));
  REQUIRE(phone.answered_at);
  CHECK(*phone.answered_at - phone.created_at == 3s);
}

TEST_CASE("whoever is on a call is busy for another one", "[sim]") {
  World world;
  world.web.answer("/voice", {k_dial_ann});
  world.web.answer("/after", {"<Hangup/>"});
  Behaviour ann;
  ann.after = 1s;
  SECTION("unless they take more than one") { ann.one_call_at_a_time = false; }
  SECTION("as most are") {}
  world.network.set_behaviour("client:ann", ann);
  world.network.call_in("+16265550101", k_ours, {WaitFor{60s}, HangUp{}});
  world.run_for(10s);
  world.network.call_in("+16265550102", k_ours, {WaitFor{9s}, HangUp{}});
  world.finish();
  CHECK(world.status(world.leg_to("client:ann")) == (ann.one_call_at_a_time ? "busy" : "completed"));
}

TEST_CASE("what is done from outside is done at once", "[sim]") {
  World world;
  world.web.answer("/voice", {"<Gather numDigits=\"2\" action=\"/menu\" timeout=\"60\"/>"});
  world.web.answer("/menu", {"<Pause length=\"60\"/>"});
  const auto sid = world.call();
  world.run_for(5s);
  CHECK(world.network.do_now(sid, Press{"42"}));
  world.run_for(1s);
  REQUIRE(world.web.of("gather").size() == 1);
  CHECK(world.web.of("gather")[0].get("Digits") == "42");
  CHECK(world.network.do_now(sid, HangUp{}));
  CHECK_FALSE(world.network.do_now(sid, HangUp{}));
  world.finish();
  CHECK(world.status(sid) == "completed");
}

TEST_CASE("whoever waits in vain to hear something goes on after a minute", "[sim]") {
  World world;
  world.web.answer("/voice", {"<Pause length=\"600\"/>"});
  const auto sid = world.call({WaitToHear{"anything"}, HangUp{}});
  world.finish();
  CHECK(world.lasted(sid) == 60s);
}

TEST_CASE("one seed gives one timeline", "[sim]") {
  const auto told = [] {
    World world;
    world.web.answer("/voice", {k_dial_ann});
    world.web.answer("/after", {"<Say>Goodbye</Say>"});
    world.person("client:ann", 2s, {WaitFor{5s}, HangUp{}});
    world.call();
    world.finish();
    std::string text;
    for (const auto& entry : world.timeline.entries())
      text += base::format_utc(entry.at) + " " + entry.call_sid + " " + entry.text + "\n";
    return text;
  };
  CHECK(told() == told());
}

}  // namespace
}  // namespace ringctl::sim
