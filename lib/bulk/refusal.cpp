// What is said of a file that is refused, and the way on from there: refusal() of bulk/import.hpp.

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "bulk/import.hpp"

namespace ringctl::bulk {
namespace {

/// The way on from a refused file.
std::string hint_of(const ImportReport& report) {
  const auto& counts = report.counts;
  const auto is = [&](std::string_view code) {
    return std::any_of(report.problems.begin(), report.problems.end(),
                       [&](const Problem& problem) { return problem.code == code; });
  };
  if (report.stopped_midway) return fmt::format("ringctl jobs undo {}", report.job->short_id());
  if (is("bad_json")) return "JSON is an array of objects, or one object a line";
  if (is("unknown_team"))
    return "load the teams first, or add --map team=- and import the file again after them";
  if (!report.problems.empty() && report.problems.front().code == "bad_utf8")
    return "a file that Excel wrote wants --encoding windows-1252";
  const bool all = counts.rejected() == counts.rows;
  if (all && !report.read_as.empty() && is("bad_number"))
    return fmt::format(
        "the file has no header, so its columns are read as {}; in another order they want a first line that "
        "names them",
        report.read_as);
  std::string hint = "fix them and run the same command again";
  if (!all && !report.cut_off)
    hint = fmt::format("fix them, or add --max-errors {} to import the other {}", counts.rejected(),
                       base::group_digits(static_cast<std::uint64_t>(counts.rows - counts.rejected())));
  if (is("no_country_code")) fmt::format_to(std::back_inserter(hint), "; {}", k_country_hint);
  return hint;
}

}  // namespace

Error refusal(const ImportReport& report) {
  const auto& counts = report.counts;
  const auto number = [](std::int64_t n) { return base::group_digits(static_cast<std::uint64_t>(n)); };
  const bool conflicts_only = counts.conflict == counts.rejected();
  std::string message =
      fmt::format("{}: {} of {} {} {} {}", report.input, number(counts.rejected()), number(counts.rows),
                  counts.rows == 1 ? "row" : "rows", counts.rejected() == 1 ? "is" : "are",
                  conflicts_only ? "in conflict" : "invalid");
  if (report.cut_off)
    message += ", and what follows the last of them could not be read";
  else if (!report.allowance.empty())
    message += fmt::format(", --max-errors {} allows fewer", report.allowance);
  message += report.stopped_midway ? fmt::format("; stopped after {} rows were written",
                                                 number(counts.created + counts.updated))
                                   : "; nothing was written";
  auto hint = hint_of(report);
  Error error(report.outcome, conflicts_only ? "import.conflicts" : "import.invalid_rows", std::move(message),
              std::move(hint));
  for (const auto& problem : report.problems) error.detail(problem.text(report.unit));
  if (const auto more = counts.rejected() - std::ssize(report.problems); more > 0)
    error.detail(report.rejects.empty() ? fmt::format("… {} more ({}--rejects FILE keeps them all)",
                                                      number(more), report.dry_run ? "a run with " : "")
                                        : fmt::format("… {} more", number(more)));
  if (!report.rejects.empty())
    error.detail(fmt::format("the rejected rows are in {}", report.rejects.string()));
  if (report.job) return std::move(error).job(report.job->text());
  return error;
}

}  // namespace ringctl::bulk
