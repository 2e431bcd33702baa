#include "cmd/jobs_run.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "base/text.hpp"
#include "bulk/adapters.hpp"
#include "bulk/undo.hpp"
#include "cmd/account.hpp"
#include "cmd/context.hpp"
#include "cmd/import.hpp"
#include "cmd/numbers_buy.hpp"
#include "cmd/numbers_configure.hpp"
#include "cmd/webhooks_configure.hpp"
#include "db/transaction.hpp"
#include "directory/workspaces.hpp"
#include "jobs/journal.hpp"
#include "records/noun.hpp"
#include "sync/purchase.hpp"
#include "sync/reconcile.hpp"

namespace ringctl::cmd {
namespace {

struct JobOptions {
  std::string job;
};

struct ResumeOptions : JobOptions, AccountOptions {};

/// What was done at Twilio cannot be taken back from here.
constexpr std::array k_not_undoable = {"numbers.sync", "numbers.buy", "numbers.configure",
                                       "webhooks.configure", "recordings.purge"};

jobs::Job find_job(const JobOptions& options, Context& context) {
  auto& session = context.session();
  const auto& workspace = context.workspace();
  db::Transaction transaction(session.db, db::Scope::of(workspace.id), db::Access::read);
  return jobs::Journal(session.db, session.clock, workspace.id).get(options.job);
}

void resume_purchase(const jobs::Job& job, sync::Account& account, Context& context) {
  const auto plan = sync::plan_resume(account, job.id);
  // What is unsure is looked up in any case, before anything is refused for its price.
  if (context.dry_run() || plan.unsure.empty()) sync::hold_resume(account, plan);
  if (context.dry_run()) return show_resume_plan(plan, context);
  // What is unknown may turn out to be not bought; it is bought then.
  const auto unsure = plan.unsure.empty() ? std::string()
                                          : fmt::format(", and those of {} more that Twilio does not have",
                                                        plan.unsure.size());
  context.io().confirm(
      fmt::format("go on with job {}: buy {}{}?", job.id.short_id(), purchase_text(plan.left), unsure));
  std::map<std::string, std::string> prices;
  for (const auto& one : plan.left.numbers)
    if (one.price) prices[one.phone_number] = twilio::money_text(one.price->micros);
  show_purchases(sync::resume_buy(account, job.id, shown_progress(context, "numbers buy"), plan.asked),
                 prices, context);
}

void resume_configure(const jobs::Job& job, sync::Account& account, Context& context) {
  const auto again = sync::configure_again(job);
  sync::ConfigureOptions configure;
  configure.wanted = sync::wanted_of(
      account,
      webhook_urls(context, again.fallback_url.empty() ? std::nullopt : std::optional(again.fallback_url)));
  configure.wanted.voice = again.voice;
  configure.wanted.sms = again.sms;
  configure.numbers = again.numbers;
  configure.fields = again.fields;
  configure.resume = job.id;
  configure.kind = job.kind;
  configure.dry_run = context.dry_run();
  const auto report = sync::configure(account, configure, shown_progress(context, job.kind));
  auto again_text = job.kind;
  std::replace(again_text.begin(), again_text.end(), '.', ' ');
  show_configured(report, !again.numbers.empty(),
                  fmt::format("ringctl {} sends what still differs", again_text), context);
}

void resume_purge(const jobs::Job& job, sync::Account& account, Context& context) {
  const auto report =
      sync::resume_purge(account, job.id, !context.dry_run(), shown_progress(context, "recordings purge"));
  const auto object = "job " + job.id.short_id();
  const auto rest = fmt::format("({} deleted, {} gone already, {} failed, {} held)", report.deleted,
                                report.gone, report.failed, report.held);
  Change change{
      .action = context.dry_run() ? "resume" : "resumed", .object = object, .rest = rest, .fields = {}};
  change.fields = {
      {"deleted", report.deleted}, {"gone", report.gone}, {"failed", report.failed}, {"held", report.held}};
  if (context.dry_run()) return context.io().would_change(change);
  context.io().changed(change);
  if (report.failed > 0)
    throw Error(Errc::partial, "recordings.partly",
                fmt::format("{} of the recordings could not be deleted", report.failed),
                "ringctl recordings purge again takes the rest")
        .job(job.id.text());
}

using Resume = void (*)(const jobs::Job&, sync::Account&, Context&);
/// nullptr: an import.
Resume resume_of(std::string_view kind) {
  if (kind == "numbers.buy") return resume_purchase;
  if (kind == "numbers.configure" || kind == "webhooks.configure") return resume_configure;
  if (kind == "recordings.purge") return resume_purge;
  return nullptr;
}

void run_resume(const ResumeOptions& options, Context& context) {
  const auto job = find_job(options, context);
  if (job.state != jobs::State::running)
    throw Error(Errc::conflict, "jobs.not_unfinished",
                fmt::format("job {} is {}; only an unfinished one goes on", job.id.short_id(),
                            jobs::state_name(job.state)));
  if (const auto resume = resume_of(job.kind)) {
    RunAccount account(context, options);
    return resume(job, *account, context);
  }
  if (job.input_digest.empty())
    throw Error(Errc::conflict, "jobs.read_from_stdin",
                fmt::format("job {} read standard input, which is gone", job.id.short_id()),
                "run the import again; rows that are there already are left alone");
  auto import = bulk::options_from_json(job.options);
  import.lock_wait = context.lock_wait();
  import.dry_run = context.dry_run();
  import.expected_digest = job.input_digest;
  run_import(import, context, *bulk::adapter_for_job(job.kind));
}

std::string undo_text(const bulk::UndoReport& report) {
  const auto number = [](std::int64_t n) { return base::group_digits(static_cast<std::uint64_t>(n)); };
  std::string out = fmt::format("({} removed, {} restored", number(report.removed), number(report.restored));
  if (const auto changed = report.kept_count - report.kept_in_use; changed != 0)
    out += fmt::format(", {} kept because they changed since", number(changed));
  if (report.kept_in_use != 0)
    out += fmt::format(", {} kept because others refer to them", number(report.kept_in_use));
  if (report.gone != 0) out += fmt::format(", {} gone already", number(report.gone));
  return out + ")";
}

std::string_view reason(bulk::Kept why) {
  switch (why) {
    case bulk::Kept::in_use:
      return "others refer to it";
    case bulk::Kept::blocked:
      return "what it held is gone, or is another row's by now";
    case bulk::Kept::changed:
      break;
  }
  return "it changed since";
}

Error partly_undone(const bulk::UndoReport& report) {
  const auto rows = report.kept_count == 1 ? "row" : "rows";
  const auto why = report.kept_in_use == 0                  ? "changed since"
                   : report.kept_in_use < report.kept_count ? "changed since or are in use"
                   : report.kept_count == 1                 ? "is in use"
                                                            : "are in use";
  return Error(Errc::partial, "jobs.partly_undone",
               fmt::format("job {} is undone but for {} {} that {}", report.job.id.short_id(),
                           report.kept_count, rows, why),
               report.kept_in_use == 0 ? std::string() : std::string(bulk::k_undo_later_first))
      .job(report.job.id.text());
}

Error not_undoable(const jobs::Job& job) {
  const auto rows = fmt::format("ringctl jobs show {} --rows", job.id.short_id());
  const bool bought = job.kind == "numbers.buy";
  Error error(Errc::conflict, "jobs.not_undoable",
              fmt::format("job {} is {}, which cannot be taken back", job.id.short_id(), job.kind),
              bought ? std::string("ringctl numbers release NUMBER gives one back") : rows);
  if (bought) error.detail(fmt::format("{} lists its numbers", rows));
  return error;
}

void run_undo(const JobOptions& options, Context& context) {
  const auto job = find_job(options, context);
  if (std::find(k_not_undoable.begin(), k_not_undoable.end(), std::string_view(job.kind)) !=
      k_not_undoable.end())
    throw not_undoable(job);
  auto& io = context.io();
  if (job.counts.created + job.counts.updated == 0 && job.state != jobs::State::undone)
    return io.unchanged(
        {.action = "undo", .object = "job " + job.id.short_id(), .rest = "(it changed nothing)"});
  if (!context.dry_run())
    io.confirm(fmt::format("Undo job {} ({} of {}: {} rows made, {} changed)?", job.id.short_id(), job.kind,
                           job.input_name, job.counts.created, job.counts.updated));
  const auto report =
      bulk::undo_import(context.session(), context.workspace().id, *bulk::adapter_for_job(job.kind),
                        job.id.text(), context.dry_run(), context.lock_wait());
  for (const auto& [key, why] : report.kept)
    io.warn(fmt::format("kept {}: {}", records::shown_key(key), reason(why)));
  if (report.kept_count > std::ssize(report.kept))
    io.warn(fmt::format("kept {} more", report.kept_count - std::ssize(report.kept)));
  const std::string object = "job " + report.job.id.short_id();
  const std::string rest = undo_text(report);
  Change change{context.dry_run() ? "undo" : "undid", object, rest, {}};
  change.fields = {{"job_id", report.job.id},           {"removed", report.removed},
                   {"restored", report.restored},       {"kept", report.kept_count},
                   {"kept_in_use", report.kept_in_use}, {"gone", report.gone}};
  if (context.dry_run()) return io.would_change(change);
  io.changed(change);
  if (report.kept_count > 0) throw partly_undone(report);
}

}  // namespace

void add_jobs_resume(Noun& noun) {
  auto verb = noun.verb<ResumeOptions>("resume", "Go on with a job that was interrupted", run_resume);
  verb.argument("job", &ResumeOptions::job, "the job's id, or its last eight hex digits")
      .kind(ValueKind::job)
      .details(
          "An import reads the same file again and goes on behind the last batch that was written. Purchases that nobody "
          "knows the outcome of are looked up first; then what was not bought is, after a question or with --yes. "
          "Numbers to be configured are held against Twilio again, and what still differs is sent. Giving the original "
          "command again does the same, but for purchases.")
      .example("ringctl jobs resume 5be01d7a")
      .example("ringctl jobs resume 5be01d7a --lock-wait 1m", "wait while another import runs");
  add_account_flags(verb);
  verb.exits({Errc::partial, Errc::auth, Errc::not_found, Errc::conflict, Errc::invalid, Errc::declined,
              Errc::locked, Errc::schema, Errc::twilio, Errc::twilio_rate, Errc::twilio_down,
              Errc::twilio_garbage, Errc::unknown_outcome, Errc::db_down, Errc::db_busy});
}

void add_jobs_undo(Noun& noun) {
  noun.verb<JobOptions>("undo", "Take back what a bulk job wrote", run_undo)
      .argument("job", &JobOptions::job, "the job's id, or its last eight hex digits")
      .kind(ValueKind::job)
      .details(
          "Rows the job made are removed, rows it changed get back what they held. Rows that somebody changed since, or "
          "that others refer to, are kept and listed, and the exit status is 3; if that is all of them, nothing is done. Undo "
          "the latest job first: what a later one changed counts as changed until that one is undone.")
      .example("ringctl jobs undo 5be01d7a --dry-run", "show what would be taken back")
      .example("ringctl jobs undo 5be01d7a --yes")
      .exits({Errc::partial, Errc::not_found, Errc::conflict, Errc::declined, Errc::locked, Errc::schema,
              Errc::db_down, Errc::db_busy});
}

}  // namespace ringctl::cmd
