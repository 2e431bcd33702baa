#pragma once
// The overlay as region.cpp asks it. Private to this room.

#include <cstdint>
#include <string_view>

namespace ringctl::phone {

/// Index in k_tables.regions, or k_no_region. `digits` begin with the calling code.
std::uint8_t overlay_region_of(std::string_view digits) noexcept;

/// One value more in a digest: a step of FNV-1a.
constexpr std::uint32_t take_into(std::uint32_t digest, std::uint32_t value) noexcept {
  return (digest ^ value) * 16777619U;
}
/// Takes the whole overlay into a digest (region.hpp).
std::uint32_t digest_of_overlay(std::uint32_t digest) noexcept;

}  // namespace ringctl::phone
