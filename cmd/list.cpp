#include "cmd/list.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <numeric>
#include <utility>

#include "base/error.hpp"
#include "base/text.hpp"
#include "cmd/io.hpp"
#include "cmd/scan.hpp"

namespace ringctl::cmd {
namespace {

/// Nulls after everything else, as the databases are told to order them.
bool before(const Cell& a, const Cell& b) {
  if (a.is_null() || b.is_null()) return !a.is_null() && b.is_null();
  const auto& left = a.value();
  const auto& right = b.value();
  if (left.index() != right.index()) return left.index() < right.index();
  if (const auto* text = std::get_if<std::string_view>(&left))
    return *text < std::get<std::string_view>(right);
  if (const auto* number = std::get_if<std::int64_t>(&left)) return *number < std::get<std::int64_t>(right);
  if (const auto* real = std::get_if<double>(&left)) return *real < std::get<double>(right);
  if (const auto* yes = std::get_if<bool>(&left)) return *yes < std::get<bool>(right);
  if (const auto* at = std::get_if<base::Instant>(&left)) return *at < std::get<base::Instant>(right);
  return std::get<RawJson>(left).text < std::get<RawJson>(right).text;
}

/// Decimal text by what it comes to.
bool amount_before(const Cell& a, const Cell& b) {
  if (a.is_null() || b.is_null()) return before(a, b);
  const auto amount = [](const Cell& cell) {
    const auto text = std::get<std::string_view>(cell.value());
    double value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
  };
  return amount(a) < amount(b);
}

Error bad_direction(const std::string& column, const std::string& direction) {
  const std::vector<std::string> directions = {"asc", "desc"};
  Error error(Errc::usage, "usage.bad_sort", fmt::format("--sort: \"{}\" is not asc or desc", direction),
              fmt::format("--sort {}:desc", column));
  if (auto line = did_you_mean(direction, directions); !line.empty()) error.detail(std::move(line));
  return error;
}

}  // namespace

Sort parse_sort(const std::string& text, std::span<const Column> columns) {
  const auto colon = text.find(':');
  Sort sort{text.substr(0, colon), false};
  std::vector<std::string> sortable;
  for (const auto& column : columns)
    if (column.sortable) sortable.emplace_back(column.name);
  const auto refuse = [&](std::string message) {
    Error error(Errc::usage, "usage.bad_sort", std::move(message),
                sortable.empty() ? "this list has one order" : "sortable: " + base::join(sortable, ", "));
    if (auto line = did_you_mean(sort.column, sortable); !line.empty()) error.detail(std::move(line));
    return error;
  };
  if (colon != text.npos) {
    const auto direction = text.substr(colon + 1);
    if (direction != "asc" && direction != "desc") throw bad_direction(sort.column, direction);
    sort.descending = direction == "desc";
  }
  if (std::find(sortable.begin(), sortable.end(), sort.column) == sortable.end())
    throw refuse(fmt::format("--sort: cannot order by \"{}\"", sort.column));
  return sort;
}

Error bad_limit(std::int64_t limit) {
  return {Errc::usage, "usage.bad_value", fmt::format("--limit: {} is below 0", limit),
          "--limit 0 shows all"};
}

void SmallList::add(std::span<const Cell> cells) {
  auto& row = rows_.emplace_back();
  for (const auto& cell : cells) {
    if (const auto* text = std::get_if<std::string_view>(&cell.value())) {
      row.emplace_back(texts_.emplace_back(*text));
    } else if (const auto* raw = std::get_if<RawJson>(&cell.value())) {
      row.emplace_back(RawJson{texts_.emplace_back(raw->text)});
    } else {
      row.push_back(cell);
    }
  }
}

std::vector<std::size_t> SmallList::shown() const {
  std::vector<std::size_t> order(rows_.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  if (options_.sort) {
    const auto it = std::find_if(columns_.begin(), columns_.end(),
                                 [&](const Column& column) { return column.name == options_.sort->column; });
    const auto i = static_cast<std::size_t>(it - columns_.begin());
    const bool descending = options_.sort->descending;
    const bool amounts = it->type == ColumnType::money;
    std::stable_sort(order.begin(), order.end(), [&](std::size_t left, std::size_t right) {
      const auto *a = &rows_[left][i], *b = &rows_[right][i];
      if (descending && !a->is_null() && !b->is_null()) std::swap(a, b);
      return amounts ? amount_before(*a, *b) : before(*a, *b);
    });
  }
  if (options_.limit > 0) order.resize(std::min(order.size(), static_cast<std::size_t>(options_.limit)));
  return order;
}

void SmallList::print() {
  auto list = io_.rows(columns_);
  for (const auto i : shown()) list.row(rows_[i]);
  list.finish(rows_.size());
}

}  // namespace ringctl::cmd
