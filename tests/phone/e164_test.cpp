#include "phone/e164.hpp"

#include <algorithm>

#include "support/catch.hpp"
#include "support/errors.hpp"

using ringctl::phone::E164;
using ringctl::phone::parse_typed;
using ringctl::phone::PhoneErrc;

namespace {

std::error_code strict_error(std::string_view text) {
  std::error_code error;
  const auto number = E164::try_parse(text, error);
  CHECK(number.has_value() == !error);
  return error;
}

std::string typed(std::string_view text, std::string_view country = {}) {
  std::error_code error;
  const auto number = ringctl::phone::try_parse_typed(text, country, error);
  return number ? number->text() : error.message();
}

std::error_code typed_error(std::string_view text, std::string_view country = {}) {
  std::error_code error;
  CHECK_FALSE(ringctl::phone::try_parse_typed(text, country, error));
  return error;
}

}  // namespace

TEST_CASE("strict text is kept digit for digit") {
  for (const auto* text :
       {"+12025550143", "+442079460000", "+390612345678", "+5491123456789", "+19505550100", "+80012345678"}) {
    INFO(text);
    CHECK(E164::parse(text).view() == text);
    CHECK(ringctl::phone::is_possible(text));
  }
}

TEST_CASE("strict text has neither spaces nor a national form nor other digits") {
  for (const auto* text :
       {"", "+", "12025550143", " +12025550143", "+12025550143 ", "+1 2025550143", "+1-202-555-0143",
        "0012025550143", "+１２０２５５５０１４３", "+1202555014x", "++12025550143", "tel:+12025550143"}) {
    INFO(text);
    CHECK(strict_error(text));
    CHECK_FALSE(ringctl::phone::is_possible(text));
    CHECK(ringctl::test::slug_of([&] { E164::parse(text); }) == "phone.invalid");
  }
}

TEST_CASE("text with a NUL inside is not a number") {
  CHECK(strict_error(std::string_view("+1202555\0"
                                      "143",
                                      12)) == PhoneErrc::not_a_number);
}

TEST_CASE("each reason for refusing strict text has its own code") {
  CHECK(strict_error("555-0100") == PhoneErrc::no_country_code);
  CHECK(strict_error("(202) 555-0143") == PhoneErrc::no_country_code);
  CHECK(strict_error("02025550143") == PhoneErrc::no_country_code);
  CHECK(strict_error("12025550143") == PhoneErrc::no_plus);
  CHECK(strict_error("+120255") == PhoneErrc::too_short);
  CHECK(strict_error("+1") == PhoneErrc::too_short);
  CHECK(strict_error("+44") == PhoneErrc::too_short);
  CHECK(strict_error("+1202555014399") == PhoneErrc::too_long);
  CHECK(strict_error("+123456789012345678901234567890") == PhoneErrc::too_long);
  CHECK(strict_error("+120255501") == PhoneErrc::too_short);
  CHECK(strict_error("+35455501000") == PhoneErrc::bad_length);
  CHECK(strict_error("+02079460000") == PhoneErrc::unknown_country_code);
  CHECK(strict_error("+9992025550143") == PhoneErrc::unknown_country_code);
  CHECK(strict_error("Anna") == PhoneErrc::not_a_number);
  CHECK(strict_error("") == PhoneErrc::not_a_number);
}

TEST_CASE("the message names the text and what is wrong with it") {
  const auto error = ringctl::test::error_of([] { E164::parse("555-0100"); });
  REQUIRE(error);
  CHECK(error->errc() == ringctl::Errc::invalid);
  CHECK(error->message() == "\"555-0100\" has no country code (expected like +12025550123)");
  const auto bare = ringctl::test::error_of([] { E164::parse("12025550126"); });
  REQUIRE(bare);
  CHECK(bare->message() == "\"12025550126\" has no + or country code (expected like +12025550123)");
  CHECK(bare->hint() == error->hint());
  const auto long_one = ringctl::test::error_of([] { E164::parse(std::string(5000, 'x')); });
  REQUIRE(long_one);
  CHECK(long_one->message().size() < 200);
}

TEST_CASE("what people type is read, with and without a default country") {
  CHECK(typed("+12025550143") == "+12025550143");
  CHECK(typed("  +12025550143\t") == "+12025550143");
  CHECK(typed("+1 (202) 555-0143") == "+12025550143");
  CHECK(typed("(202) 555-0143", "US") == "+12025550143");
  CHECK(typed("020 7946 0000", "gb") == "+442079460000");
  CHECK(typed("020 7946 0000", "UK") == "+442079460000");
  CHECK(typed("0044 20 7946 0000", "DE") == "+442079460000");
  CHECK(typed("+44 (0)20 7946 0000") == "+442079460000");
  CHECK(typed("+4402079460000") == "+442079460000");
  CHECK(typed("tel:+1-202-555-0143") == "+12025550143");
  CHECK(typed("+1 800 FLOWERS") == "+18003569377");
  CHECK(typed("+１ ２０２ ５５５ ０１４３") == "+12025550143");
  CHECK(typed("+١٢٠٢٥٥٥٠١٤٣") == "+12025550143");
  CHECK(parse_typed("(202) 555-0143", "US").view() == "+12025550143");
}

TEST_CASE("what is typed without its country is refused unless there is a default") {
  CHECK(typed_error("(202) 555-0143") == PhoneErrc::no_country_code);
  CHECK(typed_error("0044 20 7946 0000") == PhoneErrc::no_country_code);
}

TEST_CASE("digits whose plus sign is gone are a number of the default country, and refused without one") {
  CHECK(typed_error("12025550126") == PhoneErrc::no_plus);
  CHECK(typed("12025550126", "US") == "+12025550126");
}

TEST_CASE("what is dialled within an area only lacks its area code") {
  CHECK(strict_error("+15550100") == PhoneErrc::too_short);
  CHECK(strict_error("+4912") == PhoneErrc::too_short);
  CHECK_FALSE(ringctl::phone::is_possible("+15550100"));
  CHECK(typed_error("5550100", "US") == PhoneErrc::too_short);
  CHECK(typed_error("12", "DE") == PhoneErrc::too_short);
}

TEST_CASE("an extension has no place in E.164") {
  CHECK(typed_error("+1 202 555 0143 x123") == PhoneErrc::not_a_number);
  CHECK(typed_error("(202) 555-0143 ext. 9", "US") == PhoneErrc::not_a_number);
}

TEST_CASE("rubbish is refused with the best reason there is") {
  CHECK(typed_error("Anna") == PhoneErrc::not_a_number);
  CHECK(typed_error("Anna", "US") == PhoneErrc::not_a_number);
  CHECK(typed_error("", "US") == PhoneErrc::not_a_number);
  CHECK(typed_error("+999 202 555") == PhoneErrc::unknown_country_code);
  CHECK(typed_error("+12025") == PhoneErrc::too_short);
  CHECK(typed_error("12025", "US") == PhoneErrc::too_short);
  CHECK(typed_error("202555014399999", "US") == PhoneErrc::too_long);
  CHECK(typed_error("\xFF\xFE", "US") == PhoneErrc::not_a_number);
}

TEST_CASE("text far longer than any number is refused at once") {
  CHECK(typed_error(std::string(1'000'000, '1'), "US"));
  CHECK(typed_error("+" + std::string(1'000'000, '1'), "US") == PhoneErrc::too_long);
}

TEST_CASE("numbers order and compare as text, and know their digits and calling code") {
  const auto us = E164::parse("+12025550143");
  const auto gb = E164::parse("+442079460000");
  CHECK(us == E164::parse("+12025550143"));
  CHECK(us < gb);
  CHECK(us.digits() == 12025550143ULL);
  CHECK(ringctl::phone::calling_code(us) == 1);
  CHECK(ringctl::phone::calling_code(gb) == 44);
  CHECK(ringctl::phone::calling_code(E164::parse("+3545550100")) == 354);
}
