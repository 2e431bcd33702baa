#include "report/chart.hpp"

#include <fmt/format.h>

#include <numeric>
#include <regex>

#include "report/python.hpp"

using namespace ringctl::report;

namespace {

using Values = std::vector<std::int64_t>;

Chart chart_of(std::size_t bars, std::int64_t scale = 10) {
  Chart chart{"Calls by day", "The most: <10>.", {}, {{"connected", "s1", {}}, {"missed", "s2", {}}}};
  for (std::size_t i = 0; i < bars; ++i) {
    chart.labels.push_back(fmt::format("day {}", i));
    chart.series[0].values.push_back(static_cast<std::int64_t>(i) % 7 * scale);
    chart.series[1].values.push_back(static_cast<std::int64_t>(i) % 3);
  }
  return chart;
}

/// What a reader of XML finds: labels and figures of the table, paths by class, and every text.
nlohmann::json read_figure(const std::string& figure) {
  return test::python(R"py(
import json, sys
import xml.etree.ElementTree as tree
root = tree.parse(sys.argv[1]).getroot()
rows = [[''.join(cell.itertext()) for cell in row] for row in root.iter('tr')]
paths = {p.get('class'): p.get('d') for p in root.iter('path') if p.get('class') != 'grid'}
drawing = [s for s in root.iter('svg') if s.get('role') == 'img'][0]
print(json.dumps({'rows': rows, 'paths': paths, 'name': drawing.get('aria-label'),
  'tips': [t.text for t in root.iter('title')], 'texts': [t.text for t in root.iter('text')]}))
)py",
                      figure);
}

std::int64_t figure_of(const nlohmann::json& cell) {
  auto text = cell.get<std::string>();
  std::erase(text, ',');
  return std::stoll(text);
}

}  // namespace

TEST_CASE("a line of blocks rises with its figures", "[report]") {
  const Values values = {0, 1, 2, 3, 4, 5, 6, 7};
  CHECK(spark_text(values, false) == "▁▂▃▄▅▆▇█");
  CHECK(spark_text(Values{0, 1, 2, 3, 4, 5}, true) == "_.-=*#");
  CHECK(spark_text(Values{}, false).empty());
  CHECK(spark_text(Values{0, 0, 0}, false) == "▁▁▁");
  CHECK(spark_text(Values{5}, false) == "█");
  CHECK(spark_text(Values{0, 1, 1000}, false) == "▁▂█");  // one call is not none
  CHECK(spark_text(Values{9'000'000'000'000'000'000, 0}, true) == "#_");
}

TEST_CASE("a chart is well formed, named, and has every figure as text as well", "[report]") {
  const auto chart = chart_of(30);
  const auto read = read_figure(stacked_bars(chart));
  CHECK(read["name"] == "Calls by day. The most: <10>.");
  CHECK(read["paths"].size() == 2);
  REQUIRE(read["rows"].size() == 31);
  for (std::size_t i = 0; i < 30; ++i) {
    CHECK(read["rows"][i + 1][0] == chart.labels[i]);
    CHECK(figure_of(read["rows"][i + 1][1]) == chart.series[0].values[i]);
    CHECK(figure_of(read["rows"][i + 1][2]) == chart.series[1].values[i]);
  }
  CHECK(read["tips"][6] == "day 6: 60 connected, 0 missed");
}

TEST_CASE("a chart of many years puts neighbours together and loses none", "[report]") {
  for (const std::size_t bars : {400U, 401U, 3653U, 20000U}) {
    const auto chart = chart_of(bars, 1'000'000'000);
    const auto read = read_figure(stacked_bars(chart));
    CHECK(read["rows"].size() <= 401);
    std::int64_t sum = 0;
    for (std::size_t i = 1; i < read["rows"].size(); ++i) sum += figure_of(read["rows"][i][1]);
    CHECK(sum ==
          std::accumulate(chart.series[0].values.begin(), chart.series[0].values.end(), std::int64_t{0}));
  }
  CHECK(read_figure(stacked_bars(chart_of(800)))["rows"][1][0] == "day 0 to day 1");
}

TEST_CASE("labels of a chart do not touch each other", "[report]") {
  for (const std::size_t bars : {1U, 2U, 9U, 30U, 365U}) {
    const auto figure = stacked_bars(chart_of(bars));
    const std::regex label("<text x=\"(\\d+)\" y=\"232\"[^>]*>([^<]*)<");
    double end = -1;
    std::size_t seen = 0;
    for (std::sregex_iterator it(figure.begin(), figure.end(), label), none; it != none; ++it, ++seen) {
      const auto middle = std::stod((*it)[1]), half = static_cast<double>((*it)[2].length()) * 3.5;
      CHECK(middle - half >= end);
      CHECK(middle + half <= 520.5);
      end = middle + half;
    }
    CHECK(seen >= 1);
    CHECK(seen <= bars);
  }
}

TEST_CASE("a chart of nothing has a scale and no bars", "[report]") {
  const Chart empty{"Calls", "No calls.", {"a", "b"}, {{"connected", "s1", {0, 0}}}};
  const auto read = read_figure(stacked_bars(empty));
  CHECK(read["paths"].empty());
  CHECK(read["texts"] == nlohmann::json({"0", "1", "2", "a", "b"}));
  CHECK(read_figure(stacked_bars({"Calls", "None", {}, {}}))["rows"].size() == 1);
}

TEST_CASE("the scale of a chart reaches over its highest bar", "[report]") {
  for (const std::int64_t most : {1, 2, 3, 9, 10, 11, 99, 350, 999'999'999}) {
    const Chart chart{"Calls", "", {"a"}, {{"connected", "s1", {most}}}};
    const auto texts = read_figure(stacked_bars(chart))["texts"];
    CHECK(figure_of(texts[2]) >= most);
    CHECK(figure_of(texts[1]) * 2 == figure_of(texts[2]));
  }
}

TEST_CASE("the line of a cell has 24 points at most, and says what it shows", "[report]") {
  Values values(100);
  std::iota(values.begin(), values.end(), 0);
  const auto line = spark_svg(values, "1 to \"9\" calls");
  CHECK(line.starts_with("<svg class=\"spark\" role=\"img\""));
  CHECK(line.find("aria-label=\"1 to &quot;9&quot; calls\"") != std::string::npos);
  CHECK(std::count(line.begin(), line.end(), ',') <= 24);
  CHECK(spark_svg({}, "").empty());
  CHECK(spark_svg(Values{3}, "").find("points=\"0,1 96,1\"") != std::string::npos);
  CHECK(spark_svg(Values{0, 4}, "").find("points=\"0,19 96,1\"") != std::string::npos);
}
