#include "limits/countries.hpp"

#include <algorithm>

#include "phone/region.hpp"
#include "phone/tariff.hpp"

namespace ringctl::limits {
namespace {

bool admits(const std::vector<std::string>& allowed, std::string_view region, const phone::E164& from) {
  const bool only_prefixes = std::all_of(allowed.begin(), allowed.end(),
                                         [](const std::string& entry) { return entry.starts_with('+'); });
  // Naming a premium range is no reason to lose one's own country.
  if (only_prefixes) return region == phone::region_code_of(from);
  return std::any_of(allowed.begin(), allowed.end(),
                     [&](const std::string& entry) { return entry == "*" || entry == region; });
}

}  // namespace

CountryVerdict judge_destination(const phone::E164& to, const std::vector<std::string>& allowed,
                                 const phone::E164& from) {
  const auto region = phone::region_code_of(to);
  const bool named = std::any_of(allowed.begin(), allowed.end(), [&](const std::string& entry) {
    return entry.starts_with('+') && to.view().starts_with(entry);
  });
  if (named) return {CountryReason::allowed, region};
  if (region.empty()) return {CountryReason::unknown_region, region};
  if (!admits(allowed, region, from)) return {CountryReason::other_country, region};
  switch (phone::tariff_of(to)) {
    case phone::Tariff::premium:
      return {CountryReason::premium, region};
    case phone::Tariff::shared_cost:
      return {CountryReason::shared_cost, region};
    case phone::Tariff::ordinary:
      break;
  }
  return {CountryReason::allowed, region};
}

}  // namespace ringctl::limits
