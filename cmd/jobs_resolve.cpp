// jobs resolve

#include <fmt/format.h>

#include <array>

#include "cmd/account.hpp"
#include "cmd/jobs_run.hpp"
#include "cmd/numbers_buy.hpp"
#include "db/transaction.hpp"
#include "directory/workspaces.hpp"
#include "jobs/journal.hpp"
#include "sync/purchase.hpp"

namespace ringctl::cmd {
namespace {

constexpr std::array k_columns = {
    Column{"object", ColumnType::fact}, Column{"kind", ColumnType::word}, Column{"state", ColumnType::word},
    Column{"sid", ColumnType::word},    Column{"code", ColumnType::word}, Column{"message", ColumnType::text},
};

struct ResolveOptions : AccountOptions {
  std::optional<std::string> job;
};

Cell text_or_null(const std::string& text) { return text.empty() ? Cell() : Cell(text); }

std::optional<base::Uuid> job_of(const ResolveOptions& opts, Context& ctx) {
  if (!opts.job) return std::nullopt;
  auto& session = ctx.session();
  const auto& workspace = ctx.workspace();
  db::Transaction transaction(session.db, db::Scope::of(workspace.id), db::Access::read);
  auto id = jobs::Journal(session.db, session.clock, workspace.id).get(*opts.job).id;
  transaction.commit();
  return id;
}

void list(const std::vector<sync::EffectRow>& effects, Context& ctx) {
  auto rows = ctx.io().rows(k_columns);
  for (const auto& row : effects)
    rows.row({row.object, row.kind, row.state, text_or_null(row.sid), text_or_null(row.code),
              text_or_null(row.message)});
  rows.finish();
}

/// What would be asked about.
void list_open(const std::optional<base::Uuid>& job, Context& ctx) {
  auto& session = ctx.session();
  const auto& workspace = ctx.workspace();
  db::Transaction transaction(session.db, db::Scope::of(workspace.id), db::Access::read);
  const auto open = jobs::Effects(session.db, session.clock, workspace.id).open(job);
  transaction.commit();
  std::vector<sync::EffectRow> rows;
  for (const auto& effect : open)
    rows.push_back({.object = effect.key,
                    .kind = effect.kind,
                    .state = std::string(jobs::state_name(effect.state)),
                    .sid = effect.sid,
                    .code = effect.code,
                    .message = effect.message});
  list(rows, ctx);
  ctx.io().note(fmt::format("{} to be asked about", rows.size()));
}

void run_resolve(const ResolveOptions& opts, Context& ctx) {
  const auto job = job_of(opts, ctx);
  if (ctx.dry_run()) return list_open(job, ctx);
  RunAccount account(ctx, opts);
  const auto report = sync::resolve(*account, job);
  list(report.rows, ctx);
  warn_of_found(report.rows, ctx);
  ctx.io().note(
      fmt::format("{} had happened, {} had not, {} unknown", report.done, report.undone, report.unknown));
  if (report.unknown > 0)
    throw Error(Errc::differs, "jobs.unresolved",
                fmt::format("nobody knows yet what became of {}", report.unknown), "ringctl jobs resolve");
}

}  // namespace

void add_jobs_resolve(Noun& noun) {
  auto verb =
      noun.verb<ResolveOptions>("resolve", "Ask Twilio what became of what it did not answer", run_resolve);
  verb.argument("job", &ResolveOptions::job,
                "the job's id, or its last eight hex digits; none: all of the workspace")
      .kind(ValueKind::job)
      .columns(k_columns)
      .details(
          "Purchases, releases, calls, messages and what else must not happen twice are written down before Twilio is "
          "asked. Where no answer came, this asks Twilio what there is now, and settles it here: done, or undone because "
          "it had not happened. It buys, calls, sends and makes nothing. Exits 8 if something stays unknown.")
      .example("ringctl jobs resolve")
      .example("ringctl jobs resolve --dry-run", "what would be asked about");
  add_account_flags(verb);
  verb.exits({Errc::auth, Errc::not_found, Errc::conflict, Errc::invalid, Errc::differs, Errc::locked,
              Errc::schema, Errc::twilio, Errc::twilio_rate, Errc::twilio_down, Errc::twilio_garbage,
              Errc::db_down, Errc::db_busy});
}

}  // namespace ringctl::cmd
