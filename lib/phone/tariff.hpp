#pragma once
// What a call may cost beyond the ordinary, and numbers that must always be reachable.

#include <string_view>

#include "phone/e164.hpp"

namespace ringctl::phone {

enum class Tariff { ordinary, premium, shared_cost };
/// As libphonenumber classes the number; `ordinary` where it does not know it. About 20 us.
Tariff tariff_of(const E164&);

/// The beginning of numbers, or a whole one: + and 1 to 15 digits that name more than a country. So "+1900"
/// and
/// "+870" (a satellite network, which is nobody's country), not "+1" or "+44".
bool is_number_prefix(std::string_view text);

/// 911, 112 and 933 (the test of the North American service) wherever they are dialled, and the emergency
/// numbers of `region` ("" = none). Spaces, hyphens, dots and parentheses do not matter; text with + is none.
bool is_emergency(std::string_view dialled, std::string_view region);
/// Those of any region: for when it is not known which one's count. A millisecond or two.
bool is_emergency_anywhere(std::string_view dialled);

}  // namespace ringctl::phone
