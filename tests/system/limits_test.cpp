// Limits as an agent, an admin and cron meet them: the real program, on both engines.
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <thread>

#include "support/site.hpp"

using namespace ringctl;
using test::Site;

namespace {

constexpr auto* k_to = "+12125550123";

/// Ann may call the US from +12025550101, so many times a day.
void lay_out(const Site& site, int limit) {
  if (site.engine() == db::Engine::postgresql) site.init();
  site.ok({"numbers", "add", "+12025550101"});
  site.ok({"users", "add", "ann@example.com"});
  site.ok({"assignments", "set", "+12025550101", "ann@example.com", "--daily-limit", std::to_string(limit)});
}

Site::Arguments check(std::string to = k_to, bool reserve = false) {
  Site::Arguments words{"limits", "check", "--agent", "ann@example.com", "--to", std::move(to)};
  if (reserve) words.emplace_back("--reserve");
  return words;
}

std::int64_t used(const Site& site) {
  return site.json({"limits", "status"}).at(0).at("used").get<std::int64_t>();
}

}  // namespace

TEST_CASE("a call is refused with every reason and its code, and exit 8", "[system]") {
  const Site site(GENERATE(from_range(test::engines())));
  lay_out(site, 1);
  CHECK(site.failure(check()) == "0");
  CHECK(site.failure(check("+442079460123")) == "8 limits.country_not_allowed");
  CHECK(site.failure(check("+16135550111")) == "8 limits.country_not_allowed");
  site.ok({"assignments", "set", "+12025550101", "ann@example.com", "--allowed-countries", "CA"});
  CHECK(site.failure(check("+16135550111")) == "0");
  CHECK(site.failure(check()) == "8 limits.country_not_allowed");
  CHECK(site.failure(check("911")) == "0");
  site.ok({"assignments", "set", "+12025550101", "ann@example.com", "--allowed-countries", "US|CA"});
  CHECK(used(site) == 0);  // nothing was counted so far
  CHECK(site.failure(check(k_to, true)) == "0");
  CHECK(site.failure(check(k_to, true)) == "8 limits.limit_reached");
  CHECK(used(site) == 1);
  site.ok({"optouts", "add", k_to, "--channel", "voice"});
  const auto both = site.run(check());
  CHECK(both.status == 8);
  CHECK(both.err.find("limits.opted_out") != std::string::npos);
  CHECK(both.err.find("limits.limit_reached") != std::string::npos);
  site.ok({"numbers", "unassign", "+12025550101"});
  CHECK(site.failure(check("+16135550111")) == "8 limits.no_number");
  CHECK(site.failure({"limits", "check", "--agent", "zoe@example.com", "--to", k_to}) ==
        "5 limits.unknown_agent");
}

TEST_CASE("the same call is counted once, however often it is asked for", "[system]") {
  const Site site(GENERATE(from_range(test::engines())));
  lay_out(site, 5);
  auto words = check(k_to, true);
  words.insert(words.end(), {"--call-sid", "CA0123456789abcdef0123456789abcdef"});
  for (int i = 0; i < 3; ++i) CHECK(site.failure(words) == "0");
  CHECK(used(site) == 1);
  words.back() = "typo";
  CHECK(site.failure(words) == "2 usage.bad_value");
  CHECK(site.failure({"limits", "check", "--agent", "ann@example.com", "--to", k_to, "--call-sid",
                      "CA0123456789abcdef0123456789abcdef"}) == "2 usage.bad_value");
  CHECK(site.failure({"limits", "status", "--agent", "nobody@example.com"}) == "5 users.unknown");
  CHECK(site.failure({"limits", "status", "--number", "+12025550199"}) == "5 numbers.unknown");
}

TEST_CASE("a reset closes a day once, and is silent for cron", "[system]") {
  const Site site(GENERATE(from_range(test::engines())));
  lay_out(site, 5);
  site.ok(check(k_to, true));
  const auto first = site.json({"limits", "reset"});
  CHECK(first.at("changed") == true);
  CHECK(first.at("days") == 1);
  CHECK(site.json({"reset"}).at("changed") == false);
  const auto quiet = site.run({"limits", "reset", "--all-workspaces", "-q"});
  CHECK(quiet.status == 0);
  CHECK((quiet.out + quiet.err).empty());
  CHECK(site.failure({"limits", "reset", "--as-of", "2999-01-01"}) == "7 limits.day_not_over");
  CHECK(site.failure({"limits", "reset", "--force"}) == "2 usage.confirmation_needed");
  CHECK(site.run({"limits", "reset", "--force"})
            .err.starts_with(
                "ringctl: this needs a confirmation: forgive today's calls of workspace default  ["));
  const auto number =
      site.run({"limits", "reset", "--force", "--number", "+12025550123", "--confirm", "+12025550123"});
  CHECK(number.err ==
        "ringctl: --confirm +12025550123 is not default, the name that confirms this: forgive "
        "today's calls of +12025550123 in workspace default  [usage.confirmation_differs]\n"
        "  hint: add --confirm default\n");
  CHECK(used(site) == 1);
  site.ok({"limits", "reset", "--force", "--confirm", "default"});
  CHECK(used(site) == 0);
  CHECK(site.json({"audit", "verify"}).at("ok") == true);
}

TEST_CASE("a newer area code is learnt from the configuration", "[system]") {
  const Site site(db::Engine::sqlite);
  lay_out(site, 5);
  CHECK(site.failure(check("+19505550123")) == "8 limits.country_not_allowed");
  site.ok({"config", "set", "area_codes", "950=US"});
  CHECK(site.failure(check("+19505550123")) == "0");
  CHECK(site.failure({"config", "set", "area_codes", "95=US"}) == "7 config.bad_value");
  site.ok({"config", "set", "area_codes", "950=GB"});  // not a country of +1
  CHECK(site.failure(check("+19505550123")) == "10 config.bad_value");
}

TEST_CASE("of 64 processes at a limit less one exactly one is let through", "[slow][system]") {
  const Site site(GENERATE(from_range(test::engines())));
  lay_out(site, 1);
  const int rounds = std::getenv("RINGCTL_TEST_FULL") != nullptr ? 1000 : 20;
  for (int round = 1; round <= rounds; ++round) {
    site.ok(
        {"assignments", "set", "+12025550101", "ann@example.com", "--daily-limit", std::to_string(round)});
    std::vector<int> status(64, -1);
    std::vector<std::thread> callers;
    callers.reserve(status.size());
    for (auto& own : status) callers.emplace_back([&] { own = site.run(check(k_to, true)).status; });
    for (auto& caller : callers) caller.join();
    INFO("round " << round);
    REQUIRE(std::count(status.begin(), status.end(), 0) == 1);
    REQUIRE(std::count(status.begin(), status.end(), 8) == 63);
  }
  CHECK(used(site) == rounds);
}
