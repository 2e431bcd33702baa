#include "directory/workspaces.hpp"

#include <algorithm>

#include "support/catch.hpp"
#include "support/errors.hpp"
#include "support/session.hpp"

using namespace ringctl;
using directory::Workspaces;

namespace {

/// An empty, migrated database.
struct Fresh {
  explicit Fresh(db::Engine engine)
      : database(engine), alice(database.connect(), clock), workspaces(alice.session) {}

  std::vector<std::string> actions(const base::Uuid& workspace) {
    auto& db = *alice.connection;
    db::Transaction transaction(db, db::Scope::of(workspace), db::Access::read);
    std::vector<std::string> found;
    audit::for_each(db, workspace, {}, false, 0,
                    [&](const audit::Entry& e) { found.emplace_back(e.action); });
    CHECK_FALSE(audit::verify(db, workspace).broken_at);
    return found;
  }

  test::FakeClock clock;
  test::TestDatabase database;
  test::Actor alice;
  Workspaces workspaces;
};

}  // namespace

TEST_CASE("a workspace that was added is found by name and by id", "[directory]") {
  Fresh f(GENERATE(from_range(test::engines())));
  const auto added = f.workspaces.add("Acme Süd", "Europe/Berlin", "DE");
  const auto by_name = f.workspaces.get("Acme Süd");
  CHECK(by_name.id == added.id);
  CHECK(by_name.timezone == "Europe/Berlin");
  CHECK(by_name.default_country == "DE");
  CHECK(by_name.is_active);
  CHECK(by_name.version == 1);
  CHECK(by_name.created_at == f.clock.now());
  CHECK(f.workspaces.get(added.id.view()).name == "Acme Süd");
  CHECK(f.actions(added.id) == std::vector<std::string>{"workspaces.add"});
}

TEST_CASE("a name can be given once", "[directory]") {
  Fresh f(GENERATE(from_range(test::engines())));
  f.workspaces.add("main", "UTC", std::nullopt);
  CHECK(test::slug_of([&] { f.workspaces.add("main", "UTC", std::nullopt); }) == "workspaces.exists");
  const auto other = f.workspaces.add("other", "UTC", std::nullopt);
  CHECK(test::slug_of([&] { f.workspaces.update("other", {.name = "main"}); }) == "workspaces.exists");
  CHECK(f.workspaces.list().size() == 2);
  CHECK(f.actions(other.id).size() == 1);
}

TEST_CASE("UK reads as GB", "[directory]") {
  Fresh f(GENERATE(from_range(test::engines())));
  CHECK(f.workspaces.add("main", "Europe/London", "UK").default_country == "GB");
}

TEST_CASE("a workspace with a bad field is refused and not made", "[directory]") {
  Fresh f(GENERATE(from_range(test::engines())));
  const auto refused = [&](const std::string& name, const std::string& zone, const std::string& country) {
    const auto error = test::error_of([&] { f.workspaces.add(name, zone, country); });
    REQUIRE(error);
    return error->slug() + (error->errc() == Errc::invalid ? "" : " with another status");
  };
  CHECK(refused("", "UTC", "US") == "workspaces.bad_name");
  CHECK(refused(std::string(101, 'x'), "UTC", "US") == "workspaces.bad_name");
  CHECK(refused("a\nb", "UTC", "US") == "workspaces.bad_name");
  CHECK(refused(" a", "UTC", "US") == "workspaces.bad_name");
  CHECK(refused("\xff", "UTC", "US") == "workspaces.bad_name");
  CHECK(refused("main", "America/NewYork", "US") == "time.unknown_zone");
  CHECK(refused("main", "UTC", "XX") == "phone.unknown_region");
  CHECK(f.workspaces.list().empty());
}

TEST_CASE("a hundred characters are a name, however many bytes they take", "[directory]") {
  Fresh f(GENERATE(from_range(test::engines())));
  std::string name;
  for (int i = 0; i < 100; ++i) name += "é";
  CHECK(f.workspaces.add(name, "UTC", std::nullopt).name == name);
}

TEST_CASE("an update changes what is named and counts the version", "[directory]") {
  Fresh f(GENERATE(from_range(test::engines())));
  const auto id = f.workspaces.add("main", "UTC", "US").id;
  f.clock.advance(std::chrono::minutes(1));
  CHECK(f.workspaces.update("main", {.name = "sales", .timezone = "Europe/Paris"}));

  const auto after = f.workspaces.get("sales");
  CHECK(after.id == id);
  CHECK(after.timezone == "Europe/Paris");
  CHECK(after.default_country == "US");
  CHECK(after.version == 2);
  CHECK(after.updated_at == f.clock.now());
  CHECK(f.actions(id) == std::vector<std::string>{"workspaces.add", "workspaces.update"});

  CHECK(f.workspaces.update("sales", {.default_country = ""}));
  CHECK_FALSE(f.workspaces.get("sales").default_country);
}

TEST_CASE("an update that differs in nothing writes nothing", "[directory]") {
  Fresh f(GENERATE(from_range(test::engines())));
  const auto id = f.workspaces.add("main", "UTC", "US").id;
  CHECK_FALSE(f.workspaces.update("main", {.timezone = "UTC", .default_country = "us", .is_active = true}));
  CHECK(f.workspaces.get("main").version == 1);
  CHECK(f.actions(id).size() == 1);
}

TEST_CASE("a workspace that is not there is not found, and near names are offered", "[directory]") {
  Fresh f(GENERATE(from_range(test::engines())));
  f.workspaces.add("marketing", "UTC", std::nullopt);
  const auto error = test::error_of([&] { f.workspaces.get("marketign"); });
  REQUIRE(error);
  CHECK(error->slug() == "workspaces.unknown");
  REQUIRE(error->details().size() == 1);
  CHECK(error->details()[0].find("marketing") != std::string::npos);
  CHECK_FALSE(f.workspaces.find("marketign"));
  CHECK(test::slug_of([&] { f.workspaces.update("marketign", {.name = "x"}); }) == "workspaces.unknown");
}

TEST_CASE("workspaces are listed by name, byte by byte", "[directory]") {
  Fresh f(GENERATE(from_range(test::engines())));
  for (const auto* name : {"b", "a", "Z", "é"}) f.workspaces.add(name, "UTC", std::nullopt);
  std::vector<std::string> names;
  for (const auto& workspace : f.workspaces.list()) names.push_back(workspace.name);
  CHECK(names == std::vector<std::string>{"Z", "a", "b", "é"});
}

TEST_CASE("the workspace a command works in is the one named, or the only active one", "[directory]") {
  Fresh f(GENERATE(from_range(test::engines())));
  CHECK_FALSE(f.workspaces.resolve(std::nullopt));
  f.workspaces.add("main", "UTC", std::nullopt);
  CHECK(f.workspaces.resolve(std::nullopt)->name == "main");

  f.workspaces.add("other", "UTC", std::nullopt);
  const auto several = test::error_of([&] { f.workspaces.resolve(std::nullopt); });
  REQUIRE(several);
  CHECK(several->slug() == "workspaces.ambiguous");
  CHECK(several->errc() == Errc::usage);
  CHECK(several->details() == std::vector<std::string>{"main", "other"});
  CHECK(f.workspaces.resolve("other")->name == "other");
  CHECK(test::slug_of([&] { f.workspaces.resolve("nobody"); }) == "workspaces.unknown");

  f.workspaces.update("other", {.is_active = false});
  CHECK(f.workspaces.resolve(std::nullopt)->name == "main");
  CHECK(test::slug_of([&] { f.workspaces.resolve("other"); }) == "workspaces.inactive");
  f.workspaces.update("main", {.is_active = false});
  CHECK(test::slug_of([&] { f.workspaces.resolve(std::nullopt); }) == "workspaces.inactive");
}

TEST_CASE("what a workspace decides about limits is kept, and words it does not know are refused",
          "[directory]") {
  Fresh f(GENERATE(from_range(test::engines())));
  f.workspaces.add("main", "UTC", std::nullopt);
  const auto fresh = f.workspaces.get("main");
  CHECK(fresh.setting("limit_policy") == "attempts");
  CHECK(fresh.setting("number_rotation") == "agent_default");
  CHECK(fresh.setting("limits_unavailable") == "refuse");
  CHECK(f.workspaces.update("main", {.settings = {{"limit_policy", "connected"},
                                                  {"number_rotation", "round_robin"},
                                                  {"limits_unavailable", "allow"}}}));
  CHECK_FALSE(f.workspaces.update("main", {.settings = {{"limit_policy", "connected"}}}));
  CHECK(f.workspaces.get("main").setting("number_rotation") == "round_robin");
  CHECK(test::slug_of([&] {
          f.workspaces.update("main", {.settings = {{"limit_policy", "some"}}});
        }) == "workspaces.bad_value");
}
