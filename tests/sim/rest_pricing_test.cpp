// What numbers cost, and who is told of requests.
#include "sim/rest_site.hpp"

using namespace ringctl;
using namespace ringctl::test;

TEST_CASE("a country's numbers have a price of each type that it sells", "[sim]") {
  RestSite site;
  const auto got = site.ask("GET", "/v1/PhoneNumbers/Countries/US");
  CHECK(got.status == 200);
  CHECK(got.json["iso_country"] == "US");
  CHECK(got.json["price_unit"] == "USD");
  const auto& prices = got.json["phone_number_prices"];
  REQUIRE(prices.size() == 2);
  CHECK(prices[0]["number_type"] == "local");
  CHECK(prices[0]["current_price"] == "1.15");
  CHECK(prices[1]["number_type"] == "toll free");
  CHECK(site.ask("GET", "/v1/PhoneNumbers/Countries/ZZ").status == 404);
  const auto all = site.ask("GET", "/v1/PhoneNumbers/Countries?PageSize=2");
  CHECK(all.json["countries"].size() == 2);
  CHECK(all.json["meta"]["next_page_url"].get<std::string>().starts_with("https://pricing.twilio.com/v1/"));
}

TEST_CASE("whoever watches is told of every request and of what it was answered", "[sim]") {
  RestSite site;
  std::vector<std::string> seen;
  site.rest.watch([&](const sim::RestRequest& request, const sim::RestAnswer& answer) {
    seen.push_back(request.method + " " + std::to_string(answer.status));
  });
  site.post("/Queues.json", "FriendlyName=a");
  site.post("/Queues.json", "Nonsense=a");
  site.ask("GET", RestSite::at("/Queues.json"), {}, "Basic bm9ib2R5");
  CHECK(seen == std::vector<std::string>{"POST 201", "POST 400", "GET 401"});
}
