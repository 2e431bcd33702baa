#include "limits/emergency.hpp"

#include "phone/region.hpp"
#include "phone/tariff.hpp"

namespace ringctl::limits {

bool is_for_help(std::string_view dialled, const std::optional<std::string>& country, std::string_view from) {
  if (!country) return phone::is_emergency_anywhere(dialled);
  if (phone::is_emergency(dialled, *country)) return true;
  std::error_code none;
  const auto number = phone::E164::try_parse(from, none);
  return number && phone::is_emergency(dialled, phone::region_code_of(*number));
}

}  // namespace ringctl::limits
