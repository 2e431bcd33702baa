#include "network_world.hpp"

namespace ringctl::sim {
namespace {

using Lines = std::vector<std::string>;

const std::string k_events =
    "statusCallback=\"/leg\" statusCallbackEvent=\"initiated ringing answered completed\"";

Lines statuses(const World& world, const std::string& sid) {
  Lines out;
  for (const auto& told : world.web.of("status"))
    if (told.get("CallSid") == sid) out.push_back(told.get("SequenceNumber") + " " + told.get("CallStatus"));
  return out;
}

TEST_CASE("a number is told once, when the call ends", "[sim]") {
  World world;
  world.web.answer("/voice", {"<Pause length=\"61\"/>"});
  const auto sid = world.call();
  world.finish();
  CHECK(statuses(world, sid) == Lines{"0 completed"});
  const auto told = world.web.of("status")[0];
  CHECK(told.get("CallDuration") == "61");
  CHECK(told.get("Duration") == "2");
  CHECK(told.get("Timestamp") == "Mon, 09 Mar 2026 15:01:01 +0000");
  CHECK(told.get("CallbackSource") == "call-progress-events");
  CHECK_FALSE(told.request.wants_twiml);
}

TEST_CASE("a rung leg is told of step by step, in its own numbers", "[sim]") {
  World world;
  world.web.answer(
      "/voice", {"<Dial><Client " + k_events + ">ann</Client><Client " + k_events + ">bob</Client></Dial>"});
  world.person("client:ann", 4s, {WaitFor{9s}, HangUp{}});
  world.person("client:bob", 9s);
  const auto sid = world.call();
  world.finish();
  const auto ann = world.leg_to("client:ann"), bob = world.leg_to("client:bob");
  CHECK(statuses(world, ann) == Lines{"0 initiated", "1 ringing", "2 in-progress", "3 completed"});
  CHECK(statuses(world, bob) == Lines{"0 initiated", "1 ringing", "2 canceled"});
  const auto last = world.web.of("status").back();
  CHECK(last.get("CallSid") == sid);
  for (const auto& told : world.web.of("status")) {
    if (told.get("CallSid") != ann) continue;
    CHECK(told.get("ParentCallSid") == sid);
    CHECK(told.get("To") == "client:ann");
    CHECK(told.get("Direction") == "outbound-dial");
    CHECK(told.get("CallDuration") == (told.get("CallStatus") == "completed" ? "9" : "(none)"));
  }
}

TEST_CASE("what was dialled is told of before the call that dialled it", "[sim]") {
  World world;
  world.web.answer("/voice", {"<Dial><Client " + k_events + ">ann</Client></Dial>"});
  world.person("client:ann", 1s);
  const auto sid = world.call({WaitForSomebody{}, WaitFor{5s}, HangUp{}});
  world.finish();
  const auto told = world.web.of("status");
  REQUIRE(told.size() == 5);
  CHECK(told[3].get("CallSid") == world.leg_to("client:ann"));
  CHECK(told[4].get("CallSid") == sid);
}

TEST_CASE("a stream and a transcription beside a call are told of", "[sim]") {
  World world;
  world.web.answer("/voice",
                   {"<Start><Stream url=\"wss://x.example/s\" name=\"s\" statusCallback=\"/side\"/></Start>"
                    "<Start><Transcription statusCallbackUrl=\"/side\"/></Start>"
                    "<Pause length=\"5\"/><Stop><Stream name=\"s\"/></Stop><Pause length=\"5\"/>"});
  world.call({WaitFor{2s}, Speak{"hello", 1s}});
  world.finish();
  const auto streams = world.web.of("stream"), transcriptions = world.web.of("transcription");
  REQUIRE(streams.size() == 2);
  CHECK(streams[1].get("StreamEvent") == "stream-stopped");
  REQUIRE(transcriptions.size() == 3);
  CHECK(transcriptions[1].get("TranscriptionData") == R"({"transcript":"hello","confidence":0.9})");
  CHECK(transcriptions[2].get("TranscriptionEvent") == "transcription-stopped");
}

}  // namespace
}  // namespace ringctl::sim
