#include "limits/countries.hpp"

#include "phone/overlay.hpp"
#include "records/values.hpp"
#include "support/catch.hpp"
#include "support/errors.hpp"

using namespace ringctl;
using limits::CountryReason;
using phone::E164;

namespace {

CountryReason judge(const char* to, const std::vector<std::string>& allowed,
                    const char* from = "+12025550100") {
  return limits::judge_destination(E164::parse(to), allowed, E164::parse(from)).reason;
}

std::string canonical(std::string_view text) {
  std::string out;
  base::Finding finding;
  return records::canonical_countries(text, {}, out, finding) ? out : "refused: " + finding.code;
}

}  // namespace

TEST_CASE("the area code decides between the countries of +1", "[limits]") {
  CHECK(judge("+16135550143", {"CA"}) == CountryReason::allowed);
  CHECK(judge("+12125550143", {"CA"}) == CountryReason::other_country);
  CHECK(judge("+12125550143", {"US"}) == CountryReason::allowed);
  CHECK(judge("+16135550143", {"US"}) == CountryReason::other_country);
  CHECK(judge("+18765550143", {"US", "CA"}) == CountryReason::other_country);
  CHECK(judge("+18765550143", {"JM"}) == CountryReason::allowed);
  CHECK(judge("+18095550143", {"US", "CA"}) == CountryReason::other_country);
  CHECK(judge("+18095550143", {"DO"}) == CountryReason::allowed);
}

TEST_CASE("an empty list admits the number's own country only", "[limits]") {
  CHECK(judge("+12125550143", {}) == CountryReason::allowed);
  CHECK(judge("+16135550143", {}) == CountryReason::other_country);
  CHECK(judge("+16135550143", {}, "+14165550143") == CountryReason::allowed);
  CHECK(judge("+442079460123", {}, "+441134960123") == CountryReason::allowed);
  CHECK(judge("+12125550143", {"+1900"}) == CountryReason::allowed);
}

TEST_CASE("a star admits every country, and nothing that is of none", "[limits]") {
  for (const auto* to : {"+12125550143", "+18765550143", "+442079460123", "+819012345678"})
    CHECK(judge(to, {"*"}) == CountryReason::allowed);
  CHECK(judge("+19505550143", {"*"}) == CountryReason::unknown_region);
  CHECK(judge("+80012345678", {"*"}) == CountryReason::unknown_region);
}

TEST_CASE("what costs more is refused unless it is named", "[limits]") {
  CHECK(judge("+19002345678", {"US"}) == CountryReason::premium);
  CHECK(judge("+19002345678", {"*"}) == CountryReason::premium);
  CHECK(judge("+19002345678", {"US", "+1900"}) == CountryReason::allowed);
  CHECK(judge("+19002345678", {"+19002345678"}) == CountryReason::allowed);
  CHECK(judge("+19002345679", {"+19002345678"}) == CountryReason::premium);
  CHECK(judge("+449012345678", {"GB"}) == CountryReason::premium);
  CHECK(judge("+491801234567", {"DE"}) == CountryReason::shared_cost);
  CHECK(judge("+870773111632", {"*", "+870"}) == CountryReason::allowed);
}

TEST_CASE("a newer area code belongs to its country, and operators can add more", "[limits]") {
  CHECK(judge("+17285550143", {"US"}) == CountryReason::allowed);
  CHECK(judge("+17285550143", {"CA"}) == CountryReason::other_country);
  CHECK(judge("+19425550143", {"CA"}) == CountryReason::allowed);
  CHECK(judge("+19265550143", {"US"}) == CountryReason::unknown_region);
  phone::add_area_code("926=US");
  CHECK(judge("+19265550143", {"US"}) == CountryReason::allowed);
}

TEST_CASE("the column takes countries, a star and beginnings of numbers", "[limits]") {
  CHECK(canonical("us | ca|US") == "CA|US");
  CHECK(canonical("*") == "*");
  CHECK(canonical("+1900|*|US") == "*|+1900");
  CHECK(canonical("uk|+870") == "+870|GB");
  CHECK(canonical("+12025550143") == "+12025550143");
  for (const auto* wrong : {"+1", "+44", "+", "+019", "+1 900", "+1900x", "+1234567890123456"}) {
    INFO(wrong);
    CHECK(canonical(wrong) == "refused: bad_prefix");
  }
  CHECK(canonical("XX") == "refused: bad_country");
}
