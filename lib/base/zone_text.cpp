// The texts of zone.hpp: days, instants and durations as people type them.
#include <absl/time/civil_time.h>
#include <absl/time/time.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <iterator>
#include <limits>
#include <optional>

#include "base/error.hpp"
#include "base/text.hpp"
#include "base/zone.hpp"

namespace ringctl::base {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// Reads `text` against a template: 0 stands for a digit, anything else for itself.
bool has_shape(std::string_view text, std::string_view shape) {
  if (text.size() != shape.size()) return false;
  for (std::size_t i = 0; i < text.size(); ++i)
    if (shape[i] == '0' ? !is_digit(text[i]) : text[i] != shape[i]) return false;
  return true;
}

int number_at(std::string_view text, std::size_t at, std::size_t width) {
  return static_cast<int>(*parse_int(text.substr(at, width)));
}

std::optional<Day> try_day(std::string_view text) {
  if (!has_shape(text, "0000-00-00")) return std::nullopt;
  const Day day{std::chrono::year{number_at(text, 0, 4)},
                std::chrono::month{static_cast<unsigned>(number_at(text, 5, 2))},
                std::chrono::day{static_cast<unsigned>(number_at(text, 8, 2))}};
  return day.ok() ? std::optional(day) : std::nullopt;
}

/// "07:59", "07:59:58" or "07:59:58.123" off the front of `text`, as time since midnight.
std::optional<milliseconds> take_time(std::string_view& text) {
  const auto fits = [&](std::string_view shape) { return has_shape(text.substr(0, shape.size()), shape); };
  if (!fits("00:00")) return std::nullopt;
  const int hour = number_at(text, 0, 2);
  const int minute = number_at(text, 3, 2);
  text.remove_prefix(5);
  int second = 0;
  int ms = 0;
  if (fits(":00")) {
    second = number_at(text, 1, 2);
    text.remove_prefix(3);
    if (text.size() > 1 && text[0] == '.' && is_digit(text[1])) {
      text.remove_prefix(1);
      for (int weight = 100; !text.empty() && is_digit(text.front()); weight /= 10) {
        ms += (text.front() - '0') * weight;  // digits past the third weigh nothing
        text.remove_prefix(1);
      }
    }
  }
  if (hour > 23 || minute > 59 || second > 59) return std::nullopt;
  return std::chrono::hours(hour) + minutes(minute) + std::chrono::seconds(second) + milliseconds(ms);
}

/// "Z" or "+02:00".
std::optional<minutes> try_offset(std::string_view text) {
  if (text == "Z" || text == "z") return minutes(0);
  if (!has_shape(text, "+00:00") && !has_shape(text, "-00:00")) return std::nullopt;
  const int hour = number_at(text, 1, 2);
  const int minute = number_at(text, 4, 2);
  if (hour > 23 || minute > 59) return std::nullopt;
  const minutes size(hour * 60 + minute);
  return text.front() == '-' ? -size : size;
}

Instant local_instant(std::string_view text, Day day, milliseconds time, const Zone& zone) {
  absl::TimeZone rules = absl::UTCTimeZone();
  absl::LoadTimeZone(zone.name(), &rules);
  const auto seconds = std::chrono::floor<std::chrono::seconds>(time);
  const absl::CivilSecond civil =
      absl::CivilSecond(static_cast<int>(day.year()), static_cast<int>(static_cast<unsigned>(day.month())),
                        static_cast<int>(static_cast<unsigned>(day.day()))) +
      seconds.count();
  const auto info = rules.At(civil);
  const auto instant = [&](absl::Time at) {
    return Instant(milliseconds(absl::ToUnixMillis(at)) + (time - seconds));
  };
  if (info.kind == absl::TimeZone::TimeInfo::UNIQUE) return instant(info.pre);
  const bool gap = info.kind == absl::TimeZone::TimeInfo::SKIPPED;
  auto first = zone.format(instant(info.pre));
  auto second = zone.format(instant(info.post));
  if (gap) std::swap(first, second);  // in a gap the later offset gives the earlier instant
  throw Error(Errc::invalid, gap ? "time.skipped" : "time.ambiguous",
              fmt::format("\"{}\" {} in {} (clocks change then)", text,
                          gap ? "does not exist" : "happens twice", zone.name()),
              fmt::format("say {} or {}", first, second));
}

struct Unit {
  std::string_view name;
  std::int64_t ms;
};
constexpr Unit k_units[] = {{"w", 604'800'000}, {"d", 86'400'000}, {"h", 3'600'000},
                            {"m", 60'000},      {"s", 1000},       {"ms", 1}};

/// What is wrong with the text of a duration.
enum class Flaw { malformed, too_long };

/// Units fall in size and come once each: "1h30m".
std::optional<milliseconds> try_duration(std::string_view text, Flaw& flaw) {
  constexpr std::int64_t k_most = 100LL * 366 * 86'400'000;  // a century; keeps every sum far from overflow
  std::int64_t total = 0;
  std::int64_t smaller_than = std::numeric_limits<std::int64_t>::max();
  bool too_long = false;
  flaw = Flaw::malformed;
  if (text.empty()) return std::nullopt;
  while (!text.empty()) {
    std::size_t digits = 0;
    while (digits < text.size() && is_digit(text[digits])) ++digits;
    std::size_t letters = digits;
    while (letters < text.size() && !is_digit(text[letters])) ++letters;
    const auto name = text.substr(digits, letters - digits);
    const auto* unit = std::ranges::find(k_units, name, &Unit::name);
    if (digits == 0 || unit == std::end(k_units) || unit->ms >= smaller_than) return std::nullopt;
    const auto count = parse_int(text.substr(0, digits));  // none: more digits than a number has
    if (count && *count <= k_most / unit->ms)
      total += *count * unit->ms;
    else
      too_long = true;
    smaller_than = unit->ms;
    text.remove_prefix(letters);
  }
  if (!too_long && total <= k_most) return milliseconds(total);
  flaw = Flaw::too_long;
  return std::nullopt;
}

}  // namespace

std::string format_day(Day day) {
  return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(day.year()), static_cast<unsigned>(day.month()),
                     static_cast<unsigned>(day.day()));
}

Day parse_day(std::string_view text) {
  if (const auto day = try_day(text)) return *day;
  throw Error(Errc::invalid, "time.bad_date",
              fmt::format("\"{}\" is not a date (expected like 2026-03-08)", text));
}

Instant parse_instant(std::string_view text, const Zone& zone, Instant now) {
  if (text == "now") return now;
  if (text == "today") return zone.start_of(zone.day_of(now));
  if (text == "yesterday")
    return zone.start_of(std::chrono::sys_days(zone.day_of(now)) - std::chrono::days(1));
  if (text.starts_with('-')) {
    Flaw flaw{};
    if (const auto back = try_duration(text.substr(1), flaw)) return now - *back;
    if (flaw == Flaw::too_long)
      throw Error(Errc::invalid, "time.too_long_ago", fmt::format("\"{}\" is too long ago", text),
                  "at most a century: -36600d");
  }
  if (const auto day = try_day(text.substr(0, 10))) {
    if (text.size() == 10) return zone.start_of(*day);
    std::string_view rest = text.substr(11);
    const bool separated = text[10] == 'T' || text[10] == 't' || text[10] == ' ';
    const auto time = separated ? take_time(rest) : std::nullopt;
    if (time && rest.empty()) return local_instant(text, *day, *time, zone);
    if (const auto offset = time ? try_offset(rest) : std::nullopt)
      return std::chrono::sys_days(*day) + *time - *offset;
  }
  throw Error(Errc::invalid, "time.malformed", fmt::format("\"{}\" is not a time", text),
              "use 2026-03-08, 2026-03-08T07:59:58Z, today, yesterday or -7d");
}

milliseconds parse_duration(std::string_view text) {
  Flaw flaw{};
  if (const auto duration = try_duration(text, flaw)) return *duration;
  if (flaw == Flaw::too_long)
    throw Error(Errc::invalid, "time.too_long", fmt::format("\"{}\" is too long", text),
                "at most a century: 36600d");
  throw Error(Errc::invalid, "time.bad_duration", fmt::format("\"{}\" is not a duration", text),
              "use 500ms, 90s, 10m, 1h30m or 2d");
}

std::string format_duration(milliseconds duration) {
  if (duration == milliseconds(0)) return "0s";
  std::string text = duration < milliseconds(0) ? "-" : "";
  std::int64_t left = std::abs(duration.count());
  for (const auto& unit : k_units) {
    if (unit.name == "w") continue;
    if (const auto count = left / unit.ms; count > 0)
      fmt::format_to(std::back_inserter(text), "{}{}", count, unit.name);
    left %= unit.ms;
  }
  return text;
}

}  // namespace ringctl::base
