#include "routing/room.hpp"

#include "support/catch.hpp"
#include "twiml/write.hpp"

using namespace ringctl;
using namespace ringctl::routing;

namespace {

const std::string k_call = "CA5f0c8e1d2b3a4c5d6e7f8091a2b3c4d5";
const Links k_links{.voice = "https://pbx.example.com/api/workspaces/w/voice", .queue = "q"};

template <class Noun>
Noun only_noun(const twiml::Response& response) {
  REQUIRE_FALSE(response.verbs.empty());
  const auto& dial = std::get<twiml::Dial>(response.verbs.front());
  REQUIRE(dial.nouns.size() == 1);
  return std::get<Noun>(dial.nouns.front());
}

}  // namespace

TEST_CASE("a room is named from its call alone", "[routing]") {
  CHECK(room_name(k_call) == "call-" + k_call);
  CHECK(room_recording_link(k_links, room_name(k_call)) == k_links.voice + "/recording/" + k_call);
}

TEST_CASE("a seat makes no sound, and ends the call when it is left", "[routing]") {
  const auto seat = only_noun<twiml::Conference>(seat_answer({.room = room_name(k_call)}, k_links));
  CHECK(seat.beep == twiml::Beep::no);
  CHECK(seat.wait_url == std::string());
  CHECK(seat.end_conference_on_exit);
  CHECK(seat.record == twiml::ConferenceRecord::do_not_record);
  CHECK(seat.recording_status_callback.empty());
}

TEST_CASE("a room that is recorded says where its recording goes, whoever comes first", "[routing]") {
  const Seat first{.room = room_name(k_call), .recorded = true};
  const Seat second{.room = room_name(k_call), .recorded = true, .after = end_link(k_links)};
  const auto one = only_noun<twiml::Conference>(seat_answer(first, k_links));
  CHECK(one.record == twiml::ConferenceRecord::record_from_start);
  CHECK(one.recording_status_callback == k_links.voice + "/recording/" + k_call);
  CHECK(one == only_noun<twiml::Conference>(seat_answer(second, k_links)));
}

TEST_CASE("a leg is handed over to a client, a phone that presses a key, or a number that does not",
          "[routing]") {
  const auto user = base::Uuid::parse("0190f6d2-7b3c-7a10-8f00-1a2b3c4d5e6f");
  Handover handover{
      .party = {.device = Device::client, .user = user}, .caller_id = "+12025550100", .after = ""};
  handover.status = leg_link(k_links, k_call);
  handover.accept_prompt = true;
  const auto client = only_noun<twiml::Client>(handover_answer(handover, k_links));
  CHECK(client.identity == "agent_0190f6d27b3c7a108f001a2b3c4d5e6f");
  CHECK(client.status_callback == k_links.voice + "/leg/" + k_call);
  handover.party = {.device = Device::phone, .user = user, .address = "+12025550143"};
  CHECK(only_noun<twiml::Number>(handover_answer(handover, k_links)).url == k_links.accept({}));
  handover.party = {.device = Device::number, .address = "+12025550199"};
  const auto number = only_noun<twiml::Number>(handover_answer(handover, k_links));
  CHECK(number.url.empty());
  CHECK(number.number == "+12025550199");
}

TEST_CASE("a recorded call goes on being recorded where it is handed over", "[routing]") {
  Handover handover{.party = {.device = Device::number, .address = "+12025550199"},
                    .caller_id = "+12025550100",
                    .after = ""};
  const auto dial_of = [&] {
    return std::get<twiml::Dial>(handover_answer(handover, k_links).verbs.front());
  };
  CHECK(dial_of().record == twiml::RecordFrom::do_not_record);
  handover.recording_to = room_recording_link(k_links, room_name(k_call));
  CHECK(dial_of().record == twiml::RecordFrom::answer_dual);
  CHECK(dial_of().recording_status_callback == k_links.voice + "/recording/" + k_call);
}

TEST_CASE("the path of a leg that was added names its call, and whose phone it is", "[routing]") {
  const auto user = base::Uuid::parse("0190f6d2-7b3c-7a10-8f00-1a2b3c4d5e6f");
  for (const auto& owner : {std::optional<base::Uuid>(), std::optional(user)}) {
    const auto link = leg_link(k_links, k_call, owner);
    const auto rest = link.substr(k_links.voice.size() + std::string("/leg/").size());
    const auto path = try_parse_leg(rest);
    REQUIRE(path);
    CHECK(path->call_sid == k_call);
    CHECK(path->user == owner);
  }
  for (const auto& bad : {std::string(), std::string("CA1"), k_call + ".", k_call + ".bob", k_call + "x"}) {
    CAPTURE(bad);
    CHECK_FALSE(try_parse_leg(bad));
  }
}

TEST_CASE("the path of a call that begins with its agent says how it goes on", "[routing]") {
  const auto id = base::Uuid::parse("0190f6d2-7b3c-7a10-8f00-1a2b3c4d5e6f");
  const auto [in_room, recorded, rest] = GENERATE(table<bool, bool, std::string>(
      {{false, false, ""}, {true, false, ".room"}, {true, true, ".recorded-room"}}));
  const StartPath start{.reservation = id, .in_room = in_room, .recorded = recorded};
  const auto text = id.text() + rest;
  CHECK(started_link(k_links, start) == k_links.voice + "/started/" + text);
  CHECK(pressed_link(k_links, start) == k_links.voice + "/pressed/" + text);
  const auto path = try_parse_start(text);
  REQUIRE(path);
  CHECK(path->reservation == id);
  CHECK(path->in_room == in_room);
  CHECK(path->recorded == recorded);
  for (const auto* bad : {".", ".Room", ".rooms", "x"}) {
    CAPTURE(bad);
    CHECK_FALSE(try_parse_start(id.text() + bad));
  }
  CHECK_FALSE(try_parse_start(""));
}

TEST_CASE("inline answers fit what Twilio takes", "[routing]") {
  const Seat seat{.room = room_name(k_call), .recorded = true, .after = end_link(k_links)};
  CHECK(twiml::write(seat_answer(seat, k_links)).size() < 4000);
}

TEST_CASE("a key is asked for before a phone calls on, and without one it is hung up", "[routing]") {
  const auto prompt = key_prompt(pressed_link(k_links, {}));
  REQUIRE(prompt.verbs.size() == 2);
  const auto& gather = std::get<twiml::Gather>(prompt.verbs.front());
  CHECK(gather.action == k_links.voice + "/pressed/" + base::Uuid().text());
  CHECK(gather.num_digits == 1);
  CHECK(std::holds_alternative<twiml::Hangup>(prompt.verbs.back()));
}
