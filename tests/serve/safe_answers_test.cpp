// Calls while the database is away: what is said, and that it is on record afterwards.

#include <algorithm>

#include "serve/switchboard.hpp"
#include "support/catch.hpp"

namespace ringctl::serve {
namespace {

using test::call_sid;
using test::Switchboard;

const auto k_next = "/next/s0w0";

template <class Verb>
bool begins_with(const twiml::Response& response) {
  return !response.verbs.empty() && std::holds_alternative<Verb>(response.verbs.front());
}
bool is_refusal(const twiml::Response& response) {
  return begins_with<twiml::Say>(response) && std::holds_alternative<twiml::Hangup>(response.verbs.back());
}

std::int64_t events(Switchboard& board, std::string_view kind) {
  return board.integer("SELECT count(*) FROM call_events WHERE kind = $1", {kind});
}

/// The database is back, and has all that is in the journal.
void come_back(Switchboard& board) {
  board.away = false;
  REQUIRE(board.stop());
}

TEST_CASE("a call that comes in rings as the estate was last read, and goes on without the database",
          "[serve]") {
  Switchboard board(GENERATE(from_range(test::engines())));
  board.start(true);
  const auto dial = board.answer("", board.form());
  REQUIRE(begins_with<twiml::Dial>(dial));
  CHECK(std::get<twiml::Dial>(dial.verbs.front()).nouns.size() == 1);
  CHECK(board.answer("", board.form()) == dial);
  // Nobody answered: the plan is in memory.
  const auto after = board.answer(k_next, board.form({{"DialCallStatus", "no-answer"}}));
  CHECK_FALSE(begins_with<twiml::Dial>(after));
  CHECK(after.verbs.size() >= 2);

  come_back(board);
  CHECK(board.integer("SELECT count(*) FROM calls WHERE call_sid = $1", {call_sid(1)}) == 1);
  CHECK(events(board, "inbound") == 1);
  CHECK(events(board, "next") == 1);
}

TEST_CASE("a follow-up of a call that came in elsewhere leads to the last step", "[serve]") {
  Switchboard board(db::Engine::sqlite);
  board.start(true);
  const auto after = board.answer(k_next, board.form({{"DialCallStatus", "no-answer"}}));
  CHECK_FALSE(begins_with<twiml::Dial>(after));
  const auto menu = board.answer("/menu/1", board.form({{"CallSid", call_sid(2)}, {"Digits", "101"}}));
  CHECK_FALSE(menu.verbs.empty());
  const auto queue = board.answer("/wait/s0w0", board.form({{"CallSid", call_sid(3)}}));
  CHECK(begins_with<twiml::Leave>(queue));
  come_back(board);
  for (const auto* kind : {"next", "menu", "wait"}) CHECK(events(board, kind) == 1);
}

TEST_CASE(
    "an agent's call is refused in words while the limits cannot be asked, and the refusal is on record",
    "[serve]") {
  Switchboard board(GENERATE(from_range(test::engines())));
  board.start(true);
  CHECK(is_refusal(board.answer("", board.form({{"From", board.from_ann()}, {"To", test::k_to}}))));
  come_back(board);
  CHECK(board.integer("SELECT count(*) FROM calls WHERE refusal = 'limits_unavailable'") == 1);
  CHECK(board.counter(board.assignment).reserved == 0);
}

TEST_CASE(
    "where the workspace says so an agent's call is dialled uncounted, and counted when the database is back",
    "[serve]") {
  Switchboard board(GENERATE(from_range(test::engines())), 1);
  board.decide("limits_unavailable", "allow");
  board.reserve();  // the day's one call
  board.start(true);
  const auto call =
      board.form({{"From", board.from_ann()}, {"To", test::k_to}, {"FromNumber", test::k_from}});
  const auto dial = board.answer("", call);
  REQUIRE(begins_with<twiml::Dial>(dial));
  CHECK(std::get<twiml::Dial>(dial.verbs.front()).caller_id == test::k_from);
  CHECK(board.answer("", call) == dial);
  // Without its number a call can be neither placed nor counted later.
  CHECK(is_refusal(board.answer(
      "", board.form({{"CallSid", call_sid(2)}, {"From", board.from_ann()}, {"To", test::k_to}}))));

  come_back(board);
  CHECK(board.counter(board.assignment) == test::Counter{2, 0, 0, 0});
  CHECK(board.integer("SELECT count(*) FROM calls WHERE reservation_id IS NOT NULL AND refusal IS NULL") ==
        1);
}

TEST_CASE("an emergency call is dialled, whatever is away", "[serve]") {
  Switchboard board(db::Engine::sqlite);
  board.start(true);
  const auto dial = board.answer("", board.form({{"From", board.from_ann()}, {"To", "911"}}));
  REQUIRE(begins_with<twiml::Dial>(dial));
  come_back(board);
  CHECK(board.counter(board.assignment).reserved == 0);
}

TEST_CASE("what comes before the estate was ever read is answered, and kept for when it is", "[serve]") {
  Switchboard board(GENERATE(from_range(test::engines())));
  board.away = true;
  board.start(true);
  CHECK_FALSE(board.service->ready());
  CHECK(is_refusal(board.answer("", board.form())));
  CHECK(board.post("/status", board.form({{"CallStatus", "completed"}, {"SequenceNumber", "3"}})).status ==
        204);
  CHECK(is_refusal(board.answer("", board.form({{"CallSid", call_sid(2)}, {"From", board.from_ann()}}))));
  come_back(board);
  CHECK(events(board, "inbound") == 1);
  CHECK(events(board, "status") == 1);
  CHECK(events(board, "outbound") == 1);
}

}  // namespace
}  // namespace ringctl::serve
