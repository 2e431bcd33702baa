#include "calls/state.hpp"

#include <algorithm>
#include <array>
#include <random>

#include "support/catch.hpp"

using namespace ringctl;
using calls::Direction;
using calls::Leg;
using calls::Progress;
using calls::Report;
using calls::Status;

namespace {

base::Instant at(int seconds) { return base::Instant(std::chrono::seconds(seconds)); }

Progress after(std::initializer_list<Report> reports) {
  Progress progress;
  for (const auto& report : reports) advance(progress, report);
  return progress;
}

constexpr std::array k_all{Status::queued,      Status::initiated, Status::ringing,
                           Status::in_progress, Status::completed, Status::busy,
                           Status::no_answer,   Status::failed,    Status::canceled};

std::string_view outcome(Direction direction, Status own, std::vector<Leg> legs, bool refused = false) {
  Progress progress;
  advance(progress, {own, 1, at(10), {}});
  return outcome_of(direction, progress, refused, legs).status;
}

Leg leg(Status status, std::optional<base::Instant> answered = {}) {
  return {.status = status, .started_at = at(1), .answered_at = answered, .sid = "CA1"};
}

}  // namespace

TEST_CASE("a status only moves forward", "[calls]") {
  CHECK(after({{Status::in_progress, 2, at(5), {}}, {Status::ringing, 1, at(2), {}}}).status ==
        Status::in_progress);
  CHECK(after({{Status::ringing, {}, at(2), {}}, {Status::initiated, {}, at(3), {}}}).status ==
        Status::ringing);
}

TEST_CASE("an end stays, whatever comes after it", "[calls]") {
  for (const auto end : k_all)
    for (const auto late : k_all) {
      if (!calls::is_end(end)) continue;
      CHECK(after({{end, 3, at(9), 4}, {late, 5, at(20), {}}}).status == end);
      CHECK(after({{end, 3, at(9), 4}, {late, 5, at(20), {}}}).ended_at == at(9));
    }
}

TEST_CASE("of two ends the one that Twilio numbered lower holds, whichever comes first", "[calls]") {
  const Report first{Status::busy, 2, at(5), {}}, second{Status::completed, 3, at(4), {}};
  CHECK(after({first, second}) == after({second, first}));
  CHECK(after({first, second}).status == Status::busy);
  const Report unnumbered{Status::failed, {}, at(1), {}};
  CHECK(after({unnumbered, second}).status == Status::completed);
  CHECK(after({second, unnumbered}).status == Status::completed);
}

TEST_CASE("any reports in any order, however often, come to the same", "[calls]") {
  std::mt19937 random(7);
  for (int round = 0; round < 2000; ++round) {
    std::vector<Report> reports;
    for (int i = 0; i < 6; ++i) {
      Report report{k_all[random() % k_all.size()], {}, at(static_cast<int>(random() % 5)), {}};
      if (random() % 3 != 0) report.sequence = static_cast<std::int64_t>(random() % 4);
      if (random() % 2 != 0) report.duration_s = static_cast<std::int64_t>(random() % 4);
      reports.push_back(report);
    }
    Progress wanted;
    for (const auto& report : reports) advance(wanted, report);
    for (int again = 0; again < 5; ++again) {
      auto doubled = reports;
      doubled.push_back(reports[random() % reports.size()]);
      std::shuffle(doubled.begin(), doubled.end(), random);
      Progress progress;
      for (const auto& report : doubled) advance(progress, report);
      REQUIRE(progress == wanted);
    }
  }
}

TEST_CASE("an inbound call that nobody of ours answered is missed, however it ended", "[calls]") {
  for (const auto end : k_all) {
    if (!calls::is_end(end)) continue;
    CHECK(outcome(Direction::inbound, end, {}) == "missed");
    CHECK(outcome(Direction::inbound, end, {leg(Status::no_answer), leg(Status::canceled)}) == "missed");
    CHECK(outcome(Direction::inbound, end, {leg(Status::completed, at(3))}) == "completed");
  }
  // A voicemail box or support number picked up: a leg that is over, and answered by nobody of ours.
  CHECK(outcome(Direction::inbound, Status::completed, {leg(Status::completed)}) == "missed");
}

TEST_CASE("an inbound call is in progress for whoever answered it", "[calls]") {
  CHECK(outcome(Direction::inbound, Status::ringing, {leg(Status::ringing)}) == "ringing");
  CHECK(outcome(Direction::inbound, Status::ringing, {leg(Status::in_progress, at(3))}) == "in-progress");
}

TEST_CASE("an outbound call is what became of the party called", "[calls]") {
  CHECK(outcome(Direction::outbound, Status::in_progress, {leg(Status::ringing)}) == "ringing");
  CHECK(outcome(Direction::outbound, Status::completed, {leg(Status::busy)}) == "busy");
  CHECK(outcome(Direction::outbound, Status::completed, {leg(Status::no_answer)}) == "no-answer");
  CHECK(outcome(Direction::outbound, Status::completed, {leg(Status::ringing)}) == "canceled");
  CHECK(outcome(Direction::outbound, Status::completed, {}) == "canceled");
  CHECK(outcome(Direction::outbound, Status::completed, {leg(Status::completed, at(3))}) == "completed");
  CHECK(outcome(Direction::outbound, Status::completed, {}, true) == "failed");
}

TEST_CASE("the first of ours to answer owns the call", "[calls]") {
  base::Uuid ann = base::Uuid::parse("019ccd51-0000-7000-8000-000000000001"),
             bob = base::Uuid::parse("019ccd51-0000-7000-8000-000000000002");
  auto first = leg(Status::completed, at(3)), second = leg(Status::completed, at(9));
  first.user = ann;
  second.user = bob;
  second.sid = "CA2";
  Progress progress;
  const std::array legs{second, first};
  CHECK(outcome_of(Direction::inbound, progress, false, legs).answered_by == ann);
}

TEST_CASE("a leg whose answer was never reported was answered its duration before its end", "[calls]") {
  CHECK(calls::picked_up_at({Status::completed, 3, at(65), 60}) == at(5));
  CHECK(calls::picked_up_at({Status::in_progress, 2, at(5), {}}) == at(5));
  CHECK_FALSE(calls::picked_up_at({Status::busy, 2, at(5), 0}));
}
