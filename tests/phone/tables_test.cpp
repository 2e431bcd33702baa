// The fast path against libphonenumber itself. RINGCTL_TEST_FULL=1 compares five million numbers.
#include "phone/tables.hpp"

#include <phonenumbers/phonenumberutil.h>

#include <cstdlib>
#include <random>
#include <set>

#include "phone/library.hpp"
#include "phone/lookup.hpp"
#include "phone/region.hpp"
#include "support/catch.hpp"

using i18n::phonenumbers::PhoneNumber;
using i18n::phonenumbers::PhoneNumberUtil;
using namespace ringctl::phone;

namespace {

std::string library_region(const PhoneNumber& number) {
  std::string region;
  library().GetRegionCodeForNumber(number, &region);
  return region == "ZZ" || region == "001" ? "" : region;
}

std::string fast_region(std::string_view digits) {
  const auto index = region_index_of(digits);
  return index == k_no_region ? "" : std::string(k_tables.regions[index].code, 2);
}

/// Not what is possible within an area only.
bool library_possible(const PhoneNumber& number) {
  return library().IsPossibleNumberWithReason(number) == PhoneNumberUtil::IS_POSSIBLE;
}

/// REQUIRE is too slow to be asked a million times.
void compare(const std::string& digits) {
  const std::string text = "+" + digits;
  if (code_of(digits).code == 0 || digits.size() <= code_of(digits).digits) {
    if (!is_possible(text)) return;
    FAIL(text + " is possible but has no calling code or no national number");
  }
  const auto number = to_library(digits);
  if (is_possible(text) != library_possible(number))
    FAIL(text + (is_possible(text) ? " is possible" : " is not possible") + ", says the table alone");
  if (fast_region(digits) != library_region(number))
    FAIL(text + ": " + fast_region(digits) + " in the table, " + library_region(number) + " in the library");
}

class Numbers {
 public:
  explicit Numbers(unsigned seed) : random_(seed) {
    std::set<int> codes;
    library().GetSupportedCallingCodes(&codes);
    codes_.assign(codes.begin(), codes.end());
    for (const int code : codes_) {
      std::list<std::string> regions;
      library().GetRegionCodesForCountryCallingCode(code, &regions);
      if (regions.size() > 1) shared_.push_back(code);
    }
    std::set<std::string> regions;
    library().GetSupportedRegions(&regions);
    for (const auto& region : regions)
      for (int type = 0; type <= PhoneNumberUtil::VOICEMAIL; ++type) {
        PhoneNumber number;
        if (library().GetExampleNumberForType(region, static_cast<PhoneNumberUtil::PhoneNumberType>(type),
                                              &number))
          examples_.push_back(digits_of(number));
      }
  }

  /// Digits of any calling code and length, of a shared calling code, or near a number the library gives as
  /// example.
  std::string next() {
    switch (below(4)) {
      case 0:
        return std::to_string(pick(codes_)) + digits(below(13));
      case 1:
        return "1" + digits(10);
      case 2:
        return std::to_string(pick(shared_)) + digits(6 + below(6));
      default:
        return mutated(pick(examples_));
    }
  }

 private:
  static std::string digits_of(const PhoneNumber& number) {
    std::string text;
    library().Format(number, PhoneNumberUtil::E164, &text);
    return text.substr(1);
  }
  std::size_t below(std::size_t n) { return std::uniform_int_distribution<std::size_t>(0, n - 1)(random_); }
  template <typename T>
  const T& pick(const std::vector<T>& values) {
    return values[below(values.size())];
  }
  std::string digits(std::size_t count) {
    std::string text(count, '0');
    for (char& c : text) c = static_cast<char>('0' + below(10));
    return text;
  }
  std::string mutated(std::string text) {
    for (auto changes = below(4); changes > 0; --changes)
      text[below(text.size())] = static_cast<char>('0' + below(10));
    if (below(16) == 0) text.pop_back();
    if (below(16) == 0) text += '5';
    return text.substr(0, 15);
  }

  std::mt19937_64 random_;
  std::vector<int> codes_, shared_;
  std::vector<std::string> examples_;
};

std::size_t how_many() { return std::getenv("RINGCTL_TEST_FULL") != nullptr ? 5'000'000 : 300'000; }

}  // namespace

TEST_CASE("possible and region are the library's over random numbers of every kind") {
  Numbers numbers(20260308);
  for (std::size_t i = how_many(); i > 0; --i) compare(numbers.next());
  SUCCEED();
}

TEST_CASE("every North American area code and exchange is in the region the library says") {
  for (int area = 0; area < 1000; ++area)
    for (const int exchange : {0, 100, 199, 200, 222, 345, 555, 611, 900, 976, 999})
      compare("1" + std::to_string(10'000'000 + area * 10'000 + exchange * 10).substr(1) + "123");
  SUCCEED();
}

TEST_CASE("every beginning of five digits is possible and placed as the library says, at every length") {
  std::mt19937 random(7);
  for (int start = 10'000; start < 100'000; ++start) {
    const auto length = std::uniform_int_distribution<std::size_t>(5, 15)(random);
    auto digits = std::to_string(start);
    while (digits.size() < length) digits += static_cast<char>('0' + random() % 10);
    compare(digits);
  }
  SUCCEED();
}

TEST_CASE("text the library keeps digit for digit when it parses is as possible as it says") {
  Numbers numbers(42);
  std::size_t kept = 0;
  for (std::size_t i = how_many() / 10; i > 0; --i) {
    const std::string text = "+" + numbers.next();
    PhoneNumber number;
    std::string again;
    const bool parsed = library().Parse(text, "ZZ", &number) == PhoneNumberUtil::NO_PARSING_ERROR;
    if (parsed) library().Format(number, PhoneNumberUtil::E164, &again);
    if (again != text) continue;  // a trunk prefix was taken off: strict text keeps its digits instead
    ++kept;
    if (is_possible(text) != library_possible(number)) FAIL(text);
  }
  CHECK(kept > how_many() / 20);
}

TEST_CASE("the table knows the regions and calling codes of the library") {
  std::set<std::string> regions;
  library().GetSupportedRegions(&regions);
  CHECK(all_regions() == std::vector<std::string>(regions.begin(), regions.end()));
  for (const auto& region : regions)
    CHECK(Region::parse(region).calling_code() == library().GetCountryCodeForRegion(region));
}
