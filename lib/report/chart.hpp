#pragma once
// Charts as text: inline SVG for pages, and lines of block characters for terminals. Colours are the page's
// CSS variables, so that dark mode and print restyle them; every chart has a title and a description, and
// differs by more than colour (order, pattern, figures in its table).

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ringctl::report {

/// One layer of stacked bars.
struct Series {
  std::string name;                  ///< "connected"
  std::string_view style;            ///< class of the page's style: "s1" to "s4"
  std::vector<std::int64_t> values;  ///< as many as there are labels; none below 0
};

struct Chart {
  std::string title, description;   ///< description: the same in a sentence, with the greatest figure
  std::vector<std::string> labels;  ///< of the bars; as many are drawn as fit without touching
  std::vector<Series> series;
};

/// <figure> with a legend, an <svg role="img"> and, folded up, a table of its figures. Any number of bars:
/// beyond 400 neighbours are put together.
std::string stacked_bars(const Chart&);

/// A line for a table's cell: <svg> of 24 points at most. "" for no values.
std::string spark_svg(std::span<const std::int64_t> values, std::string_view description);

/// "▁▂▅▇", one character for each value, 0 the lowest; with `ascii` of "_.-=*#". The greatest is the highest;
/// all zero: all lowest. "" for no values.
std::string spark_text(std::span<const std::int64_t> values, bool ascii);

}  // namespace ringctl::report
