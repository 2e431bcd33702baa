#include "base/zone.hpp"

#include <absl/time/civil_time.h>
#include <absl/time/time.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <optional>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/text.hpp"

namespace ringctl::base {
namespace {

using std::chrono::milliseconds;

/// Only names out of the database: absl also takes paths ("file:", "/...") and "localtime".
bool plausible(std::string_view name) {
  constexpr std::string_view k_others = "_+-/";
  if (name.empty() || name.size() > 64 || name.front() == '/' || name == "localtime") return false;
  if (name.starts_with("posix/") || name.starts_with("right/") || name.starts_with("Fixed/")) return false;
  return std::ranges::all_of(name, [&](char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
           k_others.find(c) != std::string_view::npos;
  });
}

std::optional<absl::TimeZone> load(std::string_view name) {
  if (!plausible(name)) return std::nullopt;
  absl::TimeZone zone;
  if (!absl::LoadTimeZone({name.data(), name.size()}, &zone)) return std::nullopt;
  return zone;
}

absl::Time to_absl(Instant instant) { return absl::FromUnixMillis(instant.time_since_epoch().count()); }
Instant from_absl(absl::Time time) { return Instant(milliseconds(absl::ToUnixMillis(time))); }

/// The machine's database as text; empty where it is not installed.
std::string zone_table() {
  const char* set = std::getenv("TZDIR");
  const std::filesystem::path directory = set != nullptr ? set : "/usr/share/zoneinfo";
  try {
    return read_file(directory / "tzdata.zi");
  } catch (const Error&) {
    return {};
  }
}

/// Zone names of the machine's database; empty where it is not installed.
std::vector<std::string> known_names() {
  std::vector<std::string> names{"UTC"};
  const auto table = zone_table();
  // Lines "L target alias" and "Z name ..." name every zone.
  for (const auto line : split(table, '\n')) {
    const auto words = split(line, ' ');
    if (words.size() > 2 && words[0] == "L") names.emplace_back(words[2]);
    if (words.size() > 1 && words[0] == "Z") names.emplace_back(words[1]);
  }
  return names;
}

std::vector<std::string> nearest_names(std::string_view typed) {
  std::string word = ascii_lower(typed);
  std::ranges::replace(word, ' ', '_');
  const auto names = known_names();
  std::vector<std::string> lower;
  std::vector<std::string> out;
  for (const auto& name : names) {
    lower.push_back(ascii_lower(name));
    // "Berlin" for "Europe/Berlin".
    if (lower.back() == word || (word.size() > 2 && lower.back().ends_with("/" + word))) out.push_back(name);
  }
  for (const auto& guess : nearest(word, lower)) {
    const auto& name = names[static_cast<std::size_t>(std::ranges::find(lower, guess) - lower.begin())];
    if (std::ranges::find(out, name) == out.end()) out.push_back(name);
  }
  if (out.size() > 3) out.resize(3);
  return out;
}

absl::TimeZone zone_of(const Zone& zone) {
  // Cached by absl after the first time.
  return load(zone.name()).value_or(absl::UTCTimeZone());
}

/// Name of the zone that a link such as /etc/localtime points to.
std::optional<std::string> name_in_path(std::string_view path) {
  constexpr std::string_view k_folder = "zoneinfo/";
  const auto at = path.rfind(k_folder);
  if (at == std::string_view::npos) return std::nullopt;
  return std::string(path.substr(at + k_folder.size()));
}

}  // namespace

std::string zone_data_version() {
  constexpr std::string_view k_version = "# version ";
  const auto table = zone_table();
  const auto first = std::string_view(table).substr(0, table.find('\n'));
  return first.starts_with(k_version) ? std::string(trim(first.substr(k_version.size()))) : std::string();
}

Zone Zone::parse(std::string_view name) {
  if (exists(name)) return Zone(std::string(name));
  const auto guesses = nearest_names(name);
  throw Error(
      Errc::invalid, "time.unknown_zone", fmt::format("unknown time zone \"{}\"", name),
      guesses.empty() ? "use an IANA name such as America/New_York" : "did you mean " + join(guesses, ", "));
}

bool Zone::exists(std::string_view name) { return load(name).has_value(); }

Zone Zone::system() {
  if (const char* set = std::getenv("TZ"); set != nullptr && *set != '\0') {
    std::string_view name = set;
    if (name.front() == ':') name.remove_prefix(1);
    if (exists(name)) return Zone(std::string(name));
    if (const auto inner = name_in_path(name); inner && exists(*inner)) return Zone(*inner);
  }
  std::error_code ignored;
  const auto link = std::filesystem::read_symlink("/etc/localtime", ignored);
  if (const auto name = name_in_path(link.string()); name && exists(*name)) return Zone(*name);
  return utc();
}

Zone Zone::utc() { return Zone("UTC"); }

LocalTime Zone::local_time(Instant instant) const {
  const auto time = absl::ToCivilMinute(to_absl(instant), zone_of(*this));
  return {{std::chrono::year{static_cast<int>(time.year())},
           std::chrono::month{static_cast<unsigned>(time.month())},
           std::chrono::day{static_cast<unsigned>(time.day())}},
          time.hour() * 60 + time.minute()};
}

Day Zone::day_of(Instant instant) const { return local_time(instant).day; }

Instant Zone::start_of(Day day) const {
  const absl::CivilSecond midnight(static_cast<int>(day.year()),
                                   static_cast<int>(static_cast<unsigned>(day.month())),
                                   static_cast<int>(static_cast<unsigned>(day.day())));
  const auto info = zone_of(*this).At(midnight);
  return from_absl(info.kind == absl::TimeZone::TimeInfo::SKIPPED ? info.trans : info.pre);
}

std::string Zone::format(Instant instant) const {
  // Before standard time offsets had seconds, which RFC 3339 cannot write: the offset is cut to minutes and
  // the local time follows it, so the text always names the same instant.
  const int minutes = zone_of(*this).At(to_absl(instant)).offset / 60;
  std::string text = format_utc(instant + std::chrono::minutes(minutes));
  text.pop_back();
  const int size = std::abs(minutes);
  return text + fmt::format("{}{:02}:{:02}", minutes < 0 ? '-' : '+', size / 60, size % 60);
}

}  // namespace ringctl::base
