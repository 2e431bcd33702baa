#include "sim/rest_dates.hpp"

#include <algorithm>
#include <chrono>
#include <string>

#include "base/text.hpp"

namespace ringctl::sim {
namespace {

using namespace std::chrono;

/// `size` digits at `at`; nullopt where there is something else.
std::optional<int> digits(std::string_view text, std::size_t at, std::size_t size) {
  if (text.size() < at + size || text[at] == '-') return std::nullopt;
  const auto value = base::parse_int(text.substr(at, size));
  if (!value) return std::nullopt;
  return static_cast<int>(*value);
}

std::optional<sys_days> parse_date(std::string_view text) {
  const auto year_of = digits(text, 0, 4), month_of = digits(text, 5, 2), day_of = digits(text, 8, 2);
  if (!year_of || !month_of || !day_of || text[4] != '-' || text[7] != '-') return std::nullopt;
  const year_month_day date(year(*year_of), month(static_cast<unsigned>(*month_of)),
                            day(static_cast<unsigned>(*day_of)));
  if (!date.ok()) return std::nullopt;
  return sys_days(date);
}

std::optional<milliseconds> parse_time(std::string_view text) {
  const auto hour_of = digits(text, 0, 2), minute_of = digits(text, 3, 2), second_of = digits(text, 6, 2);
  if (!hour_of || !minute_of || !second_of || text[2] != ':' || text[5] != ':') return std::nullopt;
  if (*hour_of > 23 || *minute_of > 59 || *second_of > 59) return std::nullopt;
  auto rest = text.substr(8);
  if (rest.starts_with('.'))
    rest.remove_prefix(std::min(rest.find_first_not_of("0123456789", 1), rest.size()));
  if (rest != "Z" && rest != "+00:00" && rest != "+0000" && !rest.empty()) return std::nullopt;
  return hours(*hour_of) + minutes(*minute_of) + seconds(*second_of);
}

}  // namespace

std::optional<RestTime> parse_rest_time(std::string_view text) {
  constexpr std::size_t k_date = 10;
  const auto date = parse_date(text);
  if (!date) return std::nullopt;
  if (text.size() == k_date) return RestTime{*date, *date + days(1) - milliseconds(1)};
  if (text[k_date] != 'T' && text[k_date] != ' ') return std::nullopt;
  const auto time = parse_time(text.substr(k_date + 1));
  if (!time) return std::nullopt;
  return RestTime{*date + *time, *date + *time + milliseconds(999)};
}

TimeFilter::TimeFilter(const Fields& fields, std::string_view name)
    : on_(parse_rest_time(fields.text(name))),
      before_(parse_rest_time(fields.text(std::string(name) + "<"))),
      after_(parse_rest_time(fields.text(std::string(name) + ">"))) {}

bool TimeFilter::holds(std::optional<base::Instant> at) const {
  if (!on_ && !before_ && !after_) return true;
  if (!at) return false;
  if (on_ && (*at < on_->begin || *at > on_->last)) return false;
  if (before_ && *at > before_->last) return false;
  return !after_ || *at >= after_->begin;
}

}  // namespace ringctl::sim
