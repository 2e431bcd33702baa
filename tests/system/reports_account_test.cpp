// What the account used, and numbers of others that may be shown.

#include "support/catch.hpp"
#include "system/box_site.hpp"

using namespace ringctl;
using test::BoxSite;

TEST_CASE("what the account used is Twilio's word, by the day if asked, with the balance last",
          "[system][slow]") {
  BoxSite f(GENERATE(from_range(test::engines())));
  CHECK(f.failure({"reports", "account"}) == "4 twilio.no_login");
  f.log_in();
  const auto rows = f.json({"reports", "account", "--since", "2026-03-01", "--until", "2026-03-02", "--by",
                            "day", "--category", "calls", "--balance", "--sort", "start_date"});
  REQUIRE(rows.size() == 3);
  CHECK(rows.at(0).at("category") == "calls");
  CHECK(rows.at(0).at("start_date") == "2026-03-01");
  CHECK(rows.at(1).at("start_date") == "2026-03-02");
  CHECK(rows.at(2).at("category") == "balance");
  CHECK(rows.at(2).at("price_unit") == "USD");
  CHECK(f.failure({"reports", "account", "--since", "2026-03-02", "--until", "2026-03-01"}) ==
        "2 usage.empty_period");
  CHECK(f.failure({"reports", "account", "--by", "week"}) == "2 usage.bad_value");
}

TEST_CASE("what the calls on record cost needs no login, and what the account used does", "[system]") {
  BoxSite f(GENERATE(from_range(test::engines())));
  const auto costs = f.json({"reports", "costs"});
  for (const auto& row : costs) CHECK(row.at("calls") == 0);
  CHECK(f.failure({"reports", "account", "--balance"}) == "4 twilio.no_login");
}

TEST_CASE("a caller ID is verified by a code, once", "[system]") {
  BoxSite f(db::Engine::sqlite);
  f.log_in();
  CHECK(f.json({"callerids", "verify", "+12025550150", "-n"}).at("changed") == true);
  CHECK(f.times("POST /OutgoingCallerIds") == 0);
  const auto code = f.json({"callerids", "verify", "+12025550150", "--name", "Head office"});
  CHECK(code.at("phone_number") == "+12025550150");
  CHECK_FALSE(code.at("code").get<std::string>().empty());
  CHECK(f.times("POST /OutgoingCallerIds") == 1);
  CHECK(f.failure({"callerids", "verify", "12"}) == "7 phone.invalid");
}
