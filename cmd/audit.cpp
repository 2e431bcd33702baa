#include <fmt/format.h>

#include <array>

#include "audit/cursor.hpp"
#include "audit/log.hpp"
#include "bulk/history.hpp"
#include "cmd/context.hpp"
#include "cmd/cursor_file.hpp"
#include "cmd/period.hpp"
#include "cmd/root.hpp"
#include "db/transaction.hpp"
#include "directory/workspaces.hpp"

namespace ringctl::cmd {
namespace {

// `object` is a number more often than not: typed so, numbers are written as they are and names are still
// guarded. Stable: programs read them. New ones go to the end, and the schema (export_schemas.hpp) counts up.
constexpr std::array k_columns = {
    Column{"seq", ColumnType::integer},
    Column{"at", ColumnType::time},
    Column{"actor", ColumnType::text},
    Column{"action", ColumnType::word},
    Column{"object", ColumnType::e164},
    Column{"object_type", ColumnType::word, false},
    Column{"object_id", ColumnType::uuid, false},
    Column{"job_id", ColumnType::job, false},
    Column{"before", ColumnType::json, false},
    Column{"after", ColumnType::json, false},
    Column{"id", ColumnType::uuid, false},
    Column{"hash", ColumnType::word, false},
};

Cell text_or_null(std::string_view text) { return text.empty() ? Cell() : Cell(text); }
Cell json_or_null(std::string_view text) { return text.empty() ? Cell() : Cell(RawJson{text}); }

std::array<Cell, k_columns.size()> cells_of(const audit::Entry& entry) {
  return {entry.seq,
          entry.at,
          entry.actor,
          entry.action,
          text_or_null(entry.object_key),
          entry.object_type,
          text_or_null(entry.object_id),
          text_or_null(entry.job_id),
          json_or_null(entry.before_image),
          json_or_null(entry.after_image),
          entry.id,
          entry.hash};
}

struct FilterOptions {
  std::optional<std::string> object, object_type, actor, action, since, until;
};

template <class Options>
void add_filters(Verb<Options>& verb) {
  verb.flag("object", &Options::object, "KEY",
            "Only what touched this object (+12025550123), bulk jobs included")
      .flag("object-type", &Options::object_type, "TYPE", "Only objects of this type: number, workspace, job")
      .flag("actor", &Options::actor, "WHO", "Only what WHO did, e.g. os:alice")
      .flag("action", &Options::action, "ACTION", "Only this action, e.g. numbers.update")
      .flag("since", &Options::since, "TIME", "Only from TIME on: 2026-03-08, -7d, yesterday, RFC 3339")
      .flag("until", &Options::until, "TIME", "Only before TIME");
}

audit::Filter filter_of(const FilterOptions& opts, Context& ctx) {
  audit::Filter filter;
  filter.object_type = opts.object_type;
  filter.object_key = opts.object;
  filter.actor = opts.actor;
  filter.action = opts.action;
  const auto period = read_period(opts.since, opts.until, ctx);
  filter.since = period.since;
  filter.until = period.until;
  return filter;
}

struct ListVerbOptions : FilterOptions {};

void find_jobs_of_object(audit::Filter& filter, db::Connection& db, const base::Uuid& workspace) {
  if (filter.object_key) filter.jobs = bulk::jobs_touching(db, workspace, *filter.object_key);
}

void run_list(const ListVerbOptions& opts, Context& ctx) {
  auto filter = filter_of(opts, ctx);
  const auto limit = ctx.list_options().limit;
  const auto& workspace = ctx.workspace();
  auto& db = ctx.database();
  auto rows = ctx.io().rows(k_columns);
  db::Transaction transaction(db, db::Scope::of(workspace.id), db::Access::read);
  find_jobs_of_object(filter, db, workspace.id);
  audit::for_each(db, workspace.id, filter, true, limit,
                  [&](const audit::Entry& e) { rows.row(cells_of(e)); });
  const bool maybe_cut = limit > 0 && rows.count() == static_cast<std::uint64_t>(limit);
  const auto total =
      maybe_cut ? static_cast<std::uint64_t>(audit::count(db, workspace.id, filter)) : rows.count();
  transaction.commit();
  rows.finish(total);
}

struct ShowOptions {
  std::int64_t seq = 0;
};

void run_show(const ShowOptions& opts, Context& ctx) {
  const auto& workspace = ctx.workspace();
  auto& db = ctx.database();
  audit::Filter filter;
  filter.seq = opts.seq;
  bool found = false;
  db::Transaction transaction(db, db::Scope::of(workspace.id), db::Access::read);
  audit::for_each(db, workspace.id, filter, false, 1, [&](const audit::Entry& entry) {
    found = true;
    ctx.io().record(k_columns, cells_of(entry));
  });
  transaction.commit();
  if (!found)
    throw Error(Errc::not_found, "audit.unknown", fmt::format("the audit log has no row {}", opts.seq),
                "ringctl audit list");
}

struct ExportOptions : FilterOptions {
  std::optional<std::string> since_cursor;
};

bool chooses(const ExportOptions& o) {
  return o.object || o.object_type || o.actor || o.action || o.since || o.until;
}

void export_since(const std::string& name, Context& ctx) {
  CursorFile file(ctx, "--since-cursor", name);
  const auto& workspace = ctx.workspace();
  auto& db = ctx.database();
  auto cursor = file.text().empty() ? audit::Cursor{.workspace = workspace.id}
                                    : file.read([&] { return audit::parse_cursor(file.text()); });
  auto rows = ctx.io().rows(k_columns);
  db::Transaction transaction(db, db::Scope::of(workspace.id), db::Access::read);
  file.read([&] { audit::require_own(db, workspace.id, cursor); });
  audit::Filter filter;
  filter.after = cursor.seq;
  audit::for_each(db, workspace.id, filter, false, 0, [&](const audit::Entry& entry) {
    rows.row(cells_of(entry));
    cursor.seq = entry.seq;
    cursor.hash = entry.hash;
  });
  transaction.commit();
  rows.finish();
  file.move_on(audit::cursor_text(cursor));
}

void run_export(const ExportOptions& opts, Context& ctx) {
  if (opts.since_cursor) {
    if (chooses(opts))
      throw Error(Errc::usage, "usage.excluded",
                  "--since-cursor gives every change once and takes no other choice",
                  "filter what it writes, or leave the cursor away");
    return export_since(*opts.since_cursor, ctx);
  }
  auto filter = filter_of(opts, ctx);
  const auto& workspace = ctx.workspace();
  auto& db = ctx.database();
  auto rows = ctx.io().rows(k_columns);
  db::Transaction transaction(db, db::Scope::of(workspace.id), db::Access::read);
  find_jobs_of_object(filter, db, workspace.id);
  audit::for_each(db, workspace.id, filter, false, 0, [&](const audit::Entry& e) { rows.row(cells_of(e)); });
  transaction.commit();
  rows.finish();
}

constexpr std::array k_verdict_columns = {
    Column{"workspace", ColumnType::text}, Column{"ok", ColumnType::boolean},
    Column{"rows", ColumnType::integer},   Column{"broken_at", ColumnType::integer},
    Column{"reason", ColumnType::text},    Column{"head", ColumnType::word},
};

struct VerifyOptions {};

void run_verify(const VerifyOptions&, Context& ctx) {
  const auto& workspace = ctx.workspace();
  auto& db = ctx.database();
  db::Transaction transaction(db, db::Scope::of(workspace.id), db::Access::read);
  const auto verdict = audit::verify(db, workspace.id);
  transaction.commit();
  const Cell cells[] = {workspace.name,    !verdict.broken_at,           verdict.rows,
                        verdict.broken_at, text_or_null(verdict.reason), text_or_null(verdict.head)};
  ctx.io().record(k_verdict_columns, cells);
  if (verdict.broken_at)
    throw Error(Errc::differs, "audit.broken",
                fmt::format("the audit log of {} does not hold: {}", workspace.name, verdict.reason),
                fmt::format("ringctl audit show {}", *verdict.broken_at));
}

}  // namespace

void add_audit(Noun& audit) {
  auto list = audit.verb<ListVerbOptions>("list", "List changes, newest first", run_list);
  add_filters(list);
  list.details(
          "Lists who changed what in the workspace, newest first. With --object the bulk jobs that touched "
          "the object are listed as well.")
      .columns(k_columns)
      .lists()
      .example("ringctl audit list --since -7d")
      .example("ringctl audit list --object +12025550123 -o json", "the whole history of one number")
      .exits({Errc::not_found, Errc::conflict, Errc::invalid, Errc::schema, Errc::db_down, Errc::db_busy});

  audit.verb<ShowOptions>("show", "Show one change with what the object held", run_show)
      .argument("seq", &ShowOptions::seq, "Sequence number, as `audit list` shows it")
      .kind(ValueKind::count)
      .details("Shows one row of the audit log, with the object before and after unless that was erased.")
      .columns(k_columns)
      .example("ringctl audit show 1")
      .example("ringctl audit show 1 -o json")
      .exits({Errc::not_found, Errc::conflict, Errc::schema, Errc::db_down, Errc::db_busy});

  audit.verb<VerifyOptions>("verify", "Check that no change was altered or removed", run_verify)
      .details(
          "Reads the whole chain: every row is linked by hash to the one before it, and carries digests of "
          "what the object held. Exits 8 if a row was changed, removed or added, or if the end or all of it was cut off. "
          "The hash of the newest row, noted elsewhere, vouches for all rows before it.")
      .columns(k_verdict_columns)
      .example("ringctl audit verify")
      .example("ringctl audit verify -q --columns head --no-header", "only the newest hash, for a notebook")
      .exits({Errc::not_found, Errc::conflict, Errc::differs, Errc::schema, Errc::db_down, Errc::db_busy});

  auto out = audit.verb<ExportOptions>("export", "Write all changes, oldest first", run_export);
  add_filters(out);
  out.flag("since-cursor", &ExportOptions::since_cursor, "FILE",
           "Only changes since the run that last wrote FILE; FILE is made, and moved on")
      .kind(ValueKind::file)
      .details(
          "Writes the audit log in its own order, with everything it holds. Any number of rows. With --since-cursor every "
          "change comes exactly once, however often and from whatever machine it is run: FILE says where the last run "
          "stopped, and is refused by another database, or one that was set back.")
      .columns(k_columns)
      .example("ringctl audit export -o jsonl --out audit.jsonl")
      .example("ringctl audit export --action numbers.delete -o csv")
      .example("ringctl audit export --since-cursor audit.cursor -o jsonl >> audit.jsonl",
               "what is new since the last run")
      .exits({Errc::not_found, Errc::conflict, Errc::invalid, Errc::locked, Errc::schema, Errc::db_down,
              Errc::db_busy});
}

}  // namespace ringctl::cmd
