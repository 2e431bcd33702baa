#pragma once
// Office Open XML workbooks (.xlsx). Sole owner of libxlsxwriter. Rows are written as they come, in constant memory
// (temporary files in TMPDIR); text is text whatever it looks like, never a formula or a link.

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/clock.hpp"
#include "report/sink.hpp"

namespace ringctl::report {

enum class SheetType { text, integer, real, boolean, time, date, duration, money };

struct SheetColumn {
  std::string title;
  SheetType type = SheetType::text;
};

/// Nothing, text, a whole number (durations: seconds), a fraction, yes or no. A time is text in RFC 3339 with its
/// offset as in every machine format: a spreadsheet's own dates know no zone. A date is "2026-03-08" and becomes one
/// of the spreadsheet's. Money is decimal text and becomes a number with its places where that is exact (15 digits).
using SheetCell = std::variant<std::monostate, std::string_view, std::int64_t, double, bool>;

/// One sheet, its first row the titles, frozen and filtered; further sheets "NAME 2"... past 1,048,576 rows.
class Workbook {
 public:
  /// `made_at` goes into the file's properties. Throws Errc::output [output.write_failed] when TMPDIR takes no file.
  Workbook(std::string name, std::vector<SheetColumn>, base::Instant made_at);
  ~Workbook();
  Workbook(const Workbook&) = delete;
  Workbook& operator=(const Workbook&) = delete;

  /// A text longer than the 32,767 characters that a cell takes is cut; finish() says how many were.
  void row(std::span<const SheetCell>);
  /// The file, whole; the last call. Returns how many texts were cut. Throws Errc::output.
  std::int64_t finish(const Sink&);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace ringctl::report
