#include "cmd/rows.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <numeric>

#include "base/error.hpp"
#include "base/text.hpp"
#include "cmd/io.hpp"
#include "cmd/scan.hpp"
#include "csv/deflate.hpp"

namespace ringctl::cmd {
namespace {

constexpr std::array<std::string_view, 8> k_names = {"table", "tsv", "json", "jsonl",
                                                     "csv",   "md",  "html", "xlsx"};

/// Names that are close, else those of the same thing: user and user_id for user_email.
std::string near_columns(std::string_view name, const std::vector<std::string>& known) {
  if (auto line = did_you_mean(name, known); !line.empty()) return line;
  constexpr std::size_t k_most = 3;
  const auto thing = [](std::string_view column) { return column.substr(0, column.find('_')); };
  std::vector<std::string> same;
  for (const auto& column : known)
    if (thing(column) == thing(name) && same.size() < k_most) same.push_back(column);
  return same.empty() ? std::string() : "did you mean: " + base::join(same, ", ");
}

std::optional<Format> find_format(std::string_view name) {
  const auto it = std::find(k_names.begin(), k_names.end(), name);
  if (it == k_names.end()) return std::nullopt;
  return static_cast<Format>(it - k_names.begin());
}

std::unique_ptr<RowFormat> make_format(RowTarget target) {
  switch (target.style.format) {
    case Format::table:
      return make_table(std::move(target));
    case Format::json:
    case Format::jsonl:
      return make_json(std::move(target));
    case Format::md:
      return make_markdown(std::move(target));
    case Format::html:
      return make_html(std::move(target));
    case Format::xlsx:
      return make_xlsx(std::move(target));
    case Format::csv:
    case Format::tsv:
      break;
  }
  return make_delimited(std::move(target));
}

std::vector<std::size_t> default_columns(std::span<const Column> columns, Format format) {
  const bool for_people = format == Format::table || format == Format::html;
  std::vector<std::size_t> picked;
  for (std::size_t i = 0; i < columns.size(); ++i)
    if (!for_people || columns[i].in_table) picked.push_back(i);
  return picked;
}

}  // namespace

bool is_number(ColumnType type) {
  return type == ColumnType::integer || type == ColumnType::real || type == ColumnType::duration ||
         type == ColumnType::money || type == ColumnType::share;
}

Format parse_format(std::string_view name) {
  if (const auto format = find_format(name)) return *format;
  throw Error(Errc::usage, "usage.bad_value",
              fmt::format("\"{}\" is not one of table, tsv, json, jsonl, csv, md, html, xlsx", name),
              "ringctl help formats");
}

std::optional<Format> format_of_file(const std::filesystem::path& file) {
  // Names that promise a format there is not; any other may hold whatever is written.
  static constexpr std::array<std::string_view, 8> k_foreign = {".xls",  ".ods", ".pdf",  ".xml",
                                                                ".yaml", ".yml", ".toml", ".parquet"};
  if (csv::names_archive(file)) return format_of_file(file.stem());
  const auto ending = base::ascii_lower(file.extension().string());
  if (std::find(k_foreign.begin(), k_foreign.end(), ending) != k_foreign.end())
    throw Error(
        Errc::usage, "usage.no_format",
        fmt::format("--out {}: there is no format {}, only tsv, csv, json, jsonl, md, html, xlsx and table",
                    file.string(), ending.substr(1)),
        "name the file .csv, .tsv, .json, .jsonl, .md, .html or .xlsx, or add -o FORMAT");
  if (ending == ".htm") return Format::html;
  const auto format = ending.empty() ? std::nullopt : find_format(std::string_view(ending).substr(1));
  return format == Format::table ? std::nullopt : format;
}

std::vector<std::size_t> pick_columns(std::span<const Column> columns,
                                      const std::vector<std::string>& names) {
  std::vector<std::size_t> picked;
  for (const auto& name : names) {
    const auto it =
        std::find_if(columns.begin(), columns.end(), [&](const Column& c) { return c.name == name; });
    if (it == columns.end()) {
      std::vector<std::string> known;
      for (const auto& column : columns) known.emplace_back(column.name);
      Error error(Errc::usage, "usage.unknown_column", fmt::format("--columns: unknown column \"{}\"", name),
                  "--columns help lists them");
      if (auto line = near_columns(name, known); !line.empty()) error.detail(std::move(line));
      throw std::move(error);
    }
    const auto index = static_cast<std::size_t>(it - columns.begin());
    if (std::find(picked.begin(), picked.end(), index) != picked.end())
      throw Error(Errc::usage, "usage.repeated_column", fmt::format("--columns: \"{}\" is named twice", name),
                  "name each column once");
    picked.push_back(index);
  }
  return picked;
}

Rows::Rows(Io& io, std::span<const Column> columns) : io_(&io), declared_(columns.size()) {
  const auto& wanted = io.wanted_columns();
  picked_ = wanted.empty() ? default_columns(columns, io.format()) : pick_columns(columns, wanted);
  std::vector<std::size_t> natural(columns.size());
  std::iota(natural.begin(), natural.end(), std::size_t{0});
  in_order_ = picked_ == natural;
  std::vector<Column> chosen;
  for (const auto i : picked_) chosen.push_back(columns[i]);
  format_ = make_format({io.out(), io.times(), io.row_style(), std::move(chosen), io.title(), io.now(), io.subtitle()});
  format_->begin();
}

void Rows::row(std::span<const Cell> cells) {
  ++count_;
  if (in_order_) {
    format_->row(cells.first(declared_));
  } else {
    scratch_.clear();
    for (const auto i : picked_) scratch_.push_back(cells[i]);
    format_->row(scratch_);
  }
  io_->out().settle();
  if (heeds_cancel_) io_->check_cancelled();
}

void Rows::finish(std::optional<std::uint64_t> total) {
  format_->end();
  io_->out().flush();
  if (const auto cut = format_->cut(); cut > 0)
    io_->warn(fmt::format("{} {} longer than a cell of this format and {} cut",
                          base::group_digits(static_cast<std::uint64_t>(cut)),
                          cut == 1 ? "text was" : "texts were", cut == 1 ? "was" : "were"));
  if (count_ == 0 && io_->format() == Format::table && io_->out_is_terminal()) io_->note("nothing found");
  if (total) note_cut(*io_, count_, *total);
}

void note_cut(Io& io, std::uint64_t shown, std::uint64_t total) {
  if (total > shown)
    io.note(fmt::format("showing {} of {} (use --limit 0)", base::group_digits(shown),
                        base::group_digits(total)));
}

}  // namespace ringctl::cmd
