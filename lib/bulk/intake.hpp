#pragma once
// The first half of an import: read the file once, check each row by itself, and leave the good ones sorted
// by key. Needs no database.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
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
  int fd = -1;       ///< given: this open file is read, and `path` is only what messages call it
  csv::Format format = csv::Format::automatic;
  csv::Encoding encoding = csv::Encoding::automatic;
  char delimiter = 0;
  HeaderMode header = HeaderMode::automatic;
  std::vector<ColumnMap> maps;
  Reading reading;
  bool null_clears = false;  ///< JSON's null clears a column, as "" does; else it leaves it alone
  bool keep_raw = false;     ///< keep the original fields, for rejects
};

/// Of sorters that hold rows only where a file is odd.
inline constexpr std::size_t k_small_budget = 4U << 20;

struct Intake {
  std::string name;    ///< as messages call the input
  std::string digest;  ///< SHA-256 of the bytes; "" for standard input
  csv::Format format = csv::Format::csv;
  char delimiter = ',';
  std::vector<std::string> columns;  ///< the file's own column names, for the rejects file
  bool headerless = false;           ///< `columns` are the noun's: a row may leave off the last ones
  std::string_view unit = "line";    ///< what tells rows apart in messages, or "item": csv::Reader::unit()
  std::uint64_t rows = 0;
  std::uint64_t invalid = 0;
  bool cut_off = false;  ///< the last record could not be gone past: what follows it was not read
  Sorter accepted;       ///< key -> packed cells, then packed raw fields if kept
  Problems problems;     ///< invalid rows, and rows that share a unique value
  Problems warnings;
  /// (key, line) of accepted rows that are refused after all: a unique value of theirs stands on an earlier
  /// line.
  Sorter refused{k_small_budget};
};

/// Throws what csv::Source and map_columns throw. A file without rows is no error.
/// `progress` is called now and then with the rows read so far.
Intake take_in(const IntakeOptions&, const Adapter&, const base::CancelToken&,
               const std::function<void(std::uint64_t rows)>& progress);

/// The key of a row as one text.
std::string key_of(const Row&, const Adapter&);

}  // namespace ringctl::bulk
