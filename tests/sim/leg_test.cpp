#include "network_world.hpp"

namespace ringctl::sim {
namespace {

using Lines = std::vector<std::string>;

TEST_CASE("a call hears what the TwiML says, and ends with it", "[sim]") {
  World world;
  world.web.answer("/voice",
                   {"<Say>Hello there</Say><Pause length=\"2\"/><Play>https://x.example/a.mp3</Play>"});
  const auto sid = world.call();
  world.finish();
  CHECK(world.status(sid) == "completed");
  CHECK(world.lasted(sid) == 8s);  // a second at least, two, and five
  CHECK(world.texts(What::heard, sid) == Lines{"Say: Hello there", "Play: https://x.example/a.mp3"});
  CHECK(world.texts(What::status, sid) == Lines{"ringing", "in-progress", "completed"});
}

TEST_CASE("a webhook about a call carries what Twilio sends, and what a scenario says instead", "[sim]") {
  World world;
  world.web.answer("/voice", {"<Hangup/>"});
  world.network.call_in("+16265550102", k_ours, {},
                        {{"StirVerstat", "TN-Validation-Passed-A"}, {"From", "anonymous"}});
  world.finish();
  const auto asked = world.web.of("voice");
  REQUIRE(asked.size() == 1);
  CHECK(asked[0].get("CallStatus") == "ringing");
  CHECK(asked[0].get("Direction") == "inbound");
  CHECK(asked[0].get("From") == "anonymous");
  CHECK(asked[0].get("To") == k_ours);
  CHECK(asked[0].get("StirVerstat") == "TN-Validation-Passed-A");
  CHECK(asked[0].get("ParentCallSid") == "(none)");
}

TEST_CASE("a rejected call was never answered", "[sim]") {
  World world;
  world.web.answer("/voice", {"<Reject reason=\"busy\"/>", "<Reject/>"});
  const auto busy = world.call();
  world.finish();
  const auto rejected = world.call();
  world.finish();
  CHECK(world.status(busy) == "busy");
  CHECK(world.status(rejected) == "no-answer");
  CHECK_FALSE(world.record(busy).answered_at);
}

TEST_CASE("a redirect leads to another document, relative to the first", "[sim]") {
  World world;
  world.web.answer("/voice", {"<Redirect>more/second?x=1</Redirect><Say>never</Say>"});
  world.web.answer("/more/second?x=1", {"<Say>second</Say>"});
  const auto sid = world.call();
  world.finish();
  CHECK(world.heard(sid, "second"));
  CHECK_FALSE(world.heard(sid, "never"));
}

TEST_CASE("documents that lead to each other without end are given up", "[sim]") {
  World world;
  world.web.answer("/voice", {"<Redirect>/voice</Redirect>"});
  const auto sid = world.call();
  world.finish();
  CHECK(world.status(sid) == "completed");
  CHECK(world.problems() == Lines{"11215"});
  CHECK(world.web.of("voice").size() == 1);
  CHECK(world.web.of("redirect").size() == 10);
}

TEST_CASE("documents that lead to each other are given up on a slow line, too", "[sim]") {
  World world;
  world.web.latency = 50ms;
  world.web.answer("/voice", {"<Redirect>/voice</Redirect>"});
  world.call();
  world.finish();
  CHECK(world.problems() == Lines{"11215"});
  CHECK(world.web.of("voice").size() == 1);
  CHECK(world.web.of("redirect").size() == 10);
}

TEST_CASE("documents that take their time may follow each other for hours", "[sim]") {
  World world;
  world.web.answer("/voice", {"<Say>Please hold</Say><Redirect>/voice</Redirect>"});
  const auto sid = world.call({WaitFor{10min}, HangUp{}});
  world.finish();
  CHECK(world.problems().empty());
  CHECK(world.lasted(sid) == 10min);
}

TEST_CASE("a call that is never answered does not ring for ever", "[sim]") {
  World world;
  world.web.answer("/voice", {"<Dial answerOnBridge=\"true\" action=\"/voice\"><Client>ann</Client></Dial>"});
  world.person("client:ann", 1s, {}, Pickup::ring_out);
  const auto sid = world.call();
  world.finish();
  CHECK(world.status(sid) == "no-answer");
  CHECK(*world.record(sid).ended_at - world.record(sid).created_at == 4h);
}

TEST_CASE("a script that breaks is told of, and ends its call", "[sim]") {
  World world;
  SECTION("of an incoming call") {
    world.web.break_at("/voice");
    const auto sid = world.call();
    world.finish();
    CHECK(world.status(sid) == "failed");
    CHECK(world.web.of("status").size() == 1);
  }
  SECTION("of one that was dialled") {
    world.web.answer("/voice", {"<Dial><Number url=\"/hear\">+12025550177</Number></Dial><Say>Sorry</Say>"});
    world.web.break_at("/hear");
    const auto sid = world.call();
    world.finish();
    CHECK(world.heard(sid, "Sorry"));
  }
  CHECK(world.problems() == Lines{"20500"});
}

TEST_CASE("a fallback is told which kind of TwiML was refused", "[sim]") {
  World world;
  world.account.find_number(k_ours)->voice_fallback.url = k_base + "/fallback";
  world.web.answer("/voice", {"<Shout>Hello</Shout>"});
  world.web.answer("/fallback", {"<Hangup/>"});
  world.call();
  world.finish();
  REQUIRE(world.web.of("fallback").size() == 1);
  CHECK(world.web.of("fallback")[0].get("ErrorCode") == "12200");
}

TEST_CASE("a URL that fails goes to the fallback with its code", "[sim]") {
  World world;
  auto* const number = world.account.find_number(k_ours);
  number->voice_fallback.url = k_base + "/fallback";
  world.web.fail("/voice", 11205);
  world.web.answer("/fallback", {"<Say>One moment</Say>"});
  const auto sid = world.call();
  world.finish();
  CHECK(world.heard(sid, "One moment"));
  const auto asked = world.web.of("fallback");
  REQUIRE(asked.size() == 1);
  CHECK(asked[0].get("ErrorCode") == "11205");
  CHECK(asked[0].get("ErrorUrl") == k_base + "/voice");
}

TEST_CASE("without a fallback the caller hears of an application error", "[sim]") {
  World world;
  SECTION("of a URL that fails") {
    world.web.fail("/voice", 11200);
    const auto sid = world.call();
    world.finish();
    CHECK(world.heard(sid, "application error"));
    CHECK(world.problems() == Lines{"11200"});
  }
  SECTION("of what is no XML") {
    world.web.answer_text("/voice", "<Response><Say>Hello</Response>");
    const auto sid = world.call();
    world.finish();
    CHECK(world.heard(sid, "application error"));
    CHECK(world.problems() == Lines{"12100"});
  }
  SECTION("of a verb that does not exist") {
    world.web.answer("/voice", {"\n<Shout>Hello</Shout>"});
    world.call();
    world.finish();
    CHECK(world.problems() == Lines{"12200"});
  }
}

TEST_CASE("a call to a number that is not ours fails, and no one is asked", "[sim]") {
  World world;
  const auto sid = world.network.call_in(k_caller, "+12025550199", {});
  world.finish();
  CHECK(world.status(sid) == "failed");
  CHECK(world.web.asked.empty());
}

TEST_CASE("a number of a trunk asks none of its webhooks", "[sim]") {
  World world;
  world.account.find_number(k_ours)->trunk_sid = "TK00000000000000000000000000000001";
  const auto sid = world.call({WaitFor{5s}, HangUp{}});
  world.finish();
  CHECK(world.status(sid) == "completed");
  CHECK(world.web.asked.empty());
}

TEST_CASE("an application goes before the number's own URL", "[sim]") {
  World world;
  Application application;
  application.sid = "AP00000000000000000000000000000001";
  application.voice_hook.url = k_base + "/app";
  world.account.applications.add(application);
  world.account.find_number(k_ours)->voice_application_sid = application.sid;
  world.web.answer("/app", {"<Say>From the app</Say>"});
  const auto sid = world.call();
  world.finish();
  CHECK(world.heard(sid, "From the app"));
  CHECK(world.web.of("status").empty());
}

TEST_CASE("a browser's call carries its own parameters once", "[sim]") {
  World world;
  Application application;
  application.sid = "AP00000000000000000000000000000001";
  application.voice_hook.url = k_base + "/app";
  world.account.applications.add(application);
  world.web.answer("/app", {"<Redirect>/next</Redirect>"});
  world.web.answer("/next", {"<Hangup/>"});
  world.network.call_from_client("ann", application.sid, {{"To", "+12025550177"}, {"FromNumber", k_ours}},
                                 {});
  world.finish();
  REQUIRE(world.web.asked.size() == 2);
  CHECK(world.web.asked[0].get("From") == "client:ann");
  CHECK(world.web.asked[0].get("To") == "+12025550177");
  CHECK(world.web.asked[0].get("FromNumber") == k_ours);
  CHECK(world.web.asked[1].get("FromNumber") == "(none)");
}

TEST_CASE("a sound that plays until the caller hangs up ends then", "[sim]") {
  World world;
  world.web.answer("/voice", {"<Play loop=\"0\">https://x.example/a.mp3</Play>"});
  const auto sid = world.call({WaitFor{12s}, HangUp{}});
  world.finish();
  CHECK(world.lasted(sid) == 12s);
  CHECK(world.texts(What::heard, sid).size() == 3);
}

TEST_CASE("a call of which nobody hangs up ends after four hours", "[sim]") {
  World world;
  world.web.answer("/voice", {"<Enqueue>line</Enqueue>"});
  const auto sid = world.call();
  world.finish();
  CHECK(world.lasted(sid) == 4h);
}

TEST_CASE("a network that goes away while it is busy leaves nothing behind", "[sim]") {
  World world;
  world.web.answer("/voice", {"<Dial><Number>+12025550177</Number></Dial>"});
  {
    Network other(world.agenda, world.account, world.web, world.timeline, world.sids);
    other.call_in(k_caller, k_ours, {WaitToHear{"nothing"}});
    world.run_for(5s);
    CHECK_FALSE(other.idle());
  }
  world.finish();
}

TEST_CASE("a call whose record was deleted goes on", "[sim]") {
  World world;
  world.web.answer("/voice", {"<Say loop=\"3\">Hello</Say><Dial>+12025550177</Dial>"});
  const auto sid = world.call({WaitFor{20s}, HangUp{}});
  world.run_for(1s);
  world.account.calls.remove(sid);
  world.finish();
  CHECK(world.account.calls.find(sid) == nullptr);
}

}  // namespace
}  // namespace ringctl::sim
