#include "network_world.hpp"

namespace ringctl::sim {
namespace {

using Lines = std::vector<std::string>;
const std::string k_ann = "client:ann", k_bob = "client:bob", k_phone = "+12025550177";

std::string dial_all(const std::string& attributes = {}) {
  return "<Dial action=\"/after\" timeout=\"20\" " + attributes +
         "><Client>ann</Client><Client>bob</Client></Dial><Say>never</Say>";
}

TEST_CASE("all ring together, the first to answer has the call, the others are canceled", "[sim]") {
  World world;
  world.web.answer("/voice", {dial_all()});
  world.web.answer("/after", {"<Hangup/>"});
  world.person(k_ann, 4s, {WaitFor{30s}, HangUp{}});
  world.person(k_bob, 9s);
  const auto sid = world.call({WaitForSomebody{}, Speak{"hello", 1s}});
  world.finish();
  CHECK(world.status(world.leg_to(k_ann)) == "completed");
  CHECK(world.status(world.leg_to(k_bob)) == "canceled");
  CHECK(world.heard(world.leg_to(k_ann), "hello"));
  const auto asked = world.web.of("dial");
  REQUIRE(asked.size() == 1);
  CHECK(asked[0].get("DialCallStatus") == "completed");
  CHECK(asked[0].get("DialCallSid") == world.leg_to(k_ann));
  CHECK(asked[0].get("DialCallDuration") == "30");
  CHECK(asked[0].get("DialBridged") == "true");
  CHECK(world.lasted(sid) == 34s);
}

TEST_CASE("a Dial that nobody answers says why", "[sim]") {
  World world;
  world.web.answer("/voice", {dial_all()});
  world.web.answer("/after", {"<Hangup/>"});
  std::string status;
  int waits = 0;
  SECTION("everybody is busy") {
    world.person(k_ann, 2s, {}, Pickup::decline);
    world.person(k_bob, 3s, {}, Pickup::busy);
    status = "busy";
    waits = 2;
  }
  SECTION("nobody comes") {
    world.person(k_ann, 2s, {}, Pickup::ring_out);
    world.person(k_bob, 3s, {}, Pickup::decline);
    status = "no-answer";
    waits = 20;
  }
  SECTION("nobody is registered") { status = "no-answer"; }
  SECTION("there is no such number") {
    world.person(k_ann, 2s, {}, Pickup::unreachable);
    world.person(k_bob, 2s, {}, Pickup::unreachable);
    status = "failed";
  }
  const auto sid = world.call();
  world.finish();
  const auto asked = world.web.of("dial");
  REQUIRE(asked.size() == 1);
  CHECK(asked[0].get("DialCallStatus") == status);
  CHECK(asked[0].get("DialBridged") == "false");
  CHECK(world.lasted(sid) == seconds(waits));
}

TEST_CASE("one after another, each has the whole time", "[sim]") {
  World world;
  world.web.answer("/voice", {dial_all("sequential=\"true\"")});
  world.web.answer("/after", {"<Hangup/>"});
  world.person(k_ann, 2s, {}, Pickup::ring_out);
  world.person(k_bob, 3s, {HangUp{}});
  const auto sid = world.call();
  world.finish();
  CHECK(world.status(world.leg_to(k_ann)) == "no-answer");
  CHECK(world.status(world.leg_to(k_bob)) == "completed");
  CHECK(world.lasted(sid) == 23s);
}

TEST_CASE("a caller who hangs up while it rings takes the ringing down, and no action is asked", "[sim]") {
  World world;
  world.web.answer("/voice", {dial_all()});
  world.person(k_ann, 9s);
  world.person(k_bob, 9s);
  const auto sid = world.call({WaitFor{5s}, HangUp{}});
  world.finish();
  CHECK(world.status(sid) == "completed");
  CHECK(world.status(world.leg_to(k_ann)) == "canceled");
  CHECK(world.status(world.leg_to(k_bob)) == "canceled");
  CHECK(world.web.of("dial").empty());
}

TEST_CASE("a caller who hangs up while talking takes the other side down", "[sim]") {
  World world;
  world.web.answer("/voice", {dial_all()});
  world.web.answer("/after", {"<Say>never</Say>"});
  world.person(k_ann, 2s);
  world.person(k_bob, 9s);
  const auto sid = world.call({WaitForSomebody{}, WaitFor{10s}, HangUp{}});
  world.finish();
  CHECK(world.status(world.leg_to(k_ann)) == "completed");
  REQUIRE(world.web.of("dial").size() == 1);
  CHECK(world.web.of("dial")[0].get("CallStatus") == "completed");
  CHECK_FALSE(world.heard(sid, "never"));
}

TEST_CASE("answerOnBridge leaves the caller ringing until then", "[sim]") {
  World world;
  world.web.answer("/voice", {dial_all("answerOnBridge=\"true\"")});
  world.web.answer("/after", {"<Hangup/>"});
  world.person(k_ann, 6s, {WaitFor{4s}, HangUp{}});
  SECTION("and it counts from there") {
    const auto sid = world.call();
    world.finish();
    CHECK(world.lasted(sid) == 4s);
  }
  SECTION("or it was no call at all") {
    const auto sid = world.call({WaitFor{2s}, HangUp{}});
    world.finish();
    CHECK(world.status(sid) == "no-answer");
  }
}

TEST_CASE("who is called hears a document of their own before being connected", "[sim]") {
  World world;
  world.web.answer("/voice", {"<Dial action=\"/after\"><Number url=\"/accept\">+12025550177</Number>"
                              "<Client>bob</Client></Dial>"});
  world.web.answer("/accept",
                   {"<Gather action=\"/accepted\" numDigits=\"1\"><Say>Press any key</Say></Gather>"
                    "<Hangup/>"});
  world.web.answer("/accepted", {""});
  world.web.answer("/after", {"<Hangup/>"});
  SECTION("and takes it by a key, while the others go on ringing") {
    world.person(k_phone, 2s, {WaitToHear{"any key"}, Press{"1"}, WaitFor{9s}, HangUp{}});
    world.person(k_bob, 30s);
    world.call();
    world.finish();
    REQUIRE(world.web.of("dial").size() == 1);
    CHECK(world.web.of("dial")[0].get("DialBridged") == "true");
    CHECK(world.web.of("whisper")[0].get("ParentCallSid") != "(none)");
    CHECK(world.status(world.leg_to(k_bob)) == "canceled");
  }
  SECTION("or hangs up in the middle of it") {
    world.person(k_phone, 2s, {WaitFor{500ms}, HangUp{}});
    world.call();
    world.finish();
    REQUIRE(world.web.of("dial").size() == 1);
    CHECK(world.web.of("dial")[0].get("DialCallStatus") == "completed");
    CHECK(world.web.of("dial")[0].get("DialBridged") == "false");
  }
  SECTION("or is a machine, which presses nothing") {
    world.person(k_phone, 2s, {}, Pickup::voicemail);
    world.person(k_bob, 5s, {WaitFor{5s}, HangUp{}});
    world.call();
    world.finish();
    REQUIRE(world.web.of("dial").size() == 1);
    CHECK(world.web.of("dial")[0].get("DialCallSid") == world.leg_to(k_bob));
  }
  SECTION("and the caller hangs up meanwhile") {
    world.person(k_phone, 2s);
    world.call({WaitFor{3s}, HangUp{}});
    world.finish();
    CHECK(world.status(world.leg_to(k_phone)) == "completed");
    CHECK(world.web.of("dial").empty());
  }
}

TEST_CASE("only a caller ID that is ours to show is shown", "[sim]") {
  World world;
  world.web.answer("/after", {"<Hangup/>"});
  SECTION("somebody else's is refused") {
    world.web.answer(
        "/voice", {"<Dial action=\"/after\" callerId=\"+12025550166\"><Number>+12025550177</Number></Dial>"});
    world.call();
    world.finish();
    CHECK(world.problems() == Lines{"13214"});
    REQUIRE(world.web.of("dial").size() == 1);
    CHECK(world.web.of("dial")[0].get("DialCallStatus") == "failed");
    CHECK(world.leg_to(k_phone).empty());
  }
  SECTION("the number that was called is not") {
    world.person(k_phone, 1s, {HangUp{}});
    world.web.answer("/voice", {"<Dial action=\"/after\" callerId=\"" + k_ours +
                                "\"><Number>+12025550177</Number></Dial>"});
    world.call();
    world.finish();
    CHECK(world.problems().empty());
    CHECK(world.record(world.leg_to(k_phone)).from == k_ours);
  }
}

TEST_CASE("a star ends the Dial for the caller alone", "[sim]") {
  World world;
  world.web.answer("/voice", {dial_all("hangupOnStar=\"true\"")});
  world.web.answer("/after", {"<Say>What now?</Say>"});
  world.person(k_ann, 2s);
  const auto sid = world.call({WaitForSomebody{}, WaitFor{3s}, Press{"*"}});
  world.finish();
  CHECK(world.heard(sid, "What now?"));
  CHECK(world.lasted(world.leg_to(k_ann)) == 3s);
}

TEST_CASE("a time limit ends the talk", "[sim]") {
  World world;
  world.web.answer("/voice", {dial_all("timeLimit=\"60\"")});
  world.web.answer("/after", {"<Hangup/>"});
  world.person(k_ann, 2s);
  world.call();
  world.finish();
  CHECK(world.lasted(world.leg_to(k_ann)) == 60s);
}

TEST_CASE("a Dial without an action goes on with the next verb", "[sim]") {
  World world;
  world.web.answer("/voice", {"<Dial>+12025550177</Dial><Say>Goodbye</Say>"});
  world.person(k_phone, 1s, {WaitFor{2s}, HangUp{}});
  const auto sid = world.call();
  world.finish();
  CHECK(world.heard(sid, "Goodbye"));
}

TEST_CASE("an eleventh noun is an error", "[sim]") {
  World world;
  std::string nouns;
  for (int i = 0; i < 11; ++i) nouns += "<Client>agent" + std::to_string(i) + "</Client>";
  world.web.answer("/voice", {"<Dial>" + nouns + "</Dial>"});
  const auto sid = world.call();
  world.finish();
  CHECK(world.problems() == Lines{"12200"});
  CHECK(world.heard(sid, "application error"));
}

TEST_CASE("what is dialled is recorded from the answer on", "[sim]") {
  World world;
  world.web.answer("/voice",
                   {dial_all("record=\"record-from-answer-dual\" recordingStatusCallback=\"/rec\"")});
  world.web.answer("/after", {"<Hangup/>"});
  world.person(k_ann, 5s, {WaitFor{12s}, HangUp{}});
  const auto sid = world.call();
  world.finish();
  const auto told = world.web.of("recording");
  REQUIRE(told.size() == 1);
  CHECK(told[0].get("CallSid") == sid);
  CHECK(told[0].get("RecordingSource") == "DialVerb");
  CHECK(told[0].get("RecordingChannels") == "2");
  CHECK(told[0].get("RecordingDuration") == "12");
  CHECK(world.web.of("dial")[0].get("RecordingUrl") == told[0].get("RecordingUrl"));
}

TEST_CASE("what a Dial brings to a browser or a SIP phone can be seen", "[sim]") {
  World world;
  world.person(k_ann, 1s, {WaitFor{1s}, HangUp{}});
  world.web.answer(
      "/voice", {"<Dial><Client><Identity>ann</Identity><Parameter name=\"caller\" value=\"Lin\"/></Client>"
                 "<Sip>sip:desk@example.com?x-caller=Lin&amp;x-flag</Sip></Dial>"});
  world.call();
  world.finish();
  CHECK(world.texts(What::did, world.leg_to(k_ann)).front() == "the network brings caller=Lin");
  const auto sip = world.texts(What::did, world.leg_to("sip:desk@example.com"));
  REQUIRE(sip.size() >= 2);
  CHECK(sip[0] == "the network brings x-caller=Lin");
  CHECK(sip[1] == "the network brings x-flag=");
}

/// A second number of ours, which a call to the first one dials.
struct Branch : World {
  explicit Branch(const std::string& noun = "<Number>+12025550101</Number>") {
    Number number;
    number.sid = "PN00000000000000000000000000000002";
    number.phone_number = k_branch;
    number.voice_hook.url = k_base + "/branch";
    account.numbers.add(number);
    web.answer("/voice", {"<Dial action=\"/after\" timeout=\"20\">" + noun + "</Dial>"});
    web.answer("/after", {"<Hangup/>"});
  }
  /// What came in at the branch.
  std::string incoming() const {
    std::string sid;
    account.calls.each([&](const Call& one) {
      if (one.to == k_branch && one.direction == "inbound") sid = one.sid;
    });
    return sid;
  }
  static inline const std::string k_branch = "+12025550101";
};

TEST_CASE("dialling a number of ours is a second call, which comes in there", "[sim]") {
  Branch world;
  SECTION("and answers") {
    world.web.answer("/branch", {"<Pause length=\"2\"/><Say>This is the branch</Say><Pause length=\"7\"/>"});
    const auto sid = world.call();
    world.finish();
    REQUIRE_FALSE(world.incoming().empty());
    const auto asked = world.web.of("voice");
    REQUIRE(asked.size() == 2);
    CHECK(asked[1].get("CallSid") == world.incoming());
    CHECK(asked[1].get("From") == k_caller);
    CHECK(asked[1].get("Direction") == "inbound");
    CHECK(asked[1].get("ParentCallSid") == "(none)");
    CHECK(world.heard(sid, "This is the branch"));
    CHECK(world.web.of("dial")[0].get("DialCallStatus") == "completed");
    CHECK(world.lasted(world.incoming()) == world.lasted(sid));
  }
  SECTION("and is busy") {
    world.web.answer("/branch", {"<Reject reason=\"busy\"/>"});
    world.call();
    world.finish();
    CHECK(world.web.of("dial")[0].get("DialCallStatus") == "busy");
  }
  SECTION("and rings until whoever dials gives up") {
    world.web.answer("/branch", {"<Dial answerOnBridge=\"true\"><Client>ann</Client></Dial>"});
    world.person(k_ann, 60s);
    const auto sid = world.call();
    world.finish();
    CHECK(world.web.of("dial")[0].get("DialCallStatus") == "no-answer");
    CHECK(world.status(world.incoming()) == "no-answer");
    CHECK(world.status(world.leg_to(k_ann)) == "canceled");
    CHECK(world.lasted(sid) == 20s);
  }
  SECTION("and ends with the caller") {
    world.web.answer("/branch", {"<Pause length=\"60\"/>"});
    world.call({WaitFor{5s}, HangUp{}});
    world.finish();
    CHECK(world.status(world.incoming()) == "completed");
    CHECK(world.lasted(world.incoming()) == 5s);
  }
}

TEST_CASE("keys and words go through to a menu behind a number of ours", "[sim]") {
  SECTION("the caller's") {
    Branch world;
    world.web.answer("/branch", {"<Gather action=\"/menu\" numDigits=\"1\"><Say>Press a key</Say></Gather>"});
    world.web.answer("/menu", {"<Record action=\"/done\" timeout=\"2\"/>"});
    world.web.answer("/done", {"<Hangup/>"});
    world.call({WaitToHear{"Press a key"}, Press{"4"}, WaitFor{500ms}, Speak{"please call me", 3s}});
    world.finish();
    REQUIRE(world.web.of("gather").size() == 1);
    CHECK(world.web.of("gather")[0].get("Digits") == "4");
    CHECK(world.web.of("record").size() == 1);
  }
  SECTION("those that the Dial sends") {
    Branch world("<Number sendDigits=\"w7\">+12025550101</Number>");
    world.web.answer("/branch", {"<Gather action=\"/menu\" numDigits=\"1\"/>"});
    world.web.answer("/menu", {"<Hangup/>"});
    world.call();
    world.finish();
    REQUIRE(world.web.of("gather").size() == 1);
    CHECK(world.web.of("gather")[0].get("Digits") == "7");
  }
}

TEST_CASE("numbers that dial each other without end are stopped", "[sim]") {
  Branch world;
  world.web.answer("/branch", {"<Dial>" + k_ours + "</Dial>"});
  world.call();
  world.finish();
  CHECK(world.problems() == Lines{"13224"});
  CHECK(world.account.calls.size() < 12);
}

TEST_CASE("somebody who was told of has a number of ours to themselves", "[sim]") {
  Branch world;
  world.person("+12025550101", 2s, {WaitFor{3s}, HangUp{}});
  world.call();
  world.finish();
  CHECK(world.incoming().empty());
  CHECK(world.web.of("dial")[0].get("DialCallStatus") == "completed");
}

}  // namespace
}  // namespace ringctl::sim
