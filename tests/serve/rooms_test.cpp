// Calls that leave the plain pair of a Dial: moved into conferences, and begun by an agent's leg.

#include "calls/rooms.hpp"

#include "calls/calls.hpp"
#include "routing/room.hpp"
#include "serve/switchboard.hpp"
#include "support/catch.hpp"

using namespace ringctl;
using test::Form;
using test::Switchboard;

namespace {

struct Desk : Switchboard {
  explicit Desk(db::Engine engine) : Switchboard(engine) { start(false); }

  /// Somebody called, and the call is on record.
  base::Uuid called() {
    answer("", form());
    CHECK(service->settle(test::k_patience));
    return read([&] { return calls::get(db(), workspace, test::call_sid(1)).id; });
  }
  void open_room(const base::Uuid& call) {
    write([&] {
      calls::Room room;
      room.call = call;
      room.parent_sid = test::call_sid(1);
      room.room = routing::room_name(room.parent_sid);
      calls::open_room(session(), workspace, room);
    });
  }
  Form dial_ended() const {
    return form({{"DialCallStatus", "completed"},
                 {"DialCallSid", test::call_sid(90)},
                 {"CallStatus", "in-progress"}});
  }
  std::string reserved() { return reserve().reservation.value().text(); }
  /// The agent's leg is up.
  Form agent_leg(const std::string& to = {}) const {
    return form({{"CallSid", test::call_sid(5)},
                 {"From", test::k_from},
                 {"To", to.empty() ? from_ann() : to},
                 {"CallStatus", "in-progress"},
                 {"Direction", "outbound-api"}});
  }
  std::string rows(std::string_view sql) {
    CHECK(service->settle(test::k_patience));
    return read([&] {
      std::string all;
      auto found = db().query(sql, {workspace});
      while (found.next()) {
        for (int i = 0; i < found.columns(); ++i) all.append(i == 0 ? "" : "|").append(found.text(i));
        all += "\n";
      }
      return all;
    });
  }
};

const twiml::Conference* seat_in(const twiml::Response& response) {
  const auto* const dial =
      response.verbs.empty() ? nullptr : std::get_if<twiml::Dial>(&response.verbs.front());
  return dial == nullptr || dial->nouns.empty() ? nullptr
                                                : std::get_if<twiml::Conference>(&dial->nouns.front());
}
bool hangs_up(const twiml::Response& response) {
  return response.verbs.size() == 1 && std::holds_alternative<twiml::Hangup>(response.verbs.front());
}

}  // namespace

TEST_CASE("a pair that was put into a conference is followed by the call's own leg", "[serve]") {
  Desk f(GENERATE(from_range(test::engines())));
  const auto call = f.called();
  f.open_room(call);
  const auto response = f.answer("/next/s0w0", f.dial_ended());
  const auto* const seat = seat_in(response);
  REQUIRE(seat != nullptr);
  CHECK(seat->name == "call-" + test::call_sid(1));
  CHECK(seat->end_conference_on_exit);
  CHECK(f.rows("SELECT status FROM calls WHERE workspace_id = $1") != "completed\n");
  // The same webhook once more gets the same answer.
  CHECK(f.answer("/next/s0w0", f.dial_ended()) == response);
}

TEST_CASE("a pair that only ended is hung up, and so is a conference that did", "[serve]") {
  Desk f(GENERATE(from_range(test::engines())));
  const auto call = f.called();
  CHECK(hangs_up(f.answer("/next/s0w0", f.dial_ended())));
  f.open_room(call);
  CHECK(hangs_up(
      f.answer("/next/calling", f.form({{"DialCallStatus", "answered"}, {"CallStatus", "in-progress"}}))));
}

TEST_CASE("an agent's browser that is up dials whoever was reserved for it", "[serve]") {
  Desk f(GENERATE(from_range(test::engines())));
  const auto response = f.answer("/started/" + f.reserved(), f.agent_leg());
  REQUIRE_FALSE(response.verbs.empty());
  const auto& dial = std::get<twiml::Dial>(response.verbs.front());
  CHECK(dial.caller_id == test::k_from);
  CHECK(std::get<twiml::Number>(dial.nouns.at(0)).number == test::k_to);
  CHECK(f.rows("SELECT direction, from_number, to_number FROM calls WHERE workspace_id = $1") ==
        "outbound|" + test::k_from + "|" + test::k_to + "\n");
}

TEST_CASE("an agent's phone presses a key before it dials anybody", "[serve]") {
  Desk f(GENERATE(from_range(test::engines())));
  const auto id = f.reserved();
  const auto asked = f.answer("/started/" + id, f.agent_leg("+12025550143"));
  REQUIRE_FALSE(asked.verbs.empty());
  CHECK(std::get<twiml::Gather>(asked.verbs.front()).action == f.voice("/pressed/" + id));
  auto silent = f.agent_leg("+12025550143"), pressed = silent;
  silent.emplace_back("Digits", "");
  CHECK(hangs_up(f.answer("/pressed/" + id, silent)));
  pressed.emplace_back("Digits", "5");
  const auto response = f.answer("/pressed/" + id, pressed);
  CHECK(std::holds_alternative<twiml::Dial>(response.verbs.front()));
}

TEST_CASE("an agent whose call is held in a conference is seated there, however soon they pick up",
          "[serve]") {
  Desk f(GENERATE(from_range(test::engines())));
  const auto recorded = GENERATE(false, true);
  const auto start = f.reserved() + (recorded ? ".recorded-room" : ".room");
  // On record is nothing yet but the reservation.
  const auto response = f.answer("/started/" + start, f.agent_leg());
  const auto* const seat = seat_in(response);
  REQUIRE(seat != nullptr);
  CHECK(seat->name == "call-" + test::call_sid(5));
  CHECK((seat->record == twiml::ConferenceRecord::record_from_start) == recorded);
}

TEST_CASE("a phone that is asked for a key is seated once it was pressed", "[serve]") {
  Desk f(GENERATE(from_range(test::engines())));
  const auto start = f.reserved() + ".room";
  auto leg = f.agent_leg("+12025550143");
  const auto asked = f.answer("/started/" + start, leg);
  REQUIRE_FALSE(asked.verbs.empty());
  CHECK(std::get<twiml::Gather>(asked.verbs.front()).action == f.voice("/pressed/" + start));
  leg.emplace_back("Digits", "5");
  CHECK(seat_in(f.answer("/pressed/" + start, leg)) != nullptr);
}

TEST_CASE("a reservation that is unknown, or another call's, dials nobody", "[serve]") {
  Desk f(GENERATE(from_range(test::engines())));
  CHECK(hangs_up(f.answer("/started/" + f.alice.ids.next().text(), f.agent_leg())));
  CHECK(hangs_up(f.answer("/started/not-an-id", f.agent_leg())));
  const auto id = f.reserve().reservation.value();
  limits::attach(f.session(), f.workspace, id, test::call_sid(77));
  CHECK(hangs_up(f.answer("/started/" + id.text(), f.agent_leg())));
}

TEST_CASE("what is reported of a leg that was added to a call is the call's", "[serve]") {
  Desk f(GENERATE(from_range(test::engines())));
  f.called();
  const auto form = f.form({{"CallSid", test::call_sid(60)},
                            {"From", test::k_from},
                            {"To", f.from_ann()},
                            {"CallStatus", "in-progress"},
                            {"Direction", "outbound-api"},
                            {"SequenceNumber", "2"}});
  CHECK(f.post("/leg/" + test::call_sid(1), form).status == 204);
  CHECK(f.rows("SELECT count(*) FROM calls WHERE workspace_id = $1") == "1\n");
  CHECK(f.rows("SELECT leg_sid, status, user_id FROM call_attempts WHERE workspace_id = $1") ==
        test::call_sid(60) + "|in-progress|" + f.ann_id.text() + "\n");
}

TEST_CASE("a leg that was handed over is the call's, and its phone's owner's", "[serve]") {
  Desk f(GENERATE(from_range(test::engines())));
  f.called();
  const auto form = f.form({{"CallSid", test::call_sid(61)},
                            {"ParentCallSid", test::call_sid(60)},
                            {"From", test::k_from},
                            {"To", "+12025550143"},
                            {"CallStatus", "in-progress"},
                            {"Direction", "outbound-dial"},
                            {"SequenceNumber", "2"}});
  CHECK(f.post("/leg/" + test::call_sid(1) + "." + f.ann_id.text(), form).status == 204);
  CHECK(f.rows("SELECT c.call_sid, a.party, a.user_id FROM call_attempts a JOIN calls c ON c.id = a.call_id "
               "WHERE a.workspace_id = $1") == test::call_sid(1) + "|+12025550143|" + f.ann_id.text() + "\n");
  CHECK(f.rows("SELECT count(*) FROM calls WHERE workspace_id = $1") == "1\n");
}

TEST_CASE("the recording of a conference is that of the call in its path", "[serve]") {
  Desk f(GENERATE(from_range(test::engines())));
  f.called();
  const Form form{{"AccountSid", std::string(Switchboard::k_account)},
                  {"ConferenceSid", "CF0123456789abcdef0123456789abcdef"},
                  {"RecordingSid", "RE0123456789abcdef0123456789abcdef"},
                  {"RecordingStatus", "completed"},
                  {"RecordingSource", "Conference"}};
  CHECK(f.post("/recording", form).status == 400);
  CHECK(f.post("/recording/" + test::call_sid(1), form).status == 204);
  CHECK(f.rows("SELECT c.call_sid, r.status FROM recordings r JOIN calls c ON c.id = r.call_id "
               "WHERE r.workspace_id = $1") == test::call_sid(1) + "|completed\n");
}

TEST_CASE("without the database a call that begins with its agent is refused in words", "[serve]") {
  Desk f(db::Engine::sqlite);
  const auto id = f.reserved();
  f.away = true;
  f.service.reset();
  f.away = false;
  f.start(true);
  const auto response = f.answer("/started/" + id, f.agent_leg());
  REQUIRE(response.verbs.size() == 2);
  CHECK(std::holds_alternative<twiml::Say>(response.verbs.front()));
}
