#pragma once
// Records out of a Source: CSV (libcsv, strict), TSV (backslash escapes, as PostgreSQL's COPY text), JSONL
// (or one JSON array of objects).
// One interface, so that the bulk engine does not care which it reads.

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "csv/source.hpp"

namespace ringctl::csv {

/// Limits on everything that comes from outside.
inline constexpr std::size_t k_max_field = 64 * 1024;
inline constexpr std::size_t k_max_record = 1024 * 1024;
inline constexpr std::size_t k_max_columns = 256;

enum class Format { automatic, csv, tsv, jsonl };
/// What the name of a file says: .csv .tsv .jsonl .ndjson .json, also packed (.gz .zst); else automatic.
Format format_of_name(const std::string& name);

struct ReaderOptions {
  /// automatic: by name (format_of_name), else by the first line
  Format format = Format::automatic;
  char delimiter = 0;          ///< 0: the one of , ; TAB that the first line holds most of
  bool null_is_empty = false;  ///< JSON's null is an empty text and not absent
};

/// A field as the file gave it. JSONL null (but see null_is_empty), a missing JSON key and COPY's \N are absent.
struct Field {
  std::string_view text;
  bool absent = false;
};

/// Views live until the next call of next().
struct Record {
  std::uint64_t line = 0;       ///< first line of the record, 1-based; of a JSON array, which of its items
  std::vector<Field> fields;    ///< in the order of `names` for JSONL
  std::string_view error;       ///< not empty: this record could not be read (and why); fields may be partial
  std::string_view error_code;  ///< "unterminated_quote", "bad_utf8", "nul_byte", "too_many_columns", ...
  std::string_view text;        ///< the record as it stands in the input, without its last line end
  bool ends_input = false;      ///< with an error: there is no going past it, what follows is not read

  void clear() {
    fields.clear();
    error = error_code = text = {};
    ends_input = false;
  }
};

/// A record that cannot be read is returned with `error` set and reading goes on at the next one; what cannot
/// be gone past (a field or record over the limits, an unterminated quote) ends the input after that record.
class Reader {
 public:
  virtual ~Reader() = default;
  /// False at the end. Blank lines are skipped.
  virtual bool next(Record&) = 0;
  /// JSONL: key names in order of first appearance, growing as records come. CSV and TSV: empty.
  virtual std::span<const std::string> names() const = 0;
  virtual Format format() const = 0;
  virtual char delimiter() const = 0;
  /// What Record::line counts: "line", or "item" of an input that is one JSON array. After the first next().
  virtual std::string_view unit() const { return "line"; }

  /// Peeks at the first bytes to settle the format. The source must outlive the reader.
  static std::unique_ptr<Reader> open(Source&, const ReaderOptions&);
};

}  // namespace ringctl::csv
