#include "phone/overlay.hpp"

#include <fmt/format.h>

#include <array>
#include <atomic>

#include "base/error.hpp"
#include "base/text.hpp"
#include "phone/overlay_lookup.hpp"
#include "phone/region.hpp"
#include "phone/tables.hpp"

namespace ringctl::phone {
namespace {

constexpr std::size_t k_codes = 1000;
constexpr std::size_t k_national = 10;  // digits of a number of +1

struct AreaCode {
  std::uint16_t code;
  std::string_view region;
};

// In service since mid-2022, or announced for a date that has passed; what the library knows wins over it.
constexpr AreaCode k_newer[] = {
    {227, "US"}, {235, "US"}, {257, "CA"}, {263, "CA"}, {274, "US"}, {283, "US"}, {324, "US"}, {329, "US"},
    {350, "US"}, {353, "US"}, {354, "CA"}, {363, "US"}, {369, "US"}, {382, "CA"}, {428, "CA"}, {436, "US"},
    {457, "US"}, {468, "CA"}, {471, "US"}, {472, "US"}, {483, "US"}, {557, "US"}, {584, "CA"}, {621, "US"},
    {624, "US"}, {645, "US"}, {679, "US"}, {683, "CA"}, {686, "US"}, {728, "US"}, {729, "US"}, {730, "US"},
    {738, "US"}, {748, "US"}, {821, "US"}, {835, "US"}, {837, "US"}, {861, "US"}, {879, "CA"}, {942, "CA"},
    {943, "US"}, {948, "US"}, {975, "US"}, {983, "US"}};

std::uint8_t index_of(std::string_view region) {
  for (std::size_t i = 0; i < k_tables.regions.size(); ++i)
    if (std::string_view(k_tables.regions[i].code, 2) == region) return static_cast<std::uint8_t>(i);
  return k_no_region;
}

using Regions = std::array<std::atomic<std::uint8_t>, k_codes>;

/// One byte per area code, so that asking needs no lock.
Regions& regions() {
  static Regions all;
  static const bool filled = [] {
    for (auto& region : all) region = k_no_region;
    for (const auto& newer : k_newer) all[newer.code] = index_of(newer.region);
    return true;
  }();
  static_cast<void>(filled);
  return all;
}

/// [2-9] and two digits, not N11: the form of every area code.
std::size_t area_code(std::string_view text) {
  const auto value = text.size() == 3 ? base::parse_int(text).value_or(0) : 0;
  return value >= 200 && value % 100 != 11 ? static_cast<std::size_t>(value) : 0;
}

}  // namespace

std::uint8_t overlay_region_of(std::string_view digits) noexcept {
  if (digits.size() != k_national + 1 || digits[0] != '1' || digits[4] < '2') return k_no_region;
  std::size_t code = 0;
  for (const char digit : digits.substr(1, 3)) code = code * 10 + static_cast<std::size_t>(digit - '0');
  return regions()[code].load(std::memory_order_relaxed);
}

std::uint32_t digest_of_overlay(std::uint32_t digest) noexcept {
  for (const auto& region : regions()) digest = take_into(digest, region.load(std::memory_order_relaxed));
  return digest;
}

void add_area_code(std::string_view entry) {
  const auto equals = entry.find('=');
  const auto code = area_code(base::trim(entry.substr(0, equals)));
  const auto region = equals == std::string_view::npos
                          ? std::nullopt
                          : Region::try_parse(base::trim(entry.substr(equals + 1)));
  if (code == 0 || !region || region->calling_code() != 1)
    throw Error(Errc::invalid, "phone.bad_area_code",
                fmt::format("{} is no North American area code and country", base::in_quotes(entry)),
                "write it as 728=US");
  regions()[code].store(index_of(region->view()), std::memory_order_relaxed);
}

std::string_view area_codes_as_of() { return "2025-11"; }

}  // namespace ringctl::phone
