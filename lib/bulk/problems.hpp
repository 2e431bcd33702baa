#pragma once
// Rows that will not be written, and warnings: kept in line order however they were found, and written out as
// a file that can be mended and fed again.

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.hpp"
#include "bulk/sorter.hpp"
#include "csv/reader.hpp"

namespace ringctl::bulk {

enum class Verdict {
  fresh,
  update,
  same,
  duplicate,
  conflict,
  invalid,
  skipped,
  refused,  ///< invalid, as only the database could tell; journalled with its batch, like a conflict
};
std::string_view verdict_name(Verdict);

/// One row that was refused, or one warning about a row that was not.
struct Problem {
  std::uint64_t line = 0;  ///< csv::Record::line
  Verdict verdict = Verdict::invalid;
  std::string key;  ///< canonical key, where there is one
  std::string column, code, message;
  // One of the two is kept when rejects are to be written.
  std::string raw = {};  ///< the original fields, packed
  std::string as_read =
      {};  ///< the record as it stands in the input, where its fields do not fit the columns
  /// "line 17, phone_number: \"555-0100\" has no country code"; `unit` as csv::Reader::unit() has it
  std::string text(std::string_view unit = "line") const;
};

class Problems {
 public:
  void add(const Problem&);
  /// Adds all of the other's.
  void add_all(Problems&);
  std::uint64_t size() const { return sorter_.size(); }
  /// In line order; may be called again.
  void for_each(const std::function<void(const Problem&)>&);
  /// The first `most` in line order.
  std::vector<Problem> first(std::size_t most);

 private:
  Sorter sorter_{4U << 20};
};

/// Writes the rejects in the input's own format (its columns plus _line, _code, _error) and commits the file.
/// Columns of these names, from an earlier rejects file, are replaced. A record that could not be read or
/// split stands there as it was, so that it is refused again until somebody mends it.
void write_rejects(base::AtomicFile&, Problems&, const std::vector<std::string>& columns, csv::Format,
                   char delimiter);

}  // namespace ringctl::bulk
