#pragma once
// Rows of a list on their way out, one class per format. `Rows` picks the columns; a RowFormat writes one
// row.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "cmd/cell.hpp"
#include "cmd/output.hpp"
#include "cmd/time_text.hpp"

namespace ringctl::cmd {

enum class Format { table, tsv, json, jsonl, csv, md, html, xlsx };
/// Throws Errc::usage [usage.bad_value] naming the formats there are.
Format parse_format(std::string_view name);
/// By the end of its name: csv for "numbers.csv" and "numbers.csv.gz"; nullopt where that says nothing.
/// Throws Errc::usage [usage.no_format] for "numbers.pdf" and other names of formats there are not.
std::optional<Format> format_of_file(const std::filesystem::path& file);

/// How rows are written, decided before the first.
struct RowStyle {
  Format format = Format::tsv;
  bool header = true;
  std::optional<std::string> null_text;  ///< default "", and \N in tsv
  bool guard = true;                     ///< against spreadsheet formulas, csv and tsv
  bool crlf = false, bom = false;
  char delimiter = ',';   ///< csv
  bool pretty = false;    ///< on a terminal: json is indented, control characters of csv and tsv are shown
  std::size_t width = 0;  ///< table: cells are shortened to it; 0: never
  bool color = false;
};

/// One format. Cells arrive in the order of `columns`, already picked.
class RowFormat {
 public:
  virtual ~RowFormat() = default;
  virtual void begin() {}
  virtual void row(std::span<const Cell>) = 0;
  virtual void end() {}
  /// After end(): texts that the format had no room for, and that were cut.
  virtual std::int64_t cut() const { return 0; }
};

/// What a format needs to write.
struct RowTarget {
  Output& output;
  TimeText& times;
  RowStyle style;
  std::vector<Column> columns;
  std::string title = {};      ///< what the list is called: "numbers list"; for html and xlsx
  base::Instant made_at = {};  ///< the same
  std::string subtitle = {};   ///< of whom and when it is: for html; "" = none
};
std::unique_ptr<RowFormat> make_delimited(RowTarget);
std::unique_ptr<RowFormat> make_json(RowTarget);
std::unique_ptr<RowFormat> make_table(RowTarget);
std::unique_ptr<RowFormat> make_markdown(RowTarget);
std::unique_ptr<RowFormat> make_html(RowTarget);
std::unique_ptr<RowFormat> make_xlsx(RowTarget);

/// One cell as JSON.
void append_json_cell(std::string& out, const Column&, const Cell&, TimeText&);
/// One cell as people read it: local times, durations in words; visible text.
void append_display_cell(std::string& out, const Column&, const Cell&, TimeText&);

/// Figures: aligned to the right, and never shortened.
bool is_number(ColumnType);

class Io;

/// Receives every column of a list in its declared order and writes those asked for.
/// `--columns help` and unknown columns were settled before (check_columns).
class Rows {
 public:
  Rows(Io&, std::span<const Column> columns);
  Rows(Rows&&) noexcept = default;

  /// Throws Errc::output, broken_pipe, or what cancelled the command, whenever the buffer is written.
  void row(std::span<const Cell> cells);
  void row(std::initializer_list<Cell> cells) { row(std::span(cells.begin(), cells.size())); }
  /// Ends the output. `total`: how many rows there are without --limit; a note says so if more than were
  /// shown.
  void finish(std::optional<std::uint64_t> total = {});
  std::uint64_t count() const { return count_; }
  /// What was done is told to its end, also by a command that was cancelled meanwhile.
  void tell_all() { heeds_cancel_ = false; }

 private:
  Io* io_;
  bool heeds_cancel_ = true;
  std::size_t declared_;
  std::vector<std::size_t> picked_;
  bool in_order_;
  std::vector<Cell> scratch_;
  std::unique_ptr<RowFormat> format_;
  std::uint64_t count_ = 0;
};

/// Tells people that a list was cut.
void note_cut(Io&, std::uint64_t shown, std::uint64_t total);

/// Indexes of the columns named by --columns; throws Errc::usage [usage.unknown_column] with suggestions.
std::vector<std::size_t> pick_columns(std::span<const Column>, const std::vector<std::string>& names);

}  // namespace ringctl::cmd
