#include "cmd/area_codes.hpp"

#include <fmt/format.h>

#include "base/error.hpp"
#include "base/text.hpp"
#include "phone/overlay.hpp"

namespace ringctl::cmd {

void learn_area_codes(std::string_view list) {
  try {
    for (const auto entry : base::split(list, ','))
      if (!base::trim(entry).empty()) phone::add_area_code(base::trim(entry));
  } catch (const Error& error) {
    throw Error(Errc::config, "config.bad_value", fmt::format("area_codes: {}", error.message()),
                error.hint());
  }
}

}  // namespace ringctl::cmd
