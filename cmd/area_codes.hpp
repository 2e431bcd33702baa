#pragma once
// Area codes that are newer than the data of phones, as the key area_codes of the configuration lists them.

#include <string_view>

namespace ringctl::cmd {

/// "728=US,950=CA": numbers of these codes belong to their regions from here on. Throws Errc::config
/// [config.bad_value].
void learn_area_codes(std::string_view list);

}  // namespace ringctl::cmd
