#include "base/clock.hpp"

#include <fmt/format.h>

#include "base/error.hpp"

namespace ringctl::base {
namespace {

using std::chrono::milliseconds;

char* put_digits(char* out, unsigned value, int width) {
  for (int i = width - 1; i >= 0; --i) {
    out[i] = static_cast<char>('0' + value % 10);
    value /= 10;
  }
  return out + width;
}

/// Takes `width` digits off the front of `text`; -1 if they are not there.
int take_digits(std::string_view& text, std::size_t width) {
  if (text.size() < width) return -1;
  int value = 0;
  for (const char c : text.substr(0, width)) {
    if (c < '0' || c > '9') return -1;
    value = value * 10 + (c - '0');
  }
  text.remove_prefix(width);
  return value;
}

bool take(std::string_view& text, char c) {
  if (text.empty() || text.front() != c) return false;
  text.remove_prefix(1);
  return true;
}

/// ".5", ".25" or ".125" as milliseconds, 0 if there is none, -1 if malformed.
int take_fraction(std::string_view& text) {
  if (!take(text, '.')) return 0;
  int value = 0;
  int digits = 0;
  while (digits < 3 && !text.empty() && text.front() >= '0' && text.front() <= '9') {
    value = value * 10 + (text.front() - '0');
    text.remove_prefix(1);
    ++digits;
  }
  if (digits == 0) return -1;
  for (; digits < 3; ++digits) value *= 10;
  return value;
}

}  // namespace

Instant SystemClock::now() const {
  return std::chrono::time_point_cast<milliseconds>(std::chrono::system_clock::now());
}

std::chrono::steady_clock::time_point SystemClock::steady() const { return std::chrono::steady_clock::now(); }

std::string format_utc(Instant instant) {
  const auto days = std::chrono::floor<std::chrono::days>(instant);
  const std::chrono::year_month_day date{days};
  const std::chrono::hh_mm_ss time{instant - days};
  const int year = static_cast<int>(date.year());
  if (year < 0 || year > 9999)
    throw Error(Errc::invalid, "time.out_of_range", fmt::format("year {} is outside 0000 to 9999", year));
  std::string text(24, '-');
  char* p = put_digits(text.data(), static_cast<unsigned>(year), 4) + 1;
  p = put_digits(p, static_cast<unsigned>(date.month()), 2) + 1;
  p = put_digits(p, static_cast<unsigned>(date.day()), 2);
  *p++ = 'T';
  p = put_digits(p, static_cast<unsigned>(time.hours().count()), 2);
  *p++ = ':';
  p = put_digits(p, static_cast<unsigned>(time.minutes().count()), 2);
  *p++ = ':';
  p = put_digits(p, static_cast<unsigned>(time.seconds().count()), 2);
  *p++ = '.';
  p = put_digits(p, static_cast<unsigned>(time.subseconds().count()), 3);
  *p = 'Z';
  return text;
}

Instant parse_utc(std::string_view text) {
  std::string_view rest = text;
  const auto fail = [&] {
    return Error(Errc::invalid, "time.malformed", fmt::format("\"{}\" is not a UTC time", text));
  };
  const int year = take_digits(rest, 4);
  if (!take(rest, '-')) throw fail();
  const int month = take_digits(rest, 2);
  if (!take(rest, '-')) throw fail();
  const int day = take_digits(rest, 2);
  if (!take(rest, 'T') && !take(rest, ' ')) throw fail();
  const int hour = take_digits(rest, 2);
  if (!take(rest, ':')) throw fail();
  const int minute = take_digits(rest, 2);
  if (!take(rest, ':')) throw fail();
  const int second = take_digits(rest, 2);
  const int ms = take_fraction(rest);
  if (rest != "Z" && rest != "+00" && rest != "+00:00") throw fail();
  if (year < 0 || month < 0 || day < 0 || hour < 0 || minute < 0 || second < 0 || ms < 0) throw fail();
  const std::chrono::year_month_day date{std::chrono::year{year},
                                         std::chrono::month{static_cast<unsigned>(month)},
                                         std::chrono::day{static_cast<unsigned>(day)}};
  if (!date.ok() || hour > 23 || minute > 59 || second > 59) throw fail();
  return std::chrono::sys_days{date} + std::chrono::hours{hour} + std::chrono::minutes{minute} +
         std::chrono::seconds{second} + milliseconds{ms};
}

}  // namespace ringctl::base
