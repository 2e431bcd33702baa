// Limits as an agent, an admin and cron meet them: the real program, on both engines.
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <thread>

#include "base/error.hpp"
#include "support/eventually.hpp"
#include "support/noon.hpp"
#include "support/site.hpp"

using namespace ringctl;
using test::Site;

namespace {

constexpr auto* k_to = "+12125550123";

/// Ann may call the US from +12025550101, so many times a day, which does not end while a test runs.
void lay_out(const Site& site, int limit) {
  if (site.engine() == db::Engine::postgresql) site.init();
  site.ok({"numbers", "add", "+12025550101"});
  site.ok({"workspaces", "update", "default", "--timezone", test::zone_of_noon()});
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

TEST_CASE("a call is refused with every reason and its code, and exit 8", "[system][slow]") {
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
  CHECK(site.json({"limits", "status"}).at(0).at("callable") == false);
  site.ok({"optouts", "add", k_to, "--channel", "voice"});
  const auto both = site.run(check());
  CHECK(both.status == 8);
  CHECK(both.err.find("limits.opted_out") != std::string::npos);
  CHECK(both.err.find("limits.limit_reached") != std::string::npos);
  auto words = check();
  words.insert(words.end(), {"-o", "json"});
  const auto refusals = nlohmann::json::parse(site.run(words).err).at("error").at("details").at("refusals");
  REQUIRE(refusals.size() == 2);
  CHECK(refusals[0].at("code") == "opted_out");
  CHECK(refusals[1].at("code") == "limit_reached");
  CHECK(refusals[1].at("number") == "+12025550101");
  CHECK(refusals[1].at("daily_limit") == 1);
  CHECK(refusals[1].at("used") == 1);
  site.ok({"numbers", "unassign", "+12025550101"});
  CHECK(site.failure(check("+16135550111")) == "8 limits.no_number");
  CHECK(site.failure({"limits", "check", "--agent", "zoe@example.com", "--to", k_to}) == "5 users.unknown");
}

TEST_CASE("a database that goes away in the middle is no refusal", "[system][postgresql]") {
  const Site site(db::Engine::postgresql);
  lay_out(site, 5);
  site.ok(check(k_to, true));
  const auto holder = db::Connection::open(site.url());
  const auto watch = db::Connection::open(site.url());
  std::string failure;
  std::thread caller;
  {
    const db::Transaction held(*holder, db::Scope::through(db::Door::maintenance));
    holder->exec("UPDATE daily_usage SET adjusted = adjusted");
    caller = std::thread([&] { failure = site.failure(check(k_to, true)); });
    std::int64_t ended = 0;
    CHECK(test::eventually([&] {
      ended = watch
                  ->integer(
                      "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE wait_event_type = "
                      "'Lock' AND datname = current_database()")
                  .value();
      return ended > 0;
    }));
    CHECK(ended == 1);
  }
  caller.join();
  CHECK(failure == "30 limits.limits_unavailable");
}

TEST_CASE("the same call is counted once, however often it is asked for", "[system][slow]") {
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

TEST_CASE("a reset closes a day once, and is silent for cron", "[system][slow]") {
  const Site site(GENERATE(from_range(test::engines())));
  lay_out(site, 5);
  site.ok(check(k_to, true));
  const auto first = site.json({"limits", "reset"});
  CHECK(first.at("changed") == true);
  CHECK(first.at("days") == 1);
  CHECK(site.json({"reset"}).at("changed") == false);
  CHECK(site.json({"limits", "reset", "--as-of", "yesterday"}).at("changed") == false);
  CHECK(site.failure({"limits", "reset", "--as-of", "2026-02-30"}) == "7 time.bad_date");
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

TEST_CASE("doctor warns of days that nobody closes", "[system]") {
  const Site site(GENERATE(from_range(test::engines())));
  lay_out(site, 5);
  const auto of_days = [&] {
    for (const auto& row : site.json({"doctor", "db"}))
      if (row.at("check") == "db.days") return row;
    return nlohmann::json();
  };
  CHECK(of_days().at("status") == "ok");
  site.ok(check(k_to, true));
  site.tamper("UPDATE reservations SET day = '2026-03-08'");
  site.tamper("UPDATE daily_usage SET day = '2026-03-08'");
  const auto days = of_days();
  CHECK(days.at("status") == "warn");
  CHECK(days.at("evidence").get<std::string>().find("from 2026-03-08 on") != std::string::npos);
  CHECK(days.at("fix") == "ringctl --workspace default limits reset");
}

TEST_CASE("a reset of all workspaces names every one that failed", "[system]") {
  const Site site(GENERATE(from_range(test::engines())));
  lay_out(site, 5);
  site.ok({"workspaces", "add", "branch"});
  const auto block = [&](std::string_view name) {
    site.tamper(fmt::format(
        "INSERT INTO resets (workspace_id, day, at, actor, counters, reserved, connected, refunded, adjusted, expired) "
        "SELECT id, '2001-01-01', created_at, 'os:clock', 0, 0, 0, 0, 0, 0 FROM workspaces WHERE name = '{}'",
        name));
  };
  const Site::Arguments reset_all{"limits", "reset", "--all-workspaces", "-o", "json"};
  block("branch");
  const auto one = nlohmann::json::parse(site.run(reset_all).err).at("error");
  CHECK(one.at("exit") == 6);
  CHECK(one.at("message").get<std::string>().starts_with("branch: "));
  CHECK(one.at("hint").get<std::string>().ends_with(" --workspace branch"));
  CHECK(one.at("details").at("failures").size() == 1);
  site.tamper("DELETE FROM resets");
  block("branch");
  block("default");
  const auto both = site.run({"limits", "reset", "--all-workspaces"});
  CHECK(both.status == 6);
  CHECK(both.err.find("2 of 2 workspaces could not be reset") != std::string::npos);
  CHECK(both.err.find("branch: ") != std::string::npos);
  CHECK(both.err.find("default: ") != std::string::npos);
}

TEST_CASE("a day that a wrong clock closed is opened again, by its name", "[system][slow]") {
  const Site site(GENERATE(from_range(test::engines())));
  lay_out(site, 5);
  site.tamper(
      "INSERT INTO resets (workspace_id, day, at, actor, counters, reserved, connected, refunded, adjusted, expired) "
      "SELECT id, '2999-01-01', created_at, 'os:clock', 0, 0, 0, 0, 0, 0 FROM workspaces");
  const auto day = [&] { return site.json({"limits", "status"}).at(0).at("day").get<std::string>(); };
  CHECK(day() == "2999-01-02");
  CHECK(site.failure({"limits", "reset", "--reopen", "2999-01-01"}) == "2 usage.confirmation_needed");
  CHECK(site.failure({"limits", "reset", "--reopen", "2999-01-01", "--force"}) == "2 usage.excluded");
  CHECK(site.failure({"limits", "reset", "--reopen", "soon", "--confirm", "soon"}) == "7 time.bad_date");
  site.ok({"limits", "reset", "--reopen", "2999-01-01", "-n"});
  CHECK(day() == "2999-01-02");
  const Site::Arguments reopen{"limits", "reset", "--reopen", "2999-01-01", "--confirm", "2999-01-01"};
  CHECK(site.json(reopen).at("days") == 1);
  CHECK(site.json(reopen).at("changed") == false);
  CHECK(day() < "2999");
  CHECK(site.json({"audit", "list", "--action", "limits.reopen"}).size() == 1);
  CHECK(site.json({"audit", "verify"}).at("ok") == true);
}

TEST_CASE("a newer area code is learnt from the configuration", "[system]") {
  const Site site(db::Engine::sqlite);
  lay_out(site, 5);
  CHECK(site.failure(check("+19505550123")) == "8 limits.country_not_allowed");
  site.ok({"config", "set", "area_codes", "950=US"});
  CHECK(site.failure(check("+19505550123")) == "0");
  CHECK(site.failure({"config", "set", "area_codes", "95=US"}) == "7 config.bad_value");
  CHECK(site.failure({"config", "set", "area_codes", "950=GB"}) == "7 config.bad_value");  // no country of +1
}

TEST_CASE("wrong area codes in the configuration are named by all, and set right by config set",
          "[system][slow]") {
  const Site site(db::Engine::sqlite);
  lay_out(site, 5);
  site.ok({"config", "set", "area_codes", "950=US"});
  const auto file = site.machine().home() / ".config/ringctl/config.toml";
  auto wrong = test::read_text(file);
  wrong.replace(wrong.find("950=US"), 6, "950=GB");
  test::write_text(file, wrong);
  CHECK(site.failure(check("+19505550123")) == "10 config.bad_value");
  CHECK(site.run({"doctor", "-o", "tsv"}).out.find("area_codes: ") != std::string::npos);
  site.ok({"config", "set", "area_codes", "950=US"});
  CHECK(site.failure(check("+19505550123")) == "0");
}

TEST_CASE("of 64 processes at a limit less one exactly one is let through, while resets run beside them",
          "[slow][system]") {
  const Site site(GENERATE(from_range(test::engines())));
  lay_out(site, 1);
  const int rounds = std::getenv("RINGCTL_TEST_FULL") != nullptr ? 1000 : 20;
  std::atomic<bool> stop = false;
  std::atomic<int> resets = 0, bad_resets = 0;
  std::thread resetting([&] {
    while (!stop) {
      if (site.run({"limits", "reset", "-q"}).status != 0) ++bad_resets;
      ++resets;
    }
  });
  int wrong = 0;
  for (int round = 1; round <= rounds && wrong == 0; ++round) {
    site.ok(
        {"assignments", "set", "+12025550101", "ann@example.com", "--daily-limit", std::to_string(round)});
    std::vector<int> status(64, -1);
    std::vector<std::thread> callers;
    callers.reserve(status.size());
    for (std::size_t i = 0; i < status.size(); ++i)
      callers.emplace_back([&, i] {
        // With a call of its own no reservation expires while the rounds go on.
        auto words = check(k_to, true);
        words.insert(words.end(), {"--call-sid", fmt::format("CA{:028x}{:04x}", round, i)});
        // Whom a database with too much to do tells neither yes nor no asks again; the call is counted once.
        test::eventually(
            [&] { return (status[i] = site.run(words).status) != static_cast<int>(Errc::db_busy); });
      });
    for (auto& caller : callers) caller.join();
    if (std::count(status.begin(), status.end(), 0) != 1 ||
        std::count(status.begin(), status.end(), 8) != 63) {
      wrong = round;
      CAPTURE(status);
      CHECK(wrong == 0);
    }
  }
  stop = true;
  resetting.join();
  CHECK(wrong == 0);
  CHECK(used(site) == rounds);
  CHECK(resets > 0);
  CHECK(bad_resets == 0);
}
