// calls list, active, show

#include <fmt/format.h>

#include <array>
#include <nlohmann/json.hpp>

#include "audit/log.hpp"
#include "calls/holds.hpp"
#include "cmd/calls.hpp"
#include "cmd/list.hpp"
#include "cmd/record_verbs.hpp"
#include "db/transaction.hpp"
#include "directory/people.hpp"
#include "directory/workspaces.hpp"

namespace ringctl::cmd {
namespace {

struct ListVerbOptions : CallFilterOptions {};

void run_list(const ListVerbOptions& opts, Context& ctx) {
  const auto filter = call_filter(opts, ctx);
  const auto list = ctx.list_options();
  const auto& workspace = ctx.workspace();
  auto& db = ctx.database();
  calls::CallOrder order;
  if (list.sort) order = {list.sort->column, list.sort->descending};
  auto rows = ctx.io().rows(call_columns());
  db::Transaction transaction(db, db::Scope::of(workspace.id), db::Access::read);
  calls::for_each(db, workspace.id, filter, order, list.limit,
                  [&](const calls::Call& call) { rows.row(call_cells(call)); });
  const bool maybe_cut = list.limit > 0 && rows.count() == static_cast<std::uint64_t>(list.limit);
  const auto total =
      maybe_cut ? static_cast<std::uint64_t>(calls::count(db, workspace.id, filter)) : rows.count();
  transaction.commit();
  rows.finish(total);
}

struct ActiveOptions {
  std::optional<std::string> user, team;
};

void run_active(const ActiveOptions& opts, Context& ctx) {
  CallFilterOptions chosen;
  chosen.user = opts.user;
  chosen.team = opts.team;
  const auto filter = call_filter(chosen, ctx);
  const auto& workspace = ctx.workspace();
  auto& db = ctx.database();
  SmallList list(ctx.io(), call_columns(), ctx.list_options());
  db::Transaction transaction(db, db::Scope::of(workspace.id), db::Access::read);
  calls::for_each_active(db, workspace.id, filter, ctx.clock().now(),
                         [&](const calls::Call& call) { list.add(call_cells(call)); });
  transaction.commit();
  list.print();
}

// --- show ---

nlohmann::json text_or_null(const std::string& text) {
  return text.empty() ? nlohmann::json() : nlohmann::json(text);
}

Cell text_cell(const std::string& text) { return text.empty() ? Cell() : Cell(text); }

template <class T>
nlohmann::json or_null(const std::optional<T>& value) {
  return value ? nlohmann::json(*value) : nlohmann::json();
}

class Text {
 public:
  explicit Text(TimeText& times) : times_(times) {}
  nlohmann::json operator()(base::Instant at) {
    std::string text;
    times_.append(text, at);
    return text;
  }
  nlohmann::json operator()(const std::optional<base::Instant>& at) {
    return at ? (*this)(*at) : nlohmann::json();
  }

 private:
  TimeText& times_;
};

std::string attempts_json(const calls::Details& details, TimeText& times) {
  Text at(times);
  auto all = nlohmann::json::array();
  for (const auto& attempt : details.attempts)
    all.push_back({{"leg_sid", attempt.leg_sid},
                   {"user", text_or_null(attempt.user_email)},
                   {"party", text_or_null(attempt.party)},
                   {"status", attempt.status},
                   {"step", or_null(attempt.step)},
                   {"wave", or_null(attempt.wave)},
                   {"started_at", at(attempt.started_at)},
                   {"ringing_at", at(attempt.ringing_at)},
                   {"answered_at", at(attempt.answered_at)},
                   {"ended_at", at(attempt.ended_at)}});
  return all.dump();
}

std::string events_json(const calls::Details& details, TimeText& times) {
  Text at(times);
  auto all = nlohmann::json::array();
  for (const auto& event : details.events)
    all.push_back({{"received_at", at(event.received_at)},
                   {"kind", event.kind},
                   {"call_sid", event.call_sid},
                   {"status", text_or_null(event.status)},
                   {"sequence", or_null(event.sequence)},
                   {"form", nlohmann::json::parse(event.form, nullptr, false)}});
  return all.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::string recordings_json(const calls::Details& details) {
  auto all = nlohmann::json::array();
  for (const auto& recording : details.recordings)
    all.push_back({{"recording_sid", recording.recording_sid},
                   {"kind", recording.kind},
                   {"status", recording.status},
                   {"url", text_or_null(recording.url)},
                   {"duration_s", or_null(recording.duration_s)},
                   {"channels", or_null(recording.channels)}});
  return all.dump();
}

/// What keeps the call, as `calls holds` has it.
std::string holds_json(const std::vector<calls::Hold>& holds, TimeText& times) {
  Text at(times);
  auto all = nlohmann::json::array();
  for (const auto& hold : holds)
    all.push_back({{"created_at", at(hold.created_at)},
                   {"call_sid", text_or_null(hold.call_sid)},
                   {"contact", text_or_null(hold.contact)},
                   {"reason", hold.reason},
                   {"held_by", hold.held_by}});
  return all.dump();
}

std::span<const Column> show_columns() {
  static const auto k_all = [] {
    std::vector<Column> columns(call_columns().begin(), call_columns().end());
    columns.insert(columns.end(),
                   {Column{"plan", ColumnType::json, false}, Column{"attempts", ColumnType::json},
                    Column{"recordings", ColumnType::json}, Column{"events", ColumnType::json, false},
                    Column{"held", ColumnType::boolean}, Column{"holds", ColumnType::json}});
    return columns;
  }();
  return k_all;
}
/// Above what people read as lines.
std::span<const Column> plain_columns() {
  static const auto k_plain = [] {
    std::vector<Column> columns(call_columns().begin(), call_columns().end());
    columns.push_back({"held", ColumnType::boolean});
    return columns;
  }();
  return k_plain;
}

struct ShowOptions {
  std::string call;
};

/// Who was rung, when, and what came of it.
constexpr std::array k_attempt_columns = {
    Column{"user", ColumnType::text},        Column{"party", ColumnType::e164},
    Column{"status", ColumnType::word},      Column{"started_at", ColumnType::time},
    Column{"answered_at", ColumnType::time}, Column{"ended_at", ColumnType::time},
    Column{"leg_sid", ColumnType::word},
};
constexpr std::array k_recording_columns = {
    Column{"recording_sid", ColumnType::word}, Column{"kind", ColumnType::word},
    Column{"status", ColumnType::word},        Column{"duration_s", ColumnType::duration},
    Column{"url", ColumnType::text},
};
constexpr std::array k_hold_columns = {
    Column{"created_at", ColumnType::time},
    Column{"contact", ColumnType::e164},
    Column{"reason", ColumnType::text},
    Column{"held_by", ColumnType::text},
};

/// For people: the call, then its holds, attempts and recordings as lines.
void show_to_people(const calls::Details& details, const std::vector<calls::Hold>& holds, Io& io) {
  auto cells = call_cells(details.call);
  cells.emplace_back(!holds.empty());
  io.record(plain_columns(), cells);
  if (!holds.empty()) {
    io.text("\nholds\n");
    auto rows = io.rows(k_hold_columns);
    for (const auto& hold : holds)
      rows.row({hold.created_at, text_cell(hold.contact), hold.reason, hold.held_by});
    rows.finish();
  }
  if (!details.attempts.empty()) {
    io.text("\nattempts\n");
    auto rows = io.rows(k_attempt_columns);
    for (const auto& attempt : details.attempts)
      rows.row({text_cell(attempt.user_email), text_cell(attempt.party), attempt.status, attempt.started_at,
                attempt.answered_at, attempt.ended_at, attempt.leg_sid});
    rows.finish();
  }
  if (details.recordings.empty()) return;
  io.text("\nrecordings\n");
  auto rows = io.rows(k_recording_columns);
  for (const auto& recording : details.recordings)
    rows.row({recording.recording_sid, recording.kind, recording.status, recording.duration_s,
              text_cell(recording.url)});
  rows.finish();
}

void run_show(const ShowOptions& opts, Context& ctx) {
  const auto& workspace = ctx.workspace();
  auto& db = ctx.database();
  db::Transaction transaction(db, db::Scope::of(workspace.id), db::Access::read);
  const auto details = calls::get_details(db, workspace.id, opts.call);
  const auto holds = calls::holds_on(db, workspace.id, details.call.id);
  transaction.commit();
  if (ctx.io().format() == Format::table && ctx.io().wanted_columns().empty())
    return show_to_people(details, holds, ctx.io());
  auto& times = ctx.io().times();
  const auto attempts = attempts_json(details, times), events = events_json(details, times),
             recordings = recordings_json(details), why = holds_json(holds, times);
  auto cells = call_cells(details.call);
  cells.insert(cells.end(), {RawJson{details.call.plan}, RawJson{attempts}, RawJson{recordings},
                             RawJson{events}, !holds.empty(), RawJson{why}});
  ctx.io().record(show_columns(), cells);
}

}  // namespace

void add_calls_read(Noun& calls) {
  auto list = calls.verb<ListVerbOptions>("list", "List calls, newest first", run_list);
  add_call_filters(list);
  list.columns(call_columns())
      .lists()
      .details(
          "One row for each call: a caller's whole visit, or a call that one of ours made. Its user is who answered, or "
          "who called. An inbound call that nobody of ours answered is missed, also if the caller hung up first or left a "
          "message.")
      .example("ringctl calls list --since -7d")
      .example("ringctl calls list --missed --since today -o json", "today's missed calls")
      .example("ringctl calls list --user ann@example.com --sort duration_s:desc", "Ann's longest calls")
      .example("ringctl calls list --held", "what no purge removes")
      .exits({Errc::not_found, Errc::conflict, Errc::invalid, Errc::schema, Errc::db_down, Errc::db_busy});

  calls.verb<ActiveOptions>("active", "List calls that one of ours is on now", run_active)
      .flag("user", &ActiveOptions::user, "USER", "Only this user's")
      .kind(ValueKind::user)
      .flag("team", &ActiveOptions::team, "NAME", "Only those of this team's users")
      .kind(ValueKind::team)
      .columns(call_columns())
      .lists()
      .details(
          "Inbound calls that were answered and outbound calls, also while they ring, that are not over. Callers for whom it still rings are not "
          "among them. A call older than the workspace's on_call_hours is taken for lost.")
      .example("ringctl calls active")
      .example("ringctl calls active --team Sales -o json")
      .exits({Errc::not_found, Errc::conflict, Errc::schema, Errc::db_down, Errc::db_busy});

  calls.verb<ShowOptions>("show", "Show one call with everything known about it", run_show)
      .argument("call", &ShowOptions::call, k_which_call)
      .kind(ValueKind::call)
      .columns(show_columns())
      .details(
          "With the legal holds that keep it and why, its attempts (who was rung, when, what came of it), its recordings, "
          "the plan it was routed by, and every webhook as it came. The last two are in machine formats, and where --columns "
          "asks for them.")
      .example("ringctl calls show CA5f0c8e1d2b3a4c5d6e7f8091a2b3c4d5")
      .example("ringctl calls show CA5f0c8e1d2b3a4c5d6e7f8091a2b3c4d5 -o json")
      .exits({Errc::not_found, Errc::conflict, Errc::schema, Errc::db_down, Errc::db_busy});
}

}  // namespace ringctl::cmd
