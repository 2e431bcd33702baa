#pragma once
// Regions (ISO 3166 alpha-2) and how numbers belong to them. US and CA share +1: the area code decides.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "phone/e164.hpp"

namespace ringctl::phone {

/// A region libphonenumber has a calling code for, or one given by configuration. Two upper-case letters.
class Region {
 public:
  /// Any case; "UK" reads as GB. nullopt if unknown.
  static std::optional<Region> try_parse(std::string_view);
  /// Throws Errc::invalid [phone.unknown_region] with a hint.
  static Region parse(std::string_view);
  std::string_view view() const { return {code_, 2}; }
  int calling_code() const;
  friend bool operator==(const Region&, const Region&) = default;

 private:
  friend std::optional<Region> region_of(const E164&);
  char code_[2]{};
};

/// The region of the full number; nullopt when the number is possible but of no known region
/// (newer area codes than the library's data, international networks).
std::optional<Region> region_of(const E164&);
/// The same as text that lives for ever, "" if unknown.
std::string_view region_code_of(const E164&);

/// Another one (32 bits) wherever region_of() may say something else: in a program made with other data of the
/// library, or told of other area codes (overlay.hpp). The same one in every process otherwise.
std::int64_t regions_digest();

/// True if `region` could hold the number: its own region, or, where that is unknown, the same calling code.
bool belongs_to(const E164&, const Region&);

/// Every region, sorted.
std::vector<std::string> all_regions();

/// "+1 202-555-0143"
std::string format_international(const E164&);
/// "(202) 555-0143"
std::string format_national(const E164&);

}  // namespace ringctl::phone
