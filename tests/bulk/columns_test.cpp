// What people say of a noun stands in its files: nothing is lost between an export and an import into an
// empty database.
#include <algorithm>
#include <map>
#include <set>

#include "bulk/adapters.hpp"
#include "bulk/imports.hpp"
#include "support/catch.hpp"

using namespace ringctl;
using namespace ringctl::bulk;
using test::Lines;

namespace {

using Names = std::set<std::string, std::less<>>;

/// What a table holds that no file says. A column that people set is none of these.
const std::map<std::string, Names, std::less<>> k_kept_by_ringctl = {
    // Of the account at Twilio, as sync, configure, release, and attaching trunks and assistants there left
    // it.
    {"phone_numbers",
     {"webhook_status", "trunk_sid", "assistant_id", "account_sid", "missing_since", "release_at",
      "configured_at"}},
    {"teams", {}},
    {"users", {"last_call_ended_at"}},
    {"contacts", {"erased_at"}},
    // What the contact said before a STOP, for the START that may follow.
    {"opt_outs", {"before_stop", "stop_version"}},
    {"agent_phone_numbers", {"last_reserved_at"}},
    {"user_extensions", {}},
    {"routing_rules", {}},
};
const Names k_kept_of_every_row = {"id", "workspace_id", "job_id", "version", "created_at", "updated_at"};

/// Per table, the columns that its nouns' files say.
std::map<std::string, Names, std::less<>> said_in_files() {
  std::map<std::string, Names, std::less<>> said;
  for (const auto& column : adapter_of("numbers")->columns()) said["phone_numbers"].emplace(column.name);
  for (const auto* noun : imported_nouns()) {
    auto& columns = said[std::string(noun->table)];
    for (std::size_t field = 0; field < noun->fields.size(); ++field)
      if (noun->fields[field].items == nullptr) columns.emplace(noun->column_of(field));
    for (const auto& [column, value] : noun->on_insert) columns.emplace(column);
  }
  return said;
}

Names columns_of(db::Connection& db, const std::string& table) {
  Names names;
  auto rows = db.query(db.engine() == db::Engine::sqlite
                           ? "SELECT name FROM pragma_table_info($1)"
                           : "SELECT column_name FROM information_schema.columns WHERE table_schema = "
                             "'ringctl' AND table_name = $1",
                       {table});
  while (rows.next()) names.emplace(rows.text(0));
  return names;
}

}  // namespace

TEST_CASE("every column is in the files of its noun, or is known to be no setting of people", "[bulk]") {
  test::Imports i(GENERATE(from_range(test::engines())));
  const auto said = said_in_files();
  CHECK(said.size() == k_kept_by_ringctl.size());
  for (const auto& [table, columns] : said) {
    INFO(table);
    REQUIRE(k_kept_by_ringctl.contains(table));
    Names known = k_kept_of_every_row;
    known.insert(columns.begin(), columns.end());
    for (const auto& column : k_kept_by_ringctl.at(table)) {
      CHECK_FALSE(columns.contains(column));
      known.insert(column);
    }
    CHECK(i.read([&, &name = table] { return columns_of(i.db(), name); }) == known);
  }
}

TEST_CASE("a number's SMS mode is imported, left alone where it is not said, and cleared", "[bulk]") {
  test::Imports i(GENERATE(from_range(test::engines())));
  const auto modes = [&] {
    return i.read([&] {
      Lines out;
      auto rows = i.db().query("SELECT sms_mode FROM phone_numbers ORDER BY phone_number", {});
      while (rows.next()) out.emplace_back(rows.text(0));
      return out;
    });
  };
  i.import("phone_number,sms_mode\n+12025550101,Claim\n+12025550102,\n+12025550103,round_robin\n");
  CHECK(modes() == Lines{"claim", "notify_all", "round_robin"});
  const auto changed =
      i.import("phone_number,label,sms_mode\n+12025550101,Sales,\n+12025550102,,claim\n+12025550103,,-\n");
  CHECK(modes() == Lines{"claim", "claim", "notify_all"});
  i.undo(changed.job.value());
  CHECK(modes() == Lines{"claim", "notify_all", "round_robin"});
  CHECK(test::texts_of(i.import("phone_number,sms_mode\n+12025550101,lottery\n").problems) ==
        Lines{"bad_sms_mode: line 2, sms_mode: \"lottery\" is no way to deal messages out (notify_all, claim "
              "or round_robin)"});
}

TEST_CASE("undo of an import that knew no SMS mode leaves the mode as it is", "[bulk][undo]") {
  test::Imports i(GENERATE(from_range(test::engines())));
  i.import("phone_number,label,sms_mode\n+12025550101,Old,claim\n");
  const auto job = i.import("phone_number,label\n+12025550101,New\n").job.value();
  i.exec("UPDATE job_rows SET before_image = replace(before_image, ',\"sms_mode\":\"claim\"', '')", {});
  CHECK(i.undo(job).restored == 1);
  CHECK(i.numbers() == Lines{"+12025550101|twilio|US|Old|active|| v3"});
  CHECK(i.read([&] { return i.db().text("SELECT sms_mode FROM phone_numbers"); }) == "claim");
}
