#include "phone/library.hpp"

#include <phonenumbers/logger.h>
#include <phonenumbers/phonenumber.pb.h>

#include <charconv>

#include "phone/lookup.hpp"

namespace ringctl::phone {

using i18n::phonenumbers::PhoneNumber;
using i18n::phonenumbers::PhoneNumberUtil;

const PhoneNumberUtil& library() {
  static const PhoneNumberUtil& util = []() -> const PhoneNumberUtil& {
    const auto* instance = PhoneNumberUtil::GetInstance();
    // The library reports odd input on stdout; whoever called learns of it from the result.
    static i18n::phonenumbers::NullLogger silent;
    i18n::phonenumbers::Logger::set_logger_impl(&silent);
    return *instance;
  }();
  return util;
}

PhoneNumber to_library(std::string_view digits) {
  const auto& code = code_of(digits);
  const auto national = digits.substr(code.digits);
  std::uint64_t value = 0;
  std::from_chars(national.data(), national.data() + national.size(), value);
  PhoneNumber number;
  number.set_country_code(code.code);
  number.set_national_number(value);
  // Leading zeros are part of the number (Italy); the last digit is never counted as one.
  const auto zeros = std::min(national.find_first_not_of('0'), national.size() - 1);
  if (zeros > 0) number.set_italian_leading_zero(true);
  if (zeros > 1) number.set_number_of_leading_zeros(static_cast<int>(zeros));
  return number;
}

}  // namespace ringctl::phone
