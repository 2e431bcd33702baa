// jobs list, show

#include <algorithm>
#include <array>
#include <map>
#include <vector>

#include "cmd/jobs.hpp"
#include "db/transaction.hpp"
#include "directory/workspaces.hpp"
#include "jobs/effects.hpp"
#include "jobs/journal.hpp"
#include "records/noun.hpp"

namespace ringctl::cmd {
namespace {

// `position` is a number in most jobs, as `key` is below.
constexpr std::array k_columns = {
    Column{"job", ColumnType::job, true, true},
    Column{"kind", ColumnType::word, true, true},
    Column{"state", ColumnType::word, true, true},
    Column{"input", ColumnType::text, true, true},
    Column{"rows", ColumnType::integer, true, true},
    Column{"created", ColumnType::integer, true, true},
    Column{"updated", ColumnType::integer, true, true},
    Column{"rejected", ColumnType::integer, true, true},
    Column{"started_at", ColumnType::time, true, true},
    Column{"same", ColumnType::integer, false, true},
    Column{"skipped", ColumnType::integer, false, true},
    Column{"duplicate", ColumnType::integer, false, true},
    Column{"conflict", ColumnType::integer, false, true},
    Column{"invalid", ColumnType::integer, false, true},
    Column{"warnings", ColumnType::integer, false, true},
    Column{"updated_at", ColumnType::time, false, true},
    Column{"finished_at", ColumnType::time, false, true},
    Column{"actor", ColumnType::text, false, true},
    Column{"input_digest", ColumnType::word, false},
    Column{"options", ColumnType::json, false},
    Column{"position", ColumnType::e164, false},
};

Cell text_or_null(const std::string& text) { return text.empty() ? Cell() : Cell(text); }

/// Hands the cells of a job to `sink`; what they point to lives during the call.
template <class Sink>
void with_cells(const jobs::Job& job, Sink sink) {
  const auto& counts = job.counts;
  sink({job.id,
        job.kind,
        jobs::state_name(job.state),
        job.input_name,
        counts.rows,
        counts.created,
        counts.updated,
        counts.rejected(),
        job.created_at,
        counts.same,
        counts.skipped,
        counts.duplicate,
        counts.conflict,
        counts.invalid,
        counts.warnings,
        job.updated_at,
        job.finished_at,
        job.actor,
        text_or_null(job.input_digest),
        RawJson{job.options},
        text_or_null(job.position)});
}

struct ListVerbOptions {};

void run_list(const ListVerbOptions&, Context& ctx) {
  const auto options = ctx.list_options();
  const auto& workspace = ctx.workspace();
  auto& db = ctx.database();
  jobs::Journal journal(db, ctx.clock(), workspace.id);
  db::Transaction transaction(db, db::Scope::of(workspace.id), db::Access::read);
  // Newest first is the journal's own order; counts are nothing the database could sort by.
  const auto found = journal.list(options.sort ? 0 : options.limit);
  const auto total = static_cast<std::uint64_t>(journal.count());
  transaction.commit();
  if (!options.sort) {
    auto rows = ctx.io().rows(k_columns);
    for (const auto& job : found)
      with_cells(job, [&](std::initializer_list<Cell> cells) { rows.row(cells); });
    return rows.finish(total);
  }
  SmallList list(ctx.io(), k_columns, options);
  for (const auto& job : found) with_cells(job, [&](std::initializer_list<Cell> cells) { list.add(cells); });
  list.print();
}

// `key` is a number in most jobs: typed so, numbers are written as they are and anything else is still
// guarded.
constexpr std::array k_row_columns = {
    Column{"line", ColumnType::integer},
    Column{"key", ColumnType::e164},
    Column{"verdict", ColumnType::word},
    Column{"code", ColumnType::word},
    Column{"message", ColumnType::text},
    Column{"before", ColumnType::json, false},
    Column{"version_after", ColumnType::integer, false},
};

struct ShowOptions {
  std::string job;
  bool rows = false;
};

void print_rows(Context& ctx, jobs::Journal& journal, const jobs::Job& job) {
  auto rows = ctx.io().rows(k_row_columns);
  journal.for_each_row(job.id, [&](const jobs::JobRow& row) {
    const Cell before = row.before_image ? Cell(RawJson{*row.before_image}) : Cell();
    const Cell version = row.version_after == 0 ? Cell() : Cell(row.version_after);
    rows.row({row.line, records::shown_key(row.key), row.verdict, text_or_null(row.code),
              text_or_null(row.message), before, version});
  });
  rows.finish();
}

/// Of what was asked of Twilio, what became of it, in the place of rows.
constexpr std::array k_effect_columns = {
    Column{"line", ColumnType::integer}, Column{"key", ColumnType::e164},
    Column{"verdict", ColumnType::word}, Column{"sid", ColumnType::word},
    Column{"code", ColumnType::word},    Column{"message", ColumnType::text},
};

void print_effects(Context& ctx, const jobs::Job& job) {
  std::map<std::string, jobs::Effect> newest;
  jobs::Effects(ctx.database(), ctx.clock(), ctx.workspace().id)
      .for_each(job.id, [&](const jobs::Effect& effect) { newest.insert_or_assign(effect.key, effect); });
  std::vector<const jobs::Effect*> in_order;
  in_order.reserve(newest.size());
  for (const auto& [key, effect] : newest) in_order.push_back(&effect);
  std::sort(in_order.begin(), in_order.end(),
            [](const jobs::Effect* a, const jobs::Effect* b) { return a->line < b->line; });
  auto rows = ctx.io().rows(k_effect_columns);
  for (const auto* effect : in_order)
    rows.row({effect->line, effect->key, jobs::state_name(effect->state), text_or_null(effect->sid),
              text_or_null(effect->code), text_or_null(effect->message)});
  rows.finish();
}

void run_show(const ShowOptions& opts, Context& ctx) {
  const auto& workspace = ctx.workspace();
  auto& db = ctx.database();
  jobs::Journal journal(db, ctx.clock(), workspace.id);
  db::Transaction transaction(db, db::Scope::of(workspace.id), db::Access::read);
  const auto job = journal.get(opts.job);
  if (opts.rows && job.kind == "numbers.buy")
    print_effects(ctx, job);
  else if (opts.rows)
    print_rows(ctx, journal, job);
  else
    with_cells(job, [&](std::initializer_list<Cell> cells) {
      ctx.io().record(k_columns, std::span(cells.begin(), cells.size()));
    });
  transaction.commit();
}

}  // namespace

void add_jobs_read(Noun& jobs) {
  jobs.verb<ListVerbOptions>("list", "List jobs, newest first", run_list)
      .details(
          "Lists the bulk jobs of the workspace with how many rows they read, made, changed and rejected. A "
          "job that is still `running` but has no process goes on with `jobs resume`; all but a purchase, which "
          "would be a second one, also when the command is given again.")
      .columns(k_columns)
      .lists()
      .example("ringctl jobs list --limit 10")
      .example("ringctl jobs list --sort rejected:desc -o json")
      .exits({Errc::not_found, Errc::conflict, Errc::schema, Errc::db_down, Errc::db_busy});

  jobs.verb<ShowOptions>("show", "Show one job, or the rows it remembers", run_show)
      .argument("job", &ShowOptions::job, "Id, or its last eight digits")
      .kind(ValueKind::job)
      .flag("rows", &ShowOptions::rows,
            "List the rows that were rejected or changed, or the numbers that were bought or not, in order")
      .details(
          "Shows one job. With --rows it lists the rows the journal remembers one by one: rejected ones with "
          "the reason, and changed ones with what they held before. Of a purchase it lists every number and what "
          "became of it: done, refused, undone or unknown.")
      .columns(k_columns)
      .example("ringctl jobs show 5be01d7a")
      .example("ringctl jobs show 5be01d7a --rows -o csv", "what was rejected, and why")
      .exits({Errc::not_found, Errc::conflict, Errc::schema, Errc::db_down, Errc::db_busy});
}

}  // namespace ringctl::cmd
