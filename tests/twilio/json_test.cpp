#include "twilio/json.hpp"

#include "support/catch.hpp"

using namespace ringctl;
using twilio::Json;
using twilio::money_text;
using twilio::try_parse_time;

namespace {

std::string time_text(std::string_view text) {
  const auto at = try_parse_time(text);
  return at ? base::format_utc(*at) : "none";
}

std::optional<std::int64_t> micros(const std::string& value) {
  const auto json = Json::try_parse("{\"price\":" + value + "}");
  return json ? json->micros("price") : std::nullopt;
}

}  // namespace

TEST_CASE("members are read by name, as the texts or numbers that they are", "[twilio]") {
  const auto json = Json::try_parse(
      R"({"sid":"CA1","duration":"42","n":7,"big":12345678901234567890,"on":true,"off":"false","none":null,)"
      R"("empty":"","list":[1,"a"],"in":{"x":"y"}})");
  REQUIRE(json);
  CHECK(json->is_object());
  CHECK(json->text("sid") == "CA1");
  CHECK(json->text("n") == "7");
  CHECK(json->whole("duration") == 42);
  CHECK(json->whole("n") == 7);
  CHECK_FALSE(json->whole("big"));
  CHECK(json->flag("on"));
  CHECK_FALSE(json->flag("off", true));
  CHECK(json->flag("missing", true));
  for (const auto* name : {"none", "empty", "list", "in", "missing", "on"}) CHECK(json->text(name).empty());
  REQUIRE(json->find("list"));
  CHECK(json->find("list")->items().size() == 2);
  CHECK(json->find("in")->text("x") == "y");
  CHECK(json->names().size() == 10);
}

TEST_CASE("what is no JSON of an API is refused, with a reason", "[twilio]") {
  const std::string deep(100'000, '['), fits(twilio::k_deepest_json, '[');
  for (const auto& text :
       {std::string(), std::string("<html>"), std::string("{"), std::string("{} x"), std::string("[1,]"),
        std::string("NaN"), std::string(R"({"a":NaN})"), std::string(R"({"a":Infinity})"),
        std::string(R"({"a":1,"a":2})"), std::string("{\"a\":\"\xff\"}"), std::string(R"({"a":"\ud800"})"),
        std::string(R"({"a":"x\u0000y"})"), deep, fits + "[" + std::string(fits.size() + 1, ']'),
        std::string("{\"a\":1e999}")}) {
    std::string why;
    INFO(text.substr(0, 40));
    CHECK_FALSE(Json::try_parse(text, &why));
    CHECK_FALSE(why.empty());
    CHECK(why.find('\n') == std::string::npos);
  }
  CHECK(Json::try_parse(fits + std::string(fits.size(), ']')));
  CHECK(Json::try_parse(R"({"a":{"a":1},"b":[{"a":1},{"a":2}]})"));
}

TEST_CASE("an answer of very many values is refused before they fill the memory", "[twilio]") {
  std::string many = "[";
  for (std::size_t i = 0; i < twilio::k_most_json; ++i) many += "1,";
  many += "1]";
  std::string why;
  CHECK_FALSE(Json::try_parse(many, &why));
  CHECK(why.find("values") != std::string::npos);
}

TEST_CASE("objects of a list are read by their own names, whatever those of the one before", "[twilio]") {
  const auto list = Json::try_parse(R"([{"a":1,"b":2},{"a":3,"c":4},{"b":5,"a":6},{},{"a":7,"b":8,"c":9}])");
  REQUIRE(list);
  CHECK(list->items()[1].text("c") == "4");
  CHECK(list->items()[2].text("a") == "6");
  CHECK(list->items()[4].text("c") == "9");
  CHECK_FALSE(Json::try_parse(R"([{"a":1,"b":2},{"a":1,"a":2}])"));
  CHECK_FALSE(Json::try_parse(R"([{"a":1,"b":2},{"a":1,"b":2,"a":3}])"));
  CHECK_FALSE(Json::try_parse(R"([{"a":1,"b":2,"c":3},{"b":1,"c":2,"b":3}])"));
  CHECK_FALSE(Json::try_parse(R"([{"a":1,"b":2,"c":3},{"c":1,"b":2,"c":3}])"));
}

TEST_CASE("objects within those of a list are read by their own names too", "[twilio]") {
  const auto list = Json::try_parse(
      R"([{"can":{"sms":1,"fax":2},"n":1},{"can":{"sms":3,"fax":4},"n":2},{"can":{"sms":5},"n":3},)"
      R"({"can":{"fax":6,"sms":7},"n":4},{"can":[{"sms":8}],"n":5},{"n":6,"can":{"sms":9}},{"can":null}])");
  REQUIRE(list);
  const auto& items = list->items();
  const auto sms = [&](std::size_t i) { return items[i].find("can")->text("sms"); };
  CHECK(sms(0) == "1");
  CHECK(sms(1) == "3");
  CHECK(items[1].find("can")->text("fax") == "4");
  CHECK(sms(2) == "5");
  CHECK(items[2].find("can")->names() == std::vector<std::string>{"sms"});
  CHECK(items[2].find("can")->text("fax").empty());
  CHECK(sms(3) == "7");
  CHECK(items[4].find("can")->items()[0].text("sms") == "8");
  CHECK(sms(5) == "9");
  CHECK(items[6].names() == std::vector<std::string>{"can"});
  CHECK(items[6].text("n").empty());
  CHECK_FALSE(Json::try_parse(R"([{"can":{"sms":1,"fax":2}},{"can":{"sms":1,"sms":2}}])"));
}

TEST_CASE("an object of very many names is refused before they are held against each other", "[twilio]") {
  const auto with = [](std::size_t names) {
    std::string text = "{";
    for (std::size_t i = 0; i < names; ++i) text += (i == 0 ? "\"n" : ",\"n") + std::to_string(i) + "\":1";
    return text + "}";
  };
  std::string why;
  CHECK(Json::try_parse(with(500)));
  CHECK_FALSE(Json::try_parse(with(501), &why));
  CHECK(why.find("names") != std::string::npos);
  CHECK_FALSE(Json::try_parse(with(700'000)));
}

TEST_CASE("times of both APIs, and of HTTP, are read", "[twilio]") {
  CHECK(time_text("Thu, 30 Jul 2015 23:19:04 +0000") == "2015-07-30T23:19:04.000Z");
  CHECK(time_text("Thu, 30 Jul 2015 23:19:04 -0230") == "2015-07-31T01:49:04.000Z");
  CHECK(time_text("Sun, 06 Nov 1994 08:49:37 GMT") == "1994-11-06T08:49:37.000Z");
  CHECK(time_text("2015-07-30T20:00:00Z") == "2015-07-30T20:00:00.000Z");
  CHECK(time_text("2015-07-30T20:00:00.1239Z") == "2015-07-30T20:00:00.123Z");
  CHECK(time_text("2015-07-30T20:00:00+02:00") == "2015-07-30T18:00:00.000Z");
  for (const auto* bad :
       {"", "yesterday", "2015-07-30", "2015-02-30T20:00:00Z", "2015-07-30T24:00:00Z", "2015-07-30T20:00:00",
        "Thu, 31 Feb 2015 23:19:04 +0000", "Thu, 30 Xyz 2015 23:19:04 +0000", "Thu, 30 Jul 2015 23:19 +0000",
        "Thu, 30 Jul 2015 23:19:04 +9900", "2015-07-30T2a:00:00Z"}) {
    INFO(bad);
    CHECK(time_text(bad) == "none");
  }
}

TEST_CASE("amounts are read in millionths, rounded half away from zero", "[twilio]") {
  CHECK(micros("\"-0.00750\"") == -7500);
  CHECK(micros("-0.0075") == -7500);
  CHECK(micros("\"1\"") == 1'000'000);
  CHECK(micros("\".5\"") == 500'000);
  CHECK(micros("\"1.0000005\"") == 1'000'001);
  CHECK(micros("\"-1.0000005\"") == -1'000'001);
  CHECK(micros("\"1.00000049\"") == 1'000'000);
  CHECK(micros("\"0.9999999\"") == 1'000'000);
  for (const auto* bad : {"null", "\"\"", "\"x\"", "\"1,5\"", "\"1.2.3\"", "\"-\"", "\"--1\"", "\"+1\"",
                          "\"1e3\"", "\"99999999999999999999\"", "true"}) {
    INFO(bad);
    CHECK_FALSE(micros(bad));
  }
}

TEST_CASE("amounts are shown with two places, and more where there are more", "[twilio]") {
  CHECK(money_text(0) == "0.00");
  CHECK(money_text(1'150'000) == "1.15");
  CHECK(money_text(7500) == "0.0075");
  CHECK(money_text(-7500) == "-0.0075");
  CHECK(money_text(-25'000'000) == "-25.00");
  CHECK(money_text(1) == "0.000001");
  CHECK(money_text(std::numeric_limits<std::int64_t>::min()) == "-9223372036854.775808");
}
