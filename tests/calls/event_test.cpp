#include "calls/event.hpp"

#include <random>

#include "base/error.hpp"
#include "support/catch.hpp"
#include "support/errors.hpp"

using namespace ringctl;
using calls::Event;
using calls::EventErrc;
using calls::Kind;

namespace {

const auto k_workspace = base::Uuid::parse("019ccd51-0000-7000-8000-000000000001");

Event sample() {
  auto event = calls::event_from(Kind::status, k_workspace,
                                 {{"CallSid", "CA1"},
                                  {"ParentCallSid", "CA0"},
                                  {"CallStatus", "completed"},
                                  {"SequenceNumber", "3"},
                                  {"Timestamp", "Sun, 08 Mar 2026 12:01:05 +0000"},
                                  {"Twice", "a"},
                                  {"Twice", ""}},
                                 base::parse_utc("2026-03-08T12:01:06.123Z"));
  event.place = calls::Place{2, 1};
  event.party = "client:agent_1";
  event.user = k_workspace;
  event.answers = calls::Answers::accepted;
  event.decision = calls::Decision{.contact = k_workspace, .customer_name = "Lin \xc3\xa9", .plan = "{}"};
  return event;
}

std::error_code refused(std::string_view bytes) {
  std::error_code error;
  CHECK_FALSE(calls::try_from_bytes(bytes, error));
  return error;
}

}  // namespace

TEST_CASE("an event is read back from its bytes as it was", "[calls]") {
  std::error_code error;
  CHECK(calls::try_from_bytes(calls::to_bytes(sample()), error) == sample());
  CHECK_FALSE(error);
  Event empty;
  empty.workspace = k_workspace;
  CHECK(calls::try_from_bytes(calls::to_bytes(empty), error) == empty);
}

TEST_CASE("an event that was journaled by the first version is read as it was meant", "[calls]") {
  // As 0.1 wrote it: all of today's but for the last byte, under its own version.
  auto bytes = calls::to_bytes(sample());
  REQUIRE(bytes.front() == '\x04');
  REQUIRE(bytes.back() == '\0');
  bytes.front() = '\x01';
  bytes.pop_back();
  std::error_code error;
  CHECK(calls::try_from_bytes(bytes, error) == sample());
  CHECK_FALSE(error);
  CHECK(refused(bytes + '\0') == make_error_code(EventErrc::trailing_bytes));

  Event bare;
  bare.workspace = k_workspace;
  bytes = calls::to_bytes(bare);
  bytes.front() = '\x01';
  CHECK(calls::try_from_bytes(bytes, error) == bare);
}

TEST_CASE("a phone whose plan was not at hand hangs on the plan, also as earlier versions wrote it",
          "[calls]") {
  auto event = sample();
  event.user.reset();
  event.answers = calls::Answers::by_plan;
  std::error_code error;
  CHECK(calls::try_from_bytes(calls::to_bytes(event), error) == event);
  auto before = event;
  before.answers = calls::Answers::accepted;
  auto bytes = calls::to_bytes(before);
  CHECK(calls::try_from_bytes(bytes, error) == before);
  bytes.front() = '\x02';
  CHECK(calls::try_from_bytes(bytes, error) == event);
  bytes.front() = '\x01';
  bytes.pop_back();
  CHECK(calls::try_from_bytes(bytes, error) == event);
  // What only the third version knows is no value of the second.
  bytes = calls::to_bytes(event);
  bytes.front() = '\x02';
  CHECK(refused(bytes) == make_error_code(EventErrc::bad_value));
}

TEST_CASE("a leg that was put into a conference is told from one that ended, by versions that know it",
          "[calls]") {
  auto event = sample();
  event.answers = calls::Answers::moved;
  std::error_code error;
  auto bytes = calls::to_bytes(event);
  CHECK(calls::try_from_bytes(bytes, error) == event);
  bytes.front() = '\x03';
  CHECK(refused(bytes) == make_error_code(EventErrc::bad_value));
}

TEST_CASE("that a call is uncounted is written and read", "[calls]") {
  auto event = sample();
  event.decision->uncounted = true;
  std::error_code error;
  CHECK(calls::try_from_bytes(calls::to_bytes(event), error) == event);
}

TEST_CASE("bytes that are no event are refused with the reason", "[calls]") {
  const auto bytes = calls::to_bytes(sample());
  for (std::size_t size = 0; size < bytes.size(); ++size) CHECK(refused(bytes.substr(0, size)));
  CHECK(refused(bytes + "x") == make_error_code(EventErrc::trailing_bytes));
  CHECK(refused("\x05" + bytes.substr(1)) == make_error_code(EventErrc::unknown_version));
  CHECK(refused(std::string(calls::k_most_event_bytes + 1, 'x')) == make_error_code(EventErrc::too_large));
  CHECK(refused("\x01\xff") == make_error_code(EventErrc::bad_value));
  CHECK(refused("") == make_error_code(EventErrc::truncated));
}

TEST_CASE("damaged bytes never crash, and what is read back from them can be written again", "[calls]") {
  std::mt19937 random(11);
  const auto whole = calls::to_bytes(sample());
  for (int round = 0; round < 20000; ++round) {
    auto bytes = whole;
    for (unsigned i = 0; i <= random() % 4; ++i) bytes[random() % bytes.size()] = static_cast<char>(random());
    std::error_code error;
    const auto event = calls::try_from_bytes(bytes, error);
    REQUIRE(event.has_value() == !error);
    if (!event) continue;
    REQUIRE(calls::try_from_bytes(calls::to_bytes(*event), error) == *event);
    calls::event_key(*event);
    calls::form_json(*event);
  }
}

TEST_CASE("an event that is too large is not written", "[calls]") {
  auto event = sample();
  event.decision->plan = std::string(calls::k_most_event_bytes, ' ');
  CHECK(test::slug_of([&] { calls::to_bytes(event); }) == "calls.event_too_large");
}

TEST_CASE("the same webhook has the same key, and a new one another", "[calls]") {
  const auto event = sample();
  auto later = event;
  later.received_at += std::chrono::hours(24);
  CHECK(event_key(later) == event_key(event));
  auto next = event;
  next.sequence = 4;
  CHECK(event_key(next) != event_key(event));

  auto menu = event;
  menu.kind = Kind::menu;
  menu.parameters = {{"CallSid", "CA1"}, {"Digits", "101"}};
  auto other_digits = menu, other_place = menu;
  other_digits.parameters[1].second = "102";
  other_place.place = calls::Place{3, 0};
  CHECK(event_key(menu) != event_key(other_digits));
  CHECK(event_key(menu) != event_key(other_place));
}

TEST_CASE("a webhook that was caught and is sent with another token is the same webhook", "[calls]") {
  const auto event = sample();
  auto again = event, unnamed = event;
  again.token = "another";
  unnamed.token.clear();
  CHECK(event_key(again) == event_key(event));
  CHECK(event_key(unnamed) == event_key(event));
}

TEST_CASE("a key stays short, whatever was sent", "[calls]") {
  auto event = sample();
  event.call_sid = event.status = std::string(5000, 'x');
  CHECK(event_key(event).size() <= 200);
  event.sequence.reset();
  CHECK(event_key(event).size() <= 200);
}

TEST_CASE("a form is kept as JSON with its names in order", "[calls]") {
  Event event;
  event.parameters = {{"b", "1"}, {"a", "\xff\x01"}, {"b", "2"}};
  CHECK(calls::form_json(event) == "{\"a\":\"\xef\xbf\xbd\\u0001\",\"b\":[\"1\",\"2\"]}");
  CHECK(calls::form_json(Event{}) == "{}");
}

TEST_CASE("Twilio's timestamps are read, and nothing else is taken for one", "[calls]") {
  using calls::try_parse_rfc2822;
  CHECK(try_parse_rfc2822("Sun, 08 Mar 2026 12:01:05 +0000") == base::parse_utc("2026-03-08T12:01:05.000Z"));
  CHECK(try_parse_rfc2822("8 Mar 2026 07:01:05 -0500") == base::parse_utc("2026-03-08T12:01:05.000Z"));
  CHECK(try_parse_rfc2822("Sun, 08 Mar 2026 12:01:05 GMT") == base::parse_utc("2026-03-08T12:01:05.000Z"));
  for (const auto* bad :
       {"", "Sun", "2026-03-08T12:01:05Z", "Sun, 31 Feb 2026 12:01:05 +0000",
        "Sun, 08 Mar 2026 25:01:05 +0000", "Sun, 08 Mar 2026 12:01:05 +9999", "Sun, 08 Mar 2026"})
    CHECK_FALSE(try_parse_rfc2822(bad));
}
