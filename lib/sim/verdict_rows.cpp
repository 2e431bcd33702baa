// Expected rows and those that are there.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.hpp"
#include "sim/verdict.hpp"

namespace ringctl::sim {
namespace {

/// Free text: what is expected stands somewhere in it.
bool is_free_text(std::string_view column) {
  static constexpr auto k_columns = std::to_array<std::string_view>({"notes", "body", "recording_url"});
  return std::ranges::find(k_columns, column) != k_columns.end();
}

/// "24s" from the beginning on, or the instant itself.
bool instant_holds(const std::string& expected, const std::string& found, Instant began) {
  if (const auto span = try_parse_span(expected)) return base::format_utc(began + *span) == found;
  auto text = expected;
  if (text.size() == 20 && text.back() == 'Z') text.insert(19, ".000");
  return text == found;
}

bool text_holds(const std::string& column, const std::string& expected, const std::string& found,
                Instant began) {
  if (column == "duration") {
    const auto bound = try_parse_bound(expected);
    return bound && bound->holds(std::chrono::seconds(base::parse_int(found).value_or(0)));
  }
  if (column.ends_with("_at")) return instant_holds(expected, found, began);
  return is_free_text(column) ? found.find(expected) != std::string::npos : found == expected;
}

/// What a column is called where it lies.
std::string place_of(const std::string& column) { return column == "duration" ? "duration_s" : column; }

std::string found_cell(const std::string& column, const PlayedRow& row, Instant began) {
  const auto found = row.find(place_of(column));
  if (found == row.end()) return "nothing";
  if (column == "duration") return found->second + "s";
  if (!column.ends_with("_at")) return found->second;
  return fmt::format("{} ({})", found->second, span_text(base::parse_utc(found->second) - began));
}

std::vector<Difference> compare(const ExpectedRow& expected, const PlayedRow& row, Instant began) {
  std::vector<Difference> differences;
  for (const auto& [column, value] : expected.cells)
    if (!cell_holds(column, value, row, began))
      differences.push_back(
          {fmt::format("{}/{}", expected.path, column), shown_cell(value), found_cell(column, row, began)});
  return differences;
}

/// The row that no other took and that differs least; -1: none is left.
std::ptrdiff_t nearest_row(const ExpectedRow& expected, const std::vector<PlayedRow>& found,
                           const std::vector<bool>& taken, Instant began) {
  std::ptrdiff_t best = -1;
  std::size_t least = 0;
  for (std::size_t i = 0; i < found.size(); ++i) {
    if (taken[i]) continue;
    const auto count = compare(expected, found[i], began).size();
    if (best >= 0 && count >= least) continue;
    best = static_cast<std::ptrdiff_t>(i);
    least = count;
  }
  return best;
}

void append(std::vector<Difference>& all, std::vector<Difference> more) {
  std::ranges::move(more, std::back_inserter(all));
}

void judge_unordered(const std::vector<ExpectedRow>& expected, const std::vector<PlayedRow>& found,
                     Instant began, std::vector<Difference>& differences) {
  std::vector<bool> taken(found.size(), false);
  std::vector<const ExpectedRow*> open;
  for (const auto& row : expected) {  // those that are there as they should be take theirs first
    const auto at = nearest_row(row, found, taken, began);
    if (at >= 0 && compare(row, found[static_cast<std::size_t>(at)], began).empty())
      taken[static_cast<std::size_t>(at)] = true;
    else
      open.push_back(&row);
  }
  for (const auto* const row : open) {
    const auto at = nearest_row(*row, found, taken, began);
    if (at < 0) {
      differences.push_back({row->path, "a row", "no row is left for it"});
      continue;
    }
    taken[static_cast<std::size_t>(at)] = true;
    append(differences, compare(*row, found[static_cast<std::size_t>(at)], began));
  }
}

}  // namespace

std::string shown_cell(const Json& json) {
  if (json.kind == Json::Kind::null) return "nothing";
  return json.is_text() ? json.text : json.dump();
}

bool cell_holds(const std::string& column, const Json& expected, const PlayedRow& row, Instant began) {
  const auto found = row.find(place_of(column));
  if (expected.kind == Json::Kind::null || (expected.is_text() && expected.text.empty()))
    return found == row.end();
  if (found == row.end()) return false;
  if (!expected.is_text()) return found->second == expected.text;
  return text_holds(column, expected.text, found->second, began);
}

void judge_rows(const std::string& path, const std::vector<ExpectedRow>& expected,
                const std::vector<PlayedRow>& found, bool ordered, Instant began,
                std::vector<Difference>& differences) {
  if (expected.size() != found.size())
    differences.push_back({path, fmt::format("{} {}", expected.size(), expected.size() == 1 ? "row" : "rows"),
                           std::to_string(found.size())});
  if (!ordered) return judge_unordered(expected, found, began, differences);
  for (std::size_t i = 0; i < std::min(expected.size(), found.size()); ++i)
    append(differences, compare(expected[i], found[i], began));
}

}  // namespace ringctl::sim
