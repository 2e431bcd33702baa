#pragma once
// The overlay as region.cpp asks it. Private to this room.

#include <cstdint>
#include <string_view>

namespace ringctl::phone {

/// Index in k_tables.regions, or k_no_region. `digits` begin with the calling code.
std::uint8_t overlay_region_of(std::string_view digits) noexcept;

}  // namespace ringctl::phone
