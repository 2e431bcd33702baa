#include "phone/region.hpp"

#include <algorithm>

#include "support/catch.hpp"
#include "support/errors.hpp"

using ringctl::phone::belongs_to;
using ringctl::phone::E164;
using ringctl::phone::Region;
using ringctl::phone::region_of;

namespace {

std::string region(const char* number) {
  const auto found = region_of(E164::parse(number));
  return found ? std::string(found->view()) : "unknown";
}

}  // namespace

TEST_CASE("the area code tells the countries of +1 apart") {
  CHECK(region("+12025550143") == "US");
  CHECK(region("+16135550143") == "CA");
  CHECK(region("+18765550143") == "JM");
  CHECK(region("+17875550143") == "PR");
  CHECK(region("+12425550143") == "BS");
  CHECK(region("+18005550143") == "US");
}

TEST_CASE("other shared calling codes are told apart") {
  CHECK(region("+442079460000") == "GB");
  CHECK(region("+441534555010") == "JE");
  CHECK(region("+441624960000") == "IM");
  CHECK(region("+77012345678") == "KZ");
  CHECK(region("+74951234567") == "RU");
  CHECK(region("+390669812345") == "VA");
  CHECK(region("+390612345678") == "IT");
  CHECK(region("+4779123456") == "SJ");
}

TEST_CASE("a possible number of no known region has none") {
  CHECK(region("+19505550143") == "unknown");  // an area code nobody has yet, as 728 once was
  CHECK(region("+12021550143") == "unknown");  // no exchange begins with 1
  CHECK(region("+80012345678") == "unknown");  // international freephone
}

TEST_CASE("a region is read in any case, UK as GB") {
  CHECK(Region::parse("us").view() == "US");
  CHECK(Region::parse("uk").view() == "GB");
  CHECK(Region::parse("GB").calling_code() == 44);
  CHECK(Region::parse("ca").calling_code() == 1);
  for (const auto* text : {"", "U", "USA", "ZZ", "001", "u ", "1A", "\xC3\x84"}) {
    INFO(text);
    CHECK_FALSE(Region::try_parse(text));
    CHECK(ringctl::test::slug_of([&] { Region::parse(text); }) == "phone.unknown_region");
  }
}

TEST_CASE("a number belongs to its own region only, or to all of its calling code where that is unknown") {
  const auto washington = E164::parse("+12025550143");
  CHECK(belongs_to(washington, Region::parse("US")));
  CHECK_FALSE(belongs_to(washington, Region::parse("CA")));
  const auto newer = E164::parse("+19505550143");
  CHECK(belongs_to(newer, Region::parse("US")));
  CHECK(belongs_to(newer, Region::parse("CA")));
  CHECK_FALSE(belongs_to(newer, Region::parse("GB")));
}

TEST_CASE("every region is listed once, sorted") {
  const auto all = ringctl::phone::all_regions();
  CHECK(all.size() > 200);
  CHECK(std::is_sorted(all.begin(), all.end()));
  CHECK(std::adjacent_find(all.begin(), all.end()) == all.end());
}

TEST_CASE("numbers are shown as their country writes them") {
  CHECK(ringctl::phone::format_international(E164::parse("+12025550143")) == "+1 202-555-0143");
  CHECK(ringctl::phone::format_national(E164::parse("+12025550143")) == "(202) 555-0143");
  CHECK(ringctl::phone::format_international(E164::parse("+390612345678")) == "+39 06 1234 5678");
  CHECK(ringctl::phone::format_national(E164::parse("+442079460000")) == "020 7946 0000");
}

TEST_CASE("a value that was never set has no digits, calling code, region or form") {
  const E164 unset;
  CHECK(unset.digits() == 0);
  CHECK(ringctl::phone::calling_code(unset) == 0);
  CHECK_FALSE(region_of(unset));
  CHECK(ringctl::phone::format_national(unset).empty());
}
