#include "bulk/problems.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "bulk/cells.hpp"
#include "csv/writer.hpp"

namespace ringctl::bulk {
namespace {

std::string line_key(std::uint64_t line) {
  std::string key(8, '\0');
  for (std::size_t i = 0; i < 8; ++i) key[i] = static_cast<char>(line >> (56 - 8 * i));
  return key;
}

std::string packed(const Problem& problem) {
  const char verdict = static_cast<char>('0' + static_cast<int>(problem.verdict));
  std::vector<Cell> cells{{CellState::value, {&verdict, 1}},   {CellState::value, problem.key},
                          {CellState::value, problem.column},  {CellState::value, problem.code},
                          {CellState::value, problem.message}, {CellState::value, problem.as_read}};
  std::string out;
  pack(cells, out);
  return out + problem.raw;
}

Problem unpacked(const Sorter::Entry& entry) {
  std::string_view rest = entry.payload;
  std::vector<Cell> cells;
  unpack(rest, 6, cells);
  Problem problem;
  problem.line = entry.line;
  problem.verdict = static_cast<Verdict>(cells[0].text[0] - '0');
  problem.key = cells[1].text;
  problem.column = cells[2].text;
  problem.code = cells[3].text;
  problem.message = cells[4].text;
  problem.as_read = cells[5].text;
  problem.raw = rest;
  return problem;
}

constexpr std::array<std::string_view, 3> k_own_columns = {"_line", "_code", "_error"};

bool is_own_column(std::string_view name) {
  return std::find(k_own_columns.begin(), k_own_columns.end(), name) != k_own_columns.end();
}

class RejectsWriter {
 public:
  RejectsWriter(base::AtomicFile& file, const std::vector<std::string>& columns, csv::Format format,
                char delimiter)
      : file_(file), columns_(columns), format_(format), delimiter_(delimiter) {}

  void header() {
    if (format_ == csv::Format::jsonl) return;
    for (const auto& column : columns_)
      if (!is_own_column(column)) append(column);
    for (const auto column : k_own_columns) append(column);
    end_line();
  }

  void row(const Problem& problem) {
    if (!problem.as_read.empty()) return record_as_read(problem);
    cells_.clear();
    for (std::string_view raw = problem.raw; !raw.empty(); cells_.push_back(one_[0])) unpack(raw, 1, one_);
    if (format_ == csv::Format::jsonl) return json_row(problem);
    cells_.resize(columns_.size(), {CellState::value, {}});
    for (std::size_t i = 0; i < columns_.size(); ++i)
      if (!is_own_column(columns_[i])) append(cells_[i]);
    append_reason(problem);
    end_line();
  }

 private:
  /// With the reason, unless an earlier one stands in the record, or it is JSON.
  void record_as_read(const Problem& problem) {
    line_ = problem.as_read;
    first_ = false;
    if (format_ != csv::Format::jsonl && std::none_of(columns_.begin(), columns_.end(), is_own_column))
      append_reason(problem);
    end_line();
  }

  void append_reason(const Problem& problem) {
    append(std::to_string(problem.line));
    append(problem.code);
    append(problem.message);
  }

  void append(const Cell& cell) {
    if (cell.state == CellState::value || format_ != csv::Format::tsv) return append(cell.text);
    separate();
    line_ += "\\N";
  }
  void append(std::string_view field) {
    separate();
    if (format_ == csv::Format::tsv)
      csv::append_tsv(line_, field);
    else
      csv::append_csv(line_, field, delimiter_);
  }

  void separate() {
    if (!first_) line_.push_back(delimiter_);
    first_ = false;
  }

  void end_line() {
    line_.push_back('\n');
    file_.write(line_);
    line_.clear();
    first_ = true;
  }

  // A key that was null or not there stays away: "" would clear what the row leaves alone.
  void json_row(const Problem& problem) {
    nlohmann::ordered_json row;
    for (std::size_t i = 0; i < cells_.size() && i < columns_.size(); ++i)
      if (cells_[i].state == CellState::value && !is_own_column(columns_[i]))
        row[columns_[i]] = cells_[i].text;
    row["_line"] = problem.line;
    row["_code"] = problem.code;
    row["_error"] = problem.message;
    file_.write(row.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n");
  }

  base::AtomicFile& file_;
  const std::vector<std::string>& columns_;
  csv::Format format_;
  char delimiter_;
  std::string line_;
  bool first_ = true;
  std::vector<Cell> one_, cells_;
};

}  // namespace

std::string_view verdict_name(Verdict verdict) {
  switch (verdict) {
    case Verdict::fresh:
      return "new";
    case Verdict::update:
      return "update";
    case Verdict::same:
      return "same";
    case Verdict::duplicate:
      return "duplicate";
    case Verdict::conflict:
      return "conflict";
    case Verdict::invalid:
    case Verdict::refused:
      return "invalid";
    case Verdict::skipped:
      return "skipped";
  }
  return "";
}

std::string Problem::text(std::string_view unit) const {
  return column.empty() ? fmt::format("{} {}: {}", unit, line, message)
                        : fmt::format("{} {}, {}: {}", unit, line, column, message);
}

void Problems::add(const Problem& problem) {
  sorter_.add(line_key(problem.line), problem.line, packed(problem));
}

void Problems::add_all(Problems& other) {
  other.for_each([this](const Problem& problem) { add(problem); });
}

void Problems::for_each(const std::function<void(const Problem&)>& visit) {
  sorter_.rewind();
  Sorter::Entry entry;
  while (sorter_.next(entry)) visit(unpacked(entry));
}

std::vector<Problem> Problems::first(std::size_t most) {
  std::vector<Problem> out;
  sorter_.rewind();
  Sorter::Entry entry;
  while (out.size() < most && sorter_.next(entry)) out.push_back(unpacked(entry));
  return out;
}

void write_rejects(base::AtomicFile& file, Problems& problems, const std::vector<std::string>& columns,
                   csv::Format format, char delimiter) {
  RejectsWriter writer(file, columns, format, delimiter);
  writer.header();
  problems.for_each([&](const Problem& problem) { writer.row(problem); });
  file.commit();
}

}  // namespace ringctl::bulk
