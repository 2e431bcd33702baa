// Coordinates are whole tenths of a unit, so the same figures give the same bytes everywhere.
#include "report/chart.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>

#include "base/text.hpp"
#include "report/html.hpp"

namespace ringctl::report {
namespace {

constexpr std::size_t k_most_bars = 400;
constexpr std::size_t k_most_points = 24;

// The drawing, in units of its viewBox; text is 13 units high and about 7 wide.
constexpr int k_width = 520, k_height = 240;
constexpr int k_left = 52, k_right = 8, k_top = 12, k_bottom = 28;
constexpr int k_plot_width = k_width - k_left - k_right, k_plot_height = k_height - k_top - k_bottom;
constexpr int k_letter = 7;

std::string figure(std::int64_t value) { return base::group_digits(static_cast<std::uint64_t>(value)); }

/// Neighbours added up until there are no more than `most`; the label is that of the first.
Chart thinned(const Chart& chart, std::size_t most) {
  if (chart.labels.size() <= most) return chart;
  const auto step = (chart.labels.size() + most - 1) / most;
  Chart out{chart.title, chart.description, {}, {}};
  for (std::size_t i = 0; i < chart.labels.size(); i += step) {
    const auto last = std::min(i + step, chart.labels.size()) - 1;
    out.labels.push_back(last == i ? chart.labels[i]
                                   : fmt::format("{} to {}", chart.labels[i], chart.labels[last]));
  }
  for (const auto& series : chart.series) {
    auto& sums = out.series.emplace_back(Series{series.name, series.style, {}}).values;
    for (std::size_t i = 0; i < series.values.size(); i += step) {
      std::int64_t sum = 0;
      for (std::size_t j = i; j < std::min(i + step, series.values.size()); ++j) sum += series.values[j];
      sums.push_back(sum);
    }
  }
  return out;
}

std::vector<std::int64_t> totals(const Chart& chart) {
  std::vector<std::int64_t> all(chart.labels.size(), 0);
  for (const auto& series : chart.series)
    for (std::size_t i = 0; i < all.size(); ++i) all[i] += series.values[i];
  return all;
}

/// The least of 2, 4, 6, 8, 10, 20, 40 ... that is not below `greatest`: half of it is whole as well.
std::int64_t top_of_scale(std::int64_t greatest) {
  for (std::int64_t power = 1;; power *= 10)
    for (const std::int64_t step : {2, 4, 6, 8, 10})
      if (step * power >= greatest || power >= std::int64_t{100'000'000'000'000'000}) return step * power;
}

/// Tenths of a unit as SVG takes them.
void append_tenths(std::string& to, std::int64_t tenths) {
  fmt::format_to(std::back_inserter(to), "{}", tenths / 10);
  if (tenths % 10 != 0) fmt::format_to(std::back_inserter(to), ".{}", tenths % 10);
}

struct Scale {
  std::int64_t top;
  /// Height of a bar, in tenths; what is there at all is seen.
  std::int64_t height(std::int64_t value) const {
    const auto exact = static_cast<double>(value) / static_cast<double>(top) * k_plot_height * 10;
    return std::max<std::int64_t>(std::llround(exact), value > 0 ? 5 : 0);
  }
};

/// From where to where bar `i` of `count` goes, in tenths.
struct Span {
  std::int64_t from, width;
};
Span span_of(std::size_t i, std::size_t count) {
  const auto at = [&](std::size_t n) {
    return static_cast<std::int64_t>(k_left * 10 + n * k_plot_width * 10 / count);
  };
  const auto whole = at(i + 1) - at(i);
  const auto gap = whole >= 40 ? whole / 5 : whole >= 20 ? 5 : 0;
  return {at(i) + gap / 2, whole - gap};
}

void append_grid(std::string& to, const Scale& scale) {
  for (const int part : {0, 1, 2}) {
    const auto y = k_top + k_plot_height - k_plot_height * part / 2;
    fmt::format_to(std::back_inserter(to),
                   R"(<path class="grid" d="M{} {}H{}"/><text x="{}" y="{}" text-anchor="end">{}</text>)",
                   k_left, y, k_width - k_right, k_left - 6, y + 4, figure(scale.top / 2 * part));
  }
}

/// As many labels as stand beside each other without touching, the first among them.
void append_labels(std::string& to, const std::vector<std::string>& labels) {
  std::size_t longest = 1;
  for (const auto& label : labels) longest = std::max(longest, label.substr(0, label.find(" to ")).size());
  const auto room = std::max<std::size_t>(1, k_plot_width / (longest * k_letter + 2 * k_letter));
  const auto step = (labels.size() + room - 1) / room;
  for (std::size_t i = 0; i < labels.size(); i += step) {
    const auto [from, width] = span_of(i, labels.size());
    // The middle of the first and last label must not leave the drawing.
    const auto half = static_cast<std::int64_t>(longest) * k_letter * 5;
    const auto x = std::clamp(from + width / 2, half, static_cast<std::int64_t>(k_width) * 10 - half);
    fmt::format_to(std::back_inserter(to), R"(<text x="{}" y="{}" text-anchor="middle">)", x / 10,
                   k_height - 8);
    append_escaped(to, labels[i].substr(0, labels[i].find(" to ")));
    to.append("</text>");
  }
}

void append_bars(std::string& to, const Chart& chart, const Scale& scale) {
  std::vector<std::int64_t> base(chart.labels.size(), 0);  // what lies under the layer, in tenths
  for (const auto& series : chart.series) {
    std::string path;
    for (std::size_t i = 0; i < chart.labels.size(); ++i) {
      const auto height = scale.height(series.values[i]);
      if (height == 0) continue;
      const auto [from, width] = span_of(i, chart.labels.size());
      path.push_back('M');
      append_tenths(path, from);
      path.push_back(' ');
      append_tenths(path, (k_top + k_plot_height) * 10 - base[i]);
      path.push_back('v');
      path.push_back('-');
      append_tenths(path, height);
      path.push_back('h');
      append_tenths(path, width);
      path.push_back('v');
      append_tenths(path, height);
      path.push_back('z');
      base[i] += height;
    }
    if (!path.empty())
      fmt::format_to(std::back_inserter(to), R"(<path class="{}" d="{}"/>)", series.style, path);
  }
}

/// A tip over each bar, for those who point at it; the table under the chart has the same for all.
void append_tips(std::string& to, const Chart& chart) {
  for (std::size_t i = 0; i < chart.labels.size(); ++i) {
    const auto [from, width] = span_of(i, chart.labels.size());
    to.append(R"(<rect class="hit" x=")");
    append_tenths(to, from);
    fmt::format_to(std::back_inserter(to), R"(" y="{}" width=")", k_top);
    append_tenths(to, width);
    fmt::format_to(std::back_inserter(to), R"(" height="{}"><title>)", k_plot_height);
    append_escaped(to, chart.labels[i]);
    for (const auto& series : chart.series) {
      to.append(&series == chart.series.data() ? ": " : ", ");
      append_escaped(to, fmt::format("{} {}", figure(series.values[i]), series.name));
    }
    to.append("</title></rect>");
  }
}

void append_legend(std::string& to, const Chart& chart) {
  to.append("<ul class=\"legend\">");
  for (const auto& series : chart.series) {
    fmt::format_to(
        std::back_inserter(to),
        R"(<li><svg viewBox="0 0 10 10" aria-hidden="true"><rect class="{}" width="10" height="10"/></svg>)",
        series.style);
    append_escaped(to, series.name);
    to.append("</li>");
  }
  to.append("</ul>\n");
}

/// Every figure of the chart, for those who see no drawing.
void append_figures(std::string& to, const Chart& chart) {
  to.append("<details><summary>");
  append_escaped(to, fmt::format("{} in figures", chart.title));
  to.append("</summary>\n<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-label=\"");
  append_escaped(to, fmt::format("{} in figures", chart.title));
  to.append("\">\n<table>\n<thead><tr><td></td>");
  for (const auto& series : chart.series) {
    to.append(R"(<th scope="col" class="n">)");
    append_escaped(to, series.name);
    to.append("</th>");
  }
  to.append("</tr></thead>\n<tbody>\n");
  for (std::size_t i = 0; i < chart.labels.size(); ++i) {
    to.append("<tr><th scope=\"row\">");
    append_escaped(to, chart.labels[i]);
    to.append("</th>");
    for (const auto& series : chart.series)
      fmt::format_to(std::back_inserter(to), R"(<td class="n">{}</td>)", figure(series.values[i]));
    to.append("</tr>\n");
  }
  to.append("</tbody>\n</table>\n</div>\n</details>\n");
}

void append_drawing(std::string& to, const Chart& chart) {
  const auto all = totals(chart);
  const Scale scale{top_of_scale(all.empty() ? 0 : *std::max_element(all.begin(), all.end()))};
  fmt::format_to(std::back_inserter(to), R"(<svg class="chart" role="img" viewBox="0 0 {} {}" aria-label=")",
                 k_width, k_height);
  append_escaped(to, fmt::format("{}. {}", chart.title, chart.description));
  to.append("\">");
  append_grid(to, scale);
  append_bars(to, chart, scale);
  append_labels(to, chart.labels);
  append_tips(to, chart);
  to.append("</svg>\n");
}

std::vector<std::int64_t> thinned(std::span<const std::int64_t> values, std::size_t most) {
  const auto step = (values.size() + most - 1) / most;
  std::vector<std::int64_t> sums;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (i % step == 0) sums.push_back(0);
    sums.back() += values[i];
  }
  return sums;
}

}  // namespace

std::string stacked_bars(const Chart& whole) {
  const auto chart = thinned(whole, k_most_bars);
  std::string out = "<figure>\n<figcaption>";
  append_escaped(out, chart.title);
  out.append("<p>");
  append_escaped(out, chart.description);
  out.append("</p></figcaption>\n");
  append_legend(out, chart);
  append_drawing(out, chart);
  append_figures(out, chart);
  out.append("</figure>\n");
  return out;
}

std::string spark_svg(std::span<const std::int64_t> all, std::string_view description) {
  if (all.empty()) return {};
  auto values = thinned(all, k_most_points);
  if (values.size() == 1) values.push_back(values.front());  // a line, not a point
  const auto greatest = std::max<std::int64_t>(*std::max_element(values.begin(), values.end()), 1);
  std::string out =
      R"(<svg class="spark" role="img" viewBox="0 0 96 20" preserveAspectRatio="none" aria-label=")";
  append_escaped(out, description);
  out.append("\"><polyline points=\"");
  for (std::size_t i = 0; i < values.size(); ++i) {
    const auto x = static_cast<std::int64_t>(i * 960 / (values.size() - 1));
    const auto share = static_cast<double>(values[i]) / static_cast<double>(greatest);
    if (i > 0) out.push_back(' ');
    append_tenths(out, x);
    out.push_back(',');
    append_tenths(out, 190 - std::llround(share * 180));
  }
  out.append("\"/></svg>");
  return out;
}

std::string spark_text(std::span<const std::int64_t> values, bool ascii) {
  static constexpr std::array<std::string_view, 8> k_blocks = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
  static constexpr std::array<std::string_view, 6> k_marks = {"_", ".", "-", "=", "*", "#"};
  const std::span<const std::string_view> levels =
      ascii ? std::span<const std::string_view>(k_marks) : std::span<const std::string_view>(k_blocks);
  std::int64_t greatest = 1;
  for (const auto value : values) greatest = std::max(greatest, value);
  std::string out;
  for (const auto value : values) {
    // Rounded up: only nothing is as low as nothing.
    const auto share = static_cast<double>(std::max<std::int64_t>(value, 0)) / static_cast<double>(greatest);
    out.append(levels[static_cast<std::size_t>(std::ceil(share * static_cast<double>(levels.size() - 1)))]);
  }
  return out;
}

}  // namespace ringctl::report
