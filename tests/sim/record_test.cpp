#include "network_world.hpp"

namespace ringctl::sim {
namespace {

const std::string k_voicemail =
    "<Record action=\"/done\" maxLength=\"120\" recordingStatusCallback=\"/rec\" "
    "recordingStatusCallbackEvent=\"completed absent\"/><Say>Nothing was said</Say>";

struct Voicemail : World {
  Voicemail() {
    web.answer("/voice", {k_voicemail});
    web.answer("/done", {"<Say>Thank you</Say>"});
  }
};

TEST_CASE("what is said is recorded until the caller hangs up", "[sim]") {
  Voicemail world;
  const auto sid = world.call({WaitFor{1s}, Speak{"please call me", 4s}, HangUp{}});
  world.finish();
  REQUIRE(world.web.of("record").size() == 1);
  const auto asked = world.web.of("record")[0];
  CHECK(asked.get("Digits") == "hangup");
  CHECK(asked.get("RecordingDuration") == "4");
  CHECK(asked.get("CallStatus") == "completed");
  REQUIRE(world.web.of("recording").size() == 1);
  const auto told = world.web.of("recording")[0];
  CHECK(told.get("RecordingStatus") == "completed");
  CHECK(told.get("RecordingSource") == "RecordVerb");
  CHECK(told.get("CallSid") == sid);
  CHECK(told.get("RecordingUrl") == asked.get("RecordingUrl"));
  CHECK_FALSE(world.heard(sid, "Thank you"));
}

TEST_CASE("a key ends a recording, and so does silence", "[sim]") {
  Voicemail world;
  std::string digits;
  SECTION("a key") {
    world.call({Speak{"please call me", 4s}, Press{"#"}});
    digits = "#";
  }
  SECTION("silence") { world.call({Speak{"please call me", 4s}}); }
  world.finish();
  REQUIRE(world.web.of("record").size() == 1);
  CHECK(world.web.of("record")[0].get("Digits") == digits);
  CHECK(world.web.of("record")[0].get("RecordingDuration") == "4");
}

TEST_CASE("a recording in which nothing is said is absent, and asks for nothing", "[sim]") {
  Voicemail world;
  const auto sid = world.call();
  world.finish();
  CHECK(world.web.of("record").empty());
  CHECK(world.heard(sid, "Nothing was said"));
  REQUIRE(world.web.of("recording").size() == 1);
  CHECK(world.web.of("recording")[0].get("RecordingStatus") == "absent");
}

TEST_CASE("a recording ends at its longest", "[sim]") {
  Voicemail world;
  world.web.answer("/voice", {"<Record action=\"/done\" maxLength=\"10\" timeout=\"0\"/>"});
  const auto sid = world.call({Speak{"a very long story", 60s}});
  world.finish();
  CHECK(world.web.of("record")[0].get("RecordingDuration") == "10");
  CHECK(world.heard(sid, "Thank you"));
}

TEST_CASE("REST starts, pauses and stops a recording", "[sim]") {
  World world;
  world.web.answer("/voice", {"<Pause length=\"60\"/>"});
  const auto call = world.call();
  world.run_for(1s);
  std::optional<Refusal> refusal;
  NewRecording wanted;
  wanted.callback.url = k_base + "/rec";
  const auto sid = world.network.start_recording(call, wanted, refusal);
  REQUIRE_FALSE(refusal);
  world.run_for(10s);
  world.network.change_recording(sid, "paused", true, refusal);
  world.run_for(5s);
  world.network.change_recording(sid, "in-progress", false, refusal);
  world.run_for(3s);
  world.network.change_recording(sid, "stopped", false, refusal);
  CHECK_FALSE(refusal);
  world.network.change_recording(sid, "paused", false, refusal);
  REQUIRE(refusal);
  CHECK(refusal->code == 21220);
  world.finish();
  REQUIRE(world.web.of("recording").size() == 1);
  CHECK(world.web.of("recording")[0].get("RecordingDuration") == "13");
}

TEST_CASE("a recording that was deleted meanwhile is not told of", "[sim]") {
  Voicemail world;
  world.call({Speak{"please call me", 4s}, HangUp{}});
  world.run_for(4500ms);
  std::string sid;
  world.account.recordings.each([&](const Recording& one) { sid = one.sid; });
  CHECK(world.account.recordings.remove(sid));
  world.finish();
  CHECK(world.web.of("recording").empty());
}

}  // namespace
}  // namespace ringctl::sim
