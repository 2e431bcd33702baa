#pragma once
// The first half of an import: read the file once, check each row by itself, and leave the good ones sorted by key.
// Needs no database.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/cancel.hpp"
#include "bulk/adapter.hpp"
#include "bulk/header.hpp"
#include "bulk/problems.hpp"
#include "bulk/sorter.hpp"
#include "csv/reader.hpp"

namespace ringctl::bulk {

enum class HeaderMode { automatic, yes, no };

struct IntakeOptions {
  std::string path;  ///< "-" = standard input
  csv::Format format = csv::Format::automatic;
  csv::Encoding encoding = csv::Encoding::automatic;
  char delimiter = 0;
  HeaderMode header = HeaderMode::automatic;
  std::vector<ColumnMap> maps;
  Reading reading;
  bool keep_raw = false;  ///< keep the original fields, for rejects
};

struct Intake {
  std::string name;                  ///< as messages call the input
  std::string digest;                ///< SHA-256 of the bytes; "" for standard input
  csv::Format format = csv::Format::csv;
  char delimiter = ',';
  std::vector<std::string> columns;  ///< the file's own column names, for the rejects file
  std::uint64_t rows = 0;
  std::uint64_t invalid = 0;
  Sorter accepted;                   ///< key -> packed cells, then packed raw fields if kept
  Problems problems;                 ///< invalid rows, and rows that share a unique value
  Problems warnings;
  /// Lines refused after they were accepted (a unique value that stands twice): skip them.
  std::unordered_map<std::uint64_t, bool> refused_lines;
};

/// Throws what csv::Source and map_columns throw, and Errc::invalid [import.no_rows] for a file without rows.
/// `progress` is called now and then with the rows read so far.
Intake take_in(const IntakeOptions&, const Adapter&, const base::CancelToken&,
               const std::function<void(std::uint64_t rows)>& progress);

/// The key of a row as one text.
std::string key_of(const Row&, const Adapter&);

}  // namespace ringctl::bulk
