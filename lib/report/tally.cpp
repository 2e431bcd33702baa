#include "report/tally.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "base/text.hpp"

namespace ringctl::report {
namespace {

/// What is kept of days has them in this order: whoever changes it raises k_definitions.
constexpr std::array k_sums = {
    Sum{"inbound", &Tally::inbound},
    Sum{"outbound", &Tally::outbound},
    Sum{"refused", &Tally::refused},
    Sum{"waiting", &Tally::waiting},
    Sum{"answered", &Tally::answered},
    Sum{"reached", &Tally::reached},
    Sum{"missed", &Tally::missed},
    Sum{"voicemail", &Tally::voicemail},
    Sum{"elsewhere", &Tally::elsewhere},
    Sum{"abandoned", &Tally::abandoned},
    Sum{"abandoned_soon", &Tally::abandoned_soon},
    Sum{"answered_soon", &Tally::answered_soon},
    Sum{"answer_s", &Tally::answer_s},
    Sum{"talked", &Tally::talked},
    Sum{"talk_in_s", &Tally::talk_in_s},
    Sum{"talk_out_s", &Tally::talk_out_s},
    Sum{"billed_min", &Tally::billed_min},
    Sum{"priced", &Tally::priced},
    Sum{"price_micros", &Tally::price_micros},
    Sum{"transferred", &Tally::transferred},
    Sum{"several", &Tally::several},
    Sum{"rung", &Tally::rung},
    Sum{"rung_answered", &Tally::rung_answered},
    Sum{"rung_declined", &Tally::rung_declined},
    Sum{"rung_out", &Tally::rung_out},
    Sum{"rung_elsewhere", &Tally::rung_elsewhere},
    Sum{"rung_failed", &Tally::rung_failed},
    Sum{"ring_known", &Tally::ring_known},
    Sum{"ring_s", &Tally::ring_s},
    Sum{"span_s", &Tally::span_s},
    Sum{"span_talk_s", &Tally::span_talk_s},
};

std::optional<double> quotient(std::int64_t part, std::int64_t whole) {
  if (whole <= 0) return std::nullopt;
  return static_cast<double>(part) / static_cast<double>(whole);
}

template <std::int64_t Tally::*member>
std::optional<double> sum(const Tally& tally) {
  return static_cast<double>(tally.*member);
}
template <std::int64_t (Tally::*figure)() const>
std::optional<double> sum(const Tally& tally) {
  return static_cast<double>((tally.*figure)());
}

struct Figure {
  Metric metric;
  std::optional<double> (*value)(const Tally&);
};
constexpr bool k_least_is_best = true;

/// In the order in which the manual explains them.
constexpr std::array k_figures = {
    Figure{
        {"calls", "Calls", "Inbound calls, and outbound calls that were placed, that began in the period."},
        sum<&Tally::calls>},
    Figure{{"inbound", "Inbound", "Calls that came in on one of the workspace's numbers."},
           sum<&Tally::inbound>},
    Figure{{"outbound", "Outbound", "Calls that agents placed; refused ones were not placed."},
           sum<&Tally::outbound>},
    Figure{{"connected", "Connected", "Calls that were answered or reached."}, sum<&Tally::connected>},
    Figure{{"answered", "Answered", "Inbound calls that somebody of the workspace took."},
           sum<&Tally::answered>},
    Figure{{"reached", "Reached", "Outbound calls that the called party took."}, sum<&Tally::reached>},
    Figure{{"connection_rate", "Connection rate",
            "Connected calls as a share of all calls that are no longer waiting."},
           connection_rate},
    Figure{{"missed", "Missed",
            "Inbound calls that ended without anybody of the workspace answering: voicemail, elsewhere and "
            "abandoned together.",
            k_least_is_best},
           sum<&Tally::missed>},
    Figure{{"voicemail", "Voicemail", "Missed calls whose caller left a message.", k_least_is_best},
           sum<&Tally::voicemail>},
    Figure{
        {"elsewhere", "Elsewhere",
         "Missed calls without a message that were put through to a party outside of the workspace's users.",
         k_least_is_best},
        sum<&Tally::elsewhere>},
    Figure{{"abandoned", "Abandoned",
            "Missed calls whose caller gave up: no message, and put through to nobody.", k_least_is_best},
           sum<&Tally::abandoned>},
    Figure{{"abandonment", "Abandonment", "Abandoned calls as a share of those answered or missed.",
            k_least_is_best},
           abandonment},
    Figure{
        {"service_level", "Service level",
         "Calls answered within 20 seconds as a share of those answered or missed, leaving out callers who gave "
         "up within 5 seconds."},
        service_level},
    Figure{{"average_answer_s", "Answer time",
            "Mean seconds from the beginning of an answered call to its answer.", k_least_is_best},
           average_answer_s},
    Figure{{"talk_s", "Talk time", "Seconds from answer to end, over all connected calls that have ended."},
           sum<&Tally::talk_s>},
    Figure{{"average_talk_s", "Average talk time", "Mean talk time of the connected calls that have ended."},
           average_talk_s},
    Figure{{"unanswered", "Unanswered", "Outbound calls that ended without the called party taking them.",
            k_least_is_best},
           sum<&Tally::unanswered>},
    Figure{{"waiting", "Waiting", "Calls that are neither answered nor over.", k_least_is_best},
           sum<&Tally::waiting>},
    Figure{{"refused", "Refused", "Outbound calls that were not let through; they are in no other figure.",
            k_least_is_best},
           sum<&Tally::refused>},
    Figure{
        {"transferred", "Transferred",
         "Calls that legs of two or more different users answered; counted once, under the first of them."},
        sum<&Tally::transferred>},
    Figure{{"several", "Several attempts",
            "Calls for which two or more legs to users were rung; each is one call."},
           sum<&Tally::several>},
    Figure{{"rung", "Rung", "Legs to users that were rung, under the day on which their call began."},
           sum<&Tally::rung>},
    Figure{{"rung_answered", "Rung, answered", "Legs to users that were answered."},
           sum<&Tally::rung_answered>},
    Figure{{"rung_declined", "Rung, declined", "Legs to users that were declined or met a busy line.",
            k_least_is_best},
           sum<&Tally::rung_declined>},
    Figure{{"rung_out", "Rung out", "Legs to users that rang until their time was up.", k_least_is_best},
           sum<&Tally::rung_out>},
    Figure{{"rung_elsewhere", "Rung, elsewhere",
            "Legs to users that ended because another was quicker or the caller gave up."},
           sum<&Tally::rung_elsewhere>},
    Figure{{"rung_failed", "Rung, failed", "Legs to users that Twilio could not ring.", k_least_is_best},
           sum<&Tally::rung_failed>},
    Figure{{"average_ring_s", "Ring time",
            "Mean seconds that a leg to a user rang until it was answered or over; failed ones never rang.",
            k_least_is_best},
           average_ring_s},
    Figure{
        {"occupancy", "Occupancy",
         "Talk time of agents' calls as a share of the time between the beginning of an agent's first call of a day "
         "and the end of the last, summed over agents and days."},
        occupancy},
    Figure{{"billed_min", "Billed minutes", "Minutes begun, from the durations that Twilio reports."},
           sum<&Tally::billed_min>},
    Figure{{"priced", "Priced",
            "Calls that have a price; the others are unpriced, which is not free of charge."},
           sum<&Tally::priced>},
};

}  // namespace

Tally& Tally::operator+=(const Tally& other) {
  for (const auto& sum : k_sums) this->*sum.member += other.*sum.member;
  return *this;
}

std::span<const Sum> sums() { return k_sums; }

std::optional<double> connection_rate(const Tally& tally) {
  return quotient(tally.connected(), tally.calls() - tally.waiting);
}

std::optional<double> service_level(const Tally& tally) {
  return quotient(tally.answered_soon, tally.answered + tally.missed - tally.abandoned_soon);
}

std::optional<double> abandonment(const Tally& tally) {
  return quotient(tally.abandoned, tally.answered + tally.missed);
}

std::optional<double> average_answer_s(const Tally& tally) {
  return quotient(tally.answer_s, tally.answered);
}

std::optional<double> average_talk_s(const Tally& tally) { return quotient(tally.talk_s(), tally.talked); }

std::optional<double> average_ring_s(const Tally& tally) { return quotient(tally.ring_s, tally.ring_known); }

std::optional<double> occupancy(const Tally& tally) { return quotient(tally.span_talk_s, tally.span_s); }

std::optional<double> change(std::int64_t now, std::int64_t before) { return quotient(now - before, before); }

std::span<const Metric> metrics() {
  static const auto k_metrics = [] {
    std::array<Metric, k_figures.size()> all;
    std::ranges::transform(k_figures, all.begin(), &Figure::metric);
    return all;
  }();
  return k_metrics;
}

std::optional<double> value_of(const Tally& tally, std::string_view metric) {
  for (const auto& figure : k_figures)
    if (figure.metric.name == metric) return figure.value(tally);
  std::vector<std::string> names;
  names.reserve(k_figures.size());
  for (const auto& figure : k_figures) names.emplace_back(figure.metric.name);
  const auto near = base::nearest(metric, names);
  throw Error(
      Errc::usage, "reports.unknown_metric", fmt::format("{} is no metric", base::in_quotes(metric)),
      near.empty() ? "one of: " + base::join(names, ", ") : "did you mean " + base::join(near, ", ") + "?");
}

}  // namespace ringctl::report
