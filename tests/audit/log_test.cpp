#include "audit/log.hpp"

#include <fmt/format.h>

#include <thread>

#include "support/catch.hpp"
#include "support/session.hpp"

using namespace ringctl;
using test::Estate;

namespace {

audit::Change change(std::string_view key, std::optional<std::string> before,
                     std::optional<std::string> after) {
  return {.action = "numbers.update",
          .object_type = "number",
          .object_key = key,
          .before = std::move(before),
          .after = std::move(after)};
}

void record(Estate& estate, const audit::Change& what) {
  estate.write([&] { audit::record(estate.session(), estate.workspace, what); });
}

struct Seen {
  std::int64_t seq;
  std::string actor, action, key, before, after;
};

std::vector<Seen> list(Estate& estate, const audit::Filter& filter, bool newest_first = false,
                       std::int64_t limit = 0) {
  return estate.read([&] {
    std::vector<Seen> seen;
    audit::for_each(estate.db(), estate.workspace, filter, newest_first, limit, [&](const audit::Entry& e) {
      seen.push_back({e.seq, std::string(e.actor), std::string(e.action), std::string(e.object_key),
                      std::string(e.before_image), std::string(e.after_image)});
    });
    return seen;
  });
}

std::int64_t count(Estate& estate, const audit::Filter& filter) {
  return estate.read([&] { return audit::count(estate.db(), estate.workspace, filter); });
}

}  // namespace

TEST_CASE("a recorded change is read back with its images", "[audit]") {
  Estate estate(GENERATE(from_range(test::engines())));
  record(estate, change("+12025550123", std::nullopt, R"({"label":"Sales"})"));

  const auto seen = list(estate, {});

  REQUIRE(seen.size() == 1);
  CHECK(seen[0].seq == 1);
  CHECK(seen[0].actor == "os:alice");
  CHECK(seen[0].action == "numbers.update");
  CHECK(seen[0].key == "+12025550123");
  CHECK(seen[0].before.empty());
  CHECK(seen[0].after == R"({"label":"Sales"})");
}

TEST_CASE("changes are listed in either direction, cut at a limit", "[audit]") {
  Estate estate(GENERATE(from_range(test::engines())));
  for (const auto* key : {"a", "b", "c"}) record(estate, change(key, std::nullopt, "{}"));

  const auto newest = list(estate, {}, true, 2);
  REQUIRE(newest.size() == 2);
  CHECK(newest[0].key == "c");
  CHECK(newest[1].key == "b");
  CHECK(list(estate, {}).front().key == "a");
}

TEST_CASE("each filter of the audit log narrows the list and the count alike", "[audit]") {
  Estate estate(GENERATE(from_range(test::engines())));
  record(estate, change("a", std::nullopt, "{}"));
  estate.clock.advance(std::chrono::hours(1));
  auto other = change("b", std::nullopt, "{}");
  other.action = "workspaces.update";
  other.object_type = "workspace";
  estate.alice.session.actor = "system";
  record(estate, other);
  const auto now = estate.clock.now();

  audit::Filter filter;
  SECTION("by object type") { filter.object_type = "workspace"; }
  SECTION("by action") { filter.action = "workspaces.update"; }
  SECTION("by actor") { filter.actor = "system"; }
  SECTION("by sequence number") { filter.seq = 2; }
  SECTION("by object") { filter.object_key = "b"; }
  SECTION("since an instant, which is included") { filter.since = now; }

  const auto seen = list(estate, filter);
  REQUIRE(seen.size() == 1);
  CHECK(seen[0].key == "b");
  CHECK(count(estate, filter) == 1);

  audit::Filter earlier;
  earlier.until = now;
  CHECK(list(estate, earlier).at(0).key == "a");
}

TEST_CASE("an object's history holds the rows of the jobs it is given, and of the one that made it once",
          "[audit]") {
  Estate estate(GENERATE(from_range(test::engines())));
  const auto job = estate.alice.ids.next();
  auto bulk = change("numbers.csv", std::nullopt, "{}");
  bulk.action = "numbers.import";
  bulk.object_type = "job";
  bulk.job_id = job;
  record(estate, bulk);
  record(estate, change("+12025550199", std::nullopt, "{}"));

  audit::Filter filter;
  filter.object_key = "+12025550123";
  CHECK(count(estate, filter) == 0);

  SECTION("by the ids that the rooms know") { filter.jobs = {job}; }
  SECTION("by what was remembered when the row was deleted") {
    record(estate, change("+12025550123", fmt::format(R"({{"job_id":"{}"}})", job.view()), std::nullopt));
    CHECK(count(estate, filter) == 2);
    return;
  }
  const auto seen = list(estate, filter);
  REQUIRE(seen.size() == 1);
  CHECK(seen[0].action == "numbers.import");
}

TEST_CASE("workspaces have chains of their own and do not see each other's", "[audit]") {
  Estate estate(GENERATE(from_range(test::engines())));
  const auto other = estate.database.add_workspace("other");
  record(estate, change("mine", std::nullopt, "{}"));
  db::in_transaction(estate.db(), db::Scope::of(other),
                     [&] { audit::record(estate.session(), other, change("theirs", std::nullopt, "{}")); });

  const auto seen = list(estate, {});
  REQUIRE(seen.size() == 1);
  CHECK(seen[0].key == "mine");
  CHECK(seen[0].seq == 1);
}

TEST_CASE("a change that is rolled back leaves no link", "[audit]") {
  Estate estate(GENERATE(from_range(test::engines())));
  {
    db::Transaction transaction(estate.db(), db::Scope::of(estate.workspace));
    audit::record(estate.session(), estate.workspace, change("a", std::nullopt, "{}"));
  }
  record(estate, change("b", std::nullopt, "{}"));
  const auto seen = list(estate, {});
  REQUIRE(seen.size() == 1);
  CHECK(seen[0].seq == 1);
}

TEST_CASE("two connections writing a workspace's first rows at once make one unbroken chain", "[audit]") {
  Estate estate(GENERATE(from_range(test::engines())));
  constexpr int k_each = 25;
  const auto write = [&](const std::string& name) {
    test::Actor actor(estate.database.connect(), estate.clock, name);
    for (int i = 0; i < k_each; ++i)
      db::in_transaction(*actor.connection, db::Scope::of(estate.workspace),
                         [&] {
                           audit::record(actor.session, estate.workspace,
                                         change(fmt::format("{}-{}", name, i), {}, "{}"));
                         },
                         {.attempts = 100});
  };
  std::thread bob(write, "os:bob");
  write("os:carol");
  bob.join();

  const auto verdict = estate.read([&] { return audit::verify(estate.db(), estate.workspace); });
  CHECK(verdict.reason.empty());
  CHECK(verdict.rows == 2 * k_each);
}
