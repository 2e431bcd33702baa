// apply: each section of the file is an import of its own.

#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "audit/log.hpp"
#include "base/shell.hpp"
#include "base/text.hpp"
#include "bulk/estate.hpp"
#include "cmd/context.hpp"
#include "cmd/estate_changes.hpp"
#include "cmd/import.hpp"
#include "cmd/root.hpp"
#include "db/connection.hpp"
#include "db/migrations.hpp"
#include "directory/workspaces.hpp"

namespace ringctl::cmd {
namespace {

/// The workspace that a first write makes.
constexpr std::string_view k_first_workspace = "default";

struct ApplyOptions {
  std::string file;
  bool exit_code = false, all = false, accept_dangling = false;
};

using Steps = std::vector<bulk::EstateStep>;

std::string digits(std::int64_t n) { return base::group_digits(static_cast<std::uint64_t>(n)); }

/// The same command but for what makes it a plan, and for --confirm; standard input has been read.
std::string command_again(const ApplyOptions& opts, const std::string& workspace = "") {
  auto command = workspace.empty() ? std::string("ringctl")
                                   : fmt::format("ringctl --workspace {}", base::for_shell(workspace));
  command += " apply -f " + (opts.file == "-" ? std::string("FILE") : base::for_shell(opts.file));
  if (opts.accept_dangling) command += " --accept-dangling";
  return command;
}

std::string plan_flags(const ApplyOptions& opts, const Context& ctx) {
  return fmt::format("{}{}", ctx.dry_run() ? " --dry-run" : "", opts.exit_code ? " --exit-code" : "");
}

std::string confirm_flag(const Context& ctx) {
  const auto& confirm = ctx.globals().confirm;
  return confirm ? " --confirm " + base::for_shell(*confirm) : std::string();
}

/// The plan or the run that was asked for, in the workspace of the file.
std::string command_in(const std::string& workspace, const ApplyOptions& opts, const Context& ctx) {
  return command_again(opts, workspace) + plan_flags(opts, ctx);
}

/// An estate written over another one cannot be told from it afterwards. Where several workspaces are, every
/// command has a -w: it is not the word that is asked for.
void require_its_workspace(const bulk::EstateFile& file, const ApplyOptions& opts, Context& ctx) try {
  const auto* found = ctx.find_workspace();
  const std::string here(found ? found->name : k_first_workspace);
  if (file.workspace.empty() || file.workspace == here || ctx.globals().confirm == here) return;
  const bool is_there = found && std::ranges::count(directory::Workspaces(ctx.session()).list(),
                                                    file.workspace, &directory::Workspace::name) != 0;
  throw Error(Errc::conflict, "apply.other_workspace",
              fmt::format("{} is of workspace {}, and this one is {}", file.name,
                          base::in_quotes(file.workspace), base::in_quotes(here)),
              is_there ? command_in(file.workspace, opts, ctx)
                       : fmt::format("ringctl init --workspace {}", base::for_shell(file.workspace)))
      .detail(fmt::format("--confirm {} applies it to this one all the same", base::for_shell(here)));
} catch (const Error& error) {
  if (error.slug() != "workspaces.ambiguous" || file.workspace.empty()) throw;
  throw error.with_hint(command_in(file.workspace, opts, ctx));
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

Steps plan(const bulk::EstateFile& file, const ApplyOptions& opts, Context& ctx) {
  std::optional<Scratch> scratch;
  const auto* known = ctx.find_workspace();
  bulk::EstateOptions options;
  if (known) options.reading.default_country = known->default_country.value_or("");
  options.lock_wait = ctx.lock_wait();
  if (opts.all) options.told = bulk::Told::all;
  options.accept_dangling = opts.accept_dangling;
  ImportProgress shown(ctx.io());
  const auto target = [&](bool) -> bulk::Target {
    if (!known && !ctx.dry_run()) return scratch.emplace(ctx).target();
    const auto& workspace = ctx.workspace_for_write();
    return {ctx.session(), workspace.id};
  };
  return bulk::plan_estate(file, options, target, ctx.cancel(), std::ref(shown));
}

/// "users: 1 new, 2 updated, 40 unchanged; job 5be01d7a"
std::string counts_text(const bulk::EstateStep& step) {
  const auto& counts = step.report.counts;
  std::vector<std::string> parts;
  const auto add = [&](std::int64_t n, std::string_view what) {
    if (n != 0) parts.push_back(fmt::format("{} {}", digits(n), what));
  };
  add(counts.created, "new");
  if (!step.bare) {
    add(counts.updated, "updated");
    add(counts.same + counts.skipped, "unchanged");
    add(counts.rejected(), "rejected");
  }
  if (parts.empty()) parts.emplace_back("none");
  auto text = fmt::format("{}: {}", step.noun, base::join(parts, ", "));
  if (const auto& job = step.report.job) text += fmt::format("; job {}", job->short_id());
  return text;
}

void note_counts(Io& io, const Steps& steps) {
  for (const auto& step : steps) io.note(counts_text(step));
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

Error refusal(const bulk::EstateFile& file, const ApplyOptions& opts, const Steps& steps,
              const Context& ctx) {
  std::int64_t conflicts = 0, rows = 0, dangling = 0;
  for (const auto& step : steps) {
    if (step.bare) continue;
    conflicts += step.report.counts.conflict;
    rows += step.report.counts.rows;
    dangling += step.report.dangling;
  }
  const auto refused = rejected(steps);
  const bool conflicts_only = conflicts == refused;
  Error error(conflicts_only ? Errc::conflict : Errc::invalid,
              conflicts_only ? "apply.conflicts" : "apply.invalid_rows",
              fmt::format("{}: {} of {} {} {} {}; nothing was written", file.name, digits(refused),
                          digits(rows), rows == 1 ? "row" : "rows", refused == 1 ? "is" : "are",
                          conflicts_only ? "in conflict" : "invalid"),
              dangling == refused
                  ? fmt::format("to have rules name what is not there: {} --accept-dangling{}{}",
                                command_again(opts), confirm_flag(ctx), plan_flags(opts, ctx))
                  : "fix them and run the same command again");
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
std::string sum_text(const Steps& steps) {
  std::int64_t rows = 0, fresh = 0;
  for (const auto& step : steps) {
    rows += step.bare ? 0 : step.report.counts.rows;
    fresh += step.report.counts.created;
  }
  return fmt::format("({} {}, {} of them new)", digits(rows), rows == 1 ? "row" : "rows", digits(fresh));
}

/// What was applied stays, and can be taken back.
void add_done(Error& error, const Steps& steps) {
  const auto is_done = [](const bulk::EstateStep& step) { return step.report.job.has_value(); };
  if (std::ranges::none_of(steps, is_done)) return;
  for (const auto& step : steps)
    if (const auto& job = step.report.job)
      error.detail(fmt::format("{} were applied: ringctl jobs undo {}", step.noun, job->short_id()));
  const auto is_left = [&](const bulk::EstateStep& step) { return step.changes() && !is_done(step); };
  if (std::ranges::any_of(steps, is_left)) error.detail("the same file again applies the rest");
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

void apply_and_tell(Steps& steps, bool all, Context& ctx) try {
  apply(steps, ctx);
  if (ctx.io().quiet() && !ctx.io().json()) return;
  show_changes(ctx.io(), steps, all);
  ctx.io().out().flush();
} catch (Error& error) {
  add_done(error, steps);
  throw;
}

Error differs_error(const std::string& file, const ApplyOptions& opts, const Context& ctx) {
  Error error(Errc::differs, "apply.differs", fmt::format("the estate is not as {} says", file));
  if (opts.file == "-") return error;  // which was read
  return error.with_hint(command_again(opts) + confirm_flag(ctx));
}

void run_apply(const ApplyOptions& opts, Context& ctx) {
  if (opts.exit_code && !ctx.dry_run())
    throw Error(Errc::usage, "usage.bad_value", "--exit-code is an answer to --dry-run",
                fmt::format("ringctl apply -f {} --dry-run --exit-code", base::for_shell(opts.file)));
  const auto file = bulk::read_estate_file(opts.file, ctx.cancel());
  require_its_workspace(file, opts, ctx);
  auto steps = plan(file, opts, ctx);
  warn(ctx.io(), steps);
  if (rejected(steps) != 0) {
    note_counts(ctx.io(), steps);
    throw refusal(file, opts, steps, ctx);
  }
  warn_of_activated(ctx.io(), steps);
  const bool differs = std::ranges::any_of(steps, &bulk::EstateStep::changes);
  if (ctx.dry_run())
    show_changes(ctx.io(), steps, opts.all);
  else
    apply_and_tell(steps, opts.all, ctx);
  note_counts(ctx.io(), steps);
  const auto* done = !differs ? "unchanged" : ctx.dry_run() ? "would apply" : "applied";
  ctx.io().note(fmt::format("{} {} {}", done, file.name, sum_text(steps)));
  if (opts.exit_code && differs) throw differs_error(file.name, opts, ctx);
}

}  // namespace

void add_apply(Noun& noun) {
  noun.command<ApplyOptions>(run_apply)
      .flag("f,file", &ApplyOptions::file, "FILE",
            "What `export estate` wrote, also .gz or .zst; - is standard input")
      .kind(ValueKind::file)
      .required()
      .flag("exit-code", &ApplyOptions::exit_code, "With --dry-run: exit 8 if anything would change")
      .flag(
          "all", &ApplyOptions::all,
          "List all rows, also those that stay as they are; without it a table shows the first 20 of each noun")
      .flag(
          "accept-dangling", &ApplyOptions::accept_dangling,
          "Take rules that name a number, user, team or extension that is not there, as an export may hold them")
      .columns(estate_change_columns())
      .details(
          "Makes what the file names and is not there, and changes what differs; what the file does not name stays. "
          "A section may be left out, and so may keys of its objects: a key that is missing leaves alone what is there, "
          "null clears it. First all of it is tried out; one bad row means that nothing is written. Then each section is applied as an import of its own, a job that `ringctl jobs undo` takes back. The same file "
          "again changes nothing. Teams stand twice where they name supervisors who are made by the file as well: "
          "without them before the users, with them after. Listed is what would be, or was, made and changed, from what to "
          "what; what the file puts into use again that is out of it is also warned of. A file of another workspace is "
          "refused unless --confirm names the one at hand.")
      .example("ringctl apply -f estate.json --dry-run", "the plan")
      .example("ringctl apply -f estate.json")
      .example("ringctl apply -f estate.json -n -o jsonl", "every change, with what stands there now")
      .example("ringctl apply -f estate.json -n --exit-code", "is the estate as the file says?")
      .exits({Errc::not_found, Errc::conflict, Errc::invalid, Errc::differs, Errc::locked, Errc::schema,
              Errc::db_down, Errc::db_busy});
}

}  // namespace ringctl::cmd
