#pragma once
// Reading whole texts in tests, in pieces of any size.

#include <random>
#include <string>
#include <vector>

#include "csv/reader.hpp"

namespace ringctl::csv::test {

/// A record that outlives the reader.
struct Row {
  std::uint64_t line = 0;
  std::vector<std::string> fields;  ///< "<absent>" for absent ones
  std::string code;                 ///< of its error
  std::string error;
  bool operator==(const Row&) const = default;
};

inline std::vector<Row> rows_of(Reader& reader) {
  std::vector<Row> rows;
  for (Record record; reader.next(record);) {
    Row row{record.line, {}, std::string(record.error_code), std::string(record.error)};
    for (const auto& field : record.fields) row.fields.emplace_back(field.absent ? "<absent>" : field.text);
    rows.push_back(std::move(row));
  }
  return rows;
}

inline std::vector<Row> read_rows(const std::string& text, const ReaderOptions& options = {Format::csv},
                                  std::size_t piece = 256 * 1024) {
  SourceOptions source_options;
  source_options.piece = piece;
  auto source = Source::from_text(text, source_options);
  return rows_of(*Reader::open(source, options));
}

/// Only the fields.
inline std::vector<std::vector<std::string>> fields_of(const std::vector<Row>& rows) {
  std::vector<std::vector<std::string>> fields;
  fields.reserve(rows.size());
  for (const auto& row : rows) fields.push_back(row.fields);
  return fields;
}

/// Text of everything that has ever broken a reader: quotes, delimiters, line ends, guards, emoji,
/// right-to-left.
inline std::string random_text(std::mt19937& random, bool line_ends = true) {
  static const std::vector<std::string> k_parts{"a",
                                                "Zz",
                                                " ",
                                                ",",
                                                ";",
                                                "\t",
                                                "\"",
                                                "\"\"",
                                                "'",
                                                "=1+1",
                                                "-",
                                                "+",
                                                "@",
                                                "\\",
                                                "\\N",
                                                "\\t",
                                                "|",
                                                "\xC3\xA9",
                                                "\xE2\x82\xAC",
                                                "\xF0\x9F\x93\x9E",
                                                "\xD7\xA9\xD7\x9C\xD7\x95\xD7\x9D",
                                                "\xE2\x80\xAE",
                                                "\xEF\xBB\xBF",
                                                "\x1b[31m",
                                                "{",
                                                "}",
                                                "0",
                                                "12025550143",
                                                "\n",
                                                "\r",
                                                "\r\n",
                                                "\n\n"};
  std::string text;
  const auto count = std::uniform_int_distribution<int>(0, 8)(random);
  const auto last = k_parts.size() - (line_ends ? 1 : 5);
  for (int i = 0; i < count; ++i)
    text += k_parts[std::uniform_int_distribution<std::size_t>(0, last)(random)];
  return text;
}

}  // namespace ringctl::csv::test
