#include "calls/state.hpp"

#include <algorithm>
#include <tuple>

namespace ringctl::calls {
namespace {

/// Ends share the last rank.
int rank(Status status) {
  switch (status) {
    case Status::queued:
      return 0;
    case Status::initiated:
      return 1;
    case Status::ringing:
      return 2;
    case Status::in_progress:
      return 3;
    default:
      return 4;
  }
}

/// Which of two ends holds: a numbered one before one that is not, the lower number, the earlier, and then
/// any order as long as it is always the same.
auto order_of_end(const Report& report) {
  return std::tuple(!report.sequence.has_value(), report.sequence.value_or(0), report.at, report.status);
}

std::optional<base::Instant> earlier(const std::optional<base::Instant>& a,
                                     const std::optional<base::Instant>& b) {
  if (!a || !b) return a ? a : b;
  return std::min(*a, *b);
}

bool answered_before(const Leg& a, const Leg& b) {
  return std::tuple(*a.answered_at, a.sid) < std::tuple(*b.answered_at, b.sid);
}

const Leg* first_answer(std::span<const Leg> legs, bool of_user) {
  const Leg* first = nullptr;
  for (const auto& leg : legs)
    if (leg.answered_at && (!of_user || leg.user) && (first == nullptr || answered_before(leg, *first)))
      first = &leg;
  return first;
}

/// What became of the party an agent called, where nobody answered. The leg that began last speaks for all.
Status unanswered(Status own, std::span<const Leg> legs) {
  const auto last = std::max_element(legs.begin(), legs.end(), [](const Leg& a, const Leg& b) {
    return std::tuple(a.started_at, a.sid) < std::tuple(b.started_at, b.sid);
  });
  const auto status = last == legs.end() ? own : last->status;
  // The agent hung up before anybody was called, or while it rang.
  if (!is_end(status) || (last == legs.end() && status == Status::completed)) return Status::canceled;
  return status == Status::completed ? Status::no_answer : status;
}

/// The agent's own leg is in progress while the party called still rings.
Status live(Direction direction, Status own, bool answered) {
  if (answered) return Status::in_progress;
  return direction == Direction::outbound ? std::min(own, Status::ringing) : own;
}

Status ended_outbound(Status own, bool refused, bool answered, std::span<const Leg> legs) {
  if (refused) return Status::failed;
  return answered ? Status::completed : unanswered(own, legs);
}

}  // namespace

std::string_view status_name(Status status) {
  switch (status) {
    case Status::queued:
      return "queued";
    case Status::initiated:
      return "initiated";
    case Status::ringing:
      return "ringing";
    case Status::in_progress:
      return "in-progress";
    case Status::completed:
      return "completed";
    case Status::busy:
      return "busy";
    case Status::failed:
      return "failed";
    case Status::no_answer:
      return "no-answer";
    case Status::canceled:
      return "canceled";
  }
  return "";
}

bool is_end(Status status) { return rank(status) == rank(Status::completed); }

std::string_view direction_name(Direction direction) {
  return direction == Direction::inbound ? "inbound" : "outbound";
}

void advance(Progress& progress, const Report& report) {
  progress.started_at = earlier(progress.started_at, report.at);
  if (report.status == Status::ringing) progress.ringing_at = earlier(progress.ringing_at, report.at);
  if (is_end(report.status) && report.duration_s)
    progress.duration_s = std::max(progress.duration_s.value_or(0), *report.duration_s);

  const int from = rank(progress.status), to = rank(report.status);
  if (to < from) return;
  if (is_end(report.status)) {
    if (progress.ended_at &&
        order_of_end({progress.status, progress.sequence, *progress.ended_at}) <= order_of_end(report))
      return;
    progress.ended_at = report.at;
    progress.sequence = report.sequence;
  } else {
    progress.sequence = to > from ? report.sequence : std::max(progress.sequence, report.sequence);
  }
  progress.status = report.status;
}

std::optional<base::Instant> picked_up_at(const Report& report) {
  if (report.status == Status::in_progress) return report.at;
  if (report.status != Status::completed) return std::nullopt;
  return report.at - std::chrono::seconds(report.duration_s.value_or(0));
}

Outcome outcome_of(Direction direction, const Progress& own, bool refused, std::span<const Leg> legs) {
  const auto* const answer = first_answer(legs, false);
  const auto* const person = first_answer(legs, true);
  Outcome outcome{.status = status_name(own.status), .ended = is_end(own.status)};
  if (answer != nullptr) outcome.answered_at = answer->answered_at;
  if (person != nullptr) outcome.answered_by = person->user;
  if (!outcome.ended) {
    outcome.status = status_name(live(direction, own.status, answer != nullptr));
  } else if (direction == Direction::inbound) {
    outcome.status = answer != nullptr ? status_name(Status::completed) : k_missed;
  } else {
    outcome.status = status_name(ended_outbound(own.status, refused, answer != nullptr, legs));
  }
  return outcome;
}

Status settlement_of(const Outcome& outcome) {
  if (outcome.answered_at) return outcome.ended ? Status::completed : Status::in_progress;
  if (!outcome.ended) return Status::ringing;
  return limits::try_parse_call_status(outcome.status).value_or(Status::no_answer);
}

}  // namespace ringctl::calls
