#include "twilio/rest_calls.hpp"

#include <algorithm>

#include "support/catch.hpp"
#include "twilio/rest_parts.hpp"

using namespace ringctl;
using namespace std::chrono_literals;
using twilio::Fields;
using twilio::Json;
using twilio::Repeat;

namespace {

std::string value_of(const Fields& fields, std::string_view name) {
  const auto found =
      std::find_if(fields.begin(), fields.end(), [&](const auto& field) { return field.first == name; });
  return found == fields.end() ? "none" : found->second;
}

}  // namespace

TEST_CASE("a call is read with its times, its length and what it cost", "[twilio]") {
  const auto call = twilio::call_from(*Json::try_parse(R"({"sid":"CA0123456789abcdef0123456789abcdef",
    "parent_call_sid":null,"from":"+12025550100","to":"+12025550101","status":"completed","direction":"outbound-api",
    "start_time":"Thu, 30 Jul 2015 23:19:04 +0000","end_time":null,"duration":"42","price":"-0.01300","price_unit":"USD"})"));
  REQUIRE(call);
  CHECK(call->duration_s == 42);
  CHECK(call->price_micros == 13'000);  // a charge
  CHECK(call->started_at);
  CHECK_FALSE(call->ended_at);
  CHECK(call->is_over());
  CHECK_FALSE(twilio::call_from(*Json::try_parse("{}")));
}

TEST_CASE("what rings somebody, or restarts TwiML, is never asked for twice", "[twilio]") {
  const auto call = twilio::start_call_ask({.to = "client:agent_1",
                                            .from = "+12025550100",
                                            .url = "https://pbx.example.com/started",
                                            .status_callback = "https://pbx.example.com/status",
                                            .timeout = 30s});
  CHECK(call.repeat == Repeat::never);
  CHECK(value_of(call.form, "To") == "client:agent_1");
  CHECK(value_of(call.form, "Timeout") == "30");
  CHECK(std::count_if(call.form.begin(), call.form.end(),
                      [](const auto& field) { return field.first == "StatusCallbackEvent"; }) == 4);
  CHECK(value_of(call.form, "Twiml") == "none");
  CHECK(twilio::redirect_call_ask("CA1", "<Response/>").repeat == Repeat::never);
  CHECK(twilio::end_call_ask("CA1").repeat == Repeat::freely);
  CHECK(twilio::send_message_ask({.to = "+12025550101", .from = "+12025550100", .body = "hi"}).repeat ==
        Repeat::never);
}

TEST_CASE("a listener joins muted, and a coach names whom", "[twilio]") {
  const auto listen = twilio::add_participant_ask(
      "call-CA1", {.from = "+12025550100", .to = "client:agent_2", .muted = true});
  CHECK(listen.repeat == Repeat::never);
  CHECK(listen.path == "/Conferences/call-CA1/Participants.json");
  CHECK(value_of(listen.form, "Muted") == "true");
  CHECK(value_of(listen.form, "Beep") == "false");
  CHECK(value_of(listen.form, "EndConferenceOnExit") == "false");
  CHECK(value_of(listen.form, "Coaching") == "none");
  const auto whisper = twilio::add_participant_ask(
      "call-CA1", {.from = "+12025550100", .to = "client:agent_2", .call_sid_to_coach = "CA9"});
  CHECK(value_of(whisper.form, "Coaching") == "true");
  CHECK(value_of(whisper.form, "CallSidToCoach") == "CA9");
}

TEST_CASE("names in paths are encoded", "[twilio]") {
  CHECK(twilio::under("/Conferences", "a b/../Keys?x#y") == "/Conferences/a%20b%2F..%2FKeys%3Fx%23y.json");
}

TEST_CASE("days are asked a day wider than the times that are wanted", "[twilio]") {
  Fields query;
  const auto at = base::parse_utc("2026-03-08T00:30:00.000Z");
  twilio::add_days(query, "StartTime", at, at + 1h);
  CHECK(query == Fields{{"StartTime>", "2026-03-07"}, {"StartTime<", "2026-03-09"}});
  CHECK(twilio::is_within(at, at, at + 1h));
  CHECK_FALSE(twilio::is_within(at + 1h, at, at + 1h));
  CHECK_FALSE(twilio::is_within(at - 1ms, at, at + 1h));
}

TEST_CASE("a participant is read as it is now", "[twilio]") {
  const auto one = twilio::participant_from(*Json::try_parse(
      R"({"call_sid":"CA0123456789abcdef0123456789abcdef","label":"monitor-1","muted":true,"coaching":false,"hold":null})"));
  REQUIRE(one);
  CHECK(one->muted);
  CHECK_FALSE(one->coaching);
  CHECK_FALSE(one->hold);
  CHECK_FALSE(twilio::participant_from(*Json::try_parse("{}")));
}

TEST_CASE("a message is asked for with what it has, each picture by itself", "[twilio]") {
  const auto ask =
      twilio::send_message_ask({.to = "+12025550101",
                                .from = "+12025550100",
                                .body = "hi",
                                .media = {"https://example.com/a.png", "https://example.com/b.png"},
                                .status_callback = "https://pbx.example.com/status"});
  CHECK(ask.path == "/Messages.json");
  CHECK(ask.form == Fields{{"To", "+12025550101"},
                           {"From", "+12025550100"},
                           {"Body", "hi"},
                           {"MediaUrl", "https://example.com/a.png"},
                           {"MediaUrl", "https://example.com/b.png"},
                           {"StatusCallback", "https://pbx.example.com/status"}});
}

TEST_CASE("a message is read with its size, its state and what it cost", "[twilio]") {
  const auto message = twilio::message_from(*Json::try_parse(R"({"sid":"SM0123456789abcdef0123456789abcdef",
    "from":"+12025550100","to":"+12025550101","body":"hi","status":"undelivered","direction":"outbound-api",
    "error_code":30003,"num_segments":"2","num_media":"0","price":"-0.01580","price_unit":"USD",
    "messaging_service_sid":null,"date_created":"Thu, 30 Jul 2015 23:19:04 +0000","date_sent":null})"));
  REQUIRE(message);
  CHECK(message->segments == 2);
  CHECK(message->media == 0);
  CHECK(message->error_code == 30003);
  CHECK(message->price_micros == 15'800);  // a charge
  CHECK(message->created_at);
  CHECK_FALSE(message->sent_at);
  CHECK(message->service_sid.empty());
  CHECK_FALSE(twilio::message_from(*Json::try_parse(R"({"sid":"CA0123456789abcdef0123456789abcdef"})")));
}
