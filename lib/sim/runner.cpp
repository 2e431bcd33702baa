#include "sim/runner.hpp"

#include <fmt/format.h>

#include <thread>

#include "sim/given.hpp"
#include "sim/play.hpp"

namespace ringctl::sim {
namespace {

using namespace std::chrono_literals;

/// A server elsewhere brings what it was told to its database by itself, soon.
constexpr auto k_until_kept = 1s;

/// Ids of what is laid out for several scenarios come before those of what each adds.
constexpr milliseconds k_before = 1s, k_just_before = 500ms;

Result finish(const Scenario& scenario, std::uint64_t seed, Play& play,
              std::chrono::steady_clock::time_point began) {
  Result result;
  result.seed = seed;
  result.played = play.take();
  result.differences = judge(scenario, result.played);
  result.real = std::chrono::duration_cast<std::chrono::microseconds>(base::SystemClock().steady() - began);
  return result;
}

/// Scenarios with the same folder and settings share a template.
std::string template_of(const Scenario& scenario) {
  if (scenario.given.estate.empty()) return {};
  auto name = std::filesystem::weakly_canonical(scenario.given.estate).string() + "\n" +
              base::format_utc(scenario.at);
  for (const auto& [key, value] : scenario.given.workspace) name += "\n" + key + "=" + value.dump();
  return name;
}

void lay_out_estate(db::Connection& connection, const Scenario& scenario) {
  const VirtualClock clock(scenario.at - k_before);
  base::UuidGenerator ids(clock);
  audit::Session session{connection, clock, ids, "system"};
  lay_out(session, scenario.given, scenario.file);
}

void add_rows(db::Connection& connection, const Scenario& scenario, const std::filesystem::path& folder) {
  const VirtualClock clock(scenario.at - k_just_before);
  base::UuidGenerator ids(clock);
  audit::Session session{connection, clock, ids, "system"};
  const auto workspace = find_workspace(session);
  import_rows(session, workspace, scenario.file, scenario.given.nouns, folder);
  name_users(session, workspace, scenario.file, scenario.given.workspace);
}

}  // namespace

Runner::Runner(RunnerOptions options) : options_(std::move(options)) {
  if (!options_.outside) scratch_ = std::make_unique<Scratch>(options_.database, options_.cache);
}

Runner::~Runner() = default;

Result Runner::run(const Scenario& scenario) {
  if (options_.outside) return run_outside(scenario);
  const auto began = base::SystemClock().steady();
  const auto shared = template_of(scenario);
  const auto database = scratch_->make(shared, [&](db::Connection& connection) {
    if (!shared.empty()) lay_out_estate(connection, scenario);
  });
  {
    const auto connection = database->open();
    if (shared.empty()) lay_out_estate(*connection, scenario);
    add_rows(*connection, scenario, scratch_->folder());
  }
  return play(scenario, *database, std::string(k_workspace_name), began);
}

Result Runner::run_on(const Scenario& scenario, const std::string& workspace, db::Connection& source) {
  const auto began = base::SystemClock().steady();
  const auto database = scratch_->copy_of(source, options_.cancel);
  return play(scenario, *database, workspace, began);
}

Result Runner::play(const Scenario& scenario, const ScratchDatabase& database, const std::string& workspace,
                    Began began) {
  const auto seed = options_.seed.value_or(scenario.seed);
  Scene scene(scenario, seed, database, workspace, scratch_->on_server(), options_.listener);
  Play play(scenario, scene, options_.cancel);
  play.run();
  return finish(scenario, seed, play, began);
}

Result Runner::run_outside(const Scenario& scenario) {
  const auto began = base::SystemClock().steady();
  const auto seed = options_.seed.value_or(scenario.seed);
  Scene scene(scenario, seed, *options_.outside, options_.listener);
  Play play(scenario, scene, options_.cancel);
  play.run();
  if (scene.clerk() != nullptr) std::this_thread::sleep_for(k_until_kept);
  return finish(scenario, seed, play, began);
}

}  // namespace ringctl::sim
