// Imports over the same rows, taken back one after the other.
#include <algorithm>

#include "bulk/adapters.hpp"
#include "bulk/imports.hpp"
#include "estate/numbers.hpp"
#include "jobs/journal.hpp"
#include "support/catch.hpp"
#include "support/errors.hpp"

using namespace ringctl;
using namespace ringctl::bulk;
using test::Lines;

namespace {

struct Step {
  std::string_view noun, text;
};

/// What stands before the first import that is taken back.
constexpr Step k_before[] = {
    {"numbers", "phone_number,label,sms_mode\n+12025550101,Sales,claim\n+12025550102,Desk,\n"},
    {"teams", "name\nSales\n"},
    {"users", "email,team\nann@example.com,Sales\nbob@example.com,\n"},
    {"contacts", "phone_number,name,agents\n+16265550101,Lin Park,ann@example.com\n"},
    {"assignments", "phone_number,agent\n+12025550101,ann@example.com\n"},
    {"pools", "phone_number,user\n+12025550102,bob@example.com\n"},
    {"extensions", "extension,user\n101,ann@example.com\n"},
    {"rules", "name,position,ring\nNights,10,\"[{\"\"voicemail\"\":true}]\"\n"},
    {"optouts", "phone_number,channel,since\n+16265550109,voice,2026-03-01T00:00:00Z\n"},
};

/// Every noun; rows of an earlier step are changed by later ones, and assignments and pools share theirs.
constexpr Step k_imports[] = {
    {"numbers", "phone_number,label,sms_mode\n+12025550101,Main,-\n+12025550103,New,claim\n"},
    {"teams", "name,supervisor\nSales,bob@example.com\nNight,\n"},
    {"users", "email,name,team\nann@example.com,Ann,Night\ncleo@example.com,,Night\n"},
    {"contacts",
     "phone_number,name,phones,agents\n+16265550101,Lin,+16265550105,bob@example.com\n"
     "+16265550102,Moe,,\n"},
    {"pools",
     "phone_number,user,is_primary\n+12025550101,ann@example.com,yes\n+12025550103,cleo@example.com,yes\n"
     "+12025550102,bob@example.com,yes\n"},
    {"assignments",
     "phone_number,agent,daily_limit\n+12025550103,cleo@example.com,7\n+12025550101,ann@example.com,9\n"
     "+12025550102,bob@example.com,5\n"},
    {"extensions", "extension,user,phone_number\n101,bob@example.com,\n102,cleo@example.com,+12025550103\n"},
    {"rules", "name,strategy\nNights,random\n"},
    {"optouts", "phone_number,channel\n+16265550109,all\n+16265550110,sms\n"},
    {"pools",
     "phone_number,user,sms_access_enabled\n+12025550101,ann@example.com,no\n"
     "+12025550103,cleo@example.com,no\n"},
    {"numbers", "phone_number,label\n+12025550101,Front\n+12025550103,Back\n+12025550104,Four\n"},
    {"assignments",
     "phone_number,agent,agent_default\n+12025550103,cleo@example.com,yes\n"
     "+12025550101,ann@example.com,yes\n"},
    {"users", "email,name\nann@example.com,Ann Baker\ncleo@example.com,Cleo Diaz\n"},
    {"teams", "name,supervisor\nNight,cleo@example.com\n"},
    {"contacts", "phone_number,name,agents\n+16265550101,Lin P.,-\n+16265550102,Moe Reyes,bob@example.com\n"},
    {"extensions", "extension,user\n102,bob@example.com\n"},
};

struct Office : test::Imports {
  using Imports::Imports;

  base::Uuid load(const Step& step) {
    adapter = adapter_of(step.noun);
    const auto report = import(step.text);
    INFO(step.noun);
    REQUIRE(test::texts_of(report.problems).empty());
    REQUIRE(report.counts.created + report.counts.updated == report.counts.rows);
    return *report.job;
  }
  UndoReport take_back(const base::Uuid& id) {
    clock.advance(std::chrono::seconds(1));
    adapter = adapter_for_job(job(id).kind);
    return undo(id);
  }

  /// Every row of these tables but for how often and when it was changed.
  Lines rows() {
    Lines out;
    for (const auto* table : {"phone_numbers", "teams", "users", "contacts", "contact_phones",
                              "agent_phone_numbers", "user_extensions", "routing_rules", "opt_outs"})
      read([&] {
        const auto columns = columns_of(table);
        auto found = db().query("SELECT " + columns + " FROM " + table + " ORDER BY " + columns);
        while (found.next()) {
          out.emplace_back(table);
          for (int column = 0; column < found.columns(); ++column)
            out.back().append("|").append(found.text(column));
        }
        return 0;
      });
    read([&] {
      auto found = db().query(
          "SELECT contact_id, user_id FROM contact_assignments WHERE status = 'active' "
          "ORDER BY contact_id, user_id");
      while (found.next()) out.push_back(fmt::format("{} looks after {}", found.text(1), found.text(0)));
      return 0;
    });
    return out;
  }

 private:
  std::string columns_of(const std::string& table) {
    std::string columns;
    auto found = db().query(db().engine() == db::Engine::sqlite
                                ? "SELECT name FROM pragma_table_info($1) ORDER BY name"
                                : "SELECT column_name FROM information_schema.columns WHERE table_schema = "
                                  "'ringctl' AND table_name = $1 ORDER BY column_name",
                            {table});
    while (found.next())
      if (found.text(0) != "version" && found.text(0) != "updated_at")
        columns.append(columns.empty() ? "" : ", ").append(found.text(0));
    return columns;
  }
};

}  // namespace

TEST_CASE("imports of every noun over shared rows, undone latest first, leave everything as it was",
          "[bulk][undo]") {
  Office o(GENERATE(from_range(test::engines())));
  for (const auto& step : k_before) o.load(step);
  std::vector<Lines> states;
  std::vector<base::Uuid> jobs;
  for (const auto& step : k_imports) {
    states.push_back(o.rows());
    jobs.push_back(o.load(step));
  }
  while (!jobs.empty()) {
    INFO("import " << jobs.size() << ", of " << k_imports[jobs.size() - 1].noun);
    const auto report = o.take_back(jobs.back());
    CHECK(test::kept_keys(report).empty());
    CHECK(report.gone == 0);
    CHECK(o.rows() == states.back());
    jobs.pop_back();
    states.pop_back();
  }
}

TEST_CASE("imports undone latest first can be given again, and undone again", "[bulk][undo]") {
  Office o(GENERATE(from_range(test::engines())));
  const auto before = o.rows();
  const Step made{"numbers", "+12025550101\n"}, named{"numbers", "phone_number,label\n+12025550101,Sales\n"};
  for (int time = 0; time < 3; ++time) {
    const auto first = o.load(made);
    for (int again = 0; again < 2; ++again) {
      const auto second = o.load(named);
      CHECK(o.take_back(second).restored == 1);
    }
    CHECK(o.take_back(first).removed == 1);
    CHECK(o.rows() == before);
  }
}

TEST_CASE("a change by hand between two imports stays, whichever of them is undone", "[bulk][undo]") {
  Office o(GENERATE(from_range(test::engines())));
  o.load({"numbers", "phone_number,label\n+12025550101,Old\n"});
  const auto first = o.load({"numbers", "phone_number,label\n+12025550101,First\n"});
  estate::Numbers(o.session(), o.workspace).update(phone::E164::parse("+12025550101"), {.label = "By hand"});
  const auto second = o.load({"numbers", "phone_number,label\n+12025550101,Second\n"});
  CHECK(o.take_back(second).restored == 1);
  CHECK(o.numbers() == Lines{"+12025550101|twilio|US|By hand|active|| v5"});
  CHECK(test::slug_of([&] { o.take_back(first); }) == "jobs.all_changed");
  CHECK(o.numbers() == Lines{"+12025550101|twilio|US|By hand|active|| v5"});
}

TEST_CASE("a change by hand after an undo stays, though it is as many versions on as an undone import",
          "[bulk][undo]") {
  Office o(GENERATE(from_range(test::engines())));
  const auto made = o.load({"numbers", "+12025550101\n"});
  const auto named = o.load({"numbers", "phone_number,label\n+12025550101,Sales\n"});
  estate::Numbers numbers(o.session(), o.workspace);
  const auto number = phone::E164::parse("+12025550101");
  SECTION("what a later undo did not give back counts as changed") {
    numbers.update(number, {.label = "By hand"});
    CHECK(test::slug_of([&] { o.take_back(named); }) == "jobs.all_changed");
    CHECK(test::slug_of([&] { o.take_back(made); }) == "jobs.all_changed");
  }
  SECTION("so does what was changed since") {
    o.take_back(named);
    numbers.update(number, {.label = "By hand"});
    numbers.update(number, {.label = "And again"});
    CHECK(test::slug_of([&] { o.take_back(made); }) == "jobs.all_changed");
  }
  CHECK(o.numbers().size() == 1);
}

TEST_CASE("a row that is as its job made it, and in use, is kept as in use", "[bulk][undo]") {
  Office o(GENERATE(from_range(test::engines())));
  o.load({"users", "email\nann@example.com\n"});
  const bool number = GENERATE(true, false);
  const auto made =
      o.load(number ? Step{"numbers", "+12025550101\n"} : Step{"users", "email\nbob@example.com\n"});
  const auto named = o.load(number ? Step{"numbers", "phone_number,label\n+12025550101,Sales\n"}
                                   : Step{"users", "email,name\nbob@example.com,Bob\n"});
  o.take_back(named);
  o.load(number ? Step{"extensions", "extension,user,phone_number\n101,ann@example.com,+12025550101\n"}
                : Step{"extensions", "extension,user\n101,bob@example.com\n"});
  CHECK(test::slug_of([&] { o.take_back(made); }) == "jobs.all_in_use");
}

TEST_CASE("the journal says which changes an undo gave back", "[bulk][undo]") {
  Office o(GENERATE(from_range(test::engines())));
  o.load({"numbers", "phone_number,label\n+12025550101,Old\n+12025550102,Old\n"});
  const auto job = o.load({"numbers", "phone_number,label\n+12025550101,New\n+12025550102,New\n"});
  estate::Numbers(o.session(), o.workspace).update(phone::E164::parse("+12025550102"), {.label = "By hand"});
  CHECK(o.take_back(job).restored == 1);
  CHECK(o.job_rows(job) == Lines{"2 restored ", "3 update "});
}
