#pragma once
// What the fields of a workspace may hold.

#include <optional>
#include <string>

namespace ringctl::directory {

/// 1-100 characters of UTF-8 without control characters or white space at either end. Throws Errc::invalid.
void require_name(const std::string&);
/// Throws Errc::invalid [time.unknown_zone] with the nearest names.
void require_zone(const std::string&);
/// Two upper-case letters; "UK" reads as GB; empty clears. Throws Errc::invalid [phone.unknown_region].
std::optional<std::string> canonical_country(const std::string&);

}  // namespace ringctl::directory
