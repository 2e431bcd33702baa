#pragma once
// What reports count, and the figures made of it. The one home of every definition: ringctl-reports(7) says
// the same in words, metrics() carries those words, and a test holds each on a log made by hand. Sums add up
// over days and keys; whatever does not (ratios, averages) is computed here from sums, never averaged.

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace ringctl::report {

/// Raised whenever a sum comes to mean something else, or is added, moved or taken away: days that were kept
/// under another number are counted anew.
inline constexpr std::int64_t k_definitions = 2;

/// A caller who was answered within this time was answered soon (service level); one who gave up within
/// k_short_abandon dialled by mistake and is not held against us.
inline constexpr std::chrono::seconds k_answered_soon{20}, k_short_abandon{5};

/// Sums over calls that began in a period. In brackets the condition on `calls c`, `call_attempts a`,
/// `recordings r`. Times are whole UTC seconds: floor(end) - floor(begin), never below 0. The order is that
/// in which they are packed (packed_tallies.hpp).
struct Tally {
  // --- calls: inbound + outbound; a refused one was never placed and is in no other sum ---
  std::int64_t inbound = 0;   ///< [direction = 'inbound']
  std::int64_t outbound = 0;  ///< [direction = 'outbound' AND refusal IS NULL]
  std::int64_t refused = 0;   ///< [direction = 'outbound' AND refusal IS NOT NULL]
  std::int64_t waiting = 0;   ///< neither answered nor over [answered_at IS NULL AND ended_at IS NULL]
  // --- connected ---
  std::int64_t answered = 0;  ///< inbound: one of ours took it [inbound, answered_at IS NOT NULL]
  std::int64_t reached = 0;   ///< outbound: whoever was called took it [outbound, answered_at IS NOT NULL]
  // --- missed = voicemail + elsewhere + abandoned, in this precedence ---
  std::int64_t missed = 0;          ///< inbound, over, nobody of ours answered [ended_at IS NOT NULL]
  std::int64_t voicemail = 0;       ///< the caller left a message [missed, an r of kind 'voicemail']
  std::int64_t elsewhere = 0;       ///< put through to nobody of ours [missed, an a of no user, 'completed']
  std::int64_t abandoned = 0;       ///< the caller gave up
  std::int64_t abandoned_soon = 0;  ///< within k_short_abandon [ended_at - started_at <= 5 s]
  // --- waits and talks, in seconds ---
  std::int64_t answered_soon = 0;  ///< of answered: within k_answered_soon [answered_at - started_at <= 20 s]
  std::int64_t answer_s = 0;       ///< of answered: answered_at - started_at
  std::int64_t talked = 0;         ///< connected and over: the calls whose talk time is known
  std::int64_t talk_in_s = 0, talk_out_s = 0;  ///< of talked: ended_at - answered_at, by direction
  // --- what Twilio charges ---
  std::int64_t billed_min = 0;    ///< minutes begun [sum of ceil(duration_s / 60), duration_s as Twilio says]
  std::int64_t priced = 0;        ///< calls that have a price
  std::int64_t price_micros = 0;  ///< what they cost, in millionths of the unit: Twilio's price, sign turned
  // --- how calls went ---
  std::int64_t transferred = 0;  ///< legs of two or more different users answered
  std::int64_t several = 0;      ///< two or more legs to users were rung
  // --- legs to users [a.user_id IS NOT NULL], under the day of their call's start; by agent: under the user
  //     who was rung, otherwise under the call's own key ---
  std::int64_t rung = 0;
  std::int64_t rung_answered = 0;   ///< [a.answered_at IS NOT NULL]
  std::int64_t rung_declined = 0;   ///< not answered, [a.status = 'busy']
  std::int64_t rung_out = 0;        ///< not answered, [a.status = 'no-answer']
  std::int64_t rung_elsewhere = 0;  ///< not answered, [a.status = 'canceled']: another was quicker, or the
                                    ///< caller gave up
  std::int64_t rung_failed = 0;     ///< not answered, [a.status = 'failed']: Twilio could not ring them
  std::int64_t ring_known = 0;      ///< legs that were answered, or rang and are over
  std::int64_t ring_s = 0;          ///< of ring_known: coalesce(answered_at, ended_at)
                                    ///< - coalesce(ringing_at, started_at)
  // --- of each agent and day: from the start of the first call to the end of the last, as far as it is
  // known;
  //     only where agents' days stay together: by nothing, agent, team, weekday, day, week, month; else 0 ---
  std::int64_t span_s = 0;
  std::int64_t span_talk_s = 0;  ///< talk time of the calls in these spans: of calls that are an agent's

  Tally& operator+=(const Tally&);
  friend bool operator==(const Tally&, const Tally&) = default;

  std::int64_t calls() const { return inbound + outbound; }
  std::int64_t connected() const { return answered + reached; }
  std::int64_t talk_s() const { return talk_in_s + talk_out_s; }
  /// Outbound, over, and nobody answered.
  std::int64_t unanswered() const { return calls() - connected() - missed - waiting; }
};

/// The members in their order, with their names: for reading, writing and adding up.
struct Sum {
  std::string_view name;
  std::int64_t Tally::*member;
};
std::span<const Sum> sums();

// Fractions in [0, 1] and averages in seconds; nullopt where there is nothing to divide by. Exact quotients
// of sums: the same on both engines.
/// Connected calls among those that are decided: connected / (calls - waiting).
std::optional<double> connection_rate(const Tally&);
/// answered_soon / (answered + missed - abandoned_soon).
std::optional<double> service_level(const Tally&);
/// abandoned / (answered + missed).
std::optional<double> abandonment(const Tally&);
/// Mean wait of answered callers: answer_s / answered.
std::optional<double> average_answer_s(const Tally&);
/// Mean length of conversations: talk_s / talked.
std::optional<double> average_talk_s(const Tally&);
/// Mean time that a leg to a user rang: ring_s / ring_known.
std::optional<double> average_ring_s(const Tally&);
/// Talk time within the span between first and last call of each agent's day: span_talk_s / span_s. ringctl
/// keeps no record of log-ins, so this is the nearest there is; above 1 where somebody talks on two lines.
std::optional<double> occupancy(const Tally&);
/// (now - before) / before; nullopt where there was nothing before.
std::optional<double> change(std::int64_t now, std::int64_t before);

/// One word of the reports with its definition, as ringctl-reports(7) and the page print it.
struct Metric {
  std::string_view name;        ///< "service_level", as the column is called
  std::string_view title;       ///< "Service level"
  std::string_view definition;  ///< one sentence
  bool least_is_best = false;   ///< who has less of it is ahead; false also where neither is better
};
std::span<const Metric> metrics();
/// A metric by its column name, as a number; nullopt where there is nothing to divide by. What sparklines,
/// bars and ranks read. Throws Errc::usage [reports.unknown_metric] with near names.
std::optional<double> value_of(const Tally&, std::string_view metric);

}  // namespace ringctl::report
