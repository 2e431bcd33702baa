// db check, backup, restore, copy

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>

#include "base/secret.hpp"
#include "cmd/context_database.hpp"
#include "cmd/db.hpp"
#include "cmd/own_files.hpp"
#include "config/check.hpp"
#include "db/connection.hpp"
#include "db/lease.hpp"
#include "db/maintenance.hpp"
#include "db/migrations.hpp"

namespace ringctl::cmd {
namespace {

constexpr std::array k_check_columns = {
    Column{"id", ColumnType::word},
    Column{"ok", ColumnType::boolean},
    Column{"evidence", ColumnType::text},
    Column{"fix", ColumnType::text},
};

struct CheckOptions {};

std::vector<db::Finding> check_database(Context& ctx) {
  try {
    return db::check(*ctx.open_database_as_is());
  } catch (const Error& error) {
    // Elsewhere the hint is this very command.
    if (error.errc() != Errc::db_corrupt) throw;
    throw Error(error.errc(), error.slug(), error.message(), "ringctl db restore FILE");
  }
}

void run_check(const CheckOptions&, Context& ctx) {
  const auto findings = check_database(ctx);
  const auto is_bad = [](const db::Finding& f) { return !f.ok; };
  const auto failed = std::count_if(findings.begin(), findings.end(), is_bad);
  if (failed > 0 || !ctx.io().quiet()) {
    auto rows = ctx.io().rows(k_check_columns);
    for (const auto& f : findings) rows.row({f.id, f.ok, f.evidence, f.fix.empty() ? Cell() : Cell(f.fix)});
    rows.finish();
  }
  if (failed > 0)
    throw Error(Errc::differs, "db.check_failed",
                fmt::format("{} of {} checks failed", failed, findings.size()),
                std::find_if(findings.begin(), findings.end(), is_bad)->fix);
}

struct FileOptions {
  std::string file;
};

void run_backup(const FileOptions& opts, Context& ctx) {
  const auto connection = ctx.open_database_as_is();
  db::plan_backup(*connection, opts.file);
  refuse_own_file(ctx, "the backup", opts.file);
  const auto object = connection->url();
  const auto rest = fmt::format("to {}", opts.file);
  if (ctx.dry_run()) return ctx.io().would_change({"back up", object, rest, {{"file", Cell(opts.file)}}});
  std::error_code ignored;
  if (std::filesystem::exists(opts.file, ignored)) ctx.io().confirm(fmt::format("replace {}?", opts.file));
  db::backup(*connection, opts.file, &ctx.cancel());
  ctx.io().changed({"backed up", object, rest, {{"file", Cell(opts.file)}}});
}

/// Whoever writes in bulk is named, as anybody else who meets them is told. A database that cannot be read
/// holds nobody up: to replace it may be why one restores.
void require_nobody_works(Context& ctx) {
  std::unique_ptr<db::Connection> connection;
  try {
    connection = ctx.open_database_as_is();
    db::require_current_schema(*connection);
  } catch (const Error&) {
    return;
  }
  db::await_no_lease(*connection, ctx.clock(), ctx.lock_wait(), &ctx.cancel());
}

void run_restore(const FileOptions& opts, Context& ctx) {
  const auto url = ctx.settings().database_url();
  const auto object = base::redact_url(url);
  const auto rest = fmt::format("from {}", opts.file);
  std::error_code ignored;
  if (!std::filesystem::exists(opts.file, ignored))
    throw Error(Errc::usage, "input.not_found", fmt::format("{} is not there", opts.file));
  db::plan_restore(opts.file, url);
  require_nobody_works(ctx);
  if (ctx.dry_run()) return ctx.io().would_change({"restore", object, rest, {{"file", Cell(opts.file)}}});
  ctx.io().confirm(fmt::format("replace {} by {}? What it holds now is kept beside it", object, opts.file));
  db::restore(opts.file, url, &ctx.cancel());
  ctx.io().changed({"restored", object, rest, {{"file", Cell(opts.file)}}});
}

constexpr std::array k_copy_columns = {
    Column{"table", ColumnType::word},
    Column{"rows", ColumnType::integer},
    Column{"checksum", ColumnType::word},
};

struct CopyOptions {
  std::string url;
};

void require_database_url(const std::string& url) {
  std::string why;
  if (!config::check_value(*config::find_key("database"), url, why))
    throw Error(Errc::usage, "db.bad_url", fmt::format("url {}", why));
}

void run_copy(const CopyOptions& opts, Context& ctx) {
  if (base::redact_url(opts.url) != opts.url || opts.url.find("password=") != std::string::npos)
    throw Error(Errc::usage, "db.password_in_argv",
                "a password on the command line can be read by every user",
                "leave it out; PGPASSWORD or ~/.pgpass fills it in");
  require_database_url(opts.url);
  auto& from = ctx.database();
  if (ctx.dry_run()) return ctx.io().would_change({"copy", from.url(), fmt::format("to {}", opts.url)});
  const auto to = db::Connection::open(opts.url, open_options(ctx.settings(), true));
  // An empty database was named on purpose; one that holds an older schema belongs to somebody.
  if (db::migration_state(*to).current == 0) db::migrate(*to, ctx.clock());
  db::require_current_schema(*to);

  auto progress = ctx.io().progress("rows copied");
  const auto counts =
      db::copy(from, *to, [&](std::int64_t rows) { progress.update(static_cast<std::uint64_t>(rows)); });
  if (!ctx.io().quiet()) {
    auto rows = ctx.io().rows(k_copy_columns);
    for (const auto& count : counts) rows.row({count.table, count.rows, count.checksum});
    rows.finish();
  }
  ctx.io().note(fmt::format("copied {} to {}; both read the same", from.url(), to->url()));
}

}  // namespace

void add_db_files(Noun& db) {
  db.verb<CheckOptions>("check", "Check that the database is sound", run_check)
      .details(
          "SQLite: the file's structure, foreign keys, schema. PostgreSQL: schema, foreign keys, and that "
          "row policies are in force and bind the role that connects. Exits 8 if a check fails; with -q it "
          "prints nothing unless one does.")
      .columns(k_check_columns)
      .example("ringctl db check")
      .example("ringctl db check -q", "for cron: silent when all is well")
      .exits({Errc::auth, Errc::differs, Errc::db_down, Errc::db_corrupt});

  db.verb<FileOptions>("backup", "Copy the SQLite database to a file", run_backup)
      .argument("file", &FileOptions::file, "Where to; appears whole or not at all")
      .kind(ValueKind::file)
      .details(
          "Takes a consistent copy while others go on writing. A file that is there already is replaced "
          "after a question, or with --yes. For PostgreSQL it prints the pg_dump command that does it.")
      .example("ringctl db backup estate.db")
      .example("ringctl db backup estate.db --yes", "replaces an older one")
      .exits({Errc::declined, Errc::db_busy, Errc::db_corrupt});

  db.verb<FileOptions>("restore", "Replace the SQLite database by a backup", run_restore)
      .argument("file", &FileOptions::file, "What `db backup` wrote")
      .kind(ValueKind::file)
      .details(
          "Checks the backup, then puts it in the place of the database, which is kept as "
          "PATH.before-restore. "
          "Asks first, or takes --yes.")
      .example("ringctl db restore estate.db --yes")
      .example("ringctl db restore estate.db -n")
      .exits({Errc::declined, Errc::locked, Errc::schema, Errc::db_busy, Errc::db_corrupt});

  db.verb<CopyOptions>("copy", "Copy everything into another, empty database", run_copy)
      .argument("url", &CopyOptions::url, "sqlite:PATH or postgresql://..., without a password")
      .details(
          "Moves a whole estate from SQLite to PostgreSQL or back: every table in one transaction, then both "
          "sides are read again and compared. The other database must be empty; its tables are made if need "
          "be. Prints each table's rows and checksum, with -q nothing. A password comes from PGPASSWORD or ~/.pgpass, never from the command line.")
      .columns(k_copy_columns)
      .example("ringctl db copy sqlite:copy.db")
      .example("ringctl db copy postgresql://ringctl@db1/ringctl -n")
      .exits({Errc::auth, Errc::conflict, Errc::schema, Errc::db_down, Errc::db_busy, Errc::db_corrupt});
}

}  // namespace ringctl::cmd
