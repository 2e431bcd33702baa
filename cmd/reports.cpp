// What the reports have in common: the question, the snapshot it is asked in, and the way out.
#include "cmd/reports.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "base/build_info.hpp"
#include "base/text.hpp"
#include "cmd/list.hpp"
#include "cmd/period.hpp"
#include "cmd/reports_account.hpp"
#include "cmd/root.hpp"
#include "db/transaction.hpp"
#include "directory/workspaces.hpp"
#include "report/chart.hpp"
#include "report/page.hpp"

namespace ringctl::cmd {
namespace {

constexpr int k_days = 30;

/// All that is shown, of one moment.
struct Asked {
  report::Answer answer;
  std::optional<report::Answer> days, hours;  ///< for the charts of a page
};

report::Answer chart_answer(db::Connection& db, const base::Uuid& workspace, const base::Zone& zone,
                            report::Question question, report::By by) {
  question.by = by;
  question.with_before = false;
  return report::ask(db, workspace, zone, question);
}

Asked ask_all(Context& ctx, const base::Zone& zone, const report::Question& question, bool page) {
  const auto& workspace = ctx.workspace();
  auto& db = ctx.database();
  db::Transaction transaction(db, db::Scope::of(workspace.id), db::Access::read);
  Asked asked{report::ask(db, workspace.id, zone, question), {}, {}};
  if (page) {
    asked.days = chart_answer(db, workspace.id, zone, question, report::By::day);
    asked.hours = chart_answer(db, workspace.id, zone, question, report::By::hour);
  }
  transaction.commit();
  return asked;
}

/// Whether the terminal's locale, by its name, knows more than ASCII.
bool is_ascii_only(const Environment& environment) {
  for (const auto* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    const auto value = environment(name);
    if (!value || value->empty()) continue;
    const auto lower = base::ascii_lower(*value);
    return lower.find("utf-8") == std::string::npos && lower.find("utf8") == std::string::npos;
  }
  return true;
}

std::string title_of(const ReportShape& shape, report::By by) {
  if (by == report::By::nothing) return std::string(shape.title);
  return fmt::format("{} by {}", shape.title, report::name_of(by));
}

void print_page(Context& ctx, const ReportShape& shape, const base::Zone& zone, const Asked& asked) {
  report::PageOptions options;
  options.title = title_of(shape, asked.answer.question.by);
  options.workspace = ctx.workspace().name;
  options.version = base::build_info().version;
  options.made_at = ctx.clock().now();
  options.zone = zone;
  options.metrics = shape.page_metrics;
  options.ranked = !shape.ranked_by.empty();
  auto& out = ctx.io().out();
  report::write_page([&](std::string_view text) { out.write(text); }, options, asked.answer, *asked.days,
                     *asked.hours);
  out.flush();
}

/// The rows of an answer that a list shows, in its order; a row of the answer may have several of the list's.
std::vector<report::Row> picked(const std::vector<report::Row>& rows, const std::vector<std::size_t>& sources,
                                const std::vector<std::size_t>& shown) {
  std::vector<report::Row> out;
  std::set<std::size_t> taken;
  for (const auto i : shown)
    if (taken.insert(sources[i]).second) out.push_back(rows[sources[i]]);
  return out;
}

}  // namespace

report::Period period_of(const PeriodOptions& opts, Context& ctx, const base::Zone& zone) {
  const auto now = ctx.clock().now();
  const auto until = opts.until ? parse_time("until", *opts.until, zone, now) : now;
  // A period that ends with a day does not touch the next one.
  const auto last = opts.until ? until - std::chrono::milliseconds(1) : until;
  const auto since =
      opts.since ? parse_time("since", *opts.since, zone, now) : report::last_days(k_days, zone, last).since;
  require_period(since, until, zone);
  return {since, until};
}

report::Question question_of(const ReportOptions& opts, Context& ctx, const base::Zone& zone,
                             report::By otherwise) {
  report::Question question;
  question.period = period_of(opts, ctx, zone);
  question.by = opts.by ? report::try_parse_by(*opts.by).value_or(otherwise) : otherwise;
  question.with_before = !opts.no_compare;
  return question;
}

ReportRow& ReportRow::text(std::string text) {
  return text.empty() ? nothing() : put(std::string_view(texts_.emplace_back(std::move(text))));
}

ReportRow& ReportRow::share(std::optional<double> value) {
  return value ? put(std::round(*value * 10'000) / 10'000) : nothing();
}

ReportRow& ReportRow::seconds(std::optional<double> value) {
  return value ? put(std::int64_t{std::llround(*value)}) : nothing();
}

ReportRow& ReportRow::money(std::int64_t micros) { return text(report::money_text(micros)); }

ReportRow& ReportRow::json(std::string text) { return put(RawJson{texts_.emplace_back(std::move(text))}); }

void put_key(ReportRow& to, const ReportPart& part) {
  const auto by = part.answer.question.by;
  const bool nobody = by != report::By::nothing && part.row.key.empty();
  to.text(std::string(report::name_of(by)));
  to.text(nobody && part.for_people ? "(none)" : part.row.key);
  to.text(part.row.name);
}

void put_trend(ReportRow& to, const ReportPart& part) {
  if (part.row.trend.empty()) {
    to.nothing();
    return;
  }
  if (part.for_people) {
    to.text(report::spark_text(part.row.trend, part.ascii));
    return;
  }
  std::string list;
  for (const auto value : part.row.trend) list.append(list.empty() ? "[" : ",").append(std::to_string(value));
  to.json(list.append("]"));
}

void run_report(const ReportOptions& opts, const ReportShape& shape, report::By otherwise, Context& ctx) {
  const auto zone = ctx.zone();
  const auto question = question_of(opts, ctx, zone, otherwise);
  auto& io = ctx.io();
  io.subtitle(report::subtitle_text(ctx.workspace().name, question.period, zone));
  SmallList list(io, shape.columns, ctx.list_options());
  const bool page = io.format() == Format::html && io.wanted_columns().empty();
  auto asked = ask_all(ctx, zone, question, page);
  auto& rows = asked.answer.rows;
  std::vector<std::int64_t> ranks(rows.size(), 0);
  if (!shape.ranked_by.empty()) {
    report::rank_by(rows, shape.ranked_by);
    ranks = report::ranks_of(rows, shape.ranked_by);
  }
  const bool table = io.format() == Format::table, people = table || io.format() == Format::html;
  const bool ascii = table && is_ascii_only(ctx.environment());
  std::vector<std::size_t> sources;
  for (std::size_t i = 0; i < rows.size(); ++i)
    shape.add_rows({asked.answer, rows[i], ranks[i], people, ascii}, [&](const ReportRow& row) {
      list.add(row.cells());
      sources.push_back(i);
    });
  if (!page) return list.print();
  const auto shown = list.shown();
  rows = picked(rows, sources, shown);
  print_page(ctx, shape, zone, asked);
  note_cut(io, shown.size(), list.size());
}

void add_reports(Noun& reports) {
  add_reports_calls(reports);
  add_reports_costs(reports);
  add_reports_messages(reports);
  add_reports_refresh(reports);
  add_reports_account(reports);
}

}  // namespace ringctl::cmd
