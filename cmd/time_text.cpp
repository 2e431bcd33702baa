#include "cmd/time_text.hpp"

#include <fmt/format.h>

#include <array>

#include "base/error.hpp"

namespace ringctl::cmd {
namespace {

using std::chrono::milliseconds;

// Since 1972 every zone changes its offset on a quarter hour of UTC only; before, by any number of seconds.
constexpr milliseconds k_quarter = std::chrono::minutes(15);
constexpr base::Instant k_regular_since{std::chrono::sys_days{std::chrono::year{1972} / 1 / 2}};

char digit(unsigned value) { return static_cast<char>('0' + value % 10); }

/// "2026-03-08" + separator + "03:00:00"
void append_date_time(std::string& out, base::Instant local, char separator) {
  const auto day = std::chrono::floor<std::chrono::days>(local);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss time(local - day);
  const auto year = static_cast<unsigned>(static_cast<int>(date.year()));
  const auto month = static_cast<unsigned>(date.month());
  const auto mday = static_cast<unsigned>(date.day());
  const auto h = static_cast<unsigned>(time.hours().count());
  const auto m = static_cast<unsigned>(time.minutes().count());
  const auto s = static_cast<unsigned>(time.seconds().count());
  const std::array<char, 19> text = {digit(year / 1000),
                                     digit(year / 100),
                                     digit(year / 10),
                                     digit(year),
                                     '-',
                                     digit(month / 10),
                                     digit(month),
                                     '-',
                                     digit(mday / 10),
                                     digit(mday),
                                     separator,
                                     digit(h / 10),
                                     digit(h),
                                     ':',
                                     digit(m / 10),
                                     digit(m),
                                     ':',
                                     digit(s / 10),
                                     digit(s)};
  out.append(text.data(), text.size());
}

}  // namespace

base::Instant parse_time(std::string_view flag, std::string_view text, const base::Zone& zone,
                         base::Instant now) {
  try {
    return base::parse_instant(text, zone, now);
  } catch (const Error& error) {
    throw Error(error.errc(), error.slug(), fmt::format("--{}: {}", flag, error.message()), error.hint());
  }
}

void TimeText::Offset::look_up(base::Instant at) {
  const auto now = at.time_since_epoch() / k_quarter;
  if (now == quarter) return;
  quarter = now;
  const auto text = zone.format(at);
  if (text.ends_with('Z')) {
    suffix = "Z";
    offset = {};
    return;
  }
  suffix = text.substr(text.size() - 6);  // "-04:00"
  const auto two = [&](std::size_t i) { return (suffix[i] - '0') * 10 + (suffix[i + 1] - '0'); };
  offset = std::chrono::minutes(two(1) * 60 + two(4));
  if (suffix[0] == '-') offset = -offset;
}

void TimeText::append(std::string& out, base::Instant at) {
  if (at < k_regular_since) {
    out.append(machine_.zone.format(at));
    return;
  }
  machine_.look_up(at);
  const auto local = at + machine_.offset;
  append_date_time(out, local, 'T');
  const auto ms = static_cast<unsigned>((local.time_since_epoch() % std::chrono::seconds(1)).count());
  const std::array<char, 4> fraction = {'.', digit(ms / 100), digit(ms / 10), digit(ms)};
  out.append(fraction.data(), fraction.size());
  out.append(machine_.suffix);
}

void TimeText::append_local(std::string& out, base::Instant at) {
  if (at < k_regular_since) {
    auto text = people_.zone.format(at).substr(0, 19);
    text[10] = ' ';
    out.append(text);
    return;
  }
  people_.look_up(at);
  append_date_time(out, at + people_.offset, ' ');
}

}  // namespace ringctl::cmd
