#pragma once
// What a list is made of: typed columns and the cells of one row. Every format is rendered from these.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "base/clock.hpp"
#include "base/uuid.hpp"

namespace ringctl::cmd {

/// What a column holds decides how it is written: free text is guarded against spreadsheet formulas, typed
/// columns are checked and written as they are.
enum class ColumnType {
  e164,  ///< "+12025550143"
  text,  ///< what people typed: names, notes, labels
  word,  ///< enumerations, SIDs, country codes, e-mail-free identifiers
  integer,
  real,
  boolean,
  time,      ///< an Instant; RFC 3339 with offset
  date,      ///< "2026-03-08"
  duration,  ///< whole seconds; the column's name ends in _s
  money,     ///< decimal text; a string in JSON
  json,      ///< canonical JSON text, embedded as it is in JSON formats
  uuid,
  job,    ///< a job's id; a table shows its last eight digits
  sid,    ///< of a call; a list on a terminal shows its last eight digits
  share,  ///< a fraction; a table shows it in percent
  fact,   ///< what something is called or holds: a number of ours, an amount and its unit, any text
};
/// "e164", "text" ...
std::string_view type_name(ColumnType);

struct Column {
  std::string_view name;  ///< snake_case, the same in every format; static storage
  ColumnType type;
  bool in_table = true;   ///< shown in the table without --columns
  bool sortable = false;  ///< accepted by --sort
};

/// JSON text that is embedded as it is.
struct RawJson {
  std::string_view text;
};

/// One value. Text is not copied: it must outlive the call it is passed to.
class Cell {
 public:
  using Variant =
      std::variant<std::monostate, std::int64_t, double, bool, std::string_view, base::Instant, RawJson>;
  Cell() = default;
  Cell(std::nullptr_t) {}                                          // NOLINT(google-explicit-constructor)
  Cell(bool v) : value_(v) {}                                      // NOLINT(google-explicit-constructor)
  Cell(int v) : value_(std::int64_t{v}) {}                         // NOLINT(google-explicit-constructor)
  Cell(std::int64_t v) : value_(v) {}                              // NOLINT(google-explicit-constructor)
  Cell(std::uint64_t v) : value_(static_cast<std::int64_t>(v)) {}  // NOLINT(google-explicit-constructor)
  Cell(double v) : value_(v) {}                                    // NOLINT(google-explicit-constructor)
  Cell(std::string_view v) : value_(v) {}                          // NOLINT(google-explicit-constructor)
  Cell(const std::string& v) : value_(std::string_view(v)) {}      // NOLINT(google-explicit-constructor)
  Cell(const char* v) : value_(std::string_view(v)) {}             // NOLINT(google-explicit-constructor)
  Cell(const base::Uuid& v) : value_(v.view()) {}                  // NOLINT(google-explicit-constructor)
  Cell(base::Instant v) : value_(v) {}                             // NOLINT(google-explicit-constructor)
  Cell(RawJson v) : value_(v) {}                                   // NOLINT(google-explicit-constructor)
  template <class T>
  Cell(const std::optional<T>& v) {  // NOLINT(google-explicit-constructor)
    if (v) *this = Cell(*v);
  }
  const Variant& value() const { return value_; }
  bool is_null() const { return value_.index() == 0; }

 private:
  Variant value_;
};

}  // namespace ringctl::cmd
