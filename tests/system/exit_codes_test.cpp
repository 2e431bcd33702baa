// Every exit status of `ringctl help exit-codes` comes out of the real program somewhere.
#include <csignal>
#include <functional>
#include <map>
#include <set>

#include "base/error.hpp"
#include "support/exit_statuses.hpp"
#include "support/process_state.hpp"
#include "support/raw_server.hpp"
#include "support/site.hpp"
#include "support/twilio_box.hpp"

using namespace ringctl;
using test::Machine;
using test::ProcessOptions;
using test::ProcessResult;
using test::Site;
using test::Stream;

namespace {

/// A number in the embedded database.
struct Estate : Site {
  Estate() : Site(db::Engine::sqlite) { ok({"numbers", "add", "+12025550123", "--label", "Sales"}); }
};

/// A file of which one row in two is wrong.
std::string half_wrong(const Site& site) {
  return site.machine().file("half.csv", "phone_number\n+12025550124\n12\n").string();
}

ProcessResult with_stdout(Stream stream) {
  ProcessOptions options;
  options.out = stream;
  return Machine().run({"help"}, options);
}

/// A command that waits for its standard input, and gets `signal` once it has a handler for it.
ProcessResult signalled(int signal) {
  const Estate site;
  ProcessOptions options;
  options.meanwhile = [signal](int pid) {
    test::wait_until_handles(pid, signal);
    ::kill(pid, signal);
  };
  return site.machine().run({"numbers", "import", "-"}, options);
}

ProcessResult interrupted_job_of_no_kind() {
  const Estate site;
  site.ok({"numbers", "import", site.machine().file("one.csv", "phone_number\n+12025550124\n").string()});
  site.tamper("UPDATE jobs SET kind = 'nonsense.import', state = 'running'");
  const auto id = site.json({"jobs", "list"})[0]["job"].get<std::string>();
  return site.run({"jobs", "resume", id});
}

ProcessResult locked() {
  const Estate site;
  site.tamper(
      "INSERT INTO leases (name, scope, token, holder, host, since, expires) SELECT 'import or undo', id, 'x', "
      "'somebody', 'elsewhere', '2026-01-01T00:00:00.000Z', '2999-01-01T00:00:00.000Z' FROM workspaces");
  return site.run(
      {"numbers", "import", site.machine().file("one.csv", "phone_number\n+12025550124\n").string()});
}

ProcessResult busy() {
  const Estate site;
  const auto other = db::Connection::open("sqlite:" + site.sqlite_file().string());
  const db::Transaction writing(*other, db::Scope{}, db::Access::write);
  return site.run({"numbers", "add", "+12025550124"});
}

ProcessResult damaged() {
  const Estate site;
  site.ok({"db", "backup", "whole.db"});
  const auto file = site.machine().home() / "whole.db";
  auto bytes = test::read_text(file);
  bytes.replace(4096, bytes.size() - 4096, bytes.size() - 4096, '\xa5');
  test::write_text(file, bytes);
  return site.run({"numbers", "list", "-d", "sqlite:" + file.string()});
}

ProcessResult too_new() {
  const Estate site;
  site.tamper(
      "INSERT INTO schema_migration (number, name, checksum, applied_at) VALUES (999, 'later', 'x', "
      "'2026-01-01T00:00:00.000Z')");
  return site.run({"numbers", "list"});
}

ProcessResult unknown_login() {
  // The test server lets in everybody it knows.
  auto url = Site(db::Engine::postgresql).url();
  const auto user = url.find("://") + 3;
  url.replace(user, url.find('@') - user, "nobody_here");
  return Machine().run({"db", "status", "-d", url});
}

/// A webhook sent to a server of this machine that answers with these bytes; none: nobody listens.
ProcessResult sent_to(const std::vector<test::RawServer::Script>& scripts) {
  test::RawServer server(scripts);
  const test::DeafPort nobody;
  const auto port = scripts.empty() ? nobody.number() : server.port();
  ProcessOptions options;
  options.environment["TWILIO_AUTH_TOKEN"] = "12345";
  return Machine().run({"webhooks", "send", "--param", "AccountSid=AC1", "--to",
                        "http://127.0.0.1:" + std::to_string(port) + "/"},
                       options);
}

/// A command whose requests to Twilio all go wrong in this way.
ProcessResult at_twilio(std::string_view fault, const Machine::Arguments& words) {
  test::TwilioBox box;
  box.fault(fault);
  const Estate site;
  site.ok({"config", "set", "twilio.retries", "0"});
  ProcessOptions options;
  options.environment = box.environment();
  return site.machine().run(words, options);
}

ProcessResult declined() {
  const Estate site;
  test::TerminalOptions typed;
  typed.input = "n\n";
  typed.environment["NO_COLOR"] = "1";
  return site.machine().run_in_terminal({"numbers", "delete", "Sales"}, typed);
}

const std::map<Errc, std::function<ProcessResult()>>& ways() {
  static const std::map<Errc, std::function<ProcessResult()>> k_ways = {
      {Errc::ok, [] { return Machine().run({"version"}); }},
      {Errc::failure, interrupted_job_of_no_kind},
      {Errc::usage,
       [] {
         return Machine().run({"version", "--no-such-flag"});
       }},
      {Errc::partial,
       [] {
         const Estate site;
         return site.run({"numbers", "import", half_wrong(site), "--max-errors", "1"});
       }},
      {Errc::auth, unknown_login},
      {Errc::not_found,
       [] {
         return Estate().run({"numbers", "show", "+12025550199"});
       }},
      {Errc::conflict,
       [] {
         return Estate().run({"numbers", "add", "+12025550123", "--label", "Other"});
       }},
      {Errc::invalid,
       [] {
         const Estate site;
         return site.run({"numbers", "import", half_wrong(site)});
       }},
      {Errc::differs,
       [] {
         const Estate site;
         site.tamper("UPDATE audit_log SET actor = 'os:mallory' WHERE seq = 1");
         return site.run({"audit", "verify"});
       }},
      {Errc::declined, declined},
      {Errc::config,
       [] {
         return Machine().run({"numbers", "list"});
       }},
      {Errc::locked, locked},
      {Errc::schema, too_new},
      {Errc::twilio,
       [] {
         return at_twilio("400", {"callerids", "list"});
       }},
      {Errc::twilio_rate,
       [] {
         return at_twilio("429", {"callerids", "list"});
       }},
      {Errc::twilio_down, [] { return sent_to({}); }},
      {Errc::twilio_garbage, [] { return sent_to({test::RawServer::answers("this is no HTTP\r\n\r\n")}); }},
      {Errc::unknown_outcome,
       [] {
         return at_twilio("executed_lost", {"callerids", "verify", "+12025550150"});
       }},
      {Errc::db_down,
       [] {
         return Machine().run({"db", "status", "-d", "postgresql://x@/x?host=/nowhere/at/all"});
       }},
      {Errc::db_busy, busy},
      {Errc::db_corrupt, damaged},
      {Errc::output, [] { return with_stdout(Stream::full); }},
      {Errc::timeout,
       [] {
         const Estate site;
         test::TerminalOptions untouched;
         untouched.environment["NO_COLOR"] = "1";
         return site.machine().run_in_terminal({"numbers", "delete", "Sales", "--timeout", "50ms"},
                                               untouched);
       }},
      {Errc::interrupted, [] { return signalled(SIGINT); }},
      {Errc::broken_pipe, [] { return with_stdout(Stream::broken); }},
      {Errc::terminated, [] { return signalled(SIGTERM); }},
  };
  return k_ways;
}

}  // namespace

TEST_CASE("a timeout that is configured ends a command that waits before it has anything to say",
          "[system]") {
  const Estate site;
  site.ok({"config", "set", "timeout", "100ms"});
  const auto other = db::Connection::open("sqlite:" + site.sqlite_file().string());
  const db::Transaction writing(*other, db::Scope{}, db::Access::write);
  CHECK(site.failure({"numbers", "add", "+12025550124"}) == "41 run.timeout");
}

TEST_CASE("every exit status of the table is given by a command", "[system]") {
  const auto tree = nlohmann::json::parse(Machine().run({"help", "--tree", "json"}).out);
  const auto topic = Machine().run({"help", "exit-codes"}).out;
  for (const auto& row : tree["exit_codes"]) {
    const auto code = static_cast<Errc>(row["code"].get<int>());
    INFO(row.dump());
    CHECK(topic.find(" " + std::to_string(row["code"].get<int>()) + "  ") != std::string::npos);
    CHECK(ways().contains(code));
  }
  CHECK(tree["exit_codes"].size() == ways().size());
}

TEST_CASE("the command named for an exit status gives it, and says in its help that it may",
          "[system][slow]") {
  for (const auto& [code, way] : ways()) {
    const auto result = way();
    INFO(static_cast<int>(code) << "\n" << result.out << result.err);
    CHECK(result.status == static_cast<int>(code));
    CHECK_FALSE(result.killed);
    CHECK(test::ended_as_documented(result));
    // Except for what somebody asked for, it says why.
    const std::set<Errc> silent = {Errc::ok, Errc::broken_pipe, Errc::terminated, Errc::interrupted};
    if (!silent.contains(code)) CHECK((result.out + result.err).find("ringctl: ") != std::string::npos);
  }
}
