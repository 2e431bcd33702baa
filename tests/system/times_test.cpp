// Times as people type them on the real program: what period they make, and in which zone days begin.

#include <fmt/format.h>

#include "support/site.hpp"

using namespace ringctl;
using test::Site;

namespace {

db::Engine any_engine() { return GENERATE(from_range(test::engines())); }

Site::Arguments with(Site::Arguments words, const Site::Arguments& more) {
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

/// Where days begin when it is 9 in the evening of the 7th in New York, the workspace's zone: a call and a
/// message of 2:00 UTC on the 8th.
struct Evening : Site {
  explicit Evening(db::Engine engine) : Site(engine) {
    ok({"init", "--yes", "--zone", "America/New_York"});
    ok({"numbers", "add", "+12025550123"});
    const auto workspace = json({"workspaces", "list", "--columns", "id"}).at(0).at("id").get<std::string>();
    const std::string id = "0190f5fe-7c00-7a00-8000-000000000001", at = "2026-03-08T02:00:00.000Z";
    tamper(fmt::format(
        "INSERT INTO calls (id, workspace_id, call_sid, direction, status, from_number, to_number, started_at, ended_at, "
        "closed_seq, created_at, updated_at) VALUES ('{0}', '{1}', 'CA{2:032}', 'inbound', 'missed', '+16265550101', "
        "'+12025550123', '{3}', '{3}', 1, '{3}', '{3}')",
        id, workspace, 1, at));
    tamper(fmt::format(
        "INSERT INTO message_threads (id, workspace_id, our_number, party_number, last_message_at, created_at, "
        "updated_at) VALUES ('{0}', '{1}', '+12025550123', '+16265550101', '{2}', '{2}', '{2}')",
        id, workspace, at));
    tamper(fmt::format(
        "INSERT INTO messages (id, workspace_id, thread_id, message_sid, account_sid, direction, from_number, to_number, "
        "body, encoding, segments, status, status_rank, message_seq, created_at, updated_at) VALUES ('{0}', '{1}', '{0}', "
        "'SM{2:032}', 'AC{2:032}', 'inbound', '+16265550101', '+12025550123', 'Hello', 'gsm7', 1, 'received', 1, 1, "
        "'{3}', '{3}')",
        id, workspace, 1, at));
  }
  std::string run_with(const std::map<std::string, std::string>& environment, Arguments words) const {
    test::ProcessOptions options;
    options.environment = environment;
    if (!url().empty()) options.environment["RINGCTL_DATABASE_URL"] = url();
    const auto result = machine().run(words, options);
    INFO(result.err);
    REQUIRE(result.status == 0);
    return result.out;
  }
  nlohmann::json json_with(const std::map<std::string, std::string>& environment, Arguments words) const {
    return nlohmann::json::parse(run_with(environment, with(std::move(words), {"-o", "json"})));
  }
};

}  // namespace

TEST_CASE("a period that ends before it begins is refused, whatever it is of", "[system][slow]") {
  const Site site(any_engine());
  site.init();
  const Site::Arguments commands[] = {
      {"calls", "list"},      {"calls", "export"},     {"calls", "reconcile"},    {"messages", "list"},
      {"messages", "export"}, {"messages", "threads"}, {"messages", "reconcile"}, {"notifications", "list"},
      {"audit", "list"},      {"audit", "export"},     {"webhooks", "replay"},    {"recordings", "list"}};
  for (const auto& command : commands) {
    const auto reversed = site.run(with(command, {"--since", "yesterday", "--until", "-7d"}));
    CHECK(test::failure_of(reversed) == "2 usage.empty_period");
    CHECK(reversed.err.find("the period would end (") != std::string::npos);
    CHECK(reversed.err.ends_with("hint: --since TIME --until TIME, the earlier one first\n"));
    CHECK(site.failure(with(command, {"--since", "2026-03-08", "--until", "2026-03-08"})) ==
          "2 usage.empty_period");
  }
  for (const auto* noun : {"calls", "messages", "audit"})
    CHECK(site.json({noun, "list", "--since", "2100-01-01"}).empty());
}

TEST_CASE("days begin in the workspace's zone, whatever machine looks at them", "[system][slow]") {
  const Evening site(any_engine());
  const Site::Arguments seventh{"--since", "2026-03-07", "--until", "2026-03-08"};
  for (const auto* tz : {"UTC", "Asia/Tokyo", "America/Los_Angeles"}) {
    const std::map<std::string, std::string> machine{{"TZ", tz}};
    const auto count = [&](const Site::Arguments& words) { return site.json_with(machine, words).size(); };
    for (const auto* noun : {"calls", "messages"}) {
      CHECK(count(with({noun, "list"}, seventh)) == 1);
      CHECK(count(with({noun, "export"}, seventh)) == 1);
      CHECK(count({noun, "list", "--since", "2026-03-08"}) == 0);
      const auto purge = [&](const std::string& before) {
        return site.json_with(machine, {noun, "purge", "--older-than", before, "-n"}).at(noun);
      };
      CHECK(purge("2026-03-07") == 0);
      CHECK(purge("2026-03-08") == 1);
    }
    CHECK(count(with({"messages", "threads"}, seventh)) == 1);
  }
}

TEST_CASE("a zone that is asked for, or configured, is the one that days begin in", "[system]") {
  const Evening site(any_engine());
  const Site::Arguments eighth{"calls", "list", "--since", "2026-03-08"};
  const auto count = [&](const std::map<std::string, std::string>& environment,
                         const Site::Arguments& more = {}) {
    return site.json_with(environment, with(eighth, more)).size();
  };
  CHECK(count({}) == 0);
  CHECK(count({}, {"--tz", "UTC"}) == 1);
  CHECK(count({{"RINGCTL_TZ", "UTC"}}) == 1);
  CHECK(count({{"RINGCTL_TZ", "UTC"}}, {"--tz", "America/Los_Angeles"}) == 0);
  site.ok({"config", "set", "timezone", "Asia/Tokyo"});
  CHECK(count({{"TZ", "America/Los_Angeles"}}) == 1);
}

TEST_CASE("people see a workspace's times in its zone, programs with their offset", "[system]") {
  const Evening site(any_engine());
  const std::map<std::string, std::string> tokyo{{"TZ", "Asia/Tokyo"}};
  const auto shown = [&](const Site::Arguments& more) {
    return site.run_with(tokyo, with({"calls", "list", "--columns", "started_at", "--no-header"}, more));
  };
  CHECK(shown({"-o", "table"}) == "2026-03-07 21:00:00\n");
  CHECK(shown({"-o", "table", "--tz", "UTC"}) == "2026-03-08 02:00:00\n");
  CHECK(shown({"-o", "csv"}) == "2026-03-08T11:00:00.000+09:00\n");
  CHECK(site.json_with(tokyo, {"callbacks", "add", "+16265550101", "--due", "2030-03-08 09:30"})
            .at("changed") == true);
  CHECK(site.json({"callbacks", "list"}).at(0).at("due_at") == "2030-03-08T14:30:00.000+00:00");
}

TEST_CASE("a time that there is not is told apart from one that comes twice, and from one too long ago",
          "[system]") {
  const Site site(db::Engine::sqlite);
  site.ok({"init", "--yes", "--zone", "America/New_York"});
  const auto refused = [&](const std::string& time) {
    return site.failure({"calls", "list", "--since", time});
  };
  CHECK(refused("2026-03-08T02:30") == "7 time.skipped");
  CHECK(refused("2026-11-01T01:30") == "7 time.ambiguous");
  CHECK(refused("-99999d") == "7 time.too_long_ago");
  const auto purge = site.run({"calls", "purge", "--older-than", "99999d", "-n"});
  CHECK(test::failure_of(purge) == "7 time.too_long");
  CHECK(purge.err.starts_with("ringctl: --older-than: \"99999d\" is too long  ["));
}
