// calls and callbacks on the real program: every verb does what it says, and what it wrote is read back.

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>

#include "base/file.hpp"
#include "support/site.hpp"
#include "system/logged_office.hpp"

using namespace ringctl;
using test::CallLog;
using test::LoggedOffice;
using test::Site;

namespace {

std::string sid(int n) { return fmt::format("CA{:032}", n); }
const std::string k_lin = "+16265550101";

/// Ann, the contact Lin, and calls 1 and 2, which are over.
struct Office : Site {
  explicit Office(db::Engine engine) : Site(engine) {
    init();
    ok({"users", "add", "ann@example.com"});
    ok({"contacts", "add", k_lin, "--name", "Lin Park"});
    workspace = json({"workspaces", "list", "--columns", "id"}).at(0).at("id").get<std::string>();
    call(1);
    call(2);
    tamper("INSERT INTO call_counters (workspace_id, closed_seq) VALUES (" + quoted(workspace) +
           ", 2) ON CONFLICT (workspace_id) DO UPDATE SET closed_seq = 2");
  }
  static std::string quoted(const std::string& text) { return "'" + text + "'"; }
  static std::string at(int n) { return fmt::format("'2026-03-08T12:{:02}:00.000Z'", n); }
  std::string id_of(const std::string& noun, const std::string& key) const {
    return quoted(json({noun, "show", key}).at("id").get<std::string>());
  }
  void call(int n, bool over = true, const std::string& from = k_lin) const {
    tamper(fmt::format(
        "INSERT INTO calls (id, workspace_id, call_sid, direction, status, from_number, to_number, contact_id, user_id, "
        "started_at, answered_at, ended_at, closed_seq, created_at, updated_at) VALUES "
        "('0190f5fe-7c00-7a00-8000-{:012}', {}, '{}', 'inbound', '{}', {}, '+12025550123', {}, {}, {}, {}, {}, {}, {}, {})",
        n, quoted(workspace), sid(n), over ? "completed" : "in-progress", quoted(from),
        id_of("contacts", k_lin), id_of("users", "ann@example.com"), at(n), at(n), over ? at(n) : "NULL",
        over ? std::to_string(n) : "NULL", at(n), at(n)));
  }
  /// That Ann took the call and still talks.
  void talk(int n) const {
    tamper(fmt::format(
        "INSERT INTO call_attempts (id, workspace_id, call_id, leg_sid, user_id, party, status, started_at, answered_at, "
        "updated_at) VALUES ('0190f5fe-7c00-7a00-9000-{0:012}', {1}, '0190f5fe-7c00-7a00-8000-{0:012}', 'CAf{0:031}', {2}, "
        "'client:agent_ann', 'in-progress', {3}, {3}, {3})",
        n, quoted(workspace), id_of("users", "ann@example.com"), at(n)));
  }
  /// The SIDs that an export from the cursor gives.
  std::vector<std::string> since(const std::string& file) const {
    std::vector<std::string> sids;
    for (const auto& row : json({"calls", "export", "--since-cursor", file}))
      sids.push_back(row.at("call_sid").get<std::string>());
    return sids;
  }
  std::string workspace;
};
using Sids = std::vector<std::string>;

db::Engine any_engine() { return GENERATE(from_range(test::engines())); }

}  // namespace

TEST_CASE("an export from a cursor gives every finished call once, whatever happens to the run",
          "[system][slow]") {
  const Office site(any_engine());
  const auto file = (site.machine().home() / "calls.cursor").string();
  CHECK(site.ok({"calls", "export", "--since-cursor", file, "-n"}).find(sid(1)) != std::string::npos);
  CHECK_FALSE(std::filesystem::exists(file));
  CHECK(site.since(file) == Sids{sid(1), sid(2)});
  CHECK(site.since(file).empty());
  site.call(3);

  test::ProcessOptions full;
  full.out = test::Stream::full;
  if (site.engine() == db::Engine::postgresql) full.environment["RINGCTL_DATABASE_URL"] = site.url();
  CHECK(site.machine().run({"calls", "export", "--since-cursor", file, "-o", "jsonl"}, full).status != 0);
  {
    const base::Fd held(::open(file.c_str(), O_RDWR | O_CLOEXEC));
    REQUIRE(::flock(held.get(), LOCK_EX) == 0);
    CHECK(site.failure({"calls", "export", "--since-cursor", file}) == "11 lock.held");
  }
  CHECK(site.since(file) == Sids{sid(3)});
  site.call(4);
  const auto out = (site.machine().home() / "calls.csv").string();
  site.ok({"calls", "export", "--since-cursor", file, "--out", out});
  CHECK(test::read_text(out).find(sid(4)) != std::string::npos);
  CHECK(site.since(file).empty());
  CHECK(site.failure({"calls", "export", "--since-cursor", file, "--missed"}) == "2 usage.excluded");

  const Office other(site.engine());
  CHECK(other.failure({"calls", "export", "--since-cursor", file}) == "6 calls.foreign_cursor");
  const auto empty = site.machine().file("empty.cursor", "").string();
  CHECK(site.since(empty).size() == 4);
}

TEST_CASE("a note stands on the call, and on its contact where that is wanted", "[system]") {
  const Office site(any_engine());
  site.ok({"calls", "note", sid(1), "Asked for a quote"});
  site.ok({"calls", "note", sid(1), "Wants solar", "--to-contact"});
  CHECK(site.json({"calls", "show", sid(1)}).at("notes") == "Asked for a quote\nWants solar");
  CHECK(site.json({"contacts", "show", k_lin}).at("notes") == "Wants solar");
  site.ok({"calls", "note", sid(1), "-", "--replace"});
  CHECK(site.json({"calls", "show", sid(1)}).at("notes").is_null());
}

TEST_CASE("an outcome is one of those that the workspace was given", "[system][slow]") {
  const Office site(any_engine());
  site.ok({"calls", "outcome", sid(1), "booked_appointment"});
  site.ok({"workspaces", "update", "default", "--outcomes", "sold|call back"});
  site.ok({"calls", "outcome", sid(1), "call back"});
  CHECK(site.json({"calls", "show", sid(1)}).at("outcome") == "call back");
  CHECK(site.failure({"calls", "outcome", sid(1), "booked_appointment"}) == "7 calls.unknown_outcome");
  CHECK(site.json({"calls", "list", "--outcome", "call back"}).size() == 1);
}

TEST_CASE("a number keeps its calls from being nobody's, unless it is to be forgotten with them",
          "[system]") {
  const LoggedOffice office(GENERATE(from_range(test::engines())),
                            CallLog(20, {"--agents", "1", "--numbers", "1"}));
  const auto number = office.json({"numbers", "list"}).at(0).at("phone_number").get<std::string>();
  office.run({"numbers", "unassign", number});
  const auto calls = office.json({"calls", "list", "--number", number, "--limit", "0"}).size();
  REQUIRE(calls > 10);
  const auto refused = office.run({"numbers", "delete", number, "--yes"});
  INFO(refused.err);
  CHECK(test::failure_of(refused) == "6 numbers.has_history");
  CHECK(refused.err.find(fmt::format("{} calls and 0 messages of {}", calls, number)) != std::string::npos);
  CHECK(refused.err.find("ringctl numbers update " + number + " --status inactive") != std::string::npos);
  office.ok({"numbers", "delete", number, "--yes", "--forget-history"});
  CHECK(office.json({"calls", "list", "--limit", "0"}).size() == 20);
}

TEST_CASE("a contact that was added after its calls has them, as a hold and its document do", "[system]") {
  const Office site(any_engine());
  site.tamper("UPDATE calls SET contact_id = NULL");
  CHECK(site.json({"calls", "list", "--contact", k_lin}).size() == 2);
  CHECK(site.json({"calls", "export", "--contact", k_lin}).size() == 2);
  CHECK(nlohmann::json::parse(site.ok({"contacts", "export", "--everything", k_lin})).at("calls").size() ==
        2);
  site.ok({"calls", "hold", "--contact", k_lin, "--reason", "Case 2026-17"});
  CHECK(site.json({"calls", "purge", "--older-than", "2026-03-09", "-n"}).at("held") == 2);
}

TEST_CASE("active calls are those that somebody talks on", "[system]") {
  const Office site(any_engine());
  CHECK(site.json({"calls", "active"}).empty());
  site.call(3, false);
  site.talk(3);
  site.tamper("UPDATE workspaces SET on_call_hours = 24");
  const auto now = site.json({"workspaces", "show", "default"}).at("updated_at").get<std::string>();
  site.tamper("UPDATE calls SET started_at = " + Office::quoted(now) + " WHERE call_sid = '" + sid(3) + "'");
  const auto active = site.json({"calls", "active"});
  REQUIRE(active.size() == 1);
  CHECK(active.at(0).at("call_sid") == sid(3));
  CHECK(site.json({"calls", "active", "--sort", "duration_s:desc", "--limit", "5"}).size() == 1);
}

TEST_CASE("tail begins with what is going on, and shows a caller's text as text on a terminal", "[system]") {
  const Office site(any_engine());
  site.call(3, false, "\x1b]52;c;Zm9v\x07\u202e");
  const auto now = site.json({"workspaces", "show", "default"}).at("updated_at").get<std::string>();
  site.tamper("UPDATE calls SET started_at = " + Office::quoted(now) + " WHERE call_sid = '" + sid(3) + "'");
  const auto line = nlohmann::json::parse(site.ok({"calls", "tail", "--limit", "1", "-o", "jsonl"}));
  CHECK(line.at("call_sid") == sid(3));
  test::TerminalOptions terminal;
  if (site.engine() == db::Engine::postgresql) terminal.environment["RINGCTL_DATABASE_URL"] = site.url();
  const auto shown = site.machine().run_in_terminal({"calls", "tail", "--limit", "1"}, terminal);
  CHECK(shown.status == 0);
  CHECK(shown.out.find(sid(3)) != std::string::npos);
  CHECK(shown.out.find("\x1b]52") == std::string::npos);
  CHECK(shown.out.find("\u202e") == std::string::npos);
  CHECK(shown.out.find("]52;c;Zm9v") != std::string::npos);
}

TEST_CASE("a callback is added, moved, handed over and done, and listed as it then is", "[system][slow]") {
  const Office site(any_engine());
  site.ok({"callbacks", "add", k_lin, "--call", sid(1), "--due", "2999-03-08", "--notes", "After six"});
  const auto added = site.json({"callbacks", "show", sid(1)});
  CHECK(added.at("phone_number") == k_lin);
  CHECK(added.at("contact_id") == site.json({"contacts", "show", k_lin}).at("id"));
  CHECK(added.at("notes") == "After six");
  CHECK(added.at("due_at").get<std::string>().starts_with("2999-03-08"));
  CHECK(site.json({"callbacks", "list", "--unassigned"}).size() == 1);
  CHECK(site.json({"callbacks", "list", "--due"}).empty());

  site.ok({"callbacks", "reassign", sid(1), "ann@example.com"});
  CHECK(site.json({"callbacks", "list", "--user", "ann@example.com"}).size() == 1);
  CHECK(site.json({"callbacks", "list", "--unassigned"}).empty());
  site.ok({"callbacks", "update", sid(1), "--due", "2020-03-08", "--notes", "-"});
  CHECK(site.json({"callbacks", "list", "--due"}).at(0).at("notes").is_null());
  site.ok({"callbacks", "complete", sid(1), "--notes", "Booked for Tuesday", "-n"});
  CHECK(site.json({"callbacks", "show", sid(1)}).at("status") == "open");
  site.ok({"callbacks", "complete", sid(1), "--notes", "Booked for Tuesday"});
  CHECK(site.json({"callbacks", "list"}).empty());
  const auto done = site.json({"callbacks", "list", "--status", "completed"});
  REQUIRE(done.size() == 1);
  CHECK(done.at(0).at("notes") == "Booked for Tuesday");
  CHECK_FALSE(done.at(0).at("completed_at").is_null());
  site.ok({"callbacks", "reassign", sid(1), "-"});
  CHECK(site.json({"callbacks", "show", sid(1)}).at("user").is_null());
  CHECK(site.failure({"callbacks", "show", sid(2)}) == "5 callbacks.unknown");
}

TEST_CASE("a call is shown to people with its attempts as lines, and by the digits that a list shows",
          "[system]") {
  const Office site(db::Engine::sqlite);
  site.talk(1);
  const auto shown = site.ok({"calls", "show", sid(1).substr(26), "-o", "table"});
  INFO(shown);
  CHECK(shown.find(sid(1)) != std::string::npos);
  CHECK(shown.find("\nattempts\nuser") != std::string::npos);
  CHECK(shown.find("\nann@example.com  client:agent_ann  in-progress  2026-03-08 12:01:00") !=
        std::string::npos);
  for (const std::string absent : {"plan", "events", "{", "recordings\n"})
    CHECK(shown.find(absent) == std::string::npos);
  CHECK(site.json({"calls", "show", sid(1)}).at("attempts").at(0).at("status") == "in-progress");
  CHECK(site.failure({"calls", "show", "99999999"}) == "5 calls.unknown");
}

TEST_CASE("a time that is no time is answered with times to come, where one is asked for", "[system]") {
  const Office site(db::Engine::sqlite);
  const auto result = site.run({"callbacks", "add", k_lin, "--due", "soon"});
  CHECK(result.status == 7);
  CHECK(result.err.find("hint: use 2030-03-08") != std::string::npos);
  CHECK(result.err.find("yesterday") == std::string::npos);
}
