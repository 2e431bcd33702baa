#include "messages/status.hpp"

#include <set>

#include "messages/fold.hpp"
#include "support/catch.hpp"

using namespace ringctl;
using messages::Progress;

namespace {

constexpr std::string_view k_words[] = {
    "accepted",    "scheduled",           "queued",    "sending", "sent", "canceled", "failed",
    "undelivered", "partially_delivered", "delivered", "read"};

base::Instant at(int seconds) {
  return base::parse_utc("2026-03-08T12:00:00.000Z") + std::chrono::seconds(seconds);
}

Progress folded(const std::vector<messages::Report>& reports) {
  Progress progress{.status = "accepted"};
  for (const auto& report : reports) messages::take(progress, report);
  return progress;
}

}  // namespace

TEST_CASE("states are in one order, each in a place of its own", "[messages]") {
  int before = 0;
  for (const auto word : k_words) {
    CHECK(messages::rank_of(word) > before);
    before = messages::rank_of(word);
  }
  CHECK(messages::moves_on("receiving", "received"));
  CHECK_FALSE(messages::moves_on("received", "receiving"));
  CHECK(messages::rank_of("Sent") == 0);
  CHECK(messages::rank_of("") == 0);
}

TEST_CASE("what is over is over", "[messages]") {
  for (const auto* word :
       {"canceled", "failed", "undelivered", "partially_delivered", "delivered", "read", "received"})
    CHECK(messages::is_over(word));
  for (const auto* word : {"accepted", "scheduled", "queued", "sending", "sent", "receiving", "nonsense", ""})
    CHECK_FALSE(messages::is_over(word));
}

TEST_CASE("a message moves forward only, and the error goes with the state that stands", "[messages]") {
  const auto progress = folded({{"sent", {}, at(2)},
                                {"undelivered", 30003, at(4)},
                                {"failed", 30008, at(3)},
                                {"queued", {}, at(1)},
                                {"nonsense", 1, at(0)}});
  CHECK(progress == Progress{.status = "undelivered", .error_code = 30003, .sent_at = at(2)});
  CHECK(folded({{"undelivered", 30003, at(4)}, {"delivered", {}, at(5)}}) ==
        Progress{.status = "delivered", .sent_at = at(5), .delivered_at = at(5)});
}

TEST_CASE("the same report twice counts once, with its earliest time and its error", "[messages]") {
  CHECK(folded({{"delivered", {}, at(9)}, {"delivered", {}, at(5)}, {"sent", {}, at(7)}}) ==
        Progress{.status = "delivered", .sent_at = at(5), .delivered_at = at(5)});
  CHECK(folded({{"failed", {}, at(1)}, {"failed", 30006, at(2)}}) ==
        Progress{.status = "failed", .error_code = 30006});
}
