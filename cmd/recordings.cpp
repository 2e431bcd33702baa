// recordings

#include "calls/recordings.hpp"

#include <fmt/format.h>

#include <array>

#include "base/text.hpp"
#include "base/zone.hpp"
#include "cmd/account.hpp"
#include "cmd/context.hpp"
#include "cmd/period.hpp"
#include "cmd/record_verbs.hpp"
#include "cmd/root.hpp"
#include "db/transaction.hpp"
#include "directory/people.hpp"
#include "directory/workspaces.hpp"
#include "sync/reconcile.hpp"

namespace ringctl::cmd {
namespace {

constexpr std::array k_columns = {
    Column{"created_at", ColumnType::time},
    Column{"kind", ColumnType::word},
    Column{"from_number", ColumnType::e164},
    Column{"to_number", ColumnType::e164},
    Column{"user_email", ColumnType::text},
    Column{"duration_s", ColumnType::duration},
    Column{"status", ColumnType::word},
    Column{"recording_sid", ColumnType::word},
    Column{"call_sid", ColumnType::sid, false},
    Column{"fetched_at", ColumnType::time, false},
    Column{"deleted_at", ColumnType::time, false},
    Column{"file_name", ColumnType::text, false},
    Column{"id", ColumnType::uuid, false},
};
constexpr std::array k_fetched = {
    Column{"recording_sid", ColumnType::word},
    Column{"file", ColumnType::text},
    Column{"bytes", ColumnType::integer},
};

constexpr std::string_view k_which = "SIDs, or the last eight digits of them";

Cell text_or_null(const std::string& text) { return text.empty() ? Cell() : Cell(text); }

std::array<Cell, k_columns.size()> cells_of(const calls::RecordingRecord& one) {
  return {one.created_at,
          one.kind,
          text_or_null(one.from_number),
          text_or_null(one.to_number),
          text_or_null(one.user_email),
          one.duration_s,
          one.status,
          one.recording_sid,
          text_or_null(one.call_sid),
          one.fetched_at,
          one.deleted_at,
          text_or_null(one.file_name),
          one.id};
}

// --- list ---

struct ListVerbOptions {
  std::optional<std::string> since, until, kind, call, user;
  bool deleted = false;
};

calls::RecordingFilter filter_of(const ListVerbOptions& opts, Context& ctx) {
  calls::RecordingFilter filter;
  const auto period = read_period(opts.since, opts.until, ctx);
  filter.since = period.since;
  filter.until = period.until;
  filter.kind = opts.kind.value_or("");
  filter.call = opts.call.value_or("");
  filter.deleted = opts.deleted;
  if (opts.user) filter.user = records_of(ctx, ctx.workspace(), directory::users_noun()).get(*opts.user).id;
  return filter;
}

void run_list(const ListVerbOptions& opts, Context& ctx) {
  const auto filter = filter_of(opts, ctx);
  const auto list = ctx.list_options();
  const auto& workspace = ctx.workspace();
  auto& db = ctx.database();
  auto rows = ctx.io().rows(k_columns);
  db::Transaction transaction(db, db::Scope::of(workspace.id), db::Access::read);
  calls::for_each(db, workspace.id, filter, list.limit,
                  [&](const calls::RecordingRecord& one) { rows.row(cells_of(one)); });
  const bool maybe_cut = list.limit > 0 && rows.count() == static_cast<std::uint64_t>(list.limit);
  const auto total =
      maybe_cut ? static_cast<std::uint64_t>(calls::count(db, workspace.id, filter)) : rows.count();
  transaction.commit();
  rows.finish(total);
}

// --- fetch ---

struct FetchVerbOptions : AccountOptions {
  std::vector<std::string> recordings;
  std::string format = "wav";
  std::optional<std::string> folder, file;
  bool all = false, again = false;
};

/// Those named, else with --all every one whose sound is still there and was not fetched.
std::vector<std::string> chosen(const FetchVerbOptions& opts, Context& ctx) {
  if (opts.all == !opts.recordings.empty())
    throw Error(Errc::usage, "usage.bad_value", "name recordings, or give --all");
  if (opts.file && opts.recordings.size() != 1)
    throw Error(Errc::usage, "usage.bad_value", "--file is for one recording", "--folder DIR takes several");
  if (!opts.all) return opts.recordings;
  std::vector<std::string> sids;
  const auto& workspace = ctx.workspace();
  auto& db = ctx.database();
  db::Transaction transaction(db, db::Scope::of(workspace.id), db::Access::read);
  calls::for_each(db, workspace.id, calls::RecordingFilter(), 0, [&](const calls::RecordingRecord& one) {
    if (one.status == "completed" && (opts.again || !one.fetched_at)) sids.push_back(one.recording_sid);
  });
  transaction.commit();
  return sids;
}

/// Those that are on record. Throws for the first that is not.
std::vector<calls::RecordingRecord> named(const std::vector<std::string>& sids, Context& ctx) {
  const auto& workspace = ctx.workspace();
  auto& db = ctx.database();
  std::vector<calls::RecordingRecord> all;
  db::Transaction transaction(db, db::Scope::of(workspace.id), db::Access::read);
  for (const auto& sid : sids) all.push_back(calls::get_recording(db, workspace.id, sid));
  transaction.commit();
  return all;
}

std::int64_t size_of(const std::string& file) {
  std::error_code gone;
  const auto size = std::filesystem::file_size(file, gone);
  return gone ? 0 : static_cast<std::int64_t>(size);
}

/// True of what is about one recording, and not about all that follow.
bool is_about_one(const Error& error) {
  return error.errc() == Errc::not_found || error.errc() == Errc::conflict || error.errc() == Errc::twilio;
}

void run_fetch(const FetchVerbOptions& opts, Context& ctx) {
  const auto sids = chosen(opts, ctx);
  RunAccount account(ctx, opts);
  if (ctx.dry_run()) {
    for (const auto& one : named(sids, ctx))
      ctx.io().would_change({.action = "fetch", .object = one.recording_sid});
    return;
  }
  sync::FetchOptions fetch;
  fetch.format = opts.format;
  fetch.out = opts.file ? *opts.file : opts.folder.value_or(".") + "/";
  fetch.again = opts.again;
  auto rows = ctx.io().rows(k_fetched);
  std::int64_t failed = 0;
  for (const auto& sid : sids) {
    ctx.io().check_cancelled();
    try {
      const auto file = sync::fetch_recording(*account, sid, fetch);
      rows.row({sid, file, size_of(file)});
    } catch (const Error& error) {
      if (sids.size() == 1 || !is_about_one(error)) throw;
      ++failed;
      ctx.io().warn(fmt::format("{}: {}", sid, error.message()));
    }
  }
  rows.finish();
  if (failed > 0)
    throw Error(Errc::partial, "recordings.partly",
                fmt::format("{} of {} recordings were not fetched", failed, sids.size()));
}

// --- delete, purge ---

struct DeleteOptions : AccountOptions {
  std::vector<std::string> recordings;
};

void run_delete(const DeleteOptions& opts, Context& ctx) {
  if (opts.recordings.empty())
    throw Error(Errc::usage, "usage.missing_argument", "which recordings is missing",
                "ringctl recordings list");
  if (!ctx.dry_run())
    ctx.io().confirm(fmt::format("Delete the sound of {} {} for good?", opts.recordings.size(),
                                 opts.recordings.size() == 1 ? "recording" : "recordings"));
  RunAccount account(ctx, opts);
  for (const auto& sid : opts.recordings) {
    const bool deleted = sync::delete_recording(*account, sid, !ctx.dry_run());
    if (!deleted)
      ctx.io().unchanged({.action = "delete", .object = sid, .rest = "(it was gone)"});
    else if (ctx.dry_run())
      ctx.io().would_change({.action = "delete", .object = sid});
    else
      ctx.io().changed({.action = "deleted", .object = sid});
  }
}

struct PurgeOptions : AccountOptions {
  std::optional<std::chrono::milliseconds> older_than;
  bool owed = false;
};

/// nullopt: only those of calls that were purged.
std::optional<base::Instant> time_of(const PurgeOptions& opts, Context& ctx) {
  if (opts.older_than.has_value() == opts.owed)
    throw Error(Errc::usage, "usage.bad_value",
                "which recordings: those that are old, or those of purged calls",
                "--older-than 90d, or --owed");
  if (opts.owed) return std::nullopt;
  if (*opts.older_than <= std::chrono::milliseconds(0))
    throw Error(Errc::usage, "usage.bad_value", "--older-than: a time is needed", "--older-than 90d");
  return ctx.clock().now() - *opts.older_than;
}

void run_purge(const PurgeOptions& opts, Context& ctx) {
  const auto before = time_of(opts, ctx);
  const auto& workspace = ctx.workspace();
  // Who purged the calls has given the workspace's name for that.
  if (!ctx.dry_run() && before)
    ctx.io().confirm_severe(fmt::format("delete the sound of all recordings from before {} of workspace",
                                        base::format_utc(*before)),
                            workspace.name);
  RunAccount account(ctx, opts);
  ctx.cancel();
  const auto report =
      sync::purge_recordings(*account, before, !ctx.dry_run(), shown_progress(ctx, "deleting"));
  const auto count = [](std::int64_t n) { return base::group_digits(static_cast<std::uint64_t>(n)); };
  if (report.held > 0)
    ctx.io().note(
        fmt::format("{} held: see ringctl calls holds",
                    report.held == 1 ? "1 old recording is" : count(report.held) + " old recordings are"));
  const auto rest = fmt::format("({} deleted, {} gone already, {} failed)", count(report.deleted),
                                count(report.gone), count(report.failed));
  if (ctx.dry_run())
    return ctx.io().would_change(
        {.action = "purge", .object = "recordings", .rest = fmt::format("({})", count(report.deleted))});
  if (report.deleted + report.gone + report.failed == 0)
    return ctx.io().unchanged({.action = "purge", .object = "recordings", .rest = "(nothing to delete)"});
  ctx.io().changed({.action = "purged",
                    .object = "recordings",
                    .rest = rest,
                    .fields = {{"deleted", report.deleted},
                               {"gone", report.gone},
                               {"failed", report.failed},
                               {"held", report.held}}});
  if (report.failed > 0)
    throw Error(Errc::partial, "recordings.partly",
                fmt::format("{} recordings were not deleted", report.failed),
                "ringctl recordings purge again takes the rest");
}

void add_list(Noun& recordings) {
  recordings.verb<ListVerbOptions>("list", "List what was recorded, newest first", run_list)
      .flag("since", &ListVerbOptions::since, "TIME", "Only those made at TIME or after: 2026-03-08, -7d")
      .flag("until", &ListVerbOptions::until, "TIME", "Only those made before TIME")
      .flag("kind", &ListVerbOptions::kind, "voicemail|call", "Only messages, or only calls")
      .choices("voicemail|call")
      .flag("call", &ListVerbOptions::call, "CALL", "Only those of this call")
      .kind(ValueKind::call)
      .flag("user", &ListVerbOptions::user, "USER", "Only those of calls that this user answered or made")
      .kind(ValueKind::user)
      .flag("deleted", &ListVerbOptions::deleted, "Also those whose sound was deleted")
      .details("The sound itself lies at Twilio until it is fetched or deleted.")
      .columns(k_columns)
      .lists()
      .example("ringctl recordings list --since -7d")
      .example("ringctl recordings list --kind voicemail -o json")
      .exits({Errc::not_found, Errc::conflict, Errc::schema, Errc::db_down, Errc::db_busy});
}

void add_fetch(Noun& recordings) {
  auto fetch =
      recordings.verb<FetchVerbOptions>("fetch", "Fetch their sound from Twilio", run_fetch)
          .argument("recordings", &FetchVerbOptions::recordings, k_which)
          .kind(ValueKind::recording)
          .flag("format", &FetchVerbOptions::format, "wav|mp3", "How it is encoded")
          .choices("wav|mp3")
          .default_text("wav")
          .flag("folder", &FetchVerbOptions::folder, "DIR", "Where the files go, each named by its SID")
          .kind(ValueKind::folder)
          .default_text("this one")
          .flag("file", &FetchVerbOptions::file, "FILE", "The file of one")
          .kind(ValueKind::file)
          .excludes("folder")
          .flag("all", &FetchVerbOptions::all, "All that were not fetched yet")
          .flag("again", &FetchVerbOptions::again, "Also those that were");
  add_account_flags(fetch)
      .details(
          "Files appear whole or not at all, and only their owner may read them; they go when their calls are purged. Asked "
          "is the configured Twilio, whatever address a webhook named.")
      .columns(k_fetched)
      .example("ringctl recordings fetch --all --folder recordings -n")
      .example("ringctl recordings fetch RE5f0c8e1d2b3a4c5d6e7f8091a2b3c4d5 --format mp3 -n")
      .exits({Errc::partial, Errc::auth, Errc::not_found, Errc::conflict, Errc::locked, Errc::schema,
              Errc::twilio, Errc::twilio_rate, Errc::twilio_down, Errc::twilio_garbage, Errc::db_down,
              Errc::db_busy});
}

void add_deletions(Noun& recordings) {
  auto erase = recordings.verb<DeleteOptions>("delete", "Delete their sound at Twilio, for good", run_delete)
                   .argument("recordings", &DeleteOptions::recordings, k_which)
                   .kind(ValueKind::recording);
  add_account_flags(erase)
      .details(
          "What is known about them stays, and so do files that were fetched, until their calls are purged. One whose call "
          "is held (`calls hold`) is refused, and that somebody asked is in the audit log.")
      .example("ringctl recordings delete RE5f0c8e1d2b3a4c5d6e7f8091a2b3c4d5 --yes")
      .example("ringctl recordings delete RE5f0c8e1d2b3a4c5d6e7f8091a2b3c4d5 -n")
      .exits({Errc::auth, Errc::not_found, Errc::conflict, Errc::declined, Errc::locked, Errc::schema,
              Errc::twilio, Errc::twilio_rate, Errc::twilio_down, Errc::twilio_garbage, Errc::db_down,
              Errc::db_busy});

  auto purge = recordings.verb<PurgeOptions>("purge", "Delete the sound of all that are old", run_purge)
                   .flag("older-than", &PurgeOptions::older_than, "DUR",
                         "How old: 90d, 52w; with them go those whose calls were purged")
                   .kind(ValueKind::duration)
                   .flag("owed", &PurgeOptions::owed, "Only those whose calls were purged");
  add_account_flags(purge)
      .details(
          "Many at once, and journaled as a job: one that was interrupted goes on with jobs resume. Recordings of "
          "calls that are held stay, and are counted. --older-than needs --confirm WORKSPACE, or its name typed.")
      .example("ringctl recordings purge --older-than 90d -n")
      .example("ringctl recordings purge --older-than 365d --confirm default")
      .example("ringctl recordings purge --owed -n", "what calls purge left at Twilio")
      .exits({Errc::partial, Errc::auth, Errc::not_found, Errc::conflict, Errc::declined, Errc::locked,
              Errc::schema, Errc::twilio, Errc::twilio_rate, Errc::twilio_down, Errc::twilio_garbage,
              Errc::db_down, Errc::db_busy});
}

}  // namespace

void add_recordings(Noun& recordings) {
  add_list(recordings);
  add_fetch(recordings);
  add_deletions(recordings);
}

}  // namespace ringctl::cmd
