#include "twilio/rest_numbers.hpp"

#include "support/catch.hpp"
#include "support/errors.hpp"
#include "support/twilio_box.hpp"

using namespace ringctl;
using test::TwilioBox;
using twilio::Client;
using twilio::Json;

namespace {

const base::SystemClock k_clock;

}  // namespace

TEST_CASE("a number is read as the API writes it, null and empty alike", "[twilio]") {
  const auto number = twilio::number_from(*Json::try_parse(R"({
    "sid":"PN0123456789abcdef0123456789abcdef","account_sid":"AC0123456789abcdef0123456789abcdef",
    "phone_number":"+12025550100","friendly_name":"(202) 555-0100",
    "capabilities":{"voice":true,"sms":true,"mms":false,"fax":false},
    "voice_url":"https://pbx.example.com/voice","voice_method":"GET","voice_fallback_url":"","voice_fallback_method":null,
    "sms_url":null,"trunk_sid":null,"voice_application_sid":"","origin":"twilio","status":"in-use",
    "emergency_address_sid":null,"date_created":"Thu, 30 Jul 2015 23:19:04 +0000"})"));
  REQUIRE(number);
  CHECK(number->phone_number == "+12025550100");
  CHECK(number->voice);
  CHECK(number->sms);
  CHECK_FALSE(number->mms);
  CHECK(number->voice_hook == twilio::Hook{"https://pbx.example.com/voice", "GET"});
  CHECK(number->voice_fallback == twilio::Hook{});
  CHECK(number->sms_hook == twilio::Hook{});
  CHECK(number->trunk_sid.empty());
  CHECK(base::format_utc(*number->created_at) == "2015-07-30T23:19:04.000Z");
  for (const auto* bad :
       {R"({"sid":"PN0123456789abcdef0123456789abcdef"})", R"({"phone_number":"+12025550100"})",
        R"({"sid":"CA0123456789abcdef0123456789abcdef","phone_number":"+12025550100"})",
        R"({"sid":"PN0123456789abcdef0123456789abcdef","phone_number":"2025550100"})"})
    CHECK_FALSE(twilio::number_from(*Json::try_parse(bad)));
}

TEST_CASE("an update sends what is set, and clears by nothing", "[twilio]") {
  twilio::NumberUpdate update;
  CHECK(update.empty());
  update.voice_url = "https://pbx.example.com/voice";
  update.trunk_sid = "";
  CHECK_FALSE(update.empty());
  CHECK(twilio::fields_of(update) ==
        twilio::Fields{{"VoiceUrl", "https://pbx.example.com/voice"}, {"TrunkSid", ""}});
  const auto ask = twilio::update_number_ask("PN1", update);
  CHECK(ask.method == "POST");
  CHECK(ask.path == "/IncomingPhoneNumbers/PN1.json");
  CHECK(ask.repeat == twilio::Repeat::freely);
}

TEST_CASE("a number is bought by itself, and never blindly twice", "[twilio]") {
  const auto ask = twilio::buy_number_ask("+12025550100", {});
  CHECK(ask.repeat == twilio::Repeat::never);
  CHECK(ask.form == twilio::Fields{{"PhoneNumber", "+12025550100"}});
  CHECK(twilio::release_number_ask("PN1").method == "DELETE");
}

TEST_CASE("exactly the number asked for is found, not one that its digits stand in", "[twilio]") {
  TwilioBox box;
  const auto sid = box.add_number("+12025550100");
  Client client(box.options(), k_clock);
  REQUIRE(twilio::find_number(client, "+12025550100"));
  CHECK(twilio::find_number(client, "+12025550100")->sid == sid);
  CHECK_FALSE(twilio::find_number(client, "+1202555010"));
  CHECK_FALSE(twilio::find_number(client, "+12025550101"));
  CHECK(twilio::fetch_number(client, sid).phone_number == "+12025550100");
  CHECK(test::slug_of([&] { twilio::fetch_number(client, "PN00000000000000000000000000000000"); }) ==
        "twilio.not_found");
}

TEST_CASE("numbers on offer are searched for by type, and a type that is not offered is an empty list",
          "[twilio]") {
  TwilioBox box;
  Client client(box.options(), k_clock);
  const auto found = twilio::search_numbers(client, {.country = "US", .type = "local"}, 5);
  REQUIRE_FALSE(found.empty());
  CHECK(found.size() <= 5);
  for (const auto& number : found) {
    CHECK(number.phone_number.starts_with("+1"));
    CHECK(number.type == "local");
  }
  CHECK(twilio::search_numbers(client, {.country = "US", .type = "sharedcost"}).empty());
  CHECK(test::slug_of([&] { twilio::search_numbers(client, {.type = "gold"}); }) == "numbers.bad_type");
}

TEST_CASE("a price that is not told is none, and a price list that cannot be had is a failure", "[twilio]") {
  TwilioBox box;
  Client client(box.options(), k_clock);
  const auto price = twilio::number_price(client, "US", "local");
  REQUIRE(price);
  CHECK(price->micros > 0);
  CHECK(price->unit == "USD");
  CHECK_FALSE(twilio::number_price(client, "US", "sharedcost"));
  CHECK_FALSE(twilio::number_price(client, "ZZ", "local"));
  box.fault("503");
  CHECK(test::slug_of([&] { twilio::number_price(client, "US", "local"); }) == "twilio.down");
  box.clear_faults();
  auto wrong = box.options();
  wrong.credentials.password = base::Secret("ffffffffffffffffffffffffffffffff");
  Client stranger(wrong, k_clock);
  CHECK(test::slug_of([&] { twilio::number_price(stranger, "US", "local"); }) == "twilio.auth");
}
