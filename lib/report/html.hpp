#pragma once
// Self-contained HTML: one file, its own style, no script, nothing fetched. Whatever comes from data is
// escaped here and nowhere else. A Content-Security-Policy in the page allows its own style and nothing more.

#include <string>
#include <string_view>
#include <vector>

#include "report/sink.hpp"

namespace ringctl::report {

/// For text and for attributes in quotes: & < > " ' escaped, control characters other than line breaks and
/// tabs, and bytes that are no UTF-8, as U+FFFD. Direction marks stay as they are: data stands in <bdi>, out
/// of which they do not reach.
void append_escaped(std::string& to, std::string_view text);

/// One column of a table.
struct HtmlColumn {
  std::string title;
  bool number = false;    ///< right-aligned, tabular figures
  std::string note = {};  ///< the metric's definition, as a title; "" = none
};
/// One cell, as people read it. `share` in [0, 1] draws a bar under the figure; below 0: none.
struct HtmlCell {
  std::string_view text;
  double share = -1;
  bool header = false;        ///< it names the row
  std::string_view svg = {};  ///< from chart.hpp, instead of the text; not escaped
};

/// What a page says of itself. Everything is text.
struct HtmlHead {
  std::string title;
  std::string subtitle = {};  ///< "Acme · 1 to 30 November 2026 · America/New_York"
  std::string made = {};      ///< "Made 2026-11-22 13:00 by ringctl 0.1.0"
};

/// Begins a page, tables within it, ends it. Memory: one row. Rows of a table come as they are known, any
/// number.
class HtmlPage {
 public:
  HtmlPage(Sink, const HtmlHead&);

  void heading(std::string_view text);
  void paragraph(std::string_view text);
  /// Markup of this room's own making: cards, figures.
  void raw(std::string_view markup);

  /// `caption` names the table for those who cannot see it.
  void begin_table(std::string_view caption, std::vector<HtmlColumn>);
  void row(const std::vector<HtmlCell>&);
  /// The same, set off at the end: a sum. No row() after it.
  void foot(const std::vector<HtmlCell>&);
  void end_table();

  void end();

 private:
  void put(std::string_view);
  void write_row(const std::vector<HtmlCell>&);
  Sink sink_;
  std::string buffer_, made_;
  std::vector<HtmlColumn> columns_;
  int tables_ = 0;
  bool in_foot_ = false;
};

}  // namespace ringctl::report
