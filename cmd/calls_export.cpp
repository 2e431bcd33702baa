// calls export

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <filesystem>

#include "audit/log.hpp"
#include "base/file.hpp"
#include "calls/cursor.hpp"
#include "cmd/calls.hpp"
#include "cmd/own_files.hpp"
#include "db/transaction.hpp"
#include "directory/workspaces.hpp"

namespace ringctl::cmd {
namespace {

/// Stable: programs read them. New ones go to the end.
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
          call.updated_at};
}

struct ExportOptions : CallFilterOptions {
  std::optional<std::string> since_cursor;
};

bool chooses(const ExportOptions& o) {
  return o.since || o.until || o.direction || o.status || o.user || o.team || o.number || o.contact ||
         o.outcome || o.missed;
}

bool is_still(const std::filesystem::path& file, const base::Fd& fd) {
  struct stat open {
  }, named{};
  return ::fstat(fd.get(), &open) == 0 && ::stat(file.c_str(), &named) == 0 && open.st_dev == named.st_dev &&
         open.st_ino == named.st_ino;
}

/// Held from reading the cursor to moving it on: of two runs that overlap, both would give the same calls. A
/// file that was moved on meanwhile is another file. Nothing where `make` is false and there is none.
base::Fd lock_cursor(const std::filesystem::path& file, bool make) {
  for (;;) {
    base::Fd fd(::open(file.c_str(), O_RDWR | O_CLOEXEC | (make ? O_CREAT : 0), 0644));
    if (!fd && !make && errno == ENOENT) return fd;
    if (!fd)
      throw Error(
          Errc::output, "output.write_failed",
          fmt::format("could not open {}: {}", file.string(), std::generic_category().message(errno)));
    while (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0)
      if (errno != EINTR)
        throw Error(Errc::locked, "lock.held", fmt::format("another run goes on from {}", file.string()),
                    "wait until it has ended");
    if (is_still(file, fd)) return fd;
  }
}

/// An empty one is one that a run made and did not come to move on.
calls::Cursor read_cursor(const std::filesystem::path& file, const base::Uuid& workspace) {
  const auto text = std::filesystem::exists(file) ? base::read_file(file, 4096) : std::string();
  if (text.empty()) return {.workspace = workspace};
  return calls::parse_cursor(text);
}

/// The cursor is written when the calls are out: killed in between, they come once more rather than never.
void export_since(const std::filesystem::path& file, Context& ctx) {
  refuse_own_file(ctx, "--since-cursor", file);
  const auto& workspace = ctx.workspace();
  auto& db = ctx.database();
  const auto lock = lock_cursor(file, !ctx.dry_run());
  auto cursor = read_cursor(file, workspace.id);
  const auto before = cursor.closed_seq;
  auto rows = ctx.io().rows(k_columns);
  db::Transaction transaction(db, db::Scope::of(workspace.id), db::Access::read);
  calls::require_own(db, workspace.id, cursor);
  calls::for_each_closed(db, workspace.id, cursor.closed_seq, 0, [&](const calls::Call& call) {
    rows.row(cells_of(call));
    cursor.closed_seq = *call.closed_seq;
    cursor.call_sid = call.call_sid;
  });
  transaction.commit();
  rows.finish();
  ctx.io().close();
  if (ctx.dry_run() || (cursor.closed_seq == before && std::filesystem::file_size(file) > 0)) return;
  base::AtomicFile out(file);
  out.write(calls::cursor_text(cursor));
  out.commit();
}

void run_export(const ExportOptions& opts, Context& ctx) {
  if (opts.since_cursor) {
    if (chooses(opts))
      throw Error(Errc::usage, "usage.excluded",
                  "--since-cursor gives every finished call once and takes no other choice",
                  "filter what it writes, or leave the cursor away");
    return export_since(*opts.since_cursor, ctx);
  }
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
      .columns(k_columns)
      .details(
          "Any number of calls in constant memory, oldest first. With --since-cursor every finished call comes exactly "
          "once, in the order in which they became final, however often and from whatever machine it is run: FILE says "
          "where the last run stopped. It is good for the database and workspace it was made on, and refused by others. "
          "A call whose notes change later does not come again.")
      .example("ringctl calls export --since yesterday --until today -o csv --out calls.csv")
      .example("ringctl calls export --since-cursor calls.cursor -o jsonl >> calls.jsonl",
               "what is new since the last run")
      .exits({Errc::not_found, Errc::conflict, Errc::invalid, Errc::locked, Errc::schema, Errc::db_down,
              Errc::db_busy});
}

}  // namespace ringctl::cmd
