#include "directory/workspace_fields.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.hpp"
#include "base/text.hpp"
#include "base/zone.hpp"
#include "phone/region.hpp"

namespace ringctl::directory {
namespace {

constexpr std::ptrdiff_t k_max_name = 100;

[[noreturn]] void refuse(std::string reason) {
  throw Error(Errc::invalid, "workspaces.bad_name", "the name of a workspace " + std::move(reason));
}

}  // namespace

void require_name(const std::string& name) {
  if (!base::valid_utf8(name)) refuse("must be UTF-8");
  const auto characters = std::count_if(
      name.begin(), name.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; });
  if (characters == 0) refuse("cannot be empty");
  if (characters > k_max_name)
    refuse(fmt::format("has at most {} characters, not {}", k_max_name, characters));
  const bool control = std::any_of(name.begin(), name.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x20 || byte == 0x7F;
  });
  if (control) refuse("cannot hold control characters");
  if (base::trim(name).size() != name.size())
    refuse(fmt::format("cannot begin or end with a space: \"{}\"", name));
}

void require_zone(const std::string& zone) { base::Zone::parse(zone); }

std::optional<std::string> canonical_country(const std::string& country) {
  if (country.empty()) return std::nullopt;
  return std::string(phone::Region::parse(country).view());
}

}  // namespace ringctl::directory
