#include "bulk/problems.hpp"

#include <fmt/format.h>

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
  std::vector<Cell> cells{{CellState::value, {&verdict, 1}},
                          {CellState::value, problem.key},
                          {CellState::value, problem.column},
                          {CellState::value, problem.code},
                          {CellState::value, problem.message}};
  for (const auto& field : problem.raw) cells.push_back({CellState::value, field});
  std::string out;
  pack(cells, out);
  return out;
}

Problem unpacked(const Sorter::Entry& entry) {
  std::string_view rest = entry.payload;
  std::vector<Cell> cells;
  unpack(rest, 5, cells);
  Problem problem;
  problem.line = entry.line;
  problem.verdict = static_cast<Verdict>(cells[0].text[0] - '0');
  problem.key = cells[1].text;
  problem.column = cells[2].text;
  problem.code = cells[3].text;
  problem.message = cells[4].text;
  while (!rest.empty()) {
    unpack(rest, 1, cells);
    problem.raw.emplace_back(cells[0].text);
  }
  return problem;
}

std::string delimited_line(const std::vector<std::string>& fields, csv::Format format, char delimiter) {
  std::string out;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (i != 0) out.push_back(delimiter);
    if (format == csv::Format::tsv)
      csv::append_tsv(out, fields[i]);
    else
      csv::append_csv(out, fields[i], delimiter);
  }
  out.push_back('\n');
  return out;
}

std::string json_line(const std::vector<std::string>& columns, const Problem& problem) {
  nlohmann::ordered_json row;
  for (std::size_t i = 0; i < problem.raw.size() && i < columns.size(); ++i) row[columns[i]] = problem.raw[i];
  row["_line"] = problem.line;
  row["_code"] = problem.code;
  row["_error"] = problem.message;
  return row.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

}  // namespace

std::string_view verdict_name(Verdict verdict) {
  switch (verdict) {
    case Verdict::fresh: return "new";
    case Verdict::update: return "update";
    case Verdict::same: return "same";
    case Verdict::duplicate: return "duplicate";
    case Verdict::conflict: return "conflict";
    case Verdict::invalid: return "invalid";
    case Verdict::skipped: return "skipped";
  }
  return "";
}

std::string Problem::text() const {
  return column.empty() ? fmt::format("line {}: {}", line, message)
                        : fmt::format("line {}, {}: {}", line, column, message);
}

void Problems::add(const Problem& problem) { sorter_.add(line_key(problem.line), problem.line, packed(problem)); }

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
  if (format != csv::Format::jsonl) {
    auto header = columns;
    header.insert(header.end(), {"_line", "_code", "_error"});
    file.write(delimited_line(header, format, delimiter));
  }
  problems.for_each([&](const Problem& problem) {
    if (format == csv::Format::jsonl) return file.write(json_line(columns, problem));
    auto fields = problem.raw;
    fields.resize(columns.size());
    fields.insert(fields.end(), {std::to_string(problem.line), problem.code, problem.message});
    file.write(delimited_line(fields, format, delimiter));
  });
  file.commit();
}

}  // namespace ringctl::bulk
