// `ringctl audit` and `ringctl jobs` as people and scripts run them, on both engines.
#include <fmt/format.h>

#include "support/site.hpp"

using namespace ringctl;
using test::lines;
using test::Site;

namespace {

void make_history(const Site& site) {
  site.init();
  site.ok({"numbers", "add", "+12025550123", "--label", "Sales"});
  site.ok({"numbers", "update", "Sales", "--label", "Support"});
  site.ok({"numbers", "add", "+12025550124"});
  site.ok({"numbers", "delete", "+12025550123", "--yes"});
}

}  // namespace

TEST_CASE("every change stands in the audit log", "[system]") {
  const Site site(GENERATE(from_range(test::engines())));
  make_history(site);
  CHECK(site.ok({"audit", "list", "-o", "csv", "--columns", "seq,action,object"}) ==
        lines({"seq,action,object", "5,numbers.delete,+12025550123", "4,numbers.add,+12025550124",
               "3,numbers.update,+12025550123", "2,numbers.add,+12025550123", "1,workspaces.add,default"}));
  CHECK(site.ok({"audit", "export", "-o", "csv", "--columns", "seq", "--object", "+12025550123"}) ==
        lines({"seq", "2", "3", "5"}));
  const auto update = site.json({"audit", "show", "3"});
  CHECK(update["before"]["label"] == "Sales");
  CHECK(update["after"]["label"] == "Support");
  CHECK(site.failure({"audit", "show", "99"}) == "5 audit.unknown");
}

TEST_CASE("a number's history holds the imports that made and changed it", "[system]") {
  const Site site(GENERATE(from_range(test::engines())));
  site.init();
  for (const auto* label : {"one", "two"})
    site.ok({"numbers", "import",
             site.machine()
                 .file("n.csv", fmt::format("phone_number,label\n+12025550123,{}\n+12025550124,x\n", label))
                 .string()});
  CHECK(site.ok({"audit", "list", "-o", "csv", "--columns", "seq,action", "--object", "+12025550123"}) ==
        lines({"seq,action", "3,numbers.import", "2,numbers.import"}));
  CHECK(site.ok({"audit", "export", "-o", "csv", "--columns", "seq", "--object", "+12025550124"}) ==
        lines({"seq", "2"}));
}

TEST_CASE("the audit log is filtered by who, what and when", "[system]") {
  const Site site(GENERATE(from_range(test::engines())));
  make_history(site);
  const auto actor = site.json({"audit", "show", "1"})["actor"].get<std::string>();
  CHECK(site.json({"audit", "list", "--actor", actor}).size() == 5);
  CHECK(site.json({"audit", "list", "--actor", "os:nobody-here"}).empty());
  CHECK(site.json({"audit", "list", "--action", "numbers.add"}).size() == 2);
  CHECK(site.json({"audit", "list", "--object-type", "workspace"}).size() == 1);
  CHECK(site.json({"audit", "list", "--since", "-1h"}).size() == 5);
  CHECK(site.json({"audit", "list", "--until", "-1h"}).empty());
  CHECK(site.run({"audit", "list", "--limit", "2"}).err.find("showing 2 of 5") != std::string::npos);
  CHECK(site.run({"audit", "list", "--since", "soon"}).status == 7);
}

TEST_CASE("verify holds for an untouched log and exits 8 for a touched one", "[system]") {
  const Site site(GENERATE(from_range(test::engines())));
  make_history(site);
  const auto good = site.json({"audit", "verify"});
  CHECK(good["ok"] == true);
  CHECK(good["rows"] == 5);
  CHECK(good["head"] == site.json({"audit", "show", "5"})["hash"]);

  site.tamper("UPDATE audit_log SET actor = 'os:mallory' WHERE seq = 3");
  const auto result = site.run({"audit", "verify", "-o", "json"});
  CHECK(result.status == 8);
  const auto bad = nlohmann::json::parse(result.out);
  CHECK(bad["ok"] == false);
  CHECK(bad["broken_at"] == 3);
  CHECK(bad["reason"] == "row 3 was changed");
  CHECK(result.err.find("audit.broken") != std::string::npos);
}

TEST_CASE("verify holds for every way to make a workspace, and not once its log is gone", "[system]") {
  const Site site(GENERATE(from_range(test::engines())));
  if (site.engine() == db::Engine::sqlite)
    site.ok({"numbers", "add", "+12025550123"});  // first use makes it
  else
    site.init();
  site.ok({"workspaces", "add", "branch", "--timezone", "UTC"});
  for (const auto* workspace : {"default", "branch"})
    CHECK(site.json({"audit", "verify", "-w", workspace})["ok"] == true);
  site.tamper("DELETE FROM audit_images");
  site.tamper("DELETE FROM audit_log");
  site.tamper("DELETE FROM audit_heads");
  for (const auto* workspace : {"default", "branch"}) {
    const auto result = site.run({"audit", "verify", "-w", workspace, "-o", "json"});
    CHECK(result.status == 8);
    CHECK(nlohmann::json::parse(result.out)["reason"] == "the whole log is missing");
  }
}

TEST_CASE("no job is an empty list, and one that is not there is not found", "[system]") {
  const Site site(GENERATE(from_range(test::engines())));
  site.init();
  CHECK(site.json({"jobs", "list"}).empty());
  CHECK(site.failure({"jobs", "show", "5be01d7a"}) == "5 jobs.unknown");
}
