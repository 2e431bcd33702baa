#pragma once
// libphonenumber, loaded at first use (5 to 7 ms) and silent. Private to this room.

#include <phonenumbers/phonenumberutil.h>

#include "phone/e164.hpp"

namespace ringctl::phone {

const i18n::phonenumbers::PhoneNumberUtil& library();

/// The library's own value for a number: digits as they are, no prefix stripped. `digits`: without the plus
/// sign, of a known calling code.
i18n::phonenumbers::PhoneNumber to_library(std::string_view digits);

}  // namespace ringctl::phone
