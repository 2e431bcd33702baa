// Holding, purging and telling what is kept, on the real program.

#include <fmt/format.h>

#include "base/digest.hpp"
#include "support/site.hpp"

using namespace ringctl;
using test::Site;

namespace {

const std::string k_lin = "+16265550101";
std::string sid(int n) { return fmt::format("CA{:032}", n); }

/// Lin, and calls 1 and 2 of long ago, the first with a recording.
struct Office : Site {
  explicit Office(db::Engine engine) : Site(engine) {
    init();
    ok({"contacts", "add", k_lin, "--name", "Lin Park"});
    const auto workspace = json({"workspaces", "list", "--columns", "id"}).at(0).at("id").get<std::string>();
    const auto contact = json({"contacts", "show", k_lin}).at("id").get<std::string>();
    for (const int n : {1, 2})
      tamper(fmt::format(
          "INSERT INTO calls (id, workspace_id, call_sid, direction, status, from_number, to_number, contact_id, "
          "started_at, ended_at, closed_seq, created_at, updated_at) VALUES ('0190f5fe-7c00-7a00-8000-{0:012}', '{1}', "
          "'{2}', 'inbound', 'missed', '{3}', '+12025550123', '{4}', '2020-03-08T12:00:0{0}.000Z', "
          "'2020-03-08T12:01:00.000Z', {0}, '2020-03-08T12:00:00.000Z', '2020-03-08T12:00:00.000Z')",
          n, workspace, sid(n), k_lin, contact));
    tamper(fmt::format("INSERT INTO call_counters (workspace_id, closed_seq) VALUES ('{}', 2)", workspace));
    tamper(fmt::format(
        "INSERT INTO recordings (id, workspace_id, recording_sid, call_id, kind, status, created_at, updated_at) VALUES "
        "('0190f5fe-7c00-7a00-9000-000000000001', '{}', 'RE{:032}', '0190f5fe-7c00-7a00-8000-000000000001', 'voicemail', "
        "'completed', '2020-03-08T12:01:00.000Z', '2020-03-08T12:01:00.000Z')",
        workspace, 1));
  }
  std::size_t calls() const { return json({"calls", "list"}).size(); }
};

/// From here on the audit log takes no entry of that action.
void refuse_entry(const Site& site, const std::string& action) {
  const bool embedded = site.engine() == db::Engine::sqlite;
  const auto connection =
      db::Connection::open(embedded ? "sqlite:" + site.sqlite_file().string() : site.url());
  db::Transaction transaction(*connection, db::Scope::through(db::Door::maintenance));
  connection->exec_script(
      embedded
          ? fmt::format("CREATE TRIGGER no_entry BEFORE INSERT ON audit_log WHEN NEW.action = '{}' BEGIN "
                        "SELECT RAISE(ABORT, 'no'); END",
                        action)
          : fmt::format("ALTER TABLE audit_log ADD CONSTRAINT no_entry CHECK (action <> '{}') NOT VALID",
                        action));
  transaction.commit();
}

db::Engine any_engine() { return GENERATE(from_range(test::engines())); }

}  // namespace

TEST_CASE("old calls are purged once the workspace was named, and what is held stays", "[system][slow]") {
  const Office site(any_engine());
  CHECK(site.failure({"calls", "purge", "--older-than", "730d"}) == "2 usage.confirmation_needed");
  CHECK(site.failure({"calls", "purge", "--older-than", "730d", "--yes"}) == "2 usage.confirmation_needed");
  CHECK(site.failure({"calls", "purge", "--older-than", "730d", "--confirm", "other"}) ==
        "2 usage.confirmation_differs");
  CHECK(site.failure({"calls", "purge", "--older-than", "1h", "--confirm", "default"}) ==
        "7 calls.purge_too_young");
  CHECK(site.run({"calls", "purge", "--older-than", "some day", "--confirm", "default"}).status == 7);
  CHECK(site.calls() == 2);

  site.ok({"calls", "hold", sid(2), "--reason", "Case 2026-17"});
  const auto plan = site.json({"calls", "purge", "--older-than", "2021-01-01", "-n"});
  CHECK(plan.at("dry_run") == true);
  CHECK(plan.at("object") == "default");
  CHECK(plan.at("calls") == 1);
  CHECK(plan.at("held") == 1);
  const auto held = site.json({"calls", "list", "--held"});
  REQUIRE(held.size() == 1);
  CHECK(held.at(0).at("call_sid") == sid(2));
  CHECK(site.json({"calls", "export", "--held"}).size() == 1);
  CHECK(site.failure({"calls", "export", "--held", "--changes", "x.cursor"}) == "2 usage.excluded");
  CHECK(site.calls() == 2);
  const auto run = site.run({"calls", "purge", "--older-than", "730d", "--confirm", "default"});
  CHECK(run.status == 0);
  CHECK(run.err.find("purged 1 call ") != std::string::npos);
  CHECK(run.err.find("1 old call is held") != std::string::npos);
  CHECK(run.err.find("warning: 1 recording of purged calls lies still at Twilio") != std::string::npos);
  CHECK(site.json({"calls", "list"}).at(0).at("call_sid") == sid(2));
  CHECK(site.json({"audit", "list", "--action", "calls.purge"}).size() == 1);

  site.ok({"calls", "unhold", sid(2)});
  site.ok({"calls", "purge", "--older-than", "730d", "--confirm", "default"});
  CHECK(site.calls() == 0);
  const auto nothing = site.json({"calls", "purge", "--older-than", "730d", "--confirm", "default"});
  CHECK(nothing.at("changed") == false);
  CHECK(nothing.at("object") == "default");
  CHECK(nothing.at("calls") == 0);
  CHECK(site.json({"audit", "verify"}).at("ok") == true);
}

TEST_CASE(
    "a purge takes files of sound along, names those that it cannot, and ends with 3 until none is left",
    "[system]") {
  const Office site(any_engine());
  const auto tape = site.machine().home() / "tape.wav";
  test::write_text(tape, "sound");
  site.tamper(
      fmt::format(R"(UPDATE recordings SET file_name = '{0}', files = '[{{"name":"{0}","sha256":"{1}"}}]')",
                  tape.string(), base::sha256_hex("sound")));
  const Site::Arguments purge{"calls", "purge", "--older-than", "730d", "--confirm", "default"};
  CHECK(site.json({"calls", "purge", "--older-than", "730d", "-n"}).at("files") == 1);
  CHECK(std::filesystem::exists(tape));

  test::write_text(tape, "somebody's own");
  CHECK(site.failure(purge) == "3 calls.purged_partly");
  CHECK(site.json({"calls", "list"}).at(0).at("call_sid") == sid(1));
  const auto run = site.run(purge);
  CHECK(run.status == 3);
  CHECK(run.err.find("warning: " + tape.string() + " is not removed: it holds something else") !=
        std::string::npos);
  CHECK(run.err.find("1 old call is kept") != std::string::npos);
  CHECK(test::read_text(tape) == "somebody's own");

  test::write_text(tape, "sound");
  const auto last = site.run(purge);
  CHECK(last.status == 0);
  CHECK(last.err.find(", 1 recording and 1 file") != std::string::npos);
  CHECK_FALSE(std::filesystem::exists(tape));
  CHECK(site.calls() == 0);
}

TEST_CASE("holds are listed, of calls and of contacts, and keep contacts from being erased",
          "[system][slow]") {
  const Office site(any_engine());
  CHECK(site.failure({"calls", "hold", "--reason", "x"}) == "2 usage.bad_value");
  CHECK(site.failure({"calls", "hold", sid(1), "--contact", k_lin, "--reason", "x"}) == "2 usage.bad_value");
  CHECK(site.failure({"calls", "hold", sid(1)}).starts_with("2"));
  CHECK(site.failure({"calls", "hold", sid(1), "--reason", " "}) == "7 holds.bad_reason");
  CHECK(site.failure({"calls", "hold", sid(9), "--reason", "x"}) == "5 calls.unknown");
  CHECK(site.failure({"calls", "unhold", sid(1)}) == "5 holds.unknown");
  site.ok({"calls", "hold", "--contact", k_lin, "--reason", "Case 2026-17", "-n"});
  CHECK(site.json({"calls", "holds"}).empty());
  site.ok({"calls", "hold", "--contact", k_lin, "--reason", "Case 2026-17"});
  const auto again = site.json({"calls", "hold", "--contact", k_lin, "--reason", "Case 2026-17"});
  CHECK(again.at("changed") == false);
  CHECK(again.at("object") == k_lin);
  CHECK(again.at("reason") == "Case 2026-17");
  const auto other = site.run({"calls", "hold", "--contact", k_lin, "--reason", "Case 2026-18"});
  CHECK(test::failure_of(other) == "6 holds.other_reason");
  CHECK(other.err.find("\"Case 2026-17\"") != std::string::npos);
  CHECK(other.err.find("--reason 'Case 2026-17; Case 2026-18'") != std::string::npos);
  const auto holds = site.json({"calls", "holds"});
  REQUIRE(holds.size() == 1);
  CHECK(holds.at(0).at("contact") == k_lin);
  CHECK(holds.at(0).at("reason") == "Case 2026-17");
  CHECK(holds.at(0).at("call_sid").is_null());
  CHECK(site.failure({"contacts", "erase", k_lin, "--confirm", k_lin}) == "6 contacts.held");
  CHECK(site.failure({"contacts", "erase", k_lin, "-n"}) == "6 contacts.held");
  site.ok({"calls", "unhold", "--contact", k_lin});
  CHECK(site.json({"calls", "holds"}).empty());
  CHECK(site.json({"calls", "holds", "--ended"}).size() == 1);
  site.ok({"contacts", "erase", k_lin, "--confirm", k_lin});
}

TEST_CASE("a call says whether it is held, by what and why", "[system]") {
  const Office site(any_engine());
  CHECK(site.json({"calls", "show", sid(1)}).at("held") == false);
  CHECK(site.json({"calls", "show", sid(1)}).at("holds").empty());
  CHECK(site.ok({"calls", "show", sid(1), "-o", "table"}).find("\nheld           no\n") != std::string::npos);
  site.ok({"calls", "hold", "--contact", k_lin, "--reason", "Case 2026-17"});
  const auto call = site.json({"calls", "show", sid(1)});
  CHECK(call.at("held") == true);
  REQUIRE(call.at("holds").size() == 1);
  CHECK(call.at("holds").at(0).at("reason") == "Case 2026-17");
  CHECK(call.at("holds").at(0).at("contact") == k_lin);
  CHECK(call.at("holds").at(0).at("call_sid").is_null());
  const auto text = site.ok({"calls", "show", sid(1), "-o", "table"});
  CHECK(text.find("\nheld           yes\n") != std::string::npos);
  CHECK(text.find("\nholds\n") != std::string::npos);
  CHECK(text.find("Case 2026-17") != std::string::npos);
}

TEST_CASE("whose person is asked for by a number that is no contact is made one first", "[system][slow]") {
  const Office site(any_engine());
  const std::string moe = "+16265550155";
  site.tamper(fmt::format("UPDATE calls SET contact_id = NULL, from_number = '{}'", moe));
  const Site::Arguments commands[] = {{"contacts", "export", "--everything", moe},
                                      {"calls", "hold", "--contact", moe, "--reason", "Case 2026-17"},
                                      {"calls", "unhold", "--contact", moe},
                                      {"contacts", "erase", moe, "--confirm", moe}};
  for (const auto& command : commands) {
    const auto refused = site.run(command);
    CHECK(test::failure_of(refused) == "5 contacts.unknown");
    CHECK(refused.err.ends_with("hint: make it a contact, then the same again: ringctl contacts add " + moe +
                                "\n"));
  }
  CHECK(site.run({"contacts", "erase", "nobody", "-n"}).err.ends_with("hint: ringctl contacts list\n"));
  site.ok({"contacts", "add", moe});
  for (const auto& command : commands) site.ok(command);
  CHECK(site.json({"calls", "list"}).at(0).at("from_number").is_null());
}

TEST_CASE("all that is kept of a person is written as one document, and that it was is on record",
          "[system][slow]") {
  const Office site(any_engine());
  const Site::Arguments everything{"contacts", "export", "--everything", k_lin};
  const auto with = [&](const Site::Arguments& more) {
    auto all = everything;
    all.insert(all.end(), more.begin(), more.end());
    return all;
  };
  const auto entries = [&](const std::string& action) {
    return site.json({"audit", "list", "--action", action}).size();
  };
  const auto disclosures = [&] { return entries("contacts.disclose"); };
  CHECK(site.failure(with({"-o", "csv"})) == "2 usage.no_format");
  CHECK(site.failure(with({"--out", "lin.xlsx"})) == "2 usage.no_format");
  CHECK_FALSE(std::filesystem::exists(site.machine().home() / "lin.xlsx"));
  CHECK(site.failure(with({"--search", "x"})) == "2 usage.excluded");
  CHECK(site.failure({"contacts", "export", "--everything", "+16265550199"}) == "5 contacts.unknown");
  CHECK(site.ok(with({"-n"})).find("Lin Park") == std::string::npos);
  CHECK(disclosures() == 0);
  const auto document = nlohmann::json::parse(site.ok(everything));
  CHECK(document.at("contact").at("name") == "Lin Park");
  CHECK(document.at("calls").size() == 2);
  CHECK(document.at("calls").at(0).at("recordings").size() == 1);
  CHECK(disclosures() == 1);
  const auto file = (site.machine().home() / "lin.json").string();
  CHECK(site.ok(with({"--out", file})).empty());
  CHECK(nlohmann::json::parse(test::read_text(file)).at("calls") == document.at("calls"));
  CHECK(disclosures() == 2);

  test::ProcessOptions full;
  full.out = test::Stream::full;
  if (!site.url().empty()) full.environment["RINGCTL_DATABASE_URL"] = site.url();
  CHECK(site.machine().run(everything, full).status == 40);
  // It may have been read in part.
  CHECK(disclosures() == 3);
  CHECK(entries("contacts.disclose_failed") == 1);
  const auto failed = site.json({"audit", "list", "--action", "contacts.disclose_failed"});
  CHECK(failed.at(0).at("after").at("error") == "output.write_failed");
}

TEST_CASE(
    "a person's document that cannot be made is not on record, and one that cannot be put on record stays here",
    "[system]") {
  const Office site(any_engine());
  const auto file = site.machine().home() / "lin.json";
  const auto outcome = [&](const Site::Arguments& more, const std::string& folder = "") {
    Site::Arguments words{"contacts", "export", "--everything", k_lin};
    words.insert(words.end(), more.begin(), more.end());
    test::ProcessOptions options;
    if (!site.url().empty()) options.environment["RINGCTL_DATABASE_URL"] = site.url();
    if (!folder.empty()) options.environment["TMPDIR"] = folder;
    return site.machine().run(words, options);
  };
  const auto entries = [&] { return site.json({"audit", "list"}).size(); };
  const auto before = entries();
  CHECK(outcome({}, (site.machine().home() / "nowhere").string()).status == 40);
  CHECK(entries() == before);

  refuse_entry(site, "contacts.disclose");
  const auto piped = outcome({});
  CHECK(piped.status != 0);
  CHECK(piped.out.empty());
  CHECK(outcome({"--out", file.string()}).status != 0);
  CHECK_FALSE(std::filesystem::exists(file));
}

TEST_CASE("old jobs are purged once the workspace was named, and cannot be undone then", "[system][slow]") {
  const Site site(any_engine());
  site.init();
  site.machine().file("old.csv", "phone_number\n+12025550123\nnonsense\n");
  site.run({"numbers", "import", "old.csv", "--max-errors", "1"});
  site.tamper("UPDATE jobs SET updated_at = '2020-03-08T12:00:00.000Z'");
  site.machine().file("new.csv", "phone_number,label\n+12025550123,Sales\n");
  site.ok({"numbers", "import", "new.csv"});
  const auto jobs = site.json({"jobs", "list", "--columns", "job"});
  const std::string newer = jobs.at(0).at("job"), older = jobs.at(1).at("job");

  CHECK(site.failure({"jobs", "purge", "--older-than", "90d"}) == "2 usage.confirmation_needed");
  CHECK(site.failure({"jobs", "purge", "--older-than", "90d", "--confirm", "other"}) ==
        "2 usage.confirmation_differs");
  CHECK(site.failure({"jobs", "purge", "--older-than", "1d", "--confirm", "default"}) ==
        "7 jobs.purge_too_young");
  const auto plan = site.json({"jobs", "purge", "--older-than", "90d", "-n"});
  CHECK(plan.at("object") == "default");
  CHECK(plan.at("jobs") == 1);
  CHECK(plan.at("rows") == 1);
  CHECK(site.json({"jobs", "list"}).size() == 2);

  const auto run = site.run({"jobs", "purge", "--older-than", "90d", "--confirm", "default"});
  CHECK(run.status == 0);
  CHECK(run.err.starts_with("purged 1 job that ended before "));
  CHECK(run.err.ends_with(", with 1 row of its journal\n"));
  CHECK(site.failure({"jobs", "undo", older, "--yes"}) == "5 jobs.unknown");
  CHECK(site.failure({"jobs", "undo", newer, "--yes"}) == "0");
  CHECK(site.json({"numbers", "list"}).size() == 1);
  CHECK(site.json({"jobs", "purge", "--older-than", "90d", "--confirm", "default"}).at("changed") == false);
  site.ok({"audit", "verify"});
}
