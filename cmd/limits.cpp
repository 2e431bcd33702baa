// limits status, check, reset, capacity; `ringctl reset` is short for `limits reset`

#include <fmt/format.h>

#include <array>

#include "base/sid.hpp"
#include "base/text.hpp"
#include "cmd/context.hpp"
#include "cmd/list.hpp"
#include "cmd/numbers.hpp"
#include "cmd/record_verbs.hpp"
#include "cmd/root.hpp"
#include "directory/people.hpp"
#include "directory/workspaces.hpp"
#include "limits/reserve.hpp"
#include "limits/reset.hpp"
#include "limits/settle.hpp"
#include "limits/status.hpp"
#include "phone/e164.hpp"

namespace ringctl::cmd {
namespace {

std::string number(std::int64_t n) { return base::group_digits(static_cast<std::uint64_t>(n)); }
std::string calls(std::int64_t n) { return fmt::format("{} {}", number(n), n == 1 ? "call" : "calls"); }

Cell text_or_null(const std::string& text) { return text.empty() ? Cell() : Cell(text); }

// --- status ---

constexpr std::array k_status_columns = {
    Column{"phone_number", ColumnType::e164, true, true},
    Column{"agent", ColumnType::text, true, true},
    Column{"day", ColumnType::date, true, true},
    Column{"daily_limit", ColumnType::integer, true, true},
    Column{"used", ColumnType::integer, true, true},
    Column{"left", ColumnType::integer, true, true},
    Column{"callable", ColumnType::boolean, true, true},
    Column{"reserved", ColumnType::integer, false, true},
    Column{"connected", ColumnType::integer, false, true},
    Column{"refunded", ColumnType::integer, false, true},
    Column{"adjusted", ColumnType::integer, false, true},
    Column{"last_day", ColumnType::date, false, true},
    Column{"agent_name", ColumnType::text, false, true},
    Column{"assignment_id", ColumnType::uuid, false, true},
};

struct StatusOptions {
  std::optional<std::string> agent, number;
};

void run_status(const StatusOptions& opts, Context& ctx) {
  const auto& workspace = ctx.workspace();
  limits::StatusFilter filter;
  if (opts.agent)
    filter.agent =
        records_of(ctx, workspace, directory::users_noun()).get(*opts.agent).cells[directory::k_user_email];
  if (opts.number) filter.phone_number = numbers_of(ctx, workspace).get(*opts.number).phone_number;
  SmallList list(ctx.io(), k_status_columns, ctx.list_options());
  limits::for_each_status(ctx.session(), workspace.id, filter, [&](const limits::Status& s) {
    const auto day = base::format_day(s.day);
    const auto last = s.last_day ? base::format_day(*s.last_day) : std::string();
    list.add({s.phone_number, s.agent, day, s.daily_limit, s.used, s.left(), s.callable, s.reserved,
              s.connected, s.refunded, s.adjusted, text_or_null(last), text_or_null(s.agent_name),
              s.assignment});
  });
  list.print();
}

// --- check ---

struct CheckOptions {
  std::string agent, to;
  std::optional<std::string> from_number, call_sid;
  bool reserve = false;
};

Error refused(const limits::Verdict& verdict) {
  const auto& first = verdict.refusals.front();
  Error error(Errc::differs, fmt::format("limits.{}", limits::refusal_code(first.refusal)),
              fmt::format("{} may not call {}: {}", verdict.agent, verdict.to_number, first.message));
  for (std::size_t i = 1; i < verdict.refusals.size(); ++i)
    error.detail(fmt::format("{}  [limits.{}]", verdict.refusals[i].message,
                             limits::refusal_code(verdict.refusals[i].refusal)));
  return error;
}

std::string allowed_text(const limits::Verdict& verdict) {
  if (verdict.emergency) return "an emergency number: never counted, never refused";
  if (verdict.uncounted) return "the database is away: not counted yet";
  return fmt::format("from {}, {} of {} on {}", verdict.from_number, number(verdict.used),
                     calls(verdict.limit), verdict.day ? base::format_day(*verdict.day) : "");
}

constexpr std::array k_check_columns = {
    Column{"allowed", ColumnType::boolean},     Column{"agent", ColumnType::text},
    Column{"to_number", ColumnType::e164},      Column{"from_number", ColumnType::e164},
    Column{"region", ColumnType::word},         Column{"day", ColumnType::date},
    Column{"daily_limit", ColumnType::integer}, Column{"used", ColumnType::integer},
    Column{"left", ColumnType::integer},        Column{"emergency", ColumnType::boolean},
    Column{"reservation_id", ColumnType::uuid},
};

void require_call_sid(const CheckOptions& opts) {
  if (!opts.call_sid) return;
  if (!base::is_sid(*opts.call_sid, "CA"))
    throw Error(Errc::usage, "usage.bad_value",
                fmt::format("--call-sid: {} is no SID of a call (CA and 32 hex digits)",
                            base::in_quotes(*opts.call_sid)));
  if (!opts.reserve)
    throw Error(Errc::usage, "usage.bad_value", "--call-sid: nothing is counted without --reserve",
                "add --reserve");
}

void run_check(const CheckOptions& opts, Context& ctx) {
  require_call_sid(opts);
  const auto& workspace = ctx.workspace();
  limits::Request request{.agent = opts.agent, .to = opts.to};
  request.from_number = opts.from_number.value_or("");
  request.call_sid = opts.call_sid.value_or("");
  auto& session = ctx.session();
  const bool reserves = opts.reserve && !ctx.dry_run();
  const auto verdict = reserves ? limits::reserve(session, workspace.id, request)
                                : limits::check(session, workspace.id, request);
  if (!verdict.allowed) throw refused(verdict);
  const auto day = verdict.day ? base::format_day(*verdict.day) : std::string();
  if (ctx.io().json() || !opts.reserve) {
    const Cell cells[] = {true,
                          verdict.agent,
                          verdict.to_number,
                          text_or_null(verdict.from_number),
                          text_or_null(verdict.region),
                          text_or_null(day),
                          verdict.limit,
                          verdict.used,
                          verdict.left(),
                          verdict.emergency,
                          verdict.reservation ? Cell(*verdict.reservation) : Cell()};
    return ctx.io().record(k_check_columns, cells);
  }
  const auto rest = fmt::format("({})", allowed_text(verdict));
  if (!reserves)
    return ctx.io().would_change({.action = "reserve", .object = verdict.to_number, .rest = rest});
  if (verdict.repeated || !verdict.reservation)
    return ctx.io().unchanged({.action = "reserve", .object = verdict.to_number, .rest = rest});
  ctx.io().changed({.action = "reserved", .object = verdict.to_number, .rest = rest});
}

// --- capacity ---

constexpr std::array k_capacity_columns = {
    Column{"key", ColumnType::text, true, true},        Column{"agents", ColumnType::integer, true, true},
    Column{"numbers", ColumnType::integer, true, true}, Column{"capacity", ColumnType::integer, true, true},
    Column{"used", ColumnType::integer, true, true},    Column{"left", ColumnType::integer, true, true},
};

struct CapacityOptions {
  std::string by = "workspace";
};

void run_capacity(const CapacityOptions& opts, Context& ctx) {
  const auto& workspace = ctx.workspace();
  const auto by = opts.by == "agent"    ? limits::CapacityBy::agent
                  : opts.by == "number" ? limits::CapacityBy::number
                                        : limits::CapacityBy::workspace;
  SmallList list(ctx.io(), k_capacity_columns, ctx.list_options());
  limits::for_each_capacity(ctx.session(), workspace.id, by, [&](const limits::Capacity& c) {
    list.add({c.key.empty() ? workspace.name : c.key, c.agents, c.numbers, c.capacity, c.used, c.left});
  });
  list.print();
}

// --- reset ---

struct ResetOptions {
  std::optional<std::string> as_of, number;
  bool all_workspaces = false, force = false;
};

std::string reset_text(const limits::ResetReport& report) {
  std::vector<std::string> parts;
  for (const auto& day : report.days)
    parts.push_back(fmt::format("{} closed: {} on {} {}", base::format_day(day.day), calls(day.used()),
                                number(day.counters), day.counters == 1 ? "counter" : "counters"));
  if (report.expired != 0) parts.push_back(fmt::format("{} never placed, taken back", calls(report.expired)));
  if (report.zeroed != 0)
    parts.push_back(fmt::format("{} of {} forgiven", calls(report.forgiven), base::format_day(report.today)));
  return parts.empty() ? std::string() : fmt::format("({})", base::join(parts, "; "));
}

void show(Context& ctx, const directory::Workspace& workspace, const limits::ResetReport& report) {
  const auto rest = reset_text(report);
  const std::string_view object = workspace.name;
  if (!report.changed()) return ctx.io().unchanged({.action = "reset", .object = object});
  std::int64_t used = 0;
  for (const auto& day : report.days) used += day.used();
  Change change{.action = "reset", .object = object, .rest = rest, .fields = {}};
  const auto first = report.days.empty() ? std::string() : base::format_day(report.days.front().day);
  const auto last = report.days.empty() ? std::string() : base::format_day(report.days.back().day);
  change.fields = {{"days", std::ssize(report.days)}, {"first_day", text_or_null(first)},
                   {"last_day", text_or_null(last)},  {"used", used},
                   {"expired", report.expired},       {"zeroed", report.zeroed},
                   {"forgiven", report.forgiven}};
  report.dry_run ? ctx.io().would_change(change) : ctx.io().changed(change);
}

void run_reset(const ResetOptions& opts, Context& ctx) {
  limits::ResetOptions options;
  if (opts.as_of) options.as_of = base::parse_day(*opts.as_of);
  options.dry_run = ctx.dry_run();
  options.lock_wait = ctx.lock_wait();
  options.force = opts.force;
  options.cancel = &ctx.cancel();
  if (opts.all_workspaces) {
    if (opts.force || opts.number)
      throw Error(Errc::usage, "usage.excluded", "--all-workspaces takes neither --force nor --number");
    ctx.database();
    std::optional<Error> first;
    for (const auto& one : limits::reset_all(ctx.session(), options)) {
      if (!one.error)
        show(ctx, one.workspace, one.report);
      else if (!first)
        first = one.error;
    }
    if (first) throw *first;
    return;
  }
  const auto& workspace = ctx.workspace();
  if (opts.number)
    options.number = phone::parse_typed(*opts.number, workspace.default_country.value_or("")).text();
  if (opts.force && !ctx.dry_run())
    ctx.io().confirm_severe(options.number.empty()
                                ? std::string("forgive today's calls of workspace")
                                : fmt::format("forgive today's calls of {} in workspace", options.number),
                            workspace.name);
  show(ctx, workspace, limits::reset(ctx.session(), workspace.id, options));
}

}  // namespace

void add_limits(Noun& limits) {
  limits.verb<StatusOptions>("status", "Show today's calls against their limits", run_status)
      .flag("agent", &StatusOptions::agent, "EMAIL", "Only this agent's numbers")
      .kind(ValueKind::user)
      .flag("number", &StatusOptions::number, "NUMBER", "Only this number")
      .kind(ValueKind::number)
      .columns(k_status_columns)
      .lists()
      .details("One row for each live assignment: its limit, what today used of it, and what is left.")
      .example("ringctl limits status")
      .example("ringctl limits status --agent ann@example.com -o json")
      .exits({Errc::not_found, Errc::conflict, Errc::invalid, Errc::schema, Errc::db_down, Errc::db_busy});

  limits.verb<CheckOptions>("check", "Say whether an agent may call a number now", run_check)
      .flag("agent", &CheckOptions::agent, "EMAIL", "Who would call")
      .kind(ValueKind::user)
      .required()
      .flag("to", &CheckOptions::to, "NUMBER", "Whom they would call, as dialled")
      .required()
      .flag("from-number", &CheckOptions::from_number, "NUMBER", "Which number they would call from")
      .kind(ValueKind::number)
      .default_text("by the workspace's rotation")
      .flag("reserve", &CheckOptions::reserve, "Count the call")
      .flag("call-sid", &CheckOptions::call_sid, "CA...", "With --reserve: the call it is counted for, once")
      .columns(k_check_columns)
      .details(
          "Exits 0 if the call may be placed and 8 if not, with every reason and its code: no_number, limit_reached, "
          "country_not_allowed, number_inactive, agent_inactive, opted_out, provider_not_callable, limits_unavailable. "
          "Emergency numbers are never counted and never refused. Without --reserve nothing is written.")
      .example("ringctl limits check --agent ann@example.com --to +12125550123")
      .example("ringctl limits check --agent ann@example.com --to +12125550123 --reserve -o json",
               "and counts it")
      .exits({Errc::not_found, Errc::conflict, Errc::invalid, Errc::differs, Errc::schema, Errc::db_down,
              Errc::db_busy});

  limits.verb<CapacityOptions>("capacity", "Show how many calls a day the limits come to", run_capacity)
      .flag("by", &CapacityOptions::by, "WHAT",
            "One row for the workspace, for each agent or for each number")
      .choices("workspace|agent|number")
      .default_text("workspace")
      .columns(k_capacity_columns)
      .lists()
      .details("Numbers times limits against what today used of them.")
      .example("ringctl limits capacity")
      .example("ringctl limits capacity --by agent -o json")
      .exits({Errc::not_found, Errc::conflict, Errc::schema, Errc::db_down, Errc::db_busy});

  limits.verb<ResetOptions>("reset", "Close the days that are over", run_reset)
      .flag("as-of", &ResetOptions::as_of, "DATE", "The last day to close")
      .default_text("yesterday")
      .flag("all-workspaces", &ResetOptions::all_workspaces, "Every active workspace, one after the other")
      .flag("number", &ResetOptions::number, "NUMBER",
            "Only this number: closes no day, takes back what was never placed")
      .kind(ValueKind::number)
      .flag("force", &ResetOptions::force, "Also let today begin again: forgives today's calls")
      .details(
          "A new day is a new counter, so no limit waits for this. It takes back calls that were reserved and never "
          "placed, writes down each finished day's sums, in order and also those that were missed, and says what it did. "
          "Run twice, late, or from two machines it changes nothing more. For cron: -q prints nothing on success, and "
          "--lock-wait waits for another run. --force needs --confirm with the workspace's name.")
      .example("ringctl limits reset -q --lock-wait 10m", "what cron runs")
      .example("ringctl limits reset --all-workspaces -n", "shows which days would be closed")
      .exits({Errc::not_found, Errc::conflict, Errc::invalid, Errc::declined, Errc::locked, Errc::schema,
              Errc::db_down, Errc::db_busy});
}

}  // namespace ringctl::cmd
