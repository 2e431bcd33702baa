#include "network_world.hpp"

namespace ringctl::sim {
namespace {

const std::string k_ann = "client:ann";

/// A caller who talks to Ann.
struct Talk : World {
  Talk() {
    web.answer("/voice", {"<Dial action=\"/after\"><Client>ann</Client></Dial>"});
    web.answer("/after", {"<Dial><Conference>room</Conference></Dial>"});
    web.answer("/moved", {"<Say>You were moved</Say>"});
    web.answer("/room", {"<Dial><Conference>room</Conference></Dial>"});
    person(k_ann, 2s);
    caller = call();
    run_for(5s);
    child = leg_to(k_ann);
  }
  std::string caller, child;
};

TEST_CASE("moving a caller takes down who was dialled", "[sim]") {
  Talk world;
  CHECK(world.redirect(world.caller, "/moved") == 0);
  world.finish();
  CHECK(world.heard(world.caller, "You were moved"));
  CHECK(world.lasted(world.child) == 3s);
  CHECK(world.web.of("dial").empty());
}

TEST_CASE("a pair that talks becomes a conference, the one who was dialled first", "[sim]") {
  Talk world;
  SECTION("with the caller led there by the action") { CHECK(world.redirect(world.child, "/room") == 0); }
  SECTION("with both moved at the same instant") {
    world.web.answer("/after", {"<Hangup/>"});
    CHECK(world.redirect(world.child, "/room") == 0);
    CHECK(world.redirect(world.caller, "/room") == 0);
  }
  world.run_for(5s);
  auto* const room = world.account.conferences.first([](const Conference&) { return true; });
  REQUIRE(room != nullptr);
  CHECK(room->status == "in-progress");
  CHECK(room->participants.size() == 2);
  world.network.do_now(world.caller, HangUp{});
  world.network.do_now(world.child, HangUp{});
  world.finish();
}

TEST_CASE("the action of a Dial whose party was moved knows no duration", "[sim]") {
  Talk world;
  world.web.answer("/after", {"<Hangup/>"});
  CHECK(world.redirect(world.child, "/moved") == 0);
  world.finish();
  CHECK(world.heard(world.child, "You were moved"));
  REQUIRE(world.web.of("dial").size() == 1);
  CHECK(world.web.of("dial")[0].get("DialCallStatus") == "completed");
  CHECK(world.web.of("dial")[0].get("DialCallDuration") == "(none)");
}

TEST_CASE("a call that is over, or rings out, is not changed", "[sim]") {
  Talk world;
  CallChange end;
  end.status = "completed";
  std::optional<Refusal> refusal;
  world.network.change_call(world.caller, end, refusal);
  CHECK_FALSE(refusal);
  CHECK(world.redirect(world.caller, "/moved") == 21220);
  CHECK(world.redirect("CA00000000000000000000000000000009", "/moved") == 20404);
  world.finish();
  CHECK(world.redirect(world.caller, "/moved") == 21220);
  CHECK(world.status(world.child) == "completed");
}

TEST_CASE("REST places a call and runs its TwiML", "[sim]") {
  World world;
  world.person("+16265550107", 4s, {WaitFor{20s}, HangUp{}});
  PlacedCall placed;
  placed.to = "+16265550107";
  placed.from = k_ours;
  placed.twiml = "<Response><Say>We call you back</Say><Pause length=\"60\"/></Response>";
  placed.status_callback.url = k_base + "/status";
  placed.status_events = {"initiated", "ringing", "answered", "completed"};
  const auto sid = world.ask_for_call(placed);
  CHECK(world.status(sid) == "queued");
  world.finish();
  CHECK(world.heard(sid, "We call you back"));
  CHECK(world.lasted(sid) == 20s);
  CHECK(world.web.of("status").size() == 4);
}

TEST_CASE("calls that REST places begin a second apart, and may be canceled before", "[sim]") {
  World world;
  PlacedCall placed;
  placed.from = k_ours;
  placed.twiml = "<Response><Hangup/></Response>";
  placed.status_callback.url = k_base + "/status";
  placed.to = "+16265550107";
  const auto first = world.ask_for_call(placed);
  placed.to = "+16265550108";
  const auto second = world.ask_for_call(placed);
  placed.to = "+16265550109";
  const auto third = world.ask_for_call(placed);
  CallChange cancel;
  cancel.status = "canceled";
  std::optional<Refusal> refusal;
  world.network.change_call(third, cancel, refusal);
  CHECK_FALSE(refusal);
  world.finish();
  CHECK(world.record(first).queue_time == 0ms);
  CHECK(world.record(second).queue_time == 1s);
  CHECK(world.status(third) == "canceled");
  CHECK(world.web.of("status").size() == 2);  // nothing of a call that never left the queue
}

TEST_CASE("a call that REST placed is given up after its timeout", "[sim]") {
  World world;
  world.person("+16265550107", 1s, {}, Pickup::ring_out);
  PlacedCall placed;
  placed.to = "+16265550107";
  placed.from = k_ours;
  placed.timeout = 25s;
  placed.twiml = "<Response><Hangup/></Response>";
  const auto sid = world.ask_for_call(placed);
  world.finish();
  CHECK(world.status(sid) == "no-answer");
  CHECK(*world.record(sid).ended_at - world.record(sid).created_at == 25s);
}

TEST_CASE("a machine is told from a person, before the TwiML or after it", "[sim]") {
  World world;
  world.person("+16265550107", 1s, {}, Pickup::voicemail);
  world.web.answer("/voice", {"<Pause length=\"30\"/>"});
  PlacedCall placed;
  placed.to = "+16265550107";
  placed.from = k_ours;
  placed.url.url = k_base + "/voice";
  placed.machine_detection = "Enable";
  SECTION("before") {
    world.ask_for_call(placed);
    world.finish();
    CHECK(world.web.of("voice")[0].get("AnsweredBy") == "machine_start");
  }
  SECTION("after") {
    placed.async_amd = true;
    placed.async_amd_callback.url = k_base + "/amd";
    world.ask_for_call(placed);
    world.finish();
    CHECK(world.web.of("voice")[0].get("AnsweredBy") == "(none)");
    REQUIRE(world.web.of("amd").size() == 1);
    CHECK(world.web.of("amd")[0].get("AnsweredBy") == "machine_start");
  }
}

TEST_CASE("inline TwiML knows no relative URLs", "[sim]") {
  World world;
  world.person("+16265550107", 1s, {WaitFor{1s}, Press{"1"}});
  PlacedCall placed;
  placed.to = "+16265550107";
  placed.from = k_ours;
  placed.twiml = "<Response><Gather numDigits=\"1\" action=\"/menu\"/></Response>";
  const auto sid = world.ask_for_call(placed);
  world.finish();
  CHECK(world.problems().front() == "15004");
  CHECK(world.heard(sid, "application error"));
}

}  // namespace
}  // namespace ringctl::sim
