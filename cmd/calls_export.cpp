// calls export

#include <fmt/format.h>

#include <array>

#include "calls/cursor.hpp"
#include "cmd/calls.hpp"
#include "cmd/cursor_file.hpp"
#include "db/transaction.hpp"
#include "directory/workspaces.hpp"

namespace ringctl::cmd {
namespace {

/// Stable: programs read them. New ones go to the end, and the schema (export_schemas.hpp) counts up.
constexpr std::array k_columns = {
    Column{"id", ColumnType::uuid},
    Column{"call_sid", ColumnType::word},
    Column{"user_id", ColumnType::uuid},
    Column{"user_name", ColumnType::text},
    Column{"user_email", ColumnType::text},
    Column{"team_id", ColumnType::uuid},
    Column{"team", ColumnType::text},
    Column{"direction", ColumnType::word},
    Column{"from_number", ColumnType::e164},
    Column{"to_number", ColumnType::e164},
    Column{"contact_id", ColumnType::uuid},
    Column{"customer_name", ColumnType::text},
    Column{"status", ColumnType::word},
    Column{"outcome", ColumnType::word},
    Column{"start_time", ColumnType::time},
    Column{"answer_time", ColumnType::time},
    Column{"end_time", ColumnType::time},
    Column{"duration_s", ColumnType::duration},
    Column{"has_recording", ColumnType::boolean},
    Column{"recording_sid", ColumnType::word},
    Column{"recording_url", ColumnType::text},
    Column{"routed_by", ColumnType::word},
    Column{"rule", ColumnType::text},
    Column{"refusal", ColumnType::word},
    Column{"price", ColumnType::money},
    Column{"price_unit", ColumnType::word},
    Column{"notes", ColumnType::text},
    Column{"closed_seq", ColumnType::integer},
    Column{"created_at", ColumnType::time},
    Column{"updated_at", ColumnType::time},
    Column{"changed_seq", ColumnType::integer},
};

Cell text_or_null(const std::string& text) { return text.empty() ? Cell() : Cell(text); }

std::array<Cell, k_columns.size()> cells_of(const calls::Call& call) {
  return {call.id,
          call.call_sid,
          text_or_null(call.user_id),
          text_or_null(call.user_name),
          text_or_null(call.user_email),
          text_or_null(call.team_id),
          text_or_null(call.team),
          call.direction,
          text_or_null(call.from_number),
          text_or_null(call.to_number),
          text_or_null(call.contact_id),
          text_or_null(call.customer_name),
          call.status,
          text_or_null(call.outcome),
          call.started_at,
          call.answered_at,
          call.ended_at,
          call.duration_s,
          !call.recording_sid.empty(),
          text_or_null(call.recording_sid),
          text_or_null(call.recording_url),
          text_or_null(call.routed_by),
          text_or_null(call.rule),
          text_or_null(call.refusal),
          text_or_null(call.price),
          text_or_null(call.price_unit),
          text_or_null(call.notes),
          call.closed_seq,
          call.created_at,
          call.updated_at,
          call.changed_seq};
}

struct ExportOptions : CallFilterOptions {
  std::optional<std::string> since_cursor, changes;
};

bool chooses(const ExportOptions& o) {
  return o.since || o.until || o.direction || o.status || o.user || o.team || o.number || o.contact ||
         o.outcome || o.missed || o.held;
}

/// Gives `each` its calls past the cursor, and moves the file on when they are out. `note` moves the cursor.
template <class Each, class Note>
void export_past(CursorFile& file, calls::Cursor cursor, Context& ctx, Each&& each, Note&& note) {
  const auto& workspace = ctx.workspace();
  auto& db = ctx.database();
  auto rows = ctx.io().rows(k_columns);
  db::Transaction transaction(db, db::Scope::of(workspace.id), db::Access::read);
  // One that is made now knows of nothing that changed before.
  if (file.text().empty() && cursor.of == calls::Cursor::Of::changed)
    cursor = calls::changes_to_come(db, workspace.id);
  file.read([&] { calls::require_own(db, workspace.id, cursor); });
  each(db, workspace.id, cursor.closed_seq, 0, [&](const calls::Call& call) {
    rows.row(cells_of(call));
    note(cursor, call);
  });
  transaction.commit();
  rows.finish();
  file.move_on(calls::cursor_text(cursor));
}

calls::Cursor read_cursor(const CursorFile& file, calls::Cursor::Of of, const base::Uuid& workspace) {
  if (file.text().empty()) return {.workspace = workspace, .of = of};
  return file.read([&] { return calls::parse_cursor(file.text(), of); });
}

void export_since(const std::string& name, Context& ctx) {
  CursorFile file(ctx, "--since-cursor", name);
  const auto cursor = read_cursor(file, calls::Cursor::Of::closed, ctx.workspace().id);
  export_past(file, cursor, ctx, calls::for_each_closed, [](calls::Cursor& to, const calls::Call& call) {
    to.closed_seq = *call.closed_seq;
    to.call_sid = call.call_sid;
  });
}

void export_changes(const std::string& name, Context& ctx) {
  CursorFile file(ctx, "--changes", name);
  const auto cursor = read_cursor(file, calls::Cursor::Of::changed, ctx.workspace().id);
  export_past(file, cursor, ctx, calls::for_each_changed, [](calls::Cursor& to, const calls::Call& call) {
    to.closed_seq = *call.changed_seq;
    to.call_sid = call.call_sid;
  });
}

void run_export(const ExportOptions& opts, Context& ctx) {
  if ((opts.since_cursor || opts.changes) && chooses(opts))
    throw Error(
        Errc::usage, "usage.excluded",
        fmt::format("{} takes no other choice of calls", opts.changes ? "--changes" : "--since-cursor"),
        "filter what it writes, or leave the cursor away");
  if (opts.since_cursor) return export_since(*opts.since_cursor, ctx);
  if (opts.changes) return export_changes(*opts.changes, ctx);
  const auto filter = call_filter(opts, ctx);
  const auto& workspace = ctx.workspace();
  auto& db = ctx.database();
  auto rows = ctx.io().rows(k_columns);
  db::Transaction transaction(db, db::Scope::of(workspace.id), db::Access::read);
  calls::for_each(db, workspace.id, filter, {.descending = false}, 0,
                  [&](const calls::Call& call) { rows.row(cells_of(call)); });
  transaction.commit();
  rows.finish();
}

}  // namespace

void add_calls_export(Noun& calls) {
  auto verb = calls.verb<ExportOptions>("export", "Write calls for other programs", run_export);
  add_call_filters(verb);
  verb.flag("since-cursor", &ExportOptions::since_cursor, "FILE",
            "Only calls that finished since the run that last wrote FILE; FILE is made, and moved on")
      .kind(ValueKind::file)
      .flag("changes", &ExportOptions::changes, "FILE",
            "Only finished calls that changed since the run that last wrote FILE; FILE is made, and moved on")
      .kind(ValueKind::file)
      .excludes("since-cursor")
      .columns(k_columns)
      .details(
          "Any number of calls in constant memory, oldest first. With --since-cursor every finished call comes exactly "
          "once, in the order in which they became final, however often and from whatever machine it is run: FILE says "
          "where the last run stopped. It is good for the database and workspace it was made on, and refused by others. "
          "With --changes those come that changed after they were finished: notes, outcome, a price or recording that came "
          "late. The run that makes its FILE gives none: make it before the first --since-cursor; then nothing is missed.")
      .example("ringctl calls export --since yesterday --until today -o csv --out calls.csv")
      .example("ringctl calls export --since-cursor calls.cursor -o jsonl >> calls.jsonl",
               "what is new since the last run")
      .example("ringctl calls export --changes changes.cursor -o jsonl >> changes.jsonl",
               "what changed of what was handed out")
      .exits({Errc::not_found, Errc::conflict, Errc::invalid, Errc::locked, Errc::schema, Errc::db_down,
              Errc::db_busy});
}

}  // namespace ringctl::cmd
