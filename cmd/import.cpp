#include "cmd/import.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "base/error.hpp"
#include "base/shell.hpp"
#include "base/text.hpp"
#include "bulk/names.hpp"
#include "cmd/context.hpp"
#include "cmd/own_files.hpp"
#include "directory/workspaces.hpp"
#include "phone/region.hpp"

namespace ringctl::cmd {
namespace {

std::string number(std::int64_t n) { return base::group_digits(static_cast<std::uint64_t>(n)); }

char delimiter_of(const std::optional<std::string>& text) {
  if (!text) return 0;
  if (*text == "\\t" || *text == "tab") return '\t';
  if (text->size() == 1 && text->front() != '"' && text->front() != '\n' && text->front() != '\r')
    return text->front();
  throw Error(Errc::usage, "usage.bad_value",
              fmt::format("--input-delimiter \"{}\" is not one character", *text),
              "--input-delimiter ';', or tab");
}

/// The journal keeps it, so that `jobs resume` finds the file again, and PostgreSQL keeps text only.
void require_utf8_name(const std::string& file) {
  if (!base::valid_utf8(file))
    throw Error(Errc::usage, "usage.not_utf8", fmt::format("the name of {} is not valid UTF-8", file),
                "rename it, or give its content on standard input, as file -");
}

bulk::ImportOptions options_of(const ImportArguments& arguments, Context& context) {
  require_utf8_name(arguments.file);
  if (arguments.rejects) require_utf8_name(*arguments.rejects);
  if (arguments.rejects == "-")
    throw Error(Errc::usage, "usage.bad_value", "--rejects takes the name of a file, not -",
                "--rejects rejects.csv");
  bulk::ImportOptions options;
  auto& intake = options.intake;
  intake.path = arguments.file;
  intake.format = bulk::choice_of<csv::Format>(arguments.input_format);
  intake.encoding = bulk::choice_of<csv::Encoding>(arguments.encoding);
  intake.header = bulk::choice_of<bulk::HeaderMode>(arguments.input_header);
  intake.delimiter = delimiter_of(arguments.input_delimiter);
  for (const auto& map : arguments.maps) intake.maps.push_back(bulk::parse_column_map(map));
  options.on_conflict = bulk::choice_of<bulk::OnConflict>(arguments.on_conflict);
  if (arguments.max_errors) options.allowance = bulk::parse_allowance(*arguments.max_errors);
  if (arguments.rejects) options.rejects = *arguments.rejects;
  options.restart = arguments.restart;
  options.dry_run = context.dry_run();
  options.lock_wait = context.lock_wait();
  if (arguments.default_country)
    intake.reading.default_country = phone::Region::parse(*arguments.default_country).view();
  return options;
}

std::string counts_text(const jobs::Counts& counts) {
  std::string out = fmt::format("{} {}: {} new", number(counts.rows), counts.rows == 1 ? "row" : "rows",
                                number(counts.created));
  const auto append = [&](std::int64_t n, std::string_view what) {
    if (n != 0) fmt::format_to(std::back_inserter(out), ", {} {}", number(n), what);
  };
  append(counts.updated, "updated");
  append(counts.same, "same");
  append(counts.skipped, "skipped");
  append(counts.rejected(), "rejected");
  return out;
}

Change change_of(const bulk::ImportReport& report, std::string_view action, std::string_view noun,
                 const std::string& rest) {
  const auto& counts = report.counts;
  Change change{action, report.input, rest, {}};
  change.fields = {{"noun", noun},
                   {"job_id", report.job ? Cell(*report.job) : Cell(nullptr)},
                   {"resumed", report.resumed},
                   {"rows", counts.rows},
                   {"new", counts.created},
                   {"updated", counts.updated},
                   {"same", counts.same},
                   {"skipped", counts.skipped},
                   {"duplicate", counts.duplicate},
                   {"conflict", counts.conflict},
                   {"invalid", counts.invalid},
                   {"rejected", counts.rejected()},
                   {"warnings", counts.warnings}};
  return change;
}

void show_summary(Io& io, const bulk::ImportReport& report, std::string_view noun) {
  const auto& counts = report.counts;
  const bool refused =
      report.outcome != Errc::ok && report.outcome != Errc::partial && !report.stopped_midway;
  const bool changes = !refused && counts.created + counts.updated != 0;
  std::string rest = fmt::format("({}", counts_text(counts));
  if (report.job && changes) rest += fmt::format("; job {}", report.job->short_id());
  rest += report.resumed ? ", taken up where it stopped)" : ")";
  if (report.dry_run && changes)
    io.would_change(change_of(report, "import", noun, rest));
  else if (changes)
    io.changed(change_of(report, "imported", noun, rest));
  else if (!refused || io.json())
    io.unchanged(change_of(report, "imported", noun, rest));
}

/// The first rejected rows and how many more there are.
std::vector<std::string> rejected_rows(const bulk::ImportReport& report) {
  std::vector<std::string> lines;
  for (const auto& problem : report.problems) lines.push_back(problem.text(report.unit));
  if (const auto more = report.counts.rejected() - std::ssize(report.problems); more > 0)
    lines.push_back(fmt::format("… {} more{}", number(more),
                                report.dry_run ? " (a run with --rejects FILE keeps them all)" : ""));
  if (std::any_of(report.problems.begin(), report.problems.end(),
                  [](const bulk::Problem& problem) { return problem.code == "no_country_code"; }))
    lines.emplace_back(bulk::k_country_hint);
  return lines;
}

/// The command that reads mended rejects as the run read its file.
std::string command_for_rejects(const bulk::ImportReport& report, const bulk::ImportOptions& options,
                                std::string_view noun, std::string_view default_country) {
  auto command = fmt::format("ringctl {} import {}", noun, base::for_shell(report.rejects.string()));
  for (const auto& map : options.intake.maps)
    command += " --map " + base::for_shell(fmt::format("{}={}", map.file_column, map.field));
  if (options.intake.reading.default_country != default_country)
    command += " --default-country " + options.intake.reading.default_country;
  if (options.on_conflict != bulk::OnConflict::update)
    fmt::format_to(std::back_inserter(command), " --on-conflict {}", bulk::name_of(options.on_conflict));
  return command;
}

Error partial(const bulk::ImportReport& report, const std::string& mended) {
  const auto& counts = report.counts;
  Error error(
      Errc::partial, "import.partial",
      fmt::format("{}: {} of {} {} {} rejected", report.input, number(counts.rejected()), number(counts.rows),
                  counts.rows == 1 ? "row" : "rows", counts.rejected() == 1 ? "was" : "were"),
      report.rejects.empty() ? "--rejects FILE keeps the rejected rows, ready to be mended"
                             : fmt::format("mend {}, then: {}", report.rejects.string(), mended));
  for (auto& line : rejected_rows(report)) error.detail(std::move(line));
  if (report.job) return std::move(error).job(report.job->text());
  return error;
}

}  // namespace

void show_warnings(Io& io, const bulk::ImportReport& report) {
  for (const auto& warning : report.warnings)
    io.warn(fmt::format("{}: {}", report.input, warning.text(report.unit)));
  if (const auto more = report.counts.warnings - std::ssize(report.warnings); more > 0)
    io.warn(fmt::format("{}: … {} more like these", report.input, number(more)));
}

void ImportProgress::operator()(const bulk::Progress& now) {
  if (now.phase != phase_) {
    phase_ = now.phase;
    shown_.reset();
    shown_.emplace(io_.progress(phase_, now.total == 0 ? std::nullopt : std::optional(now.total)));
  }
  shown_->update(now.done, now.rejected);
}

Verb<ImportArguments> add_import(Noun& noun, std::string_view summary,
                                 std::function<void(const ImportArguments&, Context&)> run) {
  auto verb = noun.verb<ImportArguments>("import", summary, std::move(run));
  verb.argument(
          "file", &ImportArguments::file,
          "CSV, TSV or JSON (objects one a line, or in one array), also .gz or .zst; - is standard input")
      .kind(ValueKind::file)
      .flag("input-format", &ImportArguments::input_format, "FORMAT", "how to read the file")
      .choices("auto|csv|tsv|jsonl")
      .default_text("auto")
      .flag("input-delimiter", &ImportArguments::input_delimiter, "C",
            "what separates fields; guessed from the first line")
      .flag("input-header", &ImportArguments::input_header, "MODE",
            "whether the first line names the columns")
      .choices("auto|yes|no")
      .default_text("auto")
      .flag("encoding", &ImportArguments::encoding, "NAME", "text encoding of the file")
      .choices("auto|utf-8|utf-16|windows-1252")
      .default_text("auto")
      .flag("map", &ImportArguments::maps, "COL=FIELD",
            "a column of the file that has another name; COL=- ignores it")
      .flag("default-country", &ImportArguments::default_country, "CC",
            "country of numbers written without one")
      .kind(ValueKind::country)
      .flag("on-conflict", &ImportArguments::on_conflict, "WHAT",
            "what to do with rows that exist with other values")
      .choices("update|skip|fail")
      .default_text("update")
      .flag("atomic", &ImportArguments::atomic, "write all rows or none (the default)")
      .flag("max-errors", &ImportArguments::max_errors, "N|P%",
            "write the good rows if no more than this are rejected")
      .excludes("atomic")
      .flag(
          "rejects", &ImportArguments::rejects, "FILE",
          "write rejected rows here, as the input has them, with _line (of a JSON array: which item), _code and _error")
      .kind(ValueKind::file)
      .flag("restart", &ImportArguments::restart, "do not take up an unfinished run of the same file")
      .exits({Errc::partial, Errc::not_found, Errc::conflict, Errc::invalid, Errc::locked, Errc::schema,
              Errc::db_down, Errc::db_busy});
  return verb;
}

void run_import(const ImportArguments& arguments, Context& context, bulk::Adapter& adapter) {
  auto options = options_of(arguments, context);
  auto& default_country = options.intake.reading.default_country;
  const auto* known = context.find_workspace();
  if (known && default_country.empty()) default_country = known->default_country.value_or("");
  run_import(options, context, adapter);
}

void run_import(const bulk::ImportOptions& options, Context& context, bulk::Adapter& adapter) {
  if (!options.rejects.empty()) refuse_own_file(context, "--rejects", options.rejects);
  const auto target = [&](bool writes) -> bulk::Target {
    if (!writes && !context.find_workspace()) context.stay_in_memory();
    const auto& country = options.intake.reading.default_country;
    const auto& workspace =
        context.workspace_for_write(country.empty() ? std::nullopt : std::optional(country));
    return {context.session(), workspace.id};
  };
  auto& io = context.io();
  std::optional<ImportProgress> shown(io);
  auto& cancel = context.cancel();
  const auto report = bulk::run_import(target, adapter, options, cancel, std::ref(*shown));
  shown.reset();
  if (report.counts.rows == 0) io.warn(fmt::format("{}: no row to import", report.input));
  show_warnings(io, report);
  show_summary(io, report, adapter.noun());
  if (report.dry_run && !options.rejects.empty())
    io.note(fmt::format("a dry run writes no rejects: {} is as it was", options.rejects.string()));
  if (report.outcome == Errc::ok) return;
  if (report.outcome != Errc::partial) throw bulk::refusal(report);
  if (!report.dry_run) {
    const auto country = context.workspace().default_country.value_or("");
    throw partial(report, command_for_rejects(report, options, adapter.noun(), country));
  }
  for (const auto& line : rejected_rows(report)) io.note("  " + line);
}

}  // namespace ringctl::cmd
