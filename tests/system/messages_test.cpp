// Reading, handing out and removing messages on the real program; and who they are for.

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/file.h>

#include <algorithm>
#include <set>
#include <sstream>

#include "base/file.hpp"
#include "support/eventually.hpp"
#include "support/site.hpp"

using namespace ringctl;
using test::lines;
using test::Site;

namespace {

const std::string k_ours = "+12025550123", k_lin = "+16265550101", k_ann = "ann@example.com";
std::string sid(int n) { return fmt::format("SM{:032}", n); }
std::string quoted(const std::string& text) { return "'" + text + "'"; }

struct Text {
  int n;
  std::string party = k_lin, body = "Hello";
  std::string direction = "inbound", status = "received";
  std::string keyword = {};
};

/// Ann, the contact Lin, and one of our numbers.
struct Office : Site {
  explicit Office(db::Engine engine) : Site(engine) {
    init();
    ok({"numbers", "add", k_ours});
    ok({"users", "add", k_ann});
    ok({"contacts", "add", k_lin, "--name", "Lin Park"});
    workspace = json({"workspaces", "list", "--columns", "id"}).at(0).at("id").get<std::string>();
    ann = id_of("users", k_ann);
    lin = id_of("contacts", k_lin);
    number = id_of("numbers", k_ours);
  }
  std::string id_of(const std::string& noun, const std::string& key) const {
    return quoted(json({noun, "show", key}).at("id").get<std::string>());
  }
  static std::string at(int n) { return fmt::format("'2026-03-08T12:{:02}:{:02}.000Z'", n / 60, n % 60); }
  static std::string thread_id(int n) { return fmt::format("0190f5fe-7c00-7a00-9000-{:012}", n); }

  /// The n-th conversation: with this party, free, or Ann's until then.
  void thread(int n, const std::string& party, const std::string& lease = {}) const {
    const bool free = lease.empty();
    tamper(fmt::format(
        "INSERT INTO message_threads (id, workspace_id, our_number, party_number, number_id, contact_id, assigned_user_id, "
        "assigned_by, assigned_at, lease_expires_at, last_message_at, created_at, updated_at) VALUES ('{}', '{}', '{}', {}, "
        "{}, {}, {}, {}, {}, {}, {}, {}, {})",
        thread_id(n), workspace, k_ours, quoted(party), number, party == k_lin ? lin : "NULL",
        free ? "NULL" : ann, free ? "NULL" : "'claim'", free ? "NULL" : at(n), free ? "NULL" : quoted(lease),
        at(n), at(n), at(n)));
  }
  void text(const Text& text, int in_thread = 1) const {
    const bool in = text.direction == "inbound";
    const auto from = quoted(in ? text.party : k_ours), to = quoted(in ? k_ours : text.party);
    tamper(fmt::format(
        "INSERT INTO messages (id, workspace_id, thread_id, message_sid, account_sid, number_id, contact_id, user_id, "
        "direction, from_number, to_number, body, keyword, encoding, segments, status, status_rank, message_seq, created_at, "
        "updated_at) VALUES ('0190f5fe-7c00-7a00-8000-{:012}', '{}', '{}', '{}', 'AC{:032}', {}, {}, {}, '{}', {}, {}, {}, {}, "
        "'gsm7', 1, '{}', 1, {}, {}, {})",
        text.n, workspace, thread_id(in_thread), sid(text.n), 1, number, text.party == k_lin ? lin : "NULL",
        in ? "NULL" : ann, text.direction, from, to, quoted(text.body),
        text.keyword.empty() ? "NULL" : quoted(text.keyword), text.status, text.n, at(text.n), at(text.n)));
    tamper(
        fmt::format("INSERT INTO message_counters (workspace_id, message_seq) VALUES ('{}', {}) "
                    "ON CONFLICT (workspace_id) DO UPDATE SET message_seq = excluded.message_seq",
                    workspace, text.n));
  }
  /// The SIDs that an export from the cursor gives.
  std::vector<std::string> since(const std::string& file) const {
    std::vector<std::string> sids;
    for (const auto& row : json({"messages", "export", "--since-cursor", file}))
      sids.push_back(row.at("message_sid").get<std::string>());
    return sids;
  }
  test::ProcessOptions options() const {
    test::ProcessOptions options;
    if (!url().empty()) options.environment["RINGCTL_DATABASE_URL"] = url();
    return options;
  }
  std::string file(const std::string& name) const { return (machine().home() / name).string(); }
  std::string workspace, ann, lin, number;
};
using Sids = std::vector<std::string>;

db::Engine any_engine() { return GENERATE(from_range(test::engines())); }

std::string status_of(const nlohmann::json& report, const std::string& check) {
  for (const auto& row : report)
    if (row.at("check") == check) return row.at("status");
  return "not looked at";
}

}  // namespace

TEST_CASE("an export of messages from a cursor gives each once, whatever happens to the run",
          "[system][slow]") {
  const Office site(any_engine());
  const auto file = site.file("messages.cursor");
  site.thread(1, k_lin);
  site.text({.n = 1});
  site.text({.n = 2});
  CHECK(site.ok({"messages", "export", "--since-cursor", file, "-n"}).find(sid(1)) != std::string::npos);
  CHECK_FALSE(std::filesystem::exists(file));
  CHECK(site.since(file) == Sids{sid(1), sid(2)});
  CHECK(site.since(file).empty());
  site.text({.n = 3});

  auto full = site.options();
  full.out = test::Stream::full;
  CHECK(site.machine().run({"messages", "export", "--since-cursor", file, "-o", "jsonl"}, full).status == 40);
  {
    const base::Fd held(::open(file.c_str(), O_RDWR | O_CLOEXEC));
    REQUIRE(::flock(held.get(), LOCK_EX) == 0);
    CHECK(site.failure({"messages", "export", "--since-cursor", file}) == "11 lock.held");
    CHECK(site.failure({"messages", "tail", "--since-cursor", file, "-o", "csv"}) == "11 lock.held");
  }
  CHECK(site.since(file) == Sids{sid(3)});
  site.text({.n = 4});
  const auto out = site.file("messages.csv");
  site.ok({"messages", "export", "--since-cursor", file, "--out", out});
  CHECK(test::read_text(out).find(sid(4)) != std::string::npos);
  CHECK(site.since(file).empty());
  CHECK(site.failure({"messages", "export", "--since-cursor", file, "--keyword", "stop"}) ==
        "2 usage.excluded");
  CHECK(site.failure({"messages", "export", "--changes", file}) == "7 messages.bad_cursor");

  const Office other(site.engine());
  CHECK(other.failure({"messages", "export", "--since-cursor", file}) == "6 messages.foreign_cursor");
  CHECK(other.failure({"messages", "tail", "--since-cursor", file, "-o", "csv"}) ==
        "6 messages.foreign_cursor");
}

TEST_CASE("an export of changes begins with those to come", "[system]") {
  const Office site(any_engine());
  const Site::Arguments changes{"messages", "export", "--changes", site.file("changes.cursor")};
  site.thread(1, k_lin);
  site.text({.n = 1, .direction = "outbound", .status = "sent"});
  site.text({.n = 2});
  CHECK(site.json(changes).empty());
  site.tamper(
      "UPDATE messages SET status = 'delivered', updated_at = '2026-03-08T13:00:00.000Z' WHERE message_sid = " +
      quoted(sid(1)));
  const auto changed = site.json(changes);
  REQUIRE(changed.size() == 1);
  CHECK(changed.at(0).at("message_sid") == sid(1));
  CHECK(changed.at(0).at("status") == "delivered");
  CHECK(changed.at(0).at("changed_seq") == 1);
  CHECK(site.json(changes).empty());
}

TEST_CASE("a tail that is killed is gone on with where it stopped, and nothing is left out",
          "[system][slow]") {
  const Office site(any_engine());
  const auto file = site.file("messages.cursor");
  site.thread(1, k_lin);
  std::multiset<int> given;
  const auto take = [&](const std::string& text) {
    std::istringstream rows(text);
    for (std::string row; std::getline(rows, row);) given.insert(std::stoi(row));
  };
  const Site::Arguments columns{"-o", "csv", "--no-header", "--columns", "message_seq", "-q"};
  const auto with = [&](Site::Arguments arguments) {
    arguments.insert(arguments.end(), columns.begin(), columns.end());
    return arguments;
  };
  int n = 0;
  for (int round = 0; round < 4; ++round) {
    for (int i = 0; i < 5; ++i) site.text({.n = ++n});
    auto tail = site.machine().start(with({"messages", "tail", "--since-cursor", file}), site.options());
    const auto shows_last = [&] { return tail.log().find(std::to_string(n) + "\n") != std::string::npos; };
    REQUIRE(test::eventually(shows_last, 10));
    if (round % 2 == 0) {
      // It goes on holding the file that it moved on.
      REQUIRE(test::eventually(
          [&] {
            return test::read_text(file).find(fmt::format("\"message_seq\":{},", n)) != std::string::npos;
          },
          10));
      CHECK(site.failure({"messages", "export", "--since-cursor", file}) == "11 lock.held");
      site.text({.n = ++n});
      REQUIRE(test::eventually(shows_last, 10));
    }
    tail.signal(SIGKILL);
    tail.wait();
    take(tail.log());
  }
  take(site.ok(with({"messages", "export", "--since-cursor", file})));
  for (int i = 1; i <= n; ++i) {
    INFO(i);
    CHECK(given.count(i) >= 1);
    CHECK(given.count(i) <= 2);
  }
  CHECK(site.since(file).empty());
}

TEST_CASE("a tail of so many rows leaves the others for the next one", "[system]") {
  const Office site(db::Engine::sqlite);
  const auto file = site.file("messages.cursor");
  site.thread(1, k_lin);
  for (const int n : {1, 2, 3}) site.text({.n = n});
  const auto rows = site.ok({"messages", "tail", "--since-cursor", file, "--limit", "2", "-o", "csv",
                             "--no-header", "--columns", "message_seq"});
  CHECK(rows == "1\n2\n");
  CHECK(site.failure({"messages", "tail", "--since-cursor", file, "--limit", "1", "--out", "rest.csv"}) ==
        "2 usage.no_out");
  CHECK(site.since(file).size() == 1);
}

TEST_CASE("messages are chosen by time, direction, party, contact, user, keyword and words",
          "[system][slow]") {
  const Office site(any_engine());
  site.thread(1, k_lin);
  site.thread(2, "whatsapp:" + k_lin);
  site.thread(3, "24273");
  site.text({.n = 1, .body = "A quote for SOLAR, please"});
  site.text({.n = 2, .body = "On its way", .direction = "outbound", .status = "delivered"});
  site.text({.n = 3, .party = "whatsapp:" + k_lin}, 2);
  site.text({.n = 4, .party = "24273", .body = "STOP", .keyword = "stop"}, 3);
  const auto list = [&](Site::Arguments more) {
    Site::Arguments arguments{"messages", "list", "--columns", "message_seq", "-o", "csv", "--no-header"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    auto text = site.ok(arguments);
    std::replace(text.begin(), text.end(), '\n', ' ');
    return text;
  };
  CHECK(list({}) == "4 3 2 1 ");
  CHECK(list({"--sort", "created_at"}) == "1 2 3 4 ");
  CHECK(list({"--limit", "1"}) == "4 ");
  CHECK(list({"--direction", "outbound"}) == "2 ");
  CHECK(list({"--status", "delivered"}) == "2 ");
  CHECK(list({"--with", k_lin}) == "2 1 ");
  CHECK(list({"--with", "whatsapp:" + k_lin}) == "3 ");
  CHECK(list({"--with", "24273"}) == "4 ");
  CHECK(list({"--contact", k_lin}) == "3 2 1 ");  // WhatsApp is theirs as well
  CHECK(list({"--user", k_ann}) == "2 ");
  CHECK(list({"--number", k_ours}) == "4 3 2 1 ");
  CHECK(list({"--keyword", "stop"}) == "4 ");
  CHECK(list({"--search", "solar"}) == "1 ");
  CHECK(list({"--since", "2026-03-08T12:00:02Z", "--until", "2026-03-08T12:00:04Z"}) == "3 2 ");
  CHECK(site.failure({"messages", "list", "--user", "zoe@example.com"}) == "5 users.unknown");
  CHECK(site.failure({"messages", "list", "--sort", "body"}) == "2 usage.bad_sort");
  CHECK(site.failure({"messages", "show", sid(9)}) == "5 messages.unknown");
}

TEST_CASE("what somebody texted is text: in a table, on a terminal, and in a spreadsheet", "[system]") {
  const Office site(db::Engine::sqlite);
  site.thread(1, k_lin);
  site.text({.n = 1, .body = "\x1b]52;c;Zm9v\x07\u202e"});
  site.text({.n = 2, .body = "=1+1"});
  const auto file = site.file("messages.cursor");
  for (const Site::Arguments& command :
       {Site::Arguments{"messages", "tail", "--since-cursor", file, "--limit", "2"},
        {"messages", "list"},
        {"messages", "show", sid(1)}}) {
    test::TerminalOptions wide;
    wide.columns = 200;
    wide.lines = 100;  // what is longer than the window goes to a pager
    const auto shown = site.machine().run_in_terminal(command, wide);
    INFO(shown.out);
    CHECK(shown.status == 0);
    CHECK(shown.out.find("52;c") != std::string::npos);
    CHECK(shown.out.find("\x1b]52") == std::string::npos);
    CHECK(shown.out.find("\u202e") == std::string::npos);
  }
  CHECK(site.ok({"messages", "export", "-o", "csv", "--columns", "body", "--no-header"})
            .ends_with("\n'=1+1\n"));
}

TEST_CASE("a message is shown with who was told of it and what Twilio told of it", "[system]") {
  const Office site(any_engine());
  site.thread(1, k_lin);
  site.text({.n = 1, .direction = "outbound", .status = "sent"});
  site.tamper(fmt::format(
      "INSERT INTO notifications (id, workspace_id, message_id, thread_id, user_id, kind, reason, created_at) SELECT "
      "'0190f5fe-7c00-7a00-8000-000000000901', workspace_id, id, thread_id, {}, 'inbound_client_message', 'pool', created_at "
      "FROM messages",
      site.ann));
  site.tamper(fmt::format(
      "INSERT INTO message_events (id, workspace_id, event_key, message_sid, status, form, received_at) VALUES "
      "('0190f5fe-7c00-7a00-8000-000000000902', '{}', 'k', '{}', 'sent', '{{\"MessageStatus\":\"sent\"}}', {})",
      site.workspace, sid(1), Office::at(5)));
  const auto message = site.json({"messages", "show", sid(1)});
  CHECK(message.at("body") == "Hello");
  CHECK(message.at("notifications").at(0).at("user") == k_ann);
  CHECK(message.at("events").at(0).at("form").at("MessageStatus") == "sent");
  const auto shown = site.ok({"messages", "show", sid(1), "-o", "table"});
  INFO(shown);
  CHECK(shown.find("\nnotifications\nuser") != std::string::npos);
  CHECK(shown.find("\n" + k_ann + "  pool") != std::string::npos);
  CHECK(shown.find("\nevents\nreceived_at") != std::string::npos);
  CHECK(shown.find("MessageStatus") == std::string::npos);
}

TEST_CASE("a conversation whose lease has run out is nobody's", "[system][slow]") {
  const Office site(any_engine());
  site.thread(1, k_lin);
  site.thread(2, "+16265550102", "2026-03-08T13:00:00.000Z");
  site.thread(3, "+16265550103", "2999-03-08T13:00:00.000Z");
  const auto all = site.json({"messages", "threads"});
  REQUIRE(all.size() == 3);
  CHECK(all.at(0).at("party_number") == "+16265550103");
  CHECK(all.at(0).at("assigned_to") == k_ann);
  CHECK(all.at(0).at("assigned_by") == "claim");
  CHECK(all.at(1).at("assigned_to").is_null());
  CHECK(all.at(1).at("lease_expires_at").is_null());
  CHECK(all.at(2).at("contact_name") == "Lin Park");
  const auto count = [&](Site::Arguments more) {
    Site::Arguments arguments{"messages", "threads"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return site.json(arguments).size();
  };
  CHECK(count({"--free"}) == 2);
  CHECK(count({"--user", k_ann}) == 1);
  CHECK(count({"--with", k_lin}) == 1);
  CHECK(count({"--number", k_ours}) == 3);
  CHECK(count({"--since", "2026-03-08T12:00:02Z"}) == 2);
  CHECK(site.failure({"messages", "threads", "--free", "--user", k_ann}).starts_with("2"));
}

TEST_CASE("completion offers whom conversations are with, each once", "[system]") {
  const Office site(db::Engine::sqlite);
  site.thread(1, k_lin);
  site.thread(2, "+16265550102");
  site.thread(3, "24273");
  std::string offered;  // nothing where the machine was too slow for a shell
  REQUIRE(test::eventually([&] {
    return offered = site.ok({"__complete", "--", "messages", "threads", "--with", "+"}), !offered.empty();
  }));
  CHECK(offered.find("+16265550102") < offered.find(k_lin));
  CHECK(offered.find("Lin Park") != std::string::npos);
  CHECK(offered.find("24273") == std::string::npos);
}

TEST_CASE("old messages are purged once the workspace was named, and what is held stays", "[system][slow]") {
  const Office site(any_engine());
  site.thread(1, k_lin);
  site.thread(2, "+16265550102");
  site.text({.n = 1});
  site.text({.n = 2, .party = "+16265550102"}, 2);
  site.tamper("UPDATE messages SET created_at = '2020-03-08T12:00:00.000Z'");
  const Site::Arguments purge{"messages", "purge", "--older-than", "730d", "--confirm", "default"};
  CHECK(site.failure({"messages", "purge", "--older-than", "730d", "--yes"}) ==
        "2 usage.confirmation_needed");
  CHECK(site.failure({"messages", "purge", "--older-than", "1h", "--confirm", "default"}) ==
        "7 messages.purge_too_young");
  site.ok({"calls", "hold", "--contact", k_lin, "--reason", "Case 2026-17"});
  const auto plan = site.json({"messages", "purge", "--older-than", "2021-01-01", "-n"});
  CHECK(plan.at("dry_run") == true);
  CHECK(plan.at("object") == "default");
  CHECK(plan.at("messages") == 1);
  CHECK(plan.at("held") == 1);
  const auto run = site.run(purge);
  CHECK(run.status == 0);
  CHECK(run.err.find("purged 1 message ") != std::string::npos);
  CHECK(run.err.find("1 old message is held") != std::string::npos);
  CHECK(site.json({"messages", "list"}).at(0).at("message_sid") == sid(1));
  site.ok({"calls", "unhold", "--contact", k_lin});
  site.ok(purge);
  CHECK(site.json({"messages", "list"}).empty());
  CHECK(site.json({"messages", "threads"}).empty());
  CHECK(site.json(purge).at("changed") == false);
  CHECK(site.json({"audit", "list", "--action", "messages.purge"}).size() == 2);
  CHECK(site.json({"audit", "verify"}).at("ok") == true);
}

TEST_CASE("a report of messages counts those of its time", "[system][slow]") {
  const Office site(any_engine());
  site.thread(1, k_lin);
  site.text({.n = 1});
  site.text({.n = 2, .body = "STOP", .keyword = "stop"});
  site.text({.n = 3, .direction = "outbound", .status = "delivered"});
  const auto report = [&](const std::string& by) {
    return site.ok(
        {"reports", "messages", "--since", "2026-03-08", "--until", "2026-03-10", "--by", by, "-o", "csv"});
  };
  const std::string header = "by,key,received,sent,delivered,failed,segments,stops,conversations\n";
  CHECK(report("total") == header + "total,,2,1,1,0,1,1,1\n");
  CHECK(report("day") == header + "day,2026-03-08,2,1,1,0,1,1,1\nday,2026-03-09,0,0,0,0,0,0,0\n");
  CHECK(report("agent") == header + "agent,,2,0,0,0,0,1,1\nagent,ann@example.com,0,1,1,0,1,0,1\n");
  CHECK(report("number") == header + "number," + k_ours + ",2,1,1,0,1,1,1\n");
  CHECK(report("status") == header + "status,delivered,0,1,1,0,1,0,1\nstatus,received,2,0,0,0,0,1,1\n");
  CHECK(site.failure({"reports", "messages", "--since", "2026-03-10", "--until", "2026-03-08"}) ==
        "2 usage.empty_period");
}

TEST_CASE("how a number deals its messages out is set by hand, and the doctor sees that nobody is there",
          "[system][slow]") {
  const Office site(any_engine());
  CHECK(status_of(site.json({"doctor", "db"}), "db.pools") == "ok");
  CHECK(site.run({"numbers", "update", k_ours, "--sms-mode", "Claim", "-n"}).err ==
        "would update " + k_ours + " (sms_mode)\n");
  site.ok({"numbers", "update", k_ours, "--sms-mode", "claim"});
  CHECK(site.json({"numbers", "show", k_ours}).at("sms_mode") == "claim");
  CHECK(site.failure({"numbers", "update", k_ours, "--sms-mode", "lottery"}) == "7 numbers.invalid");
  const auto report = site.json({"doctor", "db"});
  CHECK(status_of(report, "db.pools") == "warn");
  CHECK(report.dump().find("ringctl --workspace default pools add " + k_ours + " USER") != std::string::npos);
  site.ok({"pools", "add", k_ours, k_ann});
  CHECK(status_of(site.json({"doctor", "db"}), "db.pools") == "ok");
  site.ok({"numbers", "update", k_ours, "--sms-mode", "-"});
  site.ok({"pools", "remove", k_ours, k_ann});
  CHECK(status_of(site.json({"doctor", "db"}), "db.pools") == "warn");
}

TEST_CASE("the doctor sees a webhook for messages that cannot be signed any more", "[system][slow]") {
  const Office site(any_engine());
  const auto with_key = [&](char key) {
    auto options = site.options();
    options.environment["RINGCTL_SECRETS_KEY"] = std::string(64, key);
    return options;
  };
  const auto hooks = [&](char key) {
    const auto run = site.machine().run({"doctor", "db", "-o", "json"}, with_key(key));
    return status_of(nlohmann::json::parse(run.out), "db.hooks");
  };
  CHECK(hooks('a') == "not looked at");
  const auto secret = site.machine().file("hook.txt", "what posts are signed with\n");
  std::filesystem::permissions(secret,
                               std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  const Site::Arguments configure{"notifications", "configure",
                                  "--url",         "https://hooks.example.com/ringctl",
                                  "--secret-file", secret.string()};
  REQUIRE(site.machine().run(configure, with_key('a')).status == 0);
  CHECK(hooks('a') == "not looked at");
  CHECK(hooks('b') == "warn");
  REQUIRE(site.machine().run({"notifications", "configure", "--active", "no"}, with_key('a')).status == 0);
  CHECK(hooks('b') == "not looked at");
}

TEST_CASE("a user is shown with how many numbers and extensions they have access to", "[system]") {
  const Office site(any_engine());
  const auto access = [&] {
    const auto user = site.json({"users", "show", k_ann});
    return fmt::format("{} {}", user.at("numbers_accessed").get<int>(),
                       user.at("extensions_accessed").get<int>());
  };
  CHECK(access() == "0 0");
  site.ok({"numbers", "add", "+12025550124"});
  site.ok({"pools", "add", k_ours, k_ann});
  site.ok({"assignments", "set", k_ours, k_ann});
  site.ok({"assignments", "set", "+12025550124", k_ann});
  site.ok({"extensions", "add", "101", "--user", k_ann});
  CHECK(access() == "2 1");
  site.ok({"pools", "remove", k_ours, k_ann});
  CHECK(access() == "2 1");
  site.ok({"assignments", "remove", k_ours, k_ann});
  site.ok({"numbers", "update", "+12025550124", "--status", "inactive"});
  site.ok({"extensions", "remove", "101"});
  CHECK(access() == "0 0");
}

TEST_CASE("pools and opt-outs that were exported are imported as they were", "[system][slow]") {
  const Office from(any_engine());
  from.ok({"users", "add", "bob@example.com"});
  const std::string pools =
      lines({"phone_number,user,sms_access_enabled,is_primary", k_ours + ",ann@example.com,true,true",
             k_ours + ",bob@example.com,true,false"});
  const std::string opt_outs =
      lines({"phone_number,channel,since,source", "+16265550101,sms,2026-03-08T12:00:00.000Z,STOP",
             "+16265550102,all,2026-03-08T12:00:00.000Z,'=1+1",
             "+16265550103,voice,2026-03-08T12:00:00.000Z,\"a \"\"quote\"\", Ünïcode\""});
  from.ok({"pools", "import", from.machine().file("pools.csv", pools).string()});
  from.ok({"optouts", "import", from.machine().file("optouts.csv", opt_outs).string()});
  CHECK(from.ok({"pools", "export", "-o", "csv"}) == pools);
  const auto exported = from.ok({"optouts", "export", "-o", "csv"});
  for (const std::string part : {"\n+16265550101,sms,", "'=1+1\n", "\"a \"\"quote\"\", Ünïcode\""})
    CHECK(exported.find(part) != std::string::npos);

  const Office to(from.engine());
  to.ok({"users", "add", "bob@example.com"});
  for (const std::string noun : {"pools", "optouts"})
    for (const std::string format : {"csv", "tsv", "jsonl"}) {
      const auto text = from.ok({noun, "export", "-o", format});
      to.ok({noun, "import", to.machine().file("copy." + format, text).string()});
      CHECK(to.ok({noun, "export", "-o", format}) == text);
    }
}
