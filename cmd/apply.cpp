// apply: each section of the file is an import of its own.

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <functional>

#include "audit/log.hpp"
#include "base/shell.hpp"
#include "base/text.hpp"
#include "bulk/estate.hpp"
#include "cmd/context.hpp"
#include "cmd/import.hpp"
#include "cmd/root.hpp"
#include "db/connection.hpp"
#include "db/migrations.hpp"
#include "directory/workspaces.hpp"

namespace ringctl::cmd {
namespace {

constexpr std::array k_columns = {
    Column{"noun", ColumnType::word},        Column{"new", ColumnType::integer},
    Column{"updated", ColumnType::integer},  Column{"unchanged", ColumnType::integer},
    Column{"rejected", ColumnType::integer}, Column{"job", ColumnType::job},
};
/// The workspace that a first write makes.
constexpr std::string_view k_first_workspace = "default";

struct ApplyOptions {
  std::string file;
  bool exit_code = false;
};

using Steps = std::vector<bulk::EstateStep>;

std::string digits(std::int64_t n) { return base::group_digits(static_cast<std::uint64_t>(n)); }

/// An estate written over another one cannot be told from it afterwards.
void require_its_workspace(const bulk::EstateFile& file, Context& ctx) {
  if (file.workspace.empty() || ctx.globals().workspace) return;
  const auto* found = ctx.find_workspace();
  const std::string here(found ? found->name : k_first_workspace);
  if (file.workspace == here) return;
  throw Error(Errc::conflict, "apply.other_workspace",
              fmt::format("{} is of workspace {}, and this one is {}", file.name,
                          base::in_quotes(file.workspace), base::in_quotes(here)),
              found ? fmt::format("to apply it here all the same: -w {}", base::for_shell(here))
                    : fmt::format("ringctl init --workspace {}", base::for_shell(file.workspace)));
}

/// Where the first estate of a machine is tried: its database is made once the estate is known to be good.
class Scratch {
 public:
  explicit Scratch(Context& ctx)
      : db_(db::Connection::open("sqlite::memory:")), session_{*db_, ctx.clock(), ctx.ids(), ctx.actor()} {
    db::migrate(*db_, ctx.clock(), 0);
    workspace_ = directory::Workspaces(session_).add(std::string(k_first_workspace), "UTC", {}).id;
  }
  bulk::Target target() { return {session_, workspace_}; }

 private:
  std::unique_ptr<db::Connection> db_;
  audit::Session session_;
  base::Uuid workspace_;
};

Steps plan(const bulk::EstateFile& file, Context& ctx) {
  std::optional<Scratch> scratch;
  const auto* known = ctx.find_workspace();
  bulk::EstateOptions options;
  if (known) options.reading.default_country = known->default_country.value_or("");
  options.lock_wait = ctx.lock_wait();
  ImportProgress shown(ctx.io());
  const auto target = [&](bool) -> bulk::Target {
    if (!known && !ctx.dry_run()) return scratch.emplace(ctx).target();
    const auto& workspace = ctx.workspace_for_write();
    return {ctx.session(), workspace.id};
  };
  return bulk::plan_estate(file, options, target, ctx.cancel(), std::ref(shown));
}

void show(Rows& rows, const bulk::EstateStep& step) {
  const auto& counts = step.report.counts;
  const auto job = step.report.job ? Cell(*step.report.job) : Cell();
  if (step.bare) return rows.row({step.noun, counts.created, 0, 0, 0, job});
  rows.row({step.noun, counts.created, counts.updated, counts.same + counts.skipped, counts.rejected(), job});
}

void show(Context& ctx, const Steps& steps) {
  auto rows = ctx.io().rows(k_columns);
  rows.tell_all();
  for (const auto& step : steps) show(rows, step);
  rows.finish();
}

void warn(Io& io, const Steps& steps) {
  for (const auto& step : steps)
    if (!step.bare) show_warnings(io, step.report);
}

/// Of steps that judge their rows. 0: all are good.
std::int64_t rejected(const Steps& steps) {
  std::int64_t sum = 0;
  for (const auto& step : steps) sum += step.bare ? 0 : step.report.counts.rejected();
  return sum;
}

Error refusal(const std::string& file, const Steps& steps) {
  std::int64_t conflicts = 0, rows = 0;
  for (const auto& step : steps) {
    if (step.bare) continue;
    conflicts += step.report.counts.conflict;
    rows += step.report.counts.rows;
  }
  const auto refused = rejected(steps);
  const bool conflicts_only = conflicts == refused;
  Error error(conflicts_only ? Errc::conflict : Errc::invalid,
              conflicts_only ? "apply.conflicts" : "apply.invalid_rows",
              fmt::format("{}: {} of {} {} {} {}; nothing was written", file, digits(refused), digits(rows),
                          rows == 1 ? "row" : "rows", refused == 1 ? "is" : "are",
                          conflicts_only ? "in conflict" : "invalid"),
              "fix them and run the same command again");
  for (const auto& step : steps) {
    if (step.bare) continue;
    const auto& report = step.report;
    for (const auto& problem : report.problems)
      error.detail(fmt::format("{}, {}", step.noun, problem.text(report.unit)));
    if (const auto more = report.counts.rejected() - std::ssize(report.problems); more > 0)
      error.detail(fmt::format("{}: … {} more", step.noun, digits(more)));
  }
  return error;
}

/// "(120 rows, 12 of them new)"
std::string counts_text(const Steps& steps) {
  std::int64_t rows = 0, fresh = 0;
  for (const auto& step : steps) {
    rows += step.bare ? 0 : step.report.counts.rows;
    fresh += step.report.counts.created;
  }
  return fmt::format("({} {}, {} of them new)", digits(rows), rows == 1 ? "row" : "rows", digits(fresh));
}

/// What was applied stays, and can be taken back.
void add_done(Error& error, const Steps& steps) {
  for (const auto& step : steps)
    if (const auto& job = step.report.job)
      error.detail(fmt::format("{} were applied: ringctl jobs undo {}", step.noun, job->short_id()));
}

/// Another writer came between the plan and this.
Error moved_on(const bulk::ImportReport& report) {
  Error error(Errc::conflict, "apply.moved_on",
              fmt::format("{}: {} of its rows are refused now: another writer was faster", report.input,
                          digits(report.counts.rejected())),
              "run the same command again");
  for (const auto& problem : report.problems) error.detail(problem.text(report.unit));
  return error;
}

/// Section by section, each all or nothing.
void apply(Steps& steps, Context& ctx) {
  if (std::ranges::none_of(steps, &bulk::EstateStep::changes)) return;  // and make no database for it
  ImportProgress shown(ctx.io());
  const auto& workspace = ctx.workspace_for_write();
  const bulk::Target target{ctx.session(), workspace.id};
  for (auto& step : steps) {
    if (!step.changes()) continue;
    step.report = bulk::apply_step(step, target, ctx.cancel(), std::ref(shown));
    if (step.report.outcome != Errc::ok) throw moved_on(step.report);
  }
}

void apply_and_tell(Steps& steps, Context& ctx) try {
  apply(steps, ctx);
  if (ctx.io().quiet() && !ctx.io().json()) return;
  show(ctx, steps);
  ctx.io().out().flush();
} catch (Error& error) {
  add_done(error, steps);
  throw;
}

void run_apply(const ApplyOptions& opts, Context& ctx) {
  if (opts.exit_code && !ctx.dry_run())
    throw Error(Errc::usage, "usage.bad_value", "--exit-code is an answer to --dry-run",
                fmt::format("ringctl apply -f {} --dry-run --exit-code", base::for_shell(opts.file)));
  const auto file = bulk::read_estate_file(opts.file, ctx.cancel());
  require_its_workspace(file, ctx);
  auto steps = plan(file, ctx);
  warn(ctx.io(), steps);
  if (rejected(steps) != 0) {
    show(ctx, steps);
    ctx.io().close();  // the plan counts, whatever is said of it
    throw refusal(file.name, steps);
  }
  const bool differs = std::ranges::any_of(steps, &bulk::EstateStep::changes);
  if (ctx.dry_run())
    show(ctx, steps);
  else
    apply_and_tell(steps, ctx);
  const auto* done = !differs ? "unchanged" : ctx.dry_run() ? "would apply" : "applied";
  ctx.io().note(fmt::format("{} {} {}", done, file.name, counts_text(steps)));
  if (opts.exit_code && differs)
    throw Error(Errc::differs, "apply.differs", fmt::format("the estate is not as {} says", file.name),
                opts.file == "-" ? "" : fmt::format("ringctl apply -f {}", base::for_shell(opts.file)));
}

}  // namespace

void add_apply(Noun& noun) {
  noun.command<ApplyOptions>(run_apply)
      .flag("f,file", &ApplyOptions::file, "FILE",
            "What `export estate` wrote, also .gz or .zst; - is standard input")
      .kind(ValueKind::file)
      .required()
      .flag("exit-code", &ApplyOptions::exit_code, "With --dry-run: exit 8 if anything would change")
      .columns(k_columns)
      .details(
          "Makes what the file names and is not there, and changes what differs; what the file does not name stays. "
          "A section may be left out, and so may keys of its objects: a key that is missing leaves alone what is there, "
          "null clears it. First all of it is tried out; one bad row means that nothing is written. Then each section is applied as an import of its own, a job that `ringctl jobs undo` takes back. The same file "
          "again changes nothing. Teams stand twice where they name supervisors who are made by the file as well: "
          "without them before the users, with them after.")
      .example("ringctl apply -f estate.json --dry-run", "the plan")
      .example("ringctl apply -f estate.json")
      .example("ringctl apply -f estate.json -n --exit-code", "is the estate as the file says?")
      .exits({Errc::not_found, Errc::conflict, Errc::invalid, Errc::differs, Errc::locked, Errc::schema,
              Errc::db_down, Errc::db_busy});
}

}  // namespace ringctl::cmd
