#pragma once
// A call log written by hand: plain rows, so that each is known to the second.

#include <fmt/format.h>

#include <chrono>
#include <map>
#include <optional>
#include <string>

#include "calls/desk.hpp"
#include "report/counting.hpp"
#include "report/kept_days.hpp"

namespace ringctl::test {

using namespace std::chrono_literals;

inline const std::string k_bob = "bob@example.com";

struct LoggedCall {
  base::Instant started{};
  std::string direction = "inbound", status = "completed";
  std::optional<base::Uuid> number = {}, user = {}, team = {};
  std::optional<std::chrono::milliseconds> answered = {}, ended = {};  ///< after the start
  std::optional<std::int64_t> duration_s = {};
  std::string other = k_caller;  ///< the other party's number
  std::string rule = {}, refusal = {}, outcome = {}, price = {}, price_unit = {};
  std::string routed_by = {};  ///< "" = by the rule, where there is one
};

struct LoggedLeg {
  std::optional<base::Uuid> user = {};
  std::string status = "completed";
  std::chrono::milliseconds started{0};  ///< these after the call's start
  std::optional<std::chrono::milliseconds> ringing = {}, answered = {}, ended = {};
};

/// Sums that are not 0: "inbound 2, answered 1".
inline std::string text_of(const report::Tally& tally) {
  std::string text;
  for (const auto& sum : report::sums())
    if (tally.*sum.member != 0)
      text += fmt::format("{}{} {}", text.empty() ? "" : ", ", sum.name, tally.*sum.member);
  return text;
}

/// Ann and Bob of Sales answer one number.
struct Ledger : Desk {
  explicit Ledger(db::Engine engine) : Desk(engine), bob_id(agent(k_bob)), sales(team("Sales")) {}

  base::Uuid team(const std::string& name) {
    const auto id = alice.ids.next();
    exec("INSERT INTO teams (id, workspace_id, name, created_at, updated_at) VALUES ($1, $2, $3, $4, $4)",
         {id, workspace, name, clock.now()});
    return id;
  }

  base::Uuid log(const LoggedCall& call) {
    const auto id = alice.ids.next();
    const auto after = [&](const std::optional<std::chrono::milliseconds>& time) {
      return time ? std::optional(call.started + *time) : std::nullopt;
    };
    const bool inbound = call.direction == "inbound";
    exec(
        "INSERT INTO calls (id, workspace_id, call_sid, direction, status, from_number, to_number, number_id, user_id, "
        "team_id, rule_name, refusal, started_at, answered_at, ended_at, duration_s, outcome, price, price_unit, "
        "created_at, updated_at, routed_by) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, "
        "$16, $17, $18, $19, $13, $13, $20)",
        {id,
         workspace,
         call_sid(++sids),
         call.direction,
         call.status,
         inbound ? call.other : k_from,
         inbound ? k_from : call.other,
         call.number,
         call.user,
         call.team,
         db::or_null(call.rule),
         db::or_null(call.refusal),
         call.started,
         after(call.answered),
         after(call.ended),
         call.duration_s,
         db::or_null(call.outcome),
         db::or_null(call.price),
         db::or_null(call.price_unit),
         db::or_null(call.rule.empty() || !call.routed_by.empty() ? call.routed_by : "rule")});
    starts[id] = call.started;
    return id;
  }

  base::Uuid ring(const base::Uuid& call, const LoggedLeg& leg) {
    const auto id = alice.ids.next();
    const auto after = [&](const std::optional<std::chrono::milliseconds>& time) {
      return time ? std::optional(starts.at(call) + *time) : std::nullopt;
    };
    exec(
        "INSERT INTO call_attempts (id, workspace_id, call_id, leg_sid, user_id, party, status, started_at, "
        "ringing_at, answered_at, ended_at, updated_at) VALUES ($1, $2, $3, $4, $5, 'client:agent', $6, $7, $8, $9, "
        "$10, $7)",
        {id, workspace, call, call_sid(++sids), leg.user, leg.status, starts.at(call) + leg.started,
         after(leg.ringing), after(leg.answered), after(leg.ended)});
    return id;
  }

  base::Uuid record(const base::Uuid& call, std::string_view kind = "voicemail") {
    const auto id = alice.ids.next();
    exec(
        "INSERT INTO recordings (id, workspace_id, recording_sid, call_id, kind, status, created_at, updated_at) "
        "VALUES ($1, $2, $3, $4, $5, 'completed', $6, $6)",
        {id, workspace, fmt::format("RE{:032x}", ++sids), call, kind, clock.now()});
    return id;
  }

  /// An inbound call that Ann took after 5 seconds and talked for a minute.
  base::Uuid taken(base::Instant started) {
    const auto call = log({.started = started,
                           .number = number_id,
                           .user = ann_id,
                           .team = sales,
                           .answered = 5s,
                           .ended = 65s,
                           .duration_s = 65});
    ring(call, {.user = ann_id, .ringing = 1s, .answered = 5s, .ended = 65s});
    return call;
  }

  base::Zone zone() {
    return base::Zone::parse(
        read([&] { return *db().text("SELECT timezone FROM workspaces WHERE id = $1", {workspace}); }));
  }

  /// A line for each key and unit: "US/USD: inbound 1".
  std::string counted(report::Dimension by, std::string_view from = "2026-03-07T00:00:00.000Z",
                      std::string_view until = "2026-03-08T00:00:00.000Z") {
    std::map<std::string, std::string> lines;
    read([&] {
      report::count_calls(db(), workspace, by, base::parse_utc(from), base::parse_utc(until),
                          [&](std::string_view key, std::string_view unit, const report::Tally& tally) {
                            auto& line = lines[fmt::format("{}{}{}", key, unit.empty() ? "" : "/", unit)];
                            line += (line.empty() ? "" : " again ") + text_of(tally);
                          });
      return 0;
    });
    std::string text;
    for (const auto& [key, line] : lines) text += fmt::format("{}: {}\n", key, line);
    return text;
  }

  report::Answer ask(const report::Question& question) { return ask(question, zone()); }
  report::Answer ask(const report::Question& question, const base::Zone& in) {
    return read([&] { return report::ask(db(), workspace, in, question); });
  }

  report::Kept keep(std::int64_t most = 0, bool anew = false) {
    return report::keep_days(session(), workspace, most, anew);
  }

  /// Days that are kept, in order.
  std::string kept() {
    return read([&] {
      std::string days;
      auto rows = db().query(
          "SELECT day FROM call_days WHERE workspace_id = $1 AND definitions > 0 ORDER BY day", {workspace});
      while (rows.next()) days.append(days.empty() ? "" : " ").append(rows.text(0));
      return days;
    });
  }

  int sids = 0;
  std::map<base::Uuid, base::Instant> starts = {};
  base::Uuid bob_id, sales;
};

inline base::Instant utc(std::string_view text) { return base::parse_utc(fmt::format("{}.000Z", text)); }

inline report::Period days_of(const base::Zone& zone, std::string_view first, std::string_view after_last) {
  return {zone.start_of(base::parse_day(first)), zone.start_of(base::parse_day(after_last))};
}

}  // namespace ringctl::test
