// `ringctl numbers search` and `buy`, as people run them.
#include <map>

#include "support/site.hpp"
#include "support/twilio_box.hpp"

using namespace ringctl;
using test::ProcessResult;
using test::Site;

namespace {

struct Desk {
  Desk() : site(db::Engine::sqlite) { site.init(); }
  ProcessResult run(const Site::Arguments& arguments, std::map<std::string, std::string> more = {},
                    std::string input = {}) {
    test::ProcessOptions options;
    options.input = std::move(input);
    options.environment = std::move(more);
    for (const auto& [name, value] : box.environment()) options.environment.emplace(name, value);
    options.environment["RINGCTL_PUBLIC_URL"] = "https://pbx.example.com";
    return site.machine().run(arguments, options);
  }
  Site site;
  test::TwilioBox box;
};

bool says(const ProcessResult& result, const std::string& slug) {
  return result.err.find("[" + slug + "]") != std::string::npos;
}

}  // namespace

TEST_CASE("numbers are looked for, planned, and bought after a yes", "[system]") {
  Desk f;
  const auto found =
      f.run({"numbers", "search", "--country", "US", "--area-code", "202", "--count", "3", "-o", "json"});
  REQUIRE(found.status == 0);
  CHECK(nlohmann::json::parse(found.out).size() == 3);
  const Site::Arguments buy = {"numbers", "buy", "--country", "US", "--area-code", "202", "--count", "2"};
  const auto with = [&](std::initializer_list<std::string> more) {
    auto all = buy;
    all.insert(all.end(), more);
    return f.run(all);
  };
  CHECK(with({"-n"}).status == 0);
  CHECK(says(with({}), "usage.confirmation_needed"));
  const auto poor = with({"--yes", "--budget", "0.01"});
  CHECK(poor.status == 7);
  CHECK(says(poor, "numbers.over_budget"));
  CHECK(f.box.ledger().empty());
  const auto bought = with({"--yes", "-o", "json"});
  REQUIRE(bought.status == 0);
  CHECK(nlohmann::json::parse(bought.out).size() == 2);
  CHECK(f.box.ledger().size() == 2);
  CHECK(nlohmann::json::parse(f.run({"numbers", "list", "-o", "json"}).out).size() == 2);
}

TEST_CASE("an area code has three digits, and is one of the US or Canada", "[system]") {
  Desk f;
  for (const auto* code : {"abc", "20", "2025"}) {
    const auto bad = f.run({"numbers", "search", "--area-code", code});
    CHECK(bad.status == 2);
    CHECK(bad.err.find(std::string("--area-code \"") + code + "\" is no area code") != std::string::npos);
  }
  const std::map<std::string, std::string> american = {
      {"--area-code", "646"}, {"--rate-center", "NWYRCYZN01"}, {"--near", "+12025550101"}};
  for (const auto& [flag, value] : american) {
    const auto abroad = f.run({"numbers", "search", "--country", "FR", flag, value});
    CHECK(abroad.status == 2);
    CHECK(abroad.err.find(flag + " is for US and CA, not for FR") != std::string::npos);
    CHECK(abroad.err.find("--country US") == std::string::npos);
    CHECK(f.run({"numbers", "search", "--country", "US", flag, value}).status == 0);
  }
  REQUIRE(f.run({"workspaces", "update", "default", "--default-country", "FR"}).status == 0);
  const auto at_home = f.run({"numbers", "search", "--area-code", "646"});
  CHECK(at_home.status == 2);
  CHECK(at_home.err.find("--country US") != std::string::npos);
}

TEST_CASE("what is no number on standard input is named with its line, and nothing is bought", "[system]") {
  Desk f;
  const auto one = f.run({"numbers", "buy", "-", "--yes"}, {}, "+12025550177\n\n555-0100\r\n");
  CHECK(one.status == 7);
  CHECK(says(one, "phone.invalid"));
  CHECK(one.err.find("standard input: 1 of its lines is no number") != std::string::npos);
  CHECK(one.err.find("line 3: \"555-0100\"") != std::string::npos);
  std::string many;
  for (int line = 0; line < 12; ++line) many += "nonsense\n";
  const auto all = f.run({"numbers", "buy", "-", "--yes"}, {}, many);
  CHECK(all.err.find("12 of its lines are no number") != std::string::npos);
  CHECK(all.err.find("line 10: ") != std::string::npos);
  CHECK(all.err.find("line 11: ") == std::string::npos);
  CHECK(all.err.find("… 2 more") != std::string::npos);
  CHECK(f.box.ledger().empty());
}

TEST_CASE("buying nothing in particular is a mistake", "[system]") {
  Desk f;
  CHECK(says(f.run({"numbers", "buy", "--yes"}), "usage.nothing_to_do"));
  CHECK(says(f.run({"numbers", "buy", "+12025550101", "--count", "2", "--yes"}), "usage.excluded"));
  const auto both = f.run({"numbers", "buy", "+12025550101", "--area-code", "202", "--yes"});
  CHECK(both.status == 2);
  CHECK(says(both, "usage.excluded"));
  CHECK(f.box.ledger().empty());
}

TEST_CASE("what was bought cannot be undone, and its job is over", "[system]") {
  Desk f;
  REQUIRE(f.run({"numbers", "buy", "+12025550177", "--yes"}).status == 0);
  const auto jobs = nlohmann::json::parse(f.run({"jobs", "list", "-o", "json"}).out);
  REQUIRE(jobs[0]["kind"] == "numbers.buy");
  const std::string id = jobs[0]["job"];
  const auto undo = f.run({"jobs", "undo", id, "--yes"});
  CHECK(says(undo, "jobs.not_undoable"));
  CHECK(undo.err.find("ringctl numbers release") != std::string::npos);
  const auto rows = nlohmann::json::parse(f.run({"jobs", "show", id, "--rows", "-o", "json"}).out);
  REQUIRE(rows.size() == 1);
  CHECK(rows[0]["key"] == "+12025550177");
  CHECK(rows[0]["verdict"] == "done");
  CHECK(rows[0]["sid"].get<std::string>().starts_with("PN"));
  CHECK(says(f.run({"jobs", "resume", id, "--yes"}), "jobs.not_unfinished"));
  CHECK(f.run({"jobs", "resolve"}).status == 0);
}

TEST_CASE("prices that cannot be had end a purchase as that failure, and never by way of the budget",
          "[system]") {
  Desk f;
  REQUIRE(f.run({"config", "set", "twilio.retries", "0"}).status == 0);
  test::TwilioBox list;
  list.fault("503");
  const std::map<std::string, std::string> down = {{"RINGCTL_TWILIO_PRICING_URL", list.url()}};
  const auto budget = f.run({"numbers", "buy", "+12025550177", "--budget", "5", "-n"}, down);
  CHECK(budget.status == 22);
  CHECK(says(budget, "twilio.down"));
  CHECK(budget.err.find("--budget") == std::string::npos);
  const auto any_price = f.run({"numbers", "buy", "+12025550177", "-n"}, down);
  CHECK(any_price.status == 0);
  CHECK(any_price.err.find("at a price that Twilio does not tell") != std::string::npos);
  const auto found = f.run({"numbers", "search", "--area-code", "202", "--count", "1"}, down);
  CHECK(found.status == 0);
  CHECK(found.err.find("no prices are shown: ") != std::string::npos);
  const std::map<std::string, std::string> wrong = {
      {"TWILIO_AUTH_TOKEN", "ffffffffffffffffffffffffffffffff"}};
  CHECK(f.run({"numbers", "buy", "+12025550177", "--budget", "5", "-n"}, wrong).status == 4);
  CHECK(f.run({"numbers", "buy", "+12025550177", "-n"}, wrong).status == 4);
}

TEST_CASE("going on with a purchase is planned as it is done: budget, and numbers that are not its own",
          "[system]") {
  Desk f;
  REQUIRE(f.run({"config", "set", "twilio.retries", "0"}).status == 0);
  f.box.fault("429");
  // Prices cannot be had, either.
  CHECK(f.run({"numbers", "buy", "+12025550177", "+12025550178", "--yes"}).status == 21);
  f.box.clear_faults();
  const auto jobs = nlohmann::json::parse(f.run({"jobs", "list", "-o", "json"}).out);
  const std::string id = jobs[0]["job"];
  REQUIRE(f.run({"workspaces", "update", "default", "--buy-budget", "1"}).status == 0);
  for (const auto* flag : {"-n", "--yes"}) {
    const auto poor = f.run({"jobs", "resume", id, flag});
    CHECK(poor.status == 7);
    CHECK(says(poor, "numbers.over_budget"));
  }
  CHECK(f.box.ledger().empty());
  REQUIRE(f.run({"workspaces", "update", "default", "--buy-budget", "10"}).status == 0);
  f.box.add_number("+12025550178");
  f.box.with([](sim::Account& at, sim::Network&) {
    at.numbers.find_by_phone("+12025550178")->created_at -= std::chrono::hours(1);
  });
  const auto resumed = f.run({"jobs", "resume", id, "--yes"});
  INFO(resumed.err);
  CHECK(resumed.status == 3);
  CHECK(resumed.err.find("+12025550178 is not counted as bought (the account had it before") !=
        std::string::npos);
  CHECK(resumed.err.find("ringctl jobs show ") != std::string::npos);
  CHECK(resumed.err.find("ringctl numbers configure +12025550178") != std::string::npos);
  CHECK(f.run({"numbers", "configure", "+12025550178"}).status == 0);
  CHECK(f.box.ledger().at("buy +12025550177") == 1);
}
