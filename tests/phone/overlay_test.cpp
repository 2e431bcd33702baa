#include "phone/overlay.hpp"

#include "phone/region.hpp"
#include "support/catch.hpp"
#include "support/errors.hpp"

using namespace ringctl::phone;

namespace {

std::string_view region(const char* number) { return region_code_of(E164::parse(number)); }

}  // namespace

TEST_CASE("an area code newer than the library's data has its country", "[phone]") {
  CHECK(region("+17285550143") == "US");
  CHECK(region("+19425550143") == "CA");
  CHECK(region("+17281550143").empty());  // no exchange begins with 1
}

TEST_CASE("the library's own knowledge wins over an added area code", "[phone]") {
  add_area_code("202=CA");
  CHECK(region("+12025550143") == "US");
}

TEST_CASE("an area code can be added, and added anew", "[phone]") {
  add_area_code(" 953 = jm ");
  CHECK(region("+19535550143") == "JM");
  add_area_code("953=US");
  CHECK(region("+19535550143") == "US");
}

TEST_CASE("the digest of regions is another one with another area code, and comes back with it", "[phone]") {
  add_area_code("956=US");
  const auto before = regions_digest();
  add_area_code("958=CA");
  const auto with_another = regions_digest();
  CHECK(with_another != before);
  add_area_code("958=US");
  CHECK(regions_digest() != with_another);
  add_area_code("958=CA");
  CHECK(regions_digest() == with_another);
}

TEST_CASE("what is no area code of +1 is refused", "[phone]") {
  for (const auto* wrong :
       {"", "953", "953=", "953=GB", "953=XX", "95=US", "9530=US", "153=US", "911=US", "+95=US"}) {
    INFO(wrong);
    CHECK(ringctl::test::slug_of([&] { add_area_code(wrong); }) == "phone.bad_area_code");
  }
}
