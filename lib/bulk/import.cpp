#include "bulk/import.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "base/file.hpp"
#include "base/shell.hpp"
#include "base/text.hpp"
#include "bulk/merge.hpp"
#include "db/lease.hpp"
#include "db/transaction.hpp"

namespace ringctl::bulk {
namespace {

constexpr std::size_t k_shown_problems = 10;
constexpr int k_attempts = 3;

/// Runs `work` again when somebody else wrote the same rows in between. Every unique value was free when a
/// batch was decided: one that is taken was taken since.
void retry_moved_on(const std::function<void()>& work) {
  for (int attempt = 1;; ++attempt) {
    try {
      return work();
    } catch (const Error& error) {
      if (error.slug() != "import.moved_on" && error.slug() != "db.unique") throw;
      if (attempt == k_attempts) throw moved_on();
    }
  }
}

/// Mended rejects are often fed again: writing the new ones over them would lose the rest of the file.
void refuse_rejects_over_input(const ImportOptions& options) {
  std::error_code ignored;
  if (options.rejects.empty() || !std::filesystem::equivalent(options.rejects, options.intake.path, ignored))
    return;
  throw Error(Errc::usage, "import.rejects_over_input",
              fmt::format("--rejects would replace the input, {}", options.intake.path), "name another file");
}

/// By its name the file would be read in another format than it is written in.
void refuse_misnamed_rejects(const ImportOptions& options, const Intake& intake) {
  const auto named = csv::format_of_name(options.rejects.string());
  if (named == csv::Format::automatic || named == intake.format) return;
  const auto [is, ending] = intake.format == csv::Format::jsonl ? std::pair("JSON lines", ".jsonl")
                            : intake.format == csv::Format::tsv ? std::pair("TSV", ".tsv")
                                                                : std::pair("CSV", ".csv");
  auto renamed = options.rejects;
  throw Error(Errc::usage, "import.rejects_format",
              fmt::format("--rejects {}: rejected rows are kept as the input has them, and {} is {}",
                          options.rejects.string(), intake.name, is),
              fmt::format("--rejects {}", base::for_shell(renamed.replace_extension(ending).string())));
}

void require_expected_input(const ImportOptions& options, const Intake& intake) {
  if (options.expected_digest.empty() || options.expected_digest == intake.digest) return;
  throw Error(Errc::conflict, "import.input_changed",
              fmt::format("{} changed since the job began", intake.name),
              "import it anew; rows that are there already are left alone");
}

/// Never where an unknown number of rows was not even read.
bool admits(const ImportOptions& options, const Intake& intake, std::uint64_t rejected) {
  return !intake.cut_off && options.allowance.admits(rejected, intake.rows);
}

bool will_write(const ImportOptions& options, const Intake& intake) {
  return intake.rows > 0 && !options.dry_run && admits(options, intake, intake.invalid);
}

class Import {
 public:
  Import(const Target& target, Adapter& adapter, const ImportOptions& options, Intake&& intake,
         std::optional<base::AtomicFile>&& rejects, const base::CancelToken& cancel,
         const ProgressFn& progress)
      : session_(target.session),
        workspace_(target.workspace),
        adapter_(adapter),
        options_(options),
        cancel_(cancel),
        progress_(progress),
        scope_(db::Scope::of(target.workspace, adapter.door())),
        intake_(std::move(intake)),
        rejects_(std::move(rejects)) {}

  ImportReport run() {
    start_report();
    if (intake_.rows == 0) return finish_report();
    if (!will_write(options_, intake_)) {
      plan();
    } else {
      auto lease = db::Lease::acquire(session_.db, session_.clock, std::string(k_bulk_lease), workspace_,
                                      k_bulk_lease_ttl, options_.lock_wait, &cancel_);
      if (options_.allowance.atomic())
        write_all_or_nothing(lease);
      else
        write_in_batches(lease);
      lease.release();
    }
    return finish_report();
  }

  ImportReport rehearse() {
    start_report();
    job_.id = session_.ids.next();
    Merge merge = new_merge();
    deal([&](const Batch& batch) { take(merge.run(batch, findings_.given_up, always)); });
    merge.finish();
    return finish_report();
  }

 private:
  void start_report() {
    report_.input = intake_.name;
    report_.unit = intake_.unit;
    report_.allowance = options_.allowance.text();
    report_.dry_run = options_.dry_run;
    if (intake_.headerless) report_.read_as = base::join(intake_.columns, ", ");
    start_counts();
  }

  /// What the file alone tells.
  void start_counts() {
    job_.counts = {};
    job_.counts.rows = static_cast<std::int64_t>(intake_.rows);
    job_.counts.invalid = static_cast<std::int64_t>(intake_.invalid);
    report_.dangling = 0;
  }

  std::uint64_t rejected() const { return static_cast<std::uint64_t>(job_.counts.rejected()); }
  bool admits(std::uint64_t rejected) const { return bulk::admits(options_, intake_, rejected); }
  bool too_many() const { return !admits(rejected()); }

  void take(BatchOutcome&& outcome) {
    add(job_.counts, outcome.counts);
    for (const auto& problem : outcome.problems) findings_.problems.add(problem);
    for (const auto& warning : outcome.warnings) findings_.warnings.add(warning);
    report_.dangling += outcome.dangling;
    for (const auto& change : outcome.changes) findings_.changes.add(change);
    findings_.given_up.add_all(outcome.given_up);
  }

  static void add(jobs::Counts& to, const jobs::Counts& more) {
    to.created += more.created;
    to.updated += more.updated;
    to.same += more.same;
    to.skipped += more.skipped;
    to.conflict += more.conflict;
    to.invalid += more.invalid;
  }

  /// The next batch; what the dealer settled on the way counts from here on.
  bool next(Batch& batch) {
    const bool more = dealer_->next(batch);
    job_.counts.duplicate = dealer_->duplicates();
    if (more) stop_if_cancelled();
    return more;
  }

  /// Once, when all rows were dealt: these come from the file alone, and a job that is taken up meets them
  /// again.
  void settle_counts() {
    job_.counts.skipped += dealer_->identical();
    job_.counts.warnings = static_cast<std::int64_t>(intake_.warnings.size() + findings_.warnings.size());
  }

  void tell(std::uint64_t rows) {
    done_ += rows;
    progress_({options_.dry_run ? "planning" : "writing", done_, intake_.rows - intake_.invalid, rejected()});
  }

  /// Verdicts only: for --dry-run, and to name everything that is wrong with a file that is refused anyway.
  void plan() {
    db::Transaction transaction(session_.db, scope_, db::Access::read);
    Merge merge = new_merge();
    deal([&](const Batch& batch) { take(merge.run(batch, findings_.given_up, never)); });
  }

  Merge new_merge() const {
    const Judgement judgement{options_.on_conflict, options_.accepted, options_.told};
    return {session_, workspace_, adapter_, judgement, job_.id};
  }

  void deal(const std::function<void(const Batch&)>& each) {
    dealer_.emplace(intake_, findings_, adapter_, options_.batch_rows, "", earlier_);
    Batch batch;
    while (next(batch)) {
      each(batch);
      tell(batch.items.size());
    }
    settle_counts();
  }

  void stop_if_cancelled() const {
    if (!cancel_.cancelled()) return;
    const bool resumable = !options_.dry_run && !options_.allowance.atomic() && !intake_.digest.empty();
    const std::string hint = resumable && report_.job
                                 ? fmt::format("ringctl jobs resume {}", report_.job->short_id())
                                 : "run the same command again";
    cancel_.check(hint.c_str());
  }

  void write_all_or_nothing(db::Lease& lease) {
    new_job();
    retry_moved_on([&] { db::in_transaction_if(session_.db, scope_, [&] { return write_all(lease); }); });
    if (rejected() != 0) report_.job.reset();
  }

  /// From the first row on, each time it is tried. False if a row is rejected.
  bool write_all(db::Lease& lease) {
    start_counts();
    findings_ = {};
    done_ = 0;
    lease.renew();  // while this transaction is open, nobody can take the lease over
    jobs::Journal journal(session_.db, session_.clock, workspace_);
    // A run of this file that was killed half-way must not be taken up once this one has written all of it.
    auto closed = close_those_of_stdin(journal);
    while (auto unfinished = find_unfinished(journal))
      closed.push_back(close(journal, *std::move(unfinished)));
    journal.insert(job_);
    Merge merge = new_merge();
    deal([&](const Batch& batch) {
      // After the first problem only the others are looked for.
      auto outcome = merge.run(batch, findings_.given_up,
                               [&](const jobs::Counts& counts) { return admits_more(counts); });
      if (outcome.written) journal.add_rows(job_.id, outcome.journal);
      take(std::move(outcome));
    });
    if (rejected() != 0) return false;
    merge.finish();
    // Last: until the commit, an audit row keeps everybody else of the workspace from writing theirs.
    for (const auto& job : closed) record_failed(job);
    finish_job(journal, "");
    return true;
  }

  void write_in_batches(db::Lease& lease) {
    take_up_or_start();
    dealer_.emplace(intake_, findings_, adapter_, options_.batch_rows, job_.position, earlier_);
    Batch batch;
    bool stopped = too_many();
    while (!stopped && next(batch)) {
      stopped = !write_batch(batch, lease);
      if (!stopped) tell(batch.items.size());
    }
    const auto written = job_.counts;
    job_.state = stopped || too_many() ? jobs::State::failed : jobs::State::finished;
    if (job_.state == jobs::State::failed) plan_rest(batch);
    settle_counts();
    gather_findings();
    const auto planned = job_.counts;
    job_.counts.created = written.created;
    job_.counts.updated = written.updated;
    db::in_transaction(session_.db, scope_, [&] {
      lease.renew();
      jobs::Journal journal(session_.db, session_.clock, workspace_);
      record_refused_rows(journal);
      finish_job(journal, job_.state == jobs::State::failed ? "failed" : "finished");
    });
    if (job_.state == jobs::State::finished) return;
    report_.stopped_midway = written.created + written.updated > 0;
    if (report_.stopped_midway) return;
    report_.job.reset();  // there is nothing to go on with or to undo
    job_.counts = planned;
  }

  /// Names all that is wrong with the rest of the file, from a batch that was not written on.
  void plan_rest(Batch& batch) {
    db::Transaction transaction(session_.db, scope_, db::Access::read);
    Merge merge = new_merge();
    bool more = !batch.items.empty();
    while (more) {
      take(merge.run(batch, findings_.given_up, never));
      more = next(batch);
    }
  }

  static bool never(const jobs::Counts&) { return false; }
  static bool always(const jobs::Counts&) { return true; }

  bool admits_more(const jobs::Counts& more) const {
    return admits(rejected() + static_cast<std::uint64_t>(more.rejected()));
  }

  /// In a transaction of its own. False if it was not written because too many rows are rejected with it.
  bool write_batch(const Batch& batch, db::Lease& lease) {
    BatchOutcome outcome;
    jobs::Job job;
    const auto write = [&] {
      lease.renew();  // in the same transaction: a run that slept past its lease writes nothing more
      Merge merge = new_merge();
      outcome = merge.run(batch, findings_.given_up,
                          [&](const jobs::Counts& counts) { return admits_more(counts); });
      if (!outcome.written) return;
      merge.finish();
      job = job_;
      add(job.counts, outcome.counts);
      job.position = batch.keys.back();
      jobs::Journal journal(session_.db, session_.clock, workspace_);
      journal.add_rows(job.id, outcome.journal);
      journal.save(job);
    };
    retry_moved_on([&] { db::in_transaction(session_.db, scope_, write); });
    if (!outcome.written) return false;
    job_.position = job.position;
    take(std::move(outcome));
    return true;
  }

  void new_job() {
    job_.id = session_.ids.next();
    job_.kind = kind();
    job_.actor = session_.actor;
    job_.input_name = intake_.name;
    job_.input_digest = intake_.digest;
    job_.options = to_json(options_);
    report_.job = job_.id;
  }

  void take_up_or_start() {
    db::in_transaction(session_.db, scope_, [&] {
      jobs::Journal journal(session_.db, session_.clock, workspace_);
      for (const auto& job : close_those_of_stdin(journal)) record_failed(job);
      while (auto unfinished = find_unfinished(journal)) {
        if (!options_.restart && same_meaning(unfinished->options, to_json(options_)))
          return take_up(journal, *std::move(unfinished));
        record_failed(close(journal, *std::move(unfinished)));
      }
      new_job();
      journal.insert(job_);
      audit::record(session_, workspace_,
                    {.action = job_.kind,
                     .object_type = "job",
                     .object_id = job_.id,
                     .object_key = job_.id.short_id(),
                     .after = started_image(),
                     .job_id = job_.id});
    });
  }

  std::string kind() const { return fmt::format("{}.import", adapter_.noun()); }

  std::optional<jobs::Job> find_unfinished(jobs::Journal& journal) const {
    if (intake_.digest.empty()) return std::nullopt;
    return journal.find_unfinished(kind(), intake_.digest);
  }

  /// Nobody can go on with these, and none of them runs: this run holds the lock that they held.
  std::vector<jobs::Job> close_those_of_stdin(jobs::Journal& journal) {
    std::vector<jobs::Job> closed;
    while (auto unfinished = journal.find_unfinished_of_stdin(kind()))
      closed.push_back(close(journal, *std::move(unfinished)));
    return closed;
  }

  /// Nobody will go on with it: this run plans the same file anew.
  jobs::Job close(jobs::Journal& journal, jobs::Job&& job) {
    job.state = jobs::State::failed;
    job.finished_at = session_.clock.now();
    journal.save(job);
    return std::move(job);
  }

  void record_failed(const jobs::Job& job) {
    audit::record(session_, workspace_,
                  {.action = fmt::format("{}.failed", job.kind),
                   .object_type = "job",
                   .object_id = job.id,
                   .object_key = job.id.short_id(),
                   .after = jobs::to_json(job.counts),
                   .job_id = job.id});
  }

  /// Its rows up to the position are done. What only the file tells (invalid rows, duplicates) was counted
  /// again just now.
  void take_up(jobs::Journal& journal, jobs::Job&& job) {
    auto written = job.counts;
    written.invalid -= static_cast<std::int64_t>(intake_.invalid);  // the file's are counted again just now
    job_ = std::move(job);
    start_counts();
    add(job_.counts, written);
    report_.job = job_.id;
    report_.resumed = true;
    earlier_ = Sorter(k_small_budget);
    std::string packed;
    journal.for_each_row(job_.id, [&](const jobs::JobRow& row) {
      const std::string_view before = row.before_image ? std::string_view(*row.before_image) : "";
      // A change matters for the values that it gave up.
      if (row.verdict == "update" && (adapter_.uniques().empty() || before.empty())) return;
      packed.clear();
      pack({{CellState::value, row.verdict},
            {CellState::value, row.code},
            {CellState::value, row.message},
            {CellState::value, before}},
           packed);
      earlier_.add(row.key, static_cast<std::uint64_t>(row.line), packed);
    });
  }

  /// What the database refused is in the journal with its batch; rows that the file itself spoils come at the
  /// end.
  void record_refused_rows(jobs::Journal& journal) {
    std::vector<jobs::JobRow> rows;
    const auto keep = [&](const Problem& problem) {
      if (problem.verdict == Verdict::conflict || problem.verdict == Verdict::refused) return;
      rows.push_back({.line = static_cast<std::int64_t>(problem.line),
                      .key = problem.key,
                      .verdict = std::string(verdict_name(problem.verdict)),
                      .code = problem.code,
                      .message = problem.message});
      if (rows.size() < 1000) return;
      journal.add_rows(job_.id, rows);
      rows.clear();
    };
    intake_.problems.for_each(keep);
    journal.add_rows(job_.id, rows);
  }

  /// `event` "" = the job's only audit row (it was written in one transaction).
  void finish_job(jobs::Journal& journal, std::string_view event) {
    if (event.empty()) job_.state = jobs::State::finished;
    job_.finished_at = session_.clock.now();
    journal.save(job_);
    audit::record(session_, workspace_,
                  {.action = event.empty() ? job_.kind : fmt::format("{}.{}", job_.kind, event),
                   .object_type = "job",
                   .object_id = job_.id,
                   .object_key = job_.id.short_id(),
                   .after = finished_image(),
                   .job_id = job_.id});
  }

  std::string started_image() const {
    return nlohmann::json{
        {"input", intake_.name}, {"input_sha256", intake_.digest}, {"rows", job_.counts.rows}}
        .dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  }
  std::string finished_image() const {
    return nlohmann::json{{"input", intake_.name},
                          {"input_sha256", intake_.digest},
                          {"rows_sha256", dealer_->rows_digest()},
                          {"counts", nlohmann::json::parse(jobs::to_json(job_.counts))}}
        .dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  }

  /// Puts them in line with those of the file, once no attempt can follow that would find them again.
  void gather_findings() {
    intake_.problems.add_all(findings_.problems);
    intake_.warnings.add_all(findings_.warnings);
    // In batches this comes twice, the second time with nothing more.
    if (findings_.changes.size() != 0) report_.changes = std::move(findings_.changes);
    findings_ = {};
  }

  ImportReport finish_report() {
    gather_findings();
    report_.cut_off = intake_.cut_off;
    if (rejects_) save_rejects();  // without a row too: an older file would pass for this run's
    report_.counts = job_.counts;
    report_.problems = intake_.problems.first(k_shown_problems);
    report_.warnings = intake_.warnings.first(k_shown_problems);
    report_.outcome = outcome();
    return std::move(report_);
  }

  void save_rejects() try {
    write_rejects(*rejects_, intake_.problems, intake_.columns, intake_.format, intake_.delimiter);
    report_.rejects = options_.rejects;
  } catch (Error& error) {
    if (!report_.job) throw;
    error.detail(
        fmt::format("the rows that are not rejected were written (job {})", report_.job->short_id()));
    throw std::move(error).job(report_.job->text());
  }

  Errc outcome() const {
    const auto& counts = job_.counts;
    if (counts.rejected() == 0) return Errc::ok;
    if (!too_many()) return Errc::partial;
    // Conflicts have a status of their own only where the first one stops everything.
    return options_.allowance.atomic() && counts.conflict == counts.rejected() ? Errc::conflict
                                                                               : Errc::invalid;
  }

  audit::Session& session_;
  const base::Uuid workspace_;
  Adapter& adapter_;
  const ImportOptions& options_;
  const base::CancelToken& cancel_;
  const ProgressFn& progress_;
  const db::Scope scope_;
  Intake intake_;
  std::optional<base::AtomicFile> rejects_;
  Findings findings_;
  std::optional<Dealer> dealer_;
  jobs::Job job_;
  Sorter earlier_{k_small_budget};
  ImportReport report_;
  std::uint64_t done_ = 0;
};

}  // namespace

ImportReport run_import(const TargetFn& target, Adapter& adapter, const ImportOptions& options,
                        const base::CancelToken& cancel, const ProgressFn& progress) {
  refuse_rejects_over_input(options);
  std::optional<base::AtomicFile> rejects;
  if (!options.rejects.empty() && !options.dry_run) rejects.emplace(options.rejects, 0600);
  auto reading = options.intake;
  reading.keep_raw = rejects.has_value();
  auto intake = take_in(reading, adapter, cancel, [&](std::uint64_t rows) { progress({"reading", rows}); });
  require_expected_input(options, intake);
  refuse_misnamed_rejects(options, intake);
  const auto where = target(will_write(options, intake));
  return Import(where, adapter, options, std::move(intake), std::move(rejects), cancel, progress).run();
}

ImportReport plan_import(const Target& target, Adapter& adapter, const ImportOptions& options,
                         Intake&& intake, const base::CancelToken& cancel, const ProgressFn& progress) {
  return Import(target, adapter, options, std::move(intake), std::nullopt, cancel, progress).run();
}

ImportReport rehearse_import(const Target& target, Adapter& adapter, const ImportOptions& options,
                             Intake&& intake, const base::CancelToken& cancel, const ProgressFn& progress) {
  return Import(target, adapter, options, std::move(intake), std::nullopt, cancel, progress).rehearse();
}

}  // namespace ringctl::bulk
