#include "phone/tariff.hpp"

#include "support/catch.hpp"

using namespace ringctl::phone;

namespace {

Tariff tariff(const char* number) { return tariff_of(E164::parse(number)); }

}  // namespace

TEST_CASE("premium and shared-cost numbers are told from ordinary ones", "[phone]") {
  CHECK(tariff("+12025550143") == Tariff::ordinary);
  CHECK(tariff("+18005550143") == Tariff::ordinary);
  CHECK(tariff("+19002345678") == Tariff::premium);
  CHECK(tariff("+449012345678") == Tariff::premium);
  CHECK(tariff("+491801234567") == Tariff::shared_cost);
  CHECK(tariff("+19505550143") == Tariff::ordinary);
  CHECK(tariff_of(E164()) == Tariff::ordinary);
}

TEST_CASE("a beginning of numbers names more than a country", "[phone]") {
  for (const auto* prefix : {"+1900", "+12", "+870", "+12025550143", "+44790", "+88213"}) {
    INFO(prefix);
    CHECK(is_number_prefix(prefix));
  }
  for (const auto* wrong : {"", "+", "1900", "+1", "+44", "+0", "+999", "+1 9", "+1234567890123456"}) {
    INFO(wrong);
    CHECK_FALSE(is_number_prefix(wrong));
  }
}

TEST_CASE("emergency numbers are known as they are dialled", "[phone]") {
  for (const auto* dialled : {"911", "112", "933", " 9-1-1 ", "(911)"}) {
    INFO(dialled);
    CHECK(is_emergency(dialled, ""));
  }
  CHECK(is_emergency("999", "GB"));
  CHECK(is_emergency("110", "DE"));
  CHECK_FALSE(is_emergency("999", "US"));
  for (const auto* other : {"", "9", "+911", "9115", "911#", "+12025550143", "311", "nine one one"}) {
    INFO(other);
    CHECK_FALSE(is_emergency(other, "US"));
  }
}

TEST_CASE("where nobody knows the country, an emergency number of any counts", "[phone]") {
  using ringctl::phone::is_emergency_anywhere;
  for (const auto* dialled : {"911", "112", "999", "000", "110", "1 1 9"}) {
    INFO(dialled);
    CHECK(is_emergency_anywhere(dialled));
  }
  for (const auto* other : {"", "411", "12025550143", "+999", "100000"}) {
    INFO(other);
    CHECK_FALSE(is_emergency_anywhere(other));
  }
}
