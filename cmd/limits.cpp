// limits status, check, reset, capacity; `ringctl reset` is short for `limits reset`

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "base/shell.hpp"
#include "base/sid.hpp"
#include "base/text.hpp"
#include "cmd/context.hpp"
#include "cmd/errors.hpp"
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
#include "report/kept_days.hpp"

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
    list.add({s.phone_number, s.agent, day, s.daily_limit, s.used, s.left(), s.can_call(), s.reserved,
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

/// The refusals with the figures behind them, for programs.
std::string refusals_json(const limits::Verdict& verdict) {
  auto refusals = nlohmann::ordered_json::array();
  for (const auto& reason : verdict.refusals) {
    auto& one = refusals.emplace_back(nlohmann::ordered_json{{"code", limits::refusal_code(reason.refusal)}});
    if (!reason.number.empty()) one["number"] = reason.number;
    if (reason.refusal == limits::Refusal::limit_reached) {
      one["daily_limit"] = reason.limit;
      one["used"] = reason.used;
    }
    if (reason.refusal == limits::Refusal::country_not_allowed)
      one["region"] =
          reason.region.empty() ? nlohmann::ordered_json() : nlohmann::ordered_json(reason.region);
    one["message"] = reason.message;
  }
  return nlohmann::ordered_json{
      {"agent", verdict.agent}, {"to_number", verdict.to_number}, {"refusals", refusals}}
      .dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

ErrorWithFigures refused(const limits::Verdict& verdict) {
  const auto& first = verdict.refusals.front();
  // A database that is away says nothing about the call.
  const bool away = verdict.refused_for(limits::Refusal::limits_unavailable);
  Error error(away ? Errc::db_down : Errc::differs,
              fmt::format("limits.{}", limits::refusal_code(first.refusal)),
              fmt::format("{} may not call {}: {}", verdict.agent, verdict.to_number, first.message));
  for (std::size_t i = 1; i < verdict.refusals.size(); ++i)
    error.detail(fmt::format("{}  [limits.{}]", verdict.refusals[i].message,
                             limits::refusal_code(verdict.refusals[i].refusal)));
  return {error, refusals_json(verdict)};
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
  std::optional<std::string> as_of, number, reopen;
  bool all_workspaces = false, force = false;
};

std::string reset_text(const limits::ResetReport& report) {
  std::vector<std::string> parts;
  if (report.corrected)
    parts.push_back(fmt::format("{} corrected to {}", base::format_day(report.corrected->day),
                                calls(report.corrected->used())));
  for (const auto& day : report.days)
    parts.push_back(fmt::format("{} closed: {} on {} {}", base::format_day(day.day), calls(day.used()),
                                number(day.counters), day.counters == 1 ? "counter" : "counters"));
  if (report.expired != 0) parts.push_back(fmt::format("{} never placed, taken back", calls(report.expired)));
  if (report.zeroed != 0)
    parts.push_back(fmt::format("{} of {} forgiven", calls(report.forgiven), base::format_day(report.today)));
  return parts.empty() ? std::string() : fmt::format("({})", base::join(parts, "; "));
}

void warn_of_clock(const limits::ResetReport& report, Context& ctx) {
  if (!report.clock_ahead) return;
  const auto apart = std::chrono::round<std::chrono::seconds>(std::chrono::abs(*report.clock_ahead));
  ctx.io().warn(fmt::format("this machine's clock is {} {} the database server's",
                            base::format_duration(apart),
                            report.clock_ahead->count() > 0 ? "ahead of" : "behind"));
}

void show(Context& ctx, const directory::Workspace& workspace, const limits::ResetReport& report) {
  warn_of_clock(report, ctx);
  const auto rest = reset_text(report);
  const std::string_view object = workspace.name;
  if (!report.changed()) return ctx.io().unchanged({.action = "reset", .object = object});
  std::int64_t used = 0;
  for (const auto& day : report.days) used += day.used();
  Change change{.action = "reset", .object = object, .rest = rest, .fields = {}};
  const auto first = report.days.empty() ? std::string() : base::format_day(report.days.front().day);
  const auto last = report.days.empty() ? std::string() : base::format_day(report.days.back().day);
  const auto corrected = report.corrected ? base::format_day(report.corrected->day) : std::string();
  change.fields = {{"days", std::ssize(report.days)},
                   {"first_day", text_or_null(first)},
                   {"last_day", text_or_null(last)},
                   {"used", used},
                   {"corrected_day", text_or_null(corrected)},
                   {"expired", report.expired},
                   {"zeroed", report.zeroed},
                   {"forgiven", report.forgiven}};
  report.dry_run ? ctx.io().would_change(change) : ctx.io().changed(change);
}

void run_reopen(const ResetOptions& opts, Context& ctx) {
  if (opts.as_of || opts.number || opts.all_workspaces || opts.force)
    throw Error(Errc::usage, "usage.excluded",
                "--reopen takes none of --as-of, --number, --all-workspaces and --force");
  const auto from = base::parse_day(*opts.reopen);
  const auto& workspace = ctx.workspace();
  if (!ctx.dry_run()) ctx.io().confirm_severe("open again the days from", *opts.reopen);
  const auto days = limits::reopen(ctx.session(), workspace.id, from,
                                   {.dry_run = ctx.dry_run(),
                                    .compare_clock = true,
                                    .lock_wait = ctx.lock_wait(),
                                    .cancel = &ctx.cancel()});
  const std::string_view object = workspace.name;
  if (days.empty()) return ctx.io().unchanged({.action = "reopen", .object = object});
  const auto first = base::format_day(days.front().day), last = base::format_day(days.back().day);
  const auto rest = first == last ? fmt::format("({} is open again)", first)
                                  : fmt::format("({} to {} are open again)", first, last);
  Change change{
      .action = ctx.dry_run() ? "reopen" : "reopened", .object = object, .rest = rest, .fields = {}};
  change.fields = {{"days", std::ssize(days)}, {"first_day", first}, {"last_day", last}};
  ctx.dry_run() ? ctx.io().would_change(change) : ctx.io().changed(change);
}

/// What went wrong with some workspaces: the first failure's code and status, and every one by name.
ErrorWithFigures failed(const std::vector<limits::WorkspaceReset>& all) {
  std::vector<const limits::WorkspaceReset*> failures;
  auto fields = nlohmann::ordered_json::array();
  for (const auto& one : all) {
    if (!one.error) continue;
    failures.push_back(&one);
    fields.push_back(
        {{"workspace", one.workspace.name}, {"code", one.error->slug()}, {"message", one.error->message()}});
  }
  const auto& first = *failures.front()->error;
  const auto hint =
      first.hint().starts_with("ringctl limits reset")
          ? fmt::format("{} --workspace {}", first.hint(), base::for_shell(failures.front()->workspace.name))
          : first.hint();
  Error error(first.errc(), first.slug(),
              failures.size() == 1
                  ? fmt::format("{}: {}", failures.front()->workspace.name, first.message())
                  : fmt::format("{} of {} workspaces could not be reset", failures.size(), all.size()),
              hint);
  if (failures.size() == 1)
    for (const auto& line : first.details()) error.detail(line);
  else
    for (const auto* one : failures)
      error.detail(
          fmt::format("{}: {}  [{}]", one->workspace.name, one->error->message(), one->error->slug()));
  const auto figures = nlohmann::ordered_json{{"failures", fields}}.dump(
      -1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
  return {error, figures};
}

/// Days that are over are kept for reports. Nobody's limit depends on it, so a busy database is no failure.
void keep_days(const directory::Workspace& workspace, const limits::ResetOptions& options, Context& ctx) {
  if (options.dry_run || !options.number.empty()) return;
  try {
    report::keep_days(ctx.session(), workspace.id, report::k_days_a_reset, false, [&](const report::Kept&) {
      if (options.cancel != nullptr) options.cancel->check();
    });
  } catch (const Error& error) {
    if (error.errc() != Errc::db_busy && error.errc() != Errc::locked) throw;
    ctx.io().warn(
        fmt::format("days of {} are not kept for reports yet: {}", workspace.name, error.message()));
  }
}

void reset_all(const limits::ResetOptions& options, Context& ctx) {
  ctx.database();
  const auto all = limits::reset_all(ctx.session(), options);
  bool good = true;
  for (const auto& one : all)
    if (one.error) {
      good = false;
    } else {
      show(ctx, one.workspace, one.report);
      keep_days(one.workspace, options, ctx);
    }
  if (!good) throw failed(all);
}

bool is_date(std::string_view text) {
  return std::count(text.begin(), text.end(), '-') == 2 && text.find_first_not_of("0123456789-") == text.npos;
}

void set_last_day(const std::string& text, limits::ResetOptions& options) {
  if (is_date(text))
    options.as_of = base::parse_day(text);
  else
    options.as_of_said = text;
}

void run_reset(const ResetOptions& opts, Context& ctx) {
  if (opts.reopen) return run_reopen(opts, ctx);
  limits::ResetOptions options;
  options.compare_clock = true;
  if (opts.as_of) set_last_day(*opts.as_of, options);
  options.dry_run = ctx.dry_run();
  options.lock_wait = ctx.lock_wait();
  options.force = opts.force;
  options.cancel = &ctx.cancel();
  if (opts.all_workspaces) {
    if (opts.force || opts.number)
      throw Error(Errc::usage, "usage.excluded", "--all-workspaces takes neither --force nor --number");
    return reset_all(options, ctx);
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
  keep_days(workspace, options, ctx);
}

}  // namespace

void add_limits(Noun& limits) {
  limits.verb<StatusOptions>("status", "Show today's calls against their limits", run_status)
      .flag("agent", &StatusOptions::agent, "USER", "Only this agent's numbers")
      .kind(ValueKind::user)
      .flag("number", &StatusOptions::number, "NUMBER", "Only this number")
      .kind(ValueKind::number)
      .columns(k_status_columns)
      .lists()
      .details(
          "One row for each live assignment: its limit, what today used of it, and what is left; callable: whether "
          "a call would be let through now.")
      .example("ringctl limits status")
      .example("ringctl limits status --agent ann@example.com -o json")
      .exits({Errc::not_found, Errc::conflict, Errc::invalid, Errc::schema, Errc::db_down, Errc::db_busy});

  limits.verb<CheckOptions>("check", "Say whether an agent may call a number now", run_check)
      .flag("agent", &CheckOptions::agent, "USER", "Who would call")
      .kind(ValueKind::user)
      .required()
      .flag("to", &CheckOptions::to, "NUMBER", "Whom they would call, as dialled")
      .kind(ValueKind::contact)
      .required()
      .flag("from-number", &CheckOptions::from_number, "NUMBER", "Which number they would call from")
      .kind(ValueKind::number)
      .default_text("by the workspace's rotation")
      .flag("reserve", &CheckOptions::reserve, "Count the call")
      .flag("call-sid", &CheckOptions::call_sid, "CA...", "With --reserve: the call it is counted for, once")
      .kind(ValueKind::call)
      .columns(k_check_columns)
      .details(
          "Exits 0 if the call may be placed and 8 if not, with every reason and its code: no_number, limit_reached, "
          "country_not_allowed, number_inactive, agent_inactive, opted_out, provider_not_callable, same_number (their "
          "own); 30 (limits_unavailable) or 31 if the database cannot be asked. "
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
      .flag("as-of", &ResetOptions::as_of, "DATE", "The last day to close: a date, yesterday, -7d")
      .default_text("yesterday")
      .flag("all-workspaces", &ResetOptions::all_workspaces, "Every active workspace, one after the other")
      .flag("number", &ResetOptions::number, "NUMBER",
            "Only this number: closes no day, takes back what was never placed")
      .kind(ValueKind::number)
      .flag("reopen", &ResetOptions::reopen, "DATE",
            "Take back that this day and later ones were closed, those that are not over")
      .flag("force", &ResetOptions::force, "Also let today begin again: forgives today's calls")
      .details(
          "A new day is a new counter, so no limit waits for this. It takes back calls that were reserved and never "
          "placed, writes down each finished day's sums, in order and also those that were missed, and says what it did. "
          "Run twice, late, or from two machines it changes nothing more. It keeps the sums of finished days for reports as "
          "well (`reports refresh`). For cron: -q prints nothing on success, and "
          "--lock-wait waits for another run. --force needs --confirm with the workspace's name. "
          "A clock that is days ahead, or 5 minutes from the database server's, closes nothing; what a wrong clock closed "
          "all the same, --reopen DATE --confirm DATE opens again.")
      .example("ringctl limits reset -q --lock-wait 10m", "what cron runs")
      .example("ringctl limits reset --all-workspaces -n", "shows which days would be closed")
      .example("ringctl limits reset --reopen 2026-03-09 --confirm 2026-03-09", "after the clock was wrong")
      .exits({Errc::not_found, Errc::conflict, Errc::invalid, Errc::declined, Errc::locked, Errc::schema,
              Errc::db_down, Errc::db_busy});
}

}  // namespace ringctl::cmd
