#pragma once
// May this destination be called from this number? Pure.
//
// `allowed_countries` holds countries, "*" for all of them, and beginnings of numbers such as "+1900" or a
// whole number. Where it holds no country: the country of the calling number only. A country admits the
// ordinary numbers that libphonenumber and the overlay of newer area codes place in it: CA admits +1 613 and
// not +1 212. What costs more (premium and shared-cost numbers) and what belongs to no known country is
// admitted by no country and not by "*", only by a beginning that names it.

#include <string>
#include <string_view>
#include <vector>

#include "phone/e164.hpp"

namespace ringctl::limits {

enum class CountryReason {
  allowed,
  other_country,   ///< a country that is not among the allowed ones
  unknown_region,  ///< of no known country
  premium,
  shared_cost,
};

struct CountryVerdict {
  CountryReason reason = CountryReason::allowed;
  std::string_view region = {};  ///< of the destination; "" = unknown
  explicit operator bool() const { return reason == CountryReason::allowed; }
};

/// `allowed`: canonical entries, as records::canonical_countries writes them.
CountryVerdict judge_destination(const phone::E164& to, const std::vector<std::string>& allowed,
                                 const phone::E164& from);

}  // namespace ringctl::limits
