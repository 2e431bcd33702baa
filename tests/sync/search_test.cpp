#include <algorithm>
#include <set>

#include "support/catch.hpp"
#include "sync/desk.hpp"

using namespace ringctl;
using Desk = test::NumberDesk;

TEST_CASE("numbers that are found are all different, in order, and no more than wanted", "[sync]") {
  Desk f(db::Engine::sqlite);
  twilio::Search asked;
  asked.area_code = "202";
  for (const std::size_t limit : {std::size_t{1}, std::size_t{5}, std::size_t{60}}) {
    const auto found = sync::search(f.client, asked, limit);
    CHECK(found.size() == limit);
    std::set<std::string> once;
    for (const auto& number : found) {
      CHECK(number.phone_number.starts_with("+1202"));
      once.insert(number.phone_number);
    }
    CHECK(once.size() == found.size());
    CHECK(std::is_sorted(found.begin(), found.end(),
                         [](const auto& a, const auto& b) { return a.phone_number < b.phone_number; }));
  }
}

TEST_CASE("a pattern with open places finds only what fits it", "[sync]") {
  Desk f(db::Engine::sqlite);
  twilio::Search asked;
  asked.contains = "+12025550***";
  const auto found = sync::search(f.client, asked, 30);
  CHECK(found.size() == 30);
  for (const auto& number : found) CHECK(number.phone_number.starts_with("+12025550"));
}

TEST_CASE("what is not offered is an empty list", "[sync]") {
  Desk f(db::Engine::sqlite);
  twilio::Search asked;
  asked.country = "DE";
  asked.type = "tollfree";
  CHECK(sync::search(f.client, asked, 5).empty());
}
