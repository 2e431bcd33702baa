#include "estate/number_fields.hpp"

#include "estate/capabilities.hpp"
#include "support/catch.hpp"

using namespace ringctl;

namespace {

using Canonical = bool (*)(std::string_view, std::string&, base::Finding&);

struct Result {
  bool accepted;
  std::string value, code, message;
};

Result ask(Canonical canonical, std::string_view text) {
  Result result;
  base::Finding finding;
  result.accepted = canonical(text, result.value, finding);
  result.code = finding.code;
  result.message = finding.message;
  return result;
}

void accepts(Canonical canonical, std::string_view text, std::string_view value) {
  INFO(text);
  const auto result = ask(canonical, text);
  CHECK(result.accepted);
  CHECK(result.value == value);
  CHECK(result.code.empty());
}

void refuses(Canonical canonical, std::string_view text, std::string_view code) {
  INFO(text);
  const auto result = ask(canonical, text);
  CHECK_FALSE(result.accepted);
  CHECK(result.code == code);
  CHECK_FALSE(result.message.empty());
}

Result ask_country(std::string_view number, std::string_view country) {
  Result result;
  base::Finding finding;
  result.accepted = estate::check_country(phone::E164::parse(number), country, finding);
  result.code = finding.code;
  result.message = finding.message;
  return result;
}

}  // namespace

TEST_CASE("a provider is one lower-case word", "[estate]") {
  for (const auto* word : {"twilio", "telnyx", "my-carrier_2", "4com"})
    accepts(estate::canonical_provider, word, word);
  accepts(estate::canonical_provider, std::string(32, 'a'), std::string(32, 'a'));
  accepts(estate::canonical_provider, "Twilio", "twilio");
  for (const auto* text : {"", "two words", "-x", "é", "twilio\n"})
    refuses(estate::canonical_provider, text, "bad_provider");
  refuses(estate::canonical_provider, std::string(33, 'a'), "bad_provider");
}

TEST_CASE("a country is known, in any case", "[estate]") {
  accepts(estate::canonical_country, "US", "US");
  accepts(estate::canonical_country, "ca", "CA");
  for (const auto* text : {"", "USA", "XX", "1", "U S"})
    refuses(estate::canonical_country, text, "bad_country");
}

TEST_CASE("UK is GB, with a warning", "[estate]") {
  for (const auto* text : {"UK", "uk"}) {
    const auto result = ask(estate::canonical_country, text);
    CHECK(result.accepted);
    CHECK(result.value == "GB");
    CHECK(result.code == "country_alias");
  }
}

TEST_CASE("a label is kept as it is", "[estate]") {
  for (const auto* text :
       {"Sales", " padded ", "=1+1", "tab\there", "line\nbreak", "Bureau de Montréal", "电话 📞"})
    accepts(estate::canonical_label, text, text);
}

TEST_CASE("a label has at most two hundred characters, however many bytes they take", "[estate]") {
  std::string label;
  for (int i = 0; i < 200; ++i) label += "é";
  accepts(estate::canonical_label, label, label);
  refuses(estate::canonical_label, label + "x", "bad_label");
}

TEST_CASE("a label is text without NUL", "[estate]") {
  refuses(estate::canonical_label, std::string_view("a\0b", 3), "bad_label");
  refuses(estate::canonical_label, "a\xff", "bad_label");
}

TEST_CASE("a status is active or inactive, in any case", "[estate]") {
  accepts(estate::canonical_status, "active", "active");
  accepts(estate::canonical_status, "InActive", "inactive");
  for (const auto* text : {"", "deleted", "activ", "active "})
    refuses(estate::canonical_status, text, "bad_status");
}

TEST_CASE("capabilities come in one order, without doubles", "[estate]") {
  accepts(estate::canonical_capabilities, "", "");
  accepts(estate::canonical_capabilities, "sms|voice", "voice|sms");
  accepts(estate::canonical_capabilities, "FAX| MMS |sms|voice|sms", "voice|sms|mms|fax");
  for (const auto* text : {"call", "voice|", "|", "voice,sms", "voice sms"})
    refuses(estate::canonical_capabilities, text, "bad_capabilities");
}

TEST_CASE("the message names the one word that is no capability", "[estate]") {
  CHECK(ask(estate::canonical_capabilities, "voice|pager").message.find("\"pager\"") != std::string::npos);
}

TEST_CASE("a SID is PN and 32 lower-case hex digits", "[estate]") {
  const std::string sid = "PN0123456789abcdef0123456789abcdef";
  accepts(estate::canonical_sid, sid, sid);
  for (const auto* text :
       {"", "PN", "PN0123456789ABCDEF0123456789ABCDEF", "AC0123456789abcdef0123456789abcdef",
        "PN0123456789abcdef0123456789abcde", "PN0123456789abcdef0123456789abcdef0"})
    refuses(estate::canonical_sid, text, "bad_sid");
}

TEST_CASE("a long bad value is cut in its message, between characters", "[estate]") {
  std::string text;
  for (int i = 0; i < 500; ++i) text += "é";
  const auto message = ask(estate::canonical_status, text).message;
  CHECK(message.size() < 200);
  CHECK(message.find("é…\"") != std::string::npos);
}

TEST_CASE("a number of another country is refused, US and CA told apart", "[estate]") {
  CHECK(ask_country("+12025550123", "US").accepted);
  CHECK(ask_country("+16135550111", "CA").accepted);
  const auto wrong = ask_country("+16135550111", "US");
  CHECK_FALSE(wrong.accepted);
  CHECK(wrong.code == "country_mismatch");
  CHECK(wrong.message.find("CA") != std::string::npos);
  CHECK_FALSE(ask_country("+442079460123", "US").accepted);
}

TEST_CASE("where the region is not known the calling code decides, with a warning", "[estate]") {
  // Area codes x9x are kept for the day the plan grows a digit.
  const auto* unknown = "+12995550100";
  REQUIRE(estate::country_of(phone::E164::parse(unknown)).empty());
  const auto fits = ask_country(unknown, "CA");
  CHECK(fits.accepted);
  CHECK(fits.code == "unknown_region");
  CHECK(ask_country(unknown, "GB").code == "country_mismatch");
}

TEST_CASE("capabilities in JSON have sorted keys and only what is true", "[estate]") {
  CHECK(estate::stored_capabilities("voice|sms") == R"({"sms":true,"voice":true})");
  CHECK(estate::stored_capabilities("voice|sms|mms|fax") ==
        R"({"fax":true,"mms":true,"sms":true,"voice":true})");
  CHECK(estate::stored_capabilities("").empty());
}

TEST_CASE("capabilities that others wrote as JSON are read", "[estate]") {
  const auto text_of = [](const char* json) {
    return estate::capabilities_text(estate::capabilities_from_json(json));
  };
  CHECK(text_of(R"({"sms":true,"voice":true})") == "voice|sms");
  CHECK(text_of(R"({ "voice": true, "sms": false })") == "voice");
  CHECK(text_of(R"({"voice":true,"pager":true})") == "voice");
  for (const auto* text : {"", "[]", "null", "{", "{\"voice\":1}"}) CHECK(text_of(text).empty());
}
