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

TEST_CASE("a transcription has both sides of a call, or the one that is wanted", "[sim]") {
  World world;
  const auto start = [](const std::string& attributes) {
    return "<Start><Transcription statusCallbackUrl=\"/side\" " + attributes +
           "/></Start><Say>Welcome</Say><Pause length=\"9\"/>";
  };
  Lines heard;
  SECTION("both") {
    world.web.answer("/voice", {start("languageCode=\"de-DE\"")});
    heard = {"outbound_track", "inbound_track"};
  }
  SECTION("one") {
    world.web.answer("/voice", {start("languageCode=\"de-DE\" track=\"inbound_track\"")});
    heard = {"inbound_track"};
  }
  world.call({WaitFor{3s}, Speak{"hello", 1s}});
  world.finish();
  Lines tracks;
  for (const auto& told : world.web.of("transcription")) {
    CHECK(told.get("LanguageCode") == "de-DE");
    if (told.get("TranscriptionEvent") == "transcription-content") tracks.push_back(told.get("Track"));
  }
  CHECK(tracks == heard);
}

TEST_CASE("what REST starts and stops beside a call is told of as well", "[sim]") {
  World world;
  world.web.answer("/voice", {"<Pause length=\"60\"/>"});
  const auto call = world.call();
  world.run_for(1s);
  twiml::Stream stream;
  stream.url = "wss://x.example/s";
  stream.status_callback = k_base + "/side";
  twiml::Transcription transcription;
  transcription.status_callback_url = k_base + "/side";
  std::optional<Refusal> refusal;
  const auto first = world.network.start_stream(call, stream, refusal);
  const auto second = world.network.start_transcription(call, transcription, refusal);
  REQUIRE_FALSE(refusal);
  world.network.stop_side(first);
  world.network.stop_side(first);
  world.network.stop_side(second);
  world.finish();
  REQUIRE(world.web.of("stream").size() == 2);
  CHECK(world.web.of("stream")[1].get("StreamEvent") == "stream-stopped");
  REQUIRE(world.web.of("transcription").size() == 2);
  CHECK(world.web.of("transcription")[1].get("TranscriptionEvent") == "transcription-stopped");
  CHECK(world.network.start_stream(call, stream, refusal).empty());
  REQUIRE(refusal);
  CHECK(refusal->code == 21220);
}

}  // namespace
}  // namespace ringctl::sim
