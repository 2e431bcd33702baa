#include "network_world.hpp"

namespace ringctl::sim {
namespace {

using Lines = std::vector<std::string>;

std::string room(const std::string& attributes = {}) {
  return "<Dial action=\"/after\"><Conference " + attributes + ">room</Conference></Dial>";
}

Conference* find_room(World& world) {
  return world.account.conferences.first([](const Conference& one) { return one.friendly_name == "room"; });
}

/// Two callers in a room from the second second on.
struct Meeting : World {
  explicit Meeting(const std::string& attributes = {}, std::vector<Doing> first_does = {},
                   std::vector<Doing> second_does = {}) {
    web.answer("/voice", {room(attributes)});
    web.answer("/after", {"<Hangup/>"});
    first = network.call_in("+16265550101", k_ours, std::move(first_does));
    run_for(2s);
    second = network.call_in("+16265550102", k_ours, std::move(second_does));
    run_for(1s);
  }
  std::string first, second;
};

TEST_CASE("a conference begins with the second caller and ends with the last", "[sim]") {
  Meeting world({}, {WaitForSomebody{}, Speak{"anybody there", 1s}, WaitFor{5s}, HangUp{}},
                {WaitFor{20s}, HangUp{}});
  REQUIRE(find_room(world) != nullptr);
  CHECK(find_room(world)->status == "in-progress");
  CHECK(find_room(world)->participants.size() == 2);
  CHECK(world.heard(world.second, "anybody there"));
  world.finish();
  CHECK(find_room(world)->status == "completed");
  CHECK(find_room(world)->reason_ended == "last-participant-left");
  REQUIRE(world.web.of("dial").size() == 2);
  CHECK(world.web.of("dial")[0].get("DialCallStatus") == "answered");
  CHECK(world.web.of("dial")[0].get("DialCallSid") == "(none)");
}

TEST_CASE("whoever waits hears the wait URL until the conference begins", "[sim]") {
  World world;
  world.web.answer("/voice", {room("waitUrl=\"/music\" endConferenceOnExit=\"true\"")});
  world.web.answer("/music", {"<Say>Please wait</Say>"});
  world.web.answer("/after", {"<Hangup/>"});
  const auto first = world.network.call_in("+16265550101", k_ours, {});
  world.run_for(3500ms);
  CHECK(world.texts(What::heard, first).size() == 4);
  world.network.call_in("+16265550102", k_ours, {WaitFor{10s}, HangUp{}});
  world.finish();
  CHECK(world.texts(What::heard, first).size() <= 5);
  CHECK(find_room(world)->reason_ended == "participant-with-end-conference-on-exit-left");
  CHECK(world.status(first) == "completed");
}

TEST_CASE("a Dial's time limit counts while the wait URL plays", "[sim]") {
  World world;
  world.web.answer("/voice", {"<Dial timeLimit=\"25\" action=\"/after\">"
                              "<Conference waitUrl=\"/music\">room</Conference></Dial>"});
  world.web.answer("/music", {"<Play>https://x.example/music.mp3</Play>"});
  world.web.answer("/after", {"<Hangup/>"});
  const auto sid = world.call();
  world.finish();
  CHECK(world.lasted(sid) == 25s);
  REQUIRE(world.web.of("dial").size() == 1);
  CHECK(find_room(world)->status == "completed");
}

TEST_CASE("a conference that is full takes nobody, and says so", "[sim]") {
  Meeting world("maxParticipants=\"2\"", {WaitFor{5s}, HangUp{}}, {WaitFor{5s}, HangUp{}});
  const auto third = world.call();
  world.finish();
  CHECK(world.texts(What::conference, third) == Lines{"room is full"});
  CHECK(world.web.of("dial")[0].get("DialCallStatus") == "failed");
}

TEST_CASE("a beep tells who is there of who comes and goes, where it is wanted", "[sim]") {
  std::string attributes;
  std::size_t beeps = 0;
  SECTION("as it is by default") { beeps = 2; }
  SECTION("of coming alone") {
    attributes = "beep=\"onEnter\"";
    beeps = 1;
  }
  SECTION("not of whoever listens in") { attributes = "beep=\"false\" muted=\"true\""; }
  World world;
  world.web.answer("/voice", {room("beep=\"false\""), room("beep=\"false\""), room(attributes)});
  world.web.answer("/after", {"<Hangup/>"});
  const auto first = world.call({WaitFor{20s}, HangUp{}});
  world.call({WaitFor{20s}, HangUp{}});
  world.run_for(1s);
  world.call({WaitFor{5s}, HangUp{}});
  world.finish();
  CHECK(world.texts(What::heard, first).size() == beeps);
}

TEST_CASE("the end of a conference names who ended it, if somebody did", "[sim]") {
  Meeting world("statusCallback=\"/events\" statusCallbackEvent=\"end\" participantLabel=\"guest\"", {},
                {WaitFor{5s}, HangUp{}});
  // The second was refused: the label is taken.
  SECTION("somebody") {
    world.network.do_now(world.first, HangUp{});
    world.finish();
    REQUIRE(world.web.of("conference").size() == 1);
    CHECK(world.web.of("conference")[0].get("CallSidEndingConference") == world.first);
    CHECK(world.web.of("conference")[0].get("ParticipantLabelEndingConference") == "guest");
  }
  SECTION("REST") {
    world.network.end_conference(find_room(world)->sid);
    world.finish();
    REQUIRE(world.web.of("conference").size() == 1);
    CHECK(world.web.of("conference")[0].get("CallSidEndingConference") == "(none)");
  }
}

TEST_CASE("REST records a conference that has begun", "[sim]") {
  Meeting world({}, {WaitFor{30s}, HangUp{}}, {WaitFor{30s}, HangUp{}});
  NewRecording wanted;
  wanted.callback.url = k_base + "/rec";
  std::optional<Refusal> refusal;
  const auto sid = world.network.start_conference_recording(find_room(world)->sid, wanted, refusal);
  CHECK_FALSE(refusal);
  world.finish();
  REQUIRE(world.web.of("recording").size() == 1);
  const auto told = world.web.of("recording")[0];
  CHECK(told.get("RecordingSid") == sid);
  CHECK(told.get("RecordingSource") == "StartConferenceRecordingAPI");
  CHECK(told.get("ConferenceSid") == find_room(world)->sid);
  CHECK(world.network.start_conference_recording("room", wanted, refusal).empty());
  REQUIRE(refusal);
  CHECK(refusal->code == 20404);
}

TEST_CASE("a wait URL that fails drops the caller", "[sim]") {
  World world;
  world.web.answer("/voice", {room("waitUrl=\"/music\"")});
  world.web.fail("/music", 11200);
  world.web.answer("/after", {"<Hangup/>"});
  const auto sid = world.call();
  world.finish();
  CHECK(world.status(sid) == "completed");
  CHECK(world.problems() == Lines{"11200"});
}

TEST_CASE("nobody begins a conference who only waits for its moderator", "[sim]") {
  Meeting world("startConferenceOnEnter=\"false\"", {WaitFor{5s}, HangUp{}}, {WaitFor{5s}, HangUp{}});
  CHECK(find_room(world)->status == "init");
  world.finish();
  CHECK(find_room(world)->status == "completed");
}

TEST_CASE("the callbacks of the first participant count for the whole conference", "[sim]") {
  World world;
  world.web.answer("/voice", {room("statusCallback=\"/events\" statusCallbackEvent=\"start end join leave\""),
                              room("statusCallback=\"/others\" statusCallbackEvent=\"join\"")});
  world.web.answer("/after", {"<Hangup/>"});
  world.network.call_in("+16265550101", k_ours, {WaitFor{9s}, HangUp{}});
  world.run_for(1s);
  world.network.call_in("+16265550102", k_ours, {WaitFor{9s}, HangUp{}});
  world.finish();
  Lines events;
  for (const auto& told : world.web.of("conference")) {
    CHECK(told.request.url == k_base + "/events");
    events.push_back(told.get("StatusCallbackEvent"));
  }
  CHECK(events == Lines{"participant-join", "participant-join", "conference-start", "participant-leave",
                        "participant-leave", "conference-end"});
}

TEST_CASE("participants are muted, held, put out, and spoken to", "[sim]") {
  Meeting world;
  std::optional<Refusal> refusal;
  const auto conference = find_room(world)->sid;
  SECTION("a muted one is not heard") {
    ParticipantChange change;
    change.muted = true;
    world.network.change_participant(conference, world.first, change, refusal);
    world.network.do_now(world.first, Speak{"hello", 1s});
    world.run_for(1s);
    CHECK_FALSE(world.heard(world.second, "hello"));
    CHECK(find_room(world)->participants[0].muted);
  }
  SECTION("a coach is heard by one alone") {
    ParticipantChange change;
    change.coaching = true;
    change.call_sid_to_coach = world.second;
    const auto third = world.network.call_in("+16265550103", k_ours, {});
    world.run_for(1s);
    world.network.change_participant(conference, third, change, refusal);
    world.network.do_now(third, Speak{"say yes", 1s});
    world.run_for(1s);
    CHECK(world.heard(world.second, "say yes"));
    CHECK_FALSE(world.heard(world.first, "say yes"));
  }
  SECTION("one who is removed goes on with the action") {
    world.network.remove_participant(conference, world.first, refusal);
    world.run_for(1s);
    CHECK(world.status(world.first) == "completed");
    CHECK(world.web.of("dial").size() == 1);
  }
  SECTION("an announcement is heard by all") {
    world.web.answer("/announce", {"<Say>One minute left</Say>"});
    world.network.announce(conference, Hook{k_base + "/announce", "POST"});
    world.run_for(1s);
    CHECK(world.heard(world.first, "One minute left"));
    CHECK(world.heard(world.second, "One minute left"));
  }
  SECTION("an announcement cannot dial") {
    world.web.answer("/announce", {"<Dial>+12025550177</Dial><Say>One minute left</Say>"});
    world.network.announce(conference, Hook{k_base + "/announce", "POST"});
    world.run_for(1s);
    CHECK(world.heard(world.second, "One minute left"));
    CHECK(world.problems() == Lines{"12200"});
  }
  CHECK_FALSE(refusal);
  world.network.end_conference(conference);
  world.finish();
  CHECK(find_room(world)->status == "completed");
}

TEST_CASE("somebody who is not in the conference cannot be coached", "[sim]") {
  World world;
  world.web.answer("/voice", {room("coach=\"CA00000000000000000000000000000009\"")});
  world.web.answer("/after", {"<Hangup/>"});
  world.call();
  world.finish();
  CHECK(world.problems() == Lines{"13240"});
}

TEST_CASE("REST rings somebody into a conference", "[sim]") {
  Meeting world({}, {WaitFor{30s}, HangUp{}}, {WaitFor{30s}, HangUp{}});
  world.person("client:sue", 2s);
  NewParticipant wanted;
  wanted.call.to = "client:sue";
  wanted.call.from = k_ours;
  wanted.as.label = "supervisor";
  std::optional<Refusal> refusal;
  const auto sid = world.network.add_participant("room", wanted, refusal);
  world.run_for(4s);
  REQUIRE(find_room(world)->participants.size() == 3);
  CHECK(find_room(world)->participants[2].call_sid == sid);
  world.network.remove_participant(find_room(world)->sid, "supervisor", refusal);
  CHECK_FALSE(refusal);
  world.finish();
  CHECK(world.status(sid) == "completed");
}

}  // namespace
}  // namespace ringctl::sim
