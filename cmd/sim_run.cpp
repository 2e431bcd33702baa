// sim run

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/file.hpp"
#include "base/json_text.hpp"
#include "base/text.hpp"
#include "cmd/own_files.hpp"
#include "cmd/sim.hpp"
#include "sim/junit.hpp"

namespace ringctl::cmd {
namespace {

constexpr std::array k_columns = {
    Column{"verdict", ColumnType::word},        Column{"scenario", ColumnType::text},
    Column{"file", ColumnType::text},           Column{"differences", ColumnType::json},
    Column{"calls", ColumnType::integer},       Column{"lasted_s", ColumnType::duration},
    Column{"seed", ColumnType::integer, false}, Column{"covers", ColumnType::json, false},
    Column{"error", ColumnType::text, false},   Column{"timeline", ColumnType::json, false},
};

struct RunOptions : AgainstOptions {
  std::vector<std::string> files;
  bool timeline = false, ladder = false, fail_fast = false;
  std::optional<std::string> junit;
  std::optional<std::int64_t> seed;
};

/// A scenario and what became of it.
struct Outcome {
  const sim::Scenario* scenario = nullptr;
  sim::Result result = {};
  std::optional<Error> error = {};  ///< its estate was refused
  std::string_view verdict() const { return error ? "bad" : result.passed() ? "passed" : "failed"; }
};

/// Folders stand for the .json files in them, by name.
std::vector<std::filesystem::path> files_of(const RunOptions& opts) {
  std::vector<std::filesystem::path> files;
  for (const auto& name : opts.files) {
    std::error_code wrong;
    if (!std::filesystem::is_directory(name, wrong)) {
      files.emplace_back(name);
      continue;
    }
    std::vector<std::filesystem::path> inside;
    for (const auto& entry : std::filesystem::directory_iterator(name))
      if (entry.path().extension() == ".json") inside.push_back(entry.path());
    std::ranges::sort(inside);
    files.insert(files.end(), inside.begin(), inside.end());
  }
  if (opts.files.empty())
    throw Error(Errc::usage, "sim.no_files", "no scenario is named", "ringctl sim run FILE.json...");
  if (files.empty())
    throw Error(Errc::usage, "sim.no_files",
                fmt::format("there is no .json file in {}", base::join(opts.files, ", ")));
  return files;
}

/// All of them, before the first is played.
std::vector<sim::Scenario> load(const RunOptions& opts) {
  std::vector<sim::Scenario> all;
  for (const auto& file : files_of(opts)) all.push_back(sim::load_scenario(file));
  return all;
}

/// "" where there is no home: it is only quicker with one.
std::filesystem::path cache_folder(Context& ctx) {
  try {
    return ctx.settings().cache_dir();
  } catch (const Error&) {
    return {};
  }
}

sim::RunnerOptions runner_options(const RunOptions& opts, Context& ctx) {
  sim::RunnerOptions options;
  options.outside = outside_of(opts, ctx);
  // Only a server that is named for this run: nobody's own database has others made beside it unasked.
  if (!options.outside) options.database = ctx.globals().database.value_or("");
  if (opts.seed)
    options.seed = seed_of(*opts.seed);
  else if (options.outside)
    options.seed = fresh_seed(ctx);
  options.cancel = &ctx.cancel(false);
  if (!options.outside && options.database.empty()) options.cache = cache_folder(ctx);
  return options;
}

Outcome play(sim::Runner& runner, const sim::Scenario& scenario) {
  Outcome outcome{.scenario = &scenario};
  try {
    outcome.result = runner.run(scenario);
  } catch (const Error& error) {
    if (error.errc() != Errc::invalid) throw;
    outcome.error = error;
  }
  return outcome;
}

// --- as text ---

std::string indented(std::string_view text, std::string_view by) {
  std::string out;
  while (text.ends_with('\n')) text.remove_suffix(1);
  for (const auto line : base::split(text, '\n')) out += fmt::format("{}{}\n", by, line);
  return out;
}

std::string visible_text(const Outcome& outcome, const RunOptions& opts, Context& ctx) {
  const auto& scenario = *outcome.scenario;
  auto out =
      fmt::format("{:<7} {}  ({})\n", outcome.verdict(), visible(scenario.name), visible(scenario.file));
  if (outcome.error) return out + fmt::format("    {}\n", visible(outcome.error->message()));
  for (const auto& difference : outcome.result.differences)
    out += fmt::format("    {}\n", visible(difference.text()));
  const bool failed = !outcome.result.passed();
  if (opts.timeline || failed) out += indented(sim::timeline_text(outcome.result.played), "    ");
  if (opts.ladder) out += "\n" + sim::ladder(outcome.result.played, ladder_options(ctx)) + "\n";
  return out;
}

// --- for programs ---

void append_member(std::string& out, std::string_view name, std::string_view text) {
  if (!out.ends_with('{')) out += ',';
  base::append_json(out, name);
  out += ':';
  base::append_json(out, text);
}

std::string differences_json(const Outcome& outcome) {
  std::string out = "[";
  for (const auto& difference : outcome.result.differences) {
    out += out.size() > 1 ? ",{" : "{";
    append_member(out, "path", difference.path);
    append_member(out, "expected", difference.expected);
    append_member(out, "found", difference.found);
    out += '}';
  }
  return out + "]";
}

std::string timeline_json(const sim::Played& played) {
  std::string out = "[";
  for (const auto& entry : played.timeline) {
    out += out.size() > 1 ? ",{" : "{";
    append_member(out, "at", base::format_utc(entry.at));
    append_member(out, "what", name_of(entry.what));
    if (!entry.call_sid.empty()) append_member(out, "call_sid", entry.call_sid);
    if (const auto name = played.name_of(entry.call_sid); !name.empty()) append_member(out, "call", name);
    append_member(out, "text", entry.text);
    for (const auto& [name, value] : entry.facts)
      if (name != "at" && name != "what" && name != "text") append_member(out, name, value);
    out += '}';
  }
  return out + "]";
}

std::string list_json(const std::vector<std::string>& texts) {
  std::string out = "[";
  for (const auto& text : texts) {
    if (out.size() > 1) out += ',';
    base::append_json(out, text);
  }
  return out + "]";
}

/// A timeline is longer than all the rest, so only whoever asks for it gets it.
void add_row(Rows& rows, const Outcome& outcome, bool with_timeline) {
  const auto& result = outcome.result;
  const auto differences = differences_json(outcome), covers = list_json(outcome.scenario->covers);
  const auto timeline = with_timeline ? timeline_json(result.played) : std::string();
  const auto lasted =
      std::chrono::duration_cast<std::chrono::seconds>(result.played.ended - result.played.began);
  rows.row({outcome.verdict(), outcome.scenario->name, outcome.scenario->file, RawJson{differences},
            std::int64_t{std::ssize(result.played.calls)}, std::int64_t{lasted.count()}, result.seed,
            RawJson{covers}, outcome.error ? Cell(outcome.error->message()) : Cell(),
            with_timeline ? Cell(RawJson{timeline}) : Cell()});
}

void write_junit(const std::string& file, const std::vector<Outcome>& outcomes) {
  std::vector<sim::JunitCase> cases;
  for (const auto& outcome : outcomes) {
    sim::JunitCase one{
        .name = outcome.scenario->name, .file = outcome.scenario->file, .took = outcome.result.real};
    for (const auto& difference : outcome.result.differences) one.failure += difference.text() + "\n";
    if (outcome.error) one.error = outcome.error->message();
    if (!one.failure.empty()) one.output = sim::timeline_text(outcome.result.played);
    cases.push_back(std::move(one));
  }
  base::AtomicFile out(file);
  out.write(sim::junit("ringctl sim", cases));
  out.commit();
}

/// Throws what the exit status asks for.
void conclude(const std::vector<Outcome>& outcomes, std::size_t all, Context& ctx) {
  const auto failed = std::ranges::count(outcomes, "failed", &Outcome::verdict);
  const auto bad =
      std::ranges::find_if(outcomes, [](const Outcome& outcome) { return outcome.error.has_value(); });
  const auto left = all - outcomes.size();
  ctx.io().note(fmt::format("{} of {} scenarios passed{}",
                            std::ranges::count(outcomes, "passed", &Outcome::verdict), all,
                            left == 0 ? "" : fmt::format("; {} not played", left)));
  if (bad != outcomes.end()) throw Error(*bad->error);
  if (failed == 0) return;
  Error error(Errc::differs, "sim.differs",
              fmt::format("{} of {} scenarios came out otherwise than expected", failed, all));
  for (const auto& outcome : outcomes)
    if (!outcome.result.passed())
      error.detail(fmt::format("{}: {}", outcome.scenario->file, outcome.result.differences.front().text()));
  throw error;
}

void run_run(const RunOptions& opts, Context& ctx) {
  hush_log(ctx);
  if (opts.junit) refuse_own_file(ctx, "--junit", *opts.junit);
  const auto scenarios = load(opts);
  auto options = runner_options(opts, ctx);
  if (ctx.dry_run())
    return ctx.io().note(
        fmt::format("would play {} {}", scenarios.size(), scenarios.size() == 1 ? "scenario" : "scenarios"));
  sim::Runner runner(std::move(options));
  const bool text = ctx.io().format() == Format::table;
  std::optional<Rows> rows;
  if (!text) rows.emplace(ctx.io().rows(k_columns));
  std::vector<Outcome> outcomes;
  for (const auto& scenario : scenarios) {
    const auto& outcome = outcomes.emplace_back(play(runner, scenario));
    if (text)
      ctx.io().text(visible_text(outcome, opts, ctx));
    else
      add_row(*rows, outcome, opts.timeline);
    if (!text && opts.ladder) show_people(sim::ladder(outcome.result.played, ladder_options(ctx)), ctx);
    if (opts.fail_fast && outcome.verdict() != "passed") break;
  }
  if (rows) rows->finish();
  if (opts.junit) write_junit(*opts.junit, outcomes);
  conclude(outcomes, scenarios.size(), ctx);
}

}  // namespace

void add_sim_run(Noun& sim) {
  auto verb =
      sim.verb<RunOptions>("run", "Play scenarios and say whether they come out as expected", run_run);
  verb.argument("files", &RunOptions::files,
                "Scenarios (ringctl-scenario(5)); a folder stands for its .json files")
      .kind(ValueKind::file);
  add_against(verb);
  verb.flag("timeline", &RunOptions::timeline, "Show what happened in all of them, not only where it differs")
      .flag("ladder", &RunOptions::ladder, "Print a ladder diagram of each")
      .flag("junit", &RunOptions::junit, "FILE", "Write the verdicts for build servers, too")
      .kind(ValueKind::file)
      .flag("seed", &RunOptions::seed, "N", "What chance is drawn from, in the place of the scenarios' own")
      .kind(ValueKind::count)
      .flag("fail-fast", &RunOptions::fail_fast, "Stop at the first that differs")
      .columns(k_columns)
      .details(
          "Plays each scenario on a telephone network in this process: callers call, serve answers, agents' phones ring, "
          "as the file says, on a clock that jumps from one event to the next. Serve runs in this process too, on a "
          "database of its own that holds the scenario's estate and is gone afterwards; with --database "
          "postgresql://... a new one on that server. Nothing of yours is read or written. The same seed gives the same "
          "timeline, byte for byte.\n\n"
          "With --against a server that runs elsewhere is asked, in real time: its estate is as it is, and where "
          "--database names its database, that is looked into for identities and records; for a server on this "
          "machine it is yours.\n\n"
          "Exits 8 if one comes out otherwise than expected, 7 if a file cannot be understood or an estate is refused.")
      .example("ringctl sim run scenarios", "all of a folder")
      .example("ringctl sim run scenarios/owner-rings-first.json --timeline --ladder",
               "one, with all that happens")
      .example("ringctl sim run scenarios --junit verdicts.xml -o json", "for a build server")
      .example("ringctl sim run smoke.json --against http://127.0.0.1:8080 -n",
               "a server that runs already; without -n it is called")
      .exits({Errc::auth, Errc::not_found, Errc::conflict, Errc::invalid, Errc::differs, Errc::schema,
              Errc::twilio_down, Errc::db_down, Errc::db_busy});
}

}  // namespace ringctl::cmd
