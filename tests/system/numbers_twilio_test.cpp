// `ringctl numbers` and `ringctl webhooks configure` against a simulated account, as people run them.
#include "support/site.hpp"
#include "support/twilio_box.hpp"

using namespace ringctl;
using test::ProcessResult;
using test::Site;

namespace {

struct Desk {
  Desk() : site(db::Engine::sqlite) { site.init(); }
  ProcessResult run(const Site::Arguments& arguments) {
    test::ProcessOptions options;
    for (const auto& [name, value] : box.environment()) options.environment[name] = value;
    options.environment["RINGCTL_PUBLIC_URL"] = "https://pbx.example.com";
    return site.machine().run(arguments, options);
  }
  nlohmann::json json(Site::Arguments arguments) {
    arguments.insert(arguments.end(), {"-o", "json"});
    const auto result = run(arguments);
    INFO(result.err);
    REQUIRE(result.status == 0);
    return nlohmann::json::parse(result.out);
  }
  Site site;
  test::TwilioBox box;
};

}  // namespace

TEST_CASE("a sync plans, applies, and then finds nothing", "[system]") {
  Desk f;
  f.box.add_number("+12025550101");
  CHECK(f.run({"numbers", "sync", "--exit-code"}).status == 8);
  CHECK(f.json({"numbers", "sync"})[0]["verdict"] == "add");
  CHECK(f.json({"numbers", "sync", "--apply"})["add"] == 1);
  CHECK(f.run({"numbers", "sync", "--exit-code"}).status == 0);
  CHECK(f.json({"numbers", "show", "+12025550101"})["webhook_status"] == "unset");
  CHECK(f.json({"numbers", "sync", "--apply"})["changed"] == false);
}

TEST_CASE("a number that is missing at Twilio is told of until it is dealt with", "[system]") {
  Desk f;
  f.box.add_number("+12025550101");
  REQUIRE(f.run({"numbers", "add", "+12025550102"}).status == 0);
  f.json({"numbers", "sync", "--apply"});
  const auto told = f.run({"numbers", "sync", "--exit-code"});
  CHECK(told.status == 8);
  CHECK(told.err.find("ringctl numbers delete +12025550102") != std::string::npos);
  REQUIRE(f.run({"numbers", "delete", "+12025550102", "--yes"}).status == 0);
  CHECK(f.run({"numbers", "sync", "--exit-code"}).status == 0);
}

TEST_CASE("a number that the account does not have is skipped, which is exit 3 where it was named",
          "[system]") {
  Desk f;
  f.box.add_number("+12025550101");
  f.json({"numbers", "sync", "--apply"});
  REQUIRE(f.run({"numbers", "add", "+12025550102"}).status == 0);
  for (const auto* noun : {"numbers", "webhooks"}) {
    const auto all = f.run({noun, "configure", "--yes"});
    INFO(noun << ": " << all.err);
    CHECK(all.status == 0);
    CHECK(all.out.find("+12025550102") != std::string::npos);
    CHECK(all.err.find("1 skipped") != std::string::npos);
  }
  for (const auto* flag : {"-n", "--yes"}) {
    const auto named = f.run({"numbers", "configure", "+12025550102", flag});
    CHECK(named.status == 3);
    CHECK(named.err.find("[numbers.partly_configured]") != std::string::npos);
    CHECK(named.err.find("ringctl numbers sync") != std::string::npos);
  }
}

TEST_CASE("a configure that goes on lists what it skips, and ends as it would have", "[system]") {
  Desk f;
  f.box.add_number("+12025550101");
  f.json({"numbers", "sync", "--apply"});
  REQUIRE(f.run({"numbers", "add", "+12025550102"}).status == 0);
  CHECK(f.run({"numbers", "configure", "+12025550101", "+12025550102", "--yes"}).status == 3);
  f.site.tamper("UPDATE jobs SET state = 'running' WHERE kind = 'numbers.configure'");
  std::string id;
  for (const auto& job : f.json({"jobs", "list"}))
    if (job["kind"] == "numbers.configure") id = job["job"];
  for (const auto* flag : {"-n", "--yes"}) {
    const auto resumed = f.run({"jobs", "resume", id, flag});
    INFO(flag << ": " << resumed.err);
    CHECK(resumed.status == 3);
    CHECK(resumed.out.find("+12025550102") != std::string::npos);
    CHECK(resumed.err.find("[numbers.partly_configured]") != std::string::npos);
    CHECK(resumed.err.find("ringctl numbers sync") != std::string::npos);
  }
}

TEST_CASE("webhooks are planned, told to Twilio, and then right", "[system]") {
  Desk f;
  f.box.add_number("+12025550101");
  f.json({"numbers", "sync", "--apply"});
  CHECK(f.run({"numbers", "audit", "--idle-after", "0s"}).status == 8);
  CHECK(f.json({"webhooks", "configure", "-n"})[0]["verdict"] == "new");
  CHECK(f.json({"webhooks", "configure", "-n"})[1]["verdict"] == "update");
  CHECK(f.box.ledger().empty());
  CHECK(f.run({"webhooks", "configure"}).status == 2);  // nobody to ask, and no --yes
  CHECK(f.run({"webhooks", "configure", "--yes"}).status == 0);
  CHECK(f.run({"numbers", "audit", "--idle-after", "0s"}).status == 0);
  CHECK(f.json({"webhooks", "configure"})[0]["verdict"] == "same");
}

TEST_CASE("several numbers are mended after a yes, and a dry run says which would be", "[system]") {
  Desk f;
  f.box.add_number("+12025550101");
  f.box.add_number("+12025550102");
  f.json({"numbers", "sync", "--apply"});
  const Site::Arguments fix = {"numbers", "audit", "--idle-after", "0s", "--fix"};
  const auto with = [&](const std::string& flag) {
    auto all = fix;
    all.push_back(flag);
    return f.run(all);
  };
  CHECK(f.run(fix).status == 2);  // nobody to ask, and no --yes
  const auto planned = with("-n");
  CHECK(planned.status == 0);
  CHECK(planned.err.find("to be mended") != std::string::npos);
  auto plan = fix;
  plan.push_back("-n");
  int fixable = 0;
  for (const auto& row : f.json(plan)) {
    CHECK(row["fixed"] == false);
    if (row["fixable"] == true) ++fixable;
  }
  CHECK(fixable >= 2);
  CHECK(f.box.ledger().empty());
  CHECK(with("--yes").status == 0);
  CHECK(f.box.ledger().size() == 2);
}

TEST_CASE("a number is given back when its time has come, and not without its name", "[system]") {
  Desk f;
  const auto sid = f.box.add_number("+12025550101");
  f.json({"numbers", "sync", "--apply"});
  CHECK(f.run({"numbers", "release", "+12025550101", "--yes"}).status == 2);
  CHECK(f.run({"workspaces", "update", "default", "--release-wait", "0s"}).status == 0);
  CHECK(f.run({"numbers", "release", "+12025550101", "--confirm", "+12025550101"}).status == 0);
  CHECK(f.box.ledger().empty());
  CHECK(f.run({"numbers", "release", "--due"}).status == 0);
  CHECK(f.box.ledger().at("DELETE /IncomingPhoneNumbers/" + sid) == 1);
  CHECK(f.run({"numbers", "show", "+12025550101"}).status == 5);
}
