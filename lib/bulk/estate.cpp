#include "bulk/estate.hpp"

#include <fmt/format.h>

#include <optional>

#include "bulk/adapters.hpp"
#include "db/transaction.hpp"

namespace ringctl::bulk {
namespace {

/// Teams and users refer to each other. Teams whose supervisors are there already go first; else new ones are
/// made without, and get theirs after the users.
constexpr std::string_view k_teams = "teams", k_users = "users", k_supervisor = "supervisor";

/// A step whose section was read. The adapter remembers the rows it checked.
struct Prepared {
  EstateStep step;
  std::unique_ptr<Adapter> adapter;
  Intake intake;
  bool on_trial = false;  ///< if all of its rows are good, later steps of the noun are not needed
};

class Plan {
 public:
  Plan(const EstateFile& file, const EstateOptions& options, const base::CancelToken& cancel,
       const ProgressFn& progress)
      : file_(file), options_(options), cancel_(cancel), progress_(progress) {}

  std::vector<EstateStep> run(const TargetFn& find_target) {
    const auto target = find_target(false);
    if (auto steps = look(target)) return *std::move(steps);
    for (const auto& noun : estate_nouns()) {
      prepare(noun);
      const bool both = file_.find(k_teams) != nullptr && file_.find(k_users) != nullptr;
      if (both && noun == k_teams) {
        prepared_.back().on_trial = true;
        prepare_bare(noun);
      }
      if (both && noun == k_users) prepare(std::string(k_teams));
    }
    return rehearse(target);
  }

 private:
  /// Locks nobody out: most runs find the estate as it should be. nullopt: something differs, and what that
  /// leads to is to be tried out.
  std::optional<std::vector<EstateStep>> look(const Target& target) const {
    std::vector<EstateStep> steps;
    for (const auto& noun : estate_nouns()) {
      const auto* section = file_.find(noun);
      if (section == nullptr) continue;
      auto [step, adapter, intake, on_trial] = read(step_of(*section));
      step.report = plan_import(target, *adapter, step.options, std::move(intake), cancel_, progress_);
      if (step.changes() || step.report.counts.rejected() != 0) return std::nullopt;
      steps.push_back(std::move(step));
    }
    return steps;
  }

  void prepare(const std::string& noun) {
    if (const auto* section = file_.find(noun)) prepared_.push_back(read(step_of(*section)));
  }

  void prepare_bare(const std::string& noun) {
    auto step = step_of(*file_.find(noun));
    const auto& columns = prepared_.back().intake.columns;
    const auto adapter = adapter_of(noun);
    const auto mapping = map_columns(columns, *adapter, {}, step.options.intake.path, false);
    for (std::size_t i = 0; i < columns.size(); ++i)
      if (mapping[i] && adapter->columns()[*mapping[i]].name == k_supervisor)
        step.options.intake.maps.push_back({columns[i], "-"});
    step.bare = true;
    step.options.on_conflict = OnConflict::skip;
    prepared_.push_back(read(std::move(step)));
  }

  EstateStep step_of(const EstateSection& section) const {
    EstateStep step;
    step.noun = section.noun;
    auto& intake = step.options.intake;
    intake.path = fmt::format("{} in {}", section.noun, file_.name);
    intake.fd = section.file.get();
    intake.format = csv::Format::jsonl;
    intake.null_clears = true;
    intake.reading = options_.reading;
    step.options.lock_wait = options_.lock_wait;
    step.options.told = options_.told;
    step.options.accepted = options_.accept_dangling ? records::Lapse::dangling : records::Lapse::idle;
    step.options.dry_run = true;
    return step;
  }

  Prepared read(EstateStep step) const try {
    auto adapter = adapter_of(step.noun);
    auto intake = take_in(step.options.intake, *adapter, cancel_, [&](std::uint64_t rows) {
      progress_({"reading", rows});
    });
    intake.accepted.set_aside();  // until all sections are read
    return {std::move(step), std::move(adapter), std::move(intake)};
  } catch (const Error& error) {
    if (error.slug() != "import.unknown_column" && error.slug() != "import.duplicate_column") throw;
    // An import's hint is its --map, which there is none of here.
    throw error.with_hint("rename it in the file, or take it out");
  }

  /// Everything is written, and nothing of it stays.
  std::vector<EstateStep> rehearse(const Target& target) {
    auto& db = target.session.db;
    db::Transaction transaction(db, db::Scope::of(target.workspace));
    std::vector<EstateStep> steps;
    bool teams_are_in = false;
    for (auto& [step, adapter, intake, on_trial] : prepared_) {
      if (teams_are_in && step.noun == k_teams) continue;
      transaction.rescope(db::Scope::of(target.workspace, adapter->door()));
      std::optional<db::Savepoint> trial;
      if (on_trial) trial.emplace(db);
      step.report = rehearse_import(target, *adapter, step.options, std::move(intake), cancel_, progress_);
      if (trial) {
        if (step.report.counts.rejected() != 0) continue;
        trial->release();
        teams_are_in = true;
      }
      if (step.bare && step.report.counts.created == 0) continue;
      step.options.dry_run = false;
      steps.push_back(std::move(step));
    }
    transaction.rollback();
    return steps;
  }

  const EstateFile& file_;
  const EstateOptions& options_;
  const base::CancelToken& cancel_;
  const ProgressFn& progress_;
  std::vector<Prepared> prepared_;
};

}  // namespace

std::vector<EstateStep> plan_estate(const EstateFile& file, const EstateOptions& options,
                                    const TargetFn& target, const base::CancelToken& cancel,
                                    const ProgressFn& progress) {
  return Plan(file, options, cancel, progress).run(target);
}

ImportReport apply_step(const EstateStep& step, const Target& target, const base::CancelToken& cancel,
                        const ProgressFn& progress) {
  const auto adapter = adapter_of(step.noun);
  return run_import([&](bool) { return target; }, *adapter, step.options, cancel, progress);
}

}  // namespace ringctl::bulk
