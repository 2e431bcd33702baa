// Exports with cursors beside a writer at full speed, killed on the way, and into pipes that break, fill up
// or stall.

#include <fmt/format.h>
#include <signal.h>

#include <atomic>
#include <map>
#include <set>
#include <sstream>
#include <thread>

#include "audit/log.hpp"
#include "calls/apply.hpp"
#include "calls/calls.hpp"
#include "support/eventually.hpp"
#include "support/sample_estate.hpp"
#include "support/site.hpp"

using namespace ringctl;
using test::Site;

namespace {

db::Engine any_engine() { return GENERATE(from_range(test::engines())); }

std::string sid(std::int64_t n) { return fmt::format("CA{:032x}", n); }

base::Uuid workspace_of(const Site& site) {
  return base::Uuid::parse(
      site.json({"workspaces", "list", "--columns", "id"}).at(0).at("id").get<std::string>());
}

/// Applies webhooks as serve does, and writes notes on calls that are over, as fast as it can.
class Writer {
 public:
  Writer(const Site& site, const base::Uuid& workspace)
      : connection_(db::Connection::open(
            site.engine() == db::Engine::sqlite ? "sqlite:" + site.sqlite_file().string() : site.url(),
            test::test_options())),
        ids_(clock_),
        session_{*connection_, clock_, ids_, "system"},
        workspace_(workspace),
        thread_([this] { write(); }) {}
  ~Writer() { stop(); }
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  /// What stopped it too early, if anything.
  std::string stop() {
    stopping_ = true;
    if (thread_.joinable()) thread_.join();
    return trouble_;
  }
  std::int64_t finished() const { return finished_; }
  /// By the SID of the call. After stop().
  const std::map<std::string, std::string>& notes() const { return notes_; }

 private:
  static constexpr int k_batch = 20;

  calls::Event event(calls::Kind kind, std::int64_t n, const std::string& status) const {
    return calls::event_from(kind, workspace_,
                             {{"CallSid", sid(n)},
                              {"From", "+16265550101"},
                              {"To", "+12025550123"},
                              {"CallStatus", status},
                              {"Direction", "inbound"}},
                             clock_.now());
  }
  void write() {
    try {
      while (!stopping_) {
        write_calls();
        note(finished_ - finished_ / 3, fmt::format("seen {}", finished_.load()));
      }
    } catch (const std::exception& error) {
      trouble_ = error.what();
    }
  }
  /// Some of each batch are over in the next one only.
  void write_calls() {
    const auto first = begun_ + 1;
    std::vector<calls::Event> events;
    for (auto n = first; n < first + k_batch; ++n)
      events.push_back(event(calls::Kind::inbound, n, "ringing"));
    const auto over = first + k_batch / 2 - 1;
    for (auto n = finished_ + 1; n <= over; ++n) events.push_back(event(calls::Kind::status, n, "completed"));
    db::in_transaction(*connection_, db::Scope::of(workspace_), [&] { calls::apply(session_, events); });
    begun_ = first + k_batch - 1;
    finished_ = over;
  }
  void note(std::int64_t n, const std::string& text) {
    calls::note(session_, workspace_, sid(n), text, true);
    notes_[sid(n)] = text;
  }

  base::SystemClock clock_;
  std::unique_ptr<db::Connection> connection_;
  base::UuidGenerator ids_;
  audit::Session session_;
  base::Uuid workspace_;
  std::atomic<bool> stopping_ = false;
  std::atomic<std::int64_t> finished_ = 0;  ///< calls 1 to here are over
  std::int64_t begun_ = 0;
  std::map<std::string, std::string> notes_;
  std::string trouble_;
  std::thread thread_;
};

/// What programs that run the exports now and then have of the log.
class Copy {
 public:
  explicit Copy(const Site& site) : site_(site) {}

  /// From the file of --since-cursor: how often each call came.
  void take_finished() { take(site_.ok(arguments("--since-cursor", finished_file())), true); }
  void take_changes() { take(site_.ok(arguments("--changes", changes_file())), false); }
  /// Begins an export and kills it once it writes; what it wrote counts if it moved the file on.
  void take_finished_until_killed() {
    const auto before = test::read_text(finished_file());
    test::ProcessOptions options;
    if (site_.engine() == db::Engine::postgresql) options.environment["RINGCTL_DATABASE_URL"] = site_.url();
    auto run = site_.machine().start(arguments("--since-cursor", finished_file()), options);
    CHECK(test::eventually([&] { return !run.is_running() || !run.log().empty(); }));
    run.signal(SIGKILL);
    run.wait();
    if (test::read_text(finished_file()) != before) take(run.log(), true);
  }

  std::string finished_file() const { return (site_.machine().home() / "finished.cursor").string(); }
  std::string changes_file() const { return (site_.machine().home() / "changes.cursor").string(); }
  const std::map<std::string, int>& times() const { return times_; }
  std::string notes(const std::string& call) const {
    const auto row = rows_.find(call);
    return row == rows_.end() ? "(none)" : row->second.notes;
  }

 private:
  struct Row {
    std::int64_t changed = 0;
    std::string notes;
  };
  static Site::Arguments arguments(const std::string& flag, const std::string& file) {
    return {"calls", "export",      flag, file,        "-o",
            "csv",   "--no-header", "-q", "--columns", "call_sid,changed_seq,notes"};
  }
  void take(const std::string& csv, bool finished) {
    std::istringstream lines(csv);
    for (std::string line; std::getline(lines, line);) {
      const auto first = line.find(','), second = line.find(',', first + 1);
      REQUIRE(second != std::string::npos);
      const auto call = line.substr(0, first), changed = line.substr(first + 1, second - first - 1);
      if (finished) ++times_[call];
      const Row row{changed.empty() ? 0 : std::stoll(changed), line.substr(second + 1)};
      auto& kept = rows_[call];
      if (row.changed >= kept.changed) kept = row;
    }
  }
  const Site& site_;
  std::map<std::string, int> times_;
  std::map<std::string, Row> rows_;
};

void check_exports_beside_a_writer(db::Engine engine, std::chrono::seconds duration) {
  Site site(engine);
  site.init();
  Copy copy(site);
  // In this order: what changes between the two is then among the changes.
  copy.take_changes();
  copy.take_finished();
  Writer writer(site, workspace_of(site));
  const auto begin = std::chrono::steady_clock::now();
  const auto passed = [&] { return std::chrono::steady_clock::now() - begin; };
  // At least until one was killed, and the writer has written something worth looking for.
  for (int round = 1; passed() < duration || round <= 4 || writer.finished() <= 200; ++round) {
    REQUIRE(passed() < duration + test::k_patience);
    round % 4 == 0 ? copy.take_finished_until_killed() : copy.take_finished();
    copy.take_changes();
  }
  REQUIRE(writer.stop().empty());
  copy.take_finished();
  copy.take_changes();

  CHECK(writer.finished() > 100);
  CHECK(std::ssize(copy.times()) == writer.finished());
  for (std::int64_t n = 1; n <= writer.finished(); ++n) {
    INFO(n);
    const auto times = copy.times().find(sid(n));
    REQUIRE(times != copy.times().end());
    REQUIRE(times->second == 1);
  }
  CHECK(writer.notes().size() > 10);
  for (const auto& [call, text] : writer.notes()) REQUIRE(copy.notes(call) == text);
}

/// So many calls that are over.
void fill(const Site& site, int calls) {
  const auto number = [](const char* digits) {
    return fmt::format("substr('{0}' || i, length(CAST(i AS text)) + 1, {1})", digits,
                       std::string(digits).size());
  };
  const auto id = fmt::format("'0190f5fe-7c00-7a00-8000-' || {}", number("000000000000"));
  site.tamper(fmt::format(
      "INSERT INTO calls (id, workspace_id, call_sid, direction, status, from_number, to_number, started_at, ended_at, "
      "duration_s, notes, closed_seq, created_at, updated_at) WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 "
      "FROM n WHERE i < {0}) SELECT {1}, '{2}', 'CA00000000000000000000' || {3}, 'inbound', 'completed', '+16265550101', "
      "'+12025550123', '2026-03-08T12:00:00.000Z', '2026-03-08T12:01:00.000Z', 60, 'Asked for a quote, wants solar', i, "
      "'2026-03-08T12:00:00.000Z', '2026-03-08T12:01:00.000Z' FROM n",
      calls, site.engine() == db::Engine::postgresql ? "CAST(" + id + " AS uuid)" : id,
      workspace_of(site).text(), number("000000000000")));
  site.tamper(fmt::format("INSERT INTO call_counters (workspace_id, closed_seq) VALUES ('{}', {})",
                          workspace_of(site).text(), calls));
}

/// A line of shell, on the site's database.
test::ProcessResult in_shell(const Site& site, const std::string& line) {
  const auto url =
      site.url().empty() ? std::string() : fmt::format("export RINGCTL_DATABASE_URL='{}'; ", site.url());
  return test::run_in_shell(site.machine(), url + line);
}

}  // namespace

TEST_CASE("exports beside a writer give every finished call once, and every change", "[system]") {
  check_exports_beside_a_writer(any_engine(), std::chrono::seconds(1));
}

TEST_CASE("exports beside a writer give every finished call once, and every change, for a minute",
          "[system][slow]") {
  check_exports_beside_a_writer(any_engine(), std::chrono::seconds(60));
}

TEST_CASE("an export of changes begins with those to come, and is refused where it was not made",
          "[system][slow]") {
  const Site site(any_engine());
  site.init();
  fill(site, 3);
  const auto file = (site.machine().home() / "changes.cursor").string();
  const Site::Arguments changes{"calls", "export", "--changes", file};
  site.ok({"calls", "note", sid(1), "before"});
  auto dry = changes;
  dry.emplace_back("-n");
  site.ok(dry);
  CHECK_FALSE(std::filesystem::exists(file));
  CHECK(site.json(changes).empty());
  site.ok({"calls", "note", sid(1), "after", "--replace"});
  site.ok({"calls", "outcome", sid(2), "interested"});
  site.ok({"calls", "outcome", sid(2), "resolved"});
  const auto changed = site.json(changes);
  REQUIRE(changed.size() == 2);
  CHECK(changed.at(0).at("notes") == "after");
  CHECK(changed.at(1).at("outcome") == "resolved");
  CHECK(changed.at(1).at("changed_seq") == 4);
  CHECK(site.json(changes).empty());

  CHECK(site.failure({"calls", "export", "--changes", file, "--missed"}) == "2 usage.excluded");
  CHECK(site.failure({"calls", "export", "--changes", file, "--since-cursor", "x"}) == "2 usage.excluded");
  CHECK(site.failure({"calls", "export", "--since-cursor", file}) == "7 calls.bad_cursor");
  CHECK(site.run({"calls", "export", "--since-cursor", file}).err.find(file + ": ") != std::string::npos);
  const Site other(site.engine());
  other.init();
  CHECK(other.failure(changes) == "6 calls.foreign_cursor");
}

TEST_CASE("an export of the audit log from a cursor gives every change once", "[system][slow]") {
  const Site site(any_engine());
  site.init();
  const auto file = (site.machine().home() / "audit.cursor").string();
  const auto since = [&] {
    std::string actions;
    for (const auto& row : site.json({"audit", "export", "--since-cursor", file}))
      actions += row.at("action").get<std::string>() + " ";
    return actions;
  };
  const auto all = site.json({"audit", "export"});
  REQUIRE(!all.empty());
  const auto first = since();
  CHECK(std::count(first.begin(), first.end(), ' ') == std::ssize(all));
  CHECK(since().empty());
  site.ok({"teams", "add", "Sales"});
  site.ok({"teams", "add", "Support"});
  test::ProcessOptions full;
  full.out = test::Stream::full;
  if (!site.url().empty()) full.environment["RINGCTL_DATABASE_URL"] = site.url();
  CHECK(site.machine().run({"audit", "export", "--since-cursor", file, "-o", "jsonl"}, full).status == 40);
  CHECK(since() == "teams.add teams.add ");
  CHECK(since().empty());
  CHECK(site.failure({"audit", "export", "--since-cursor", file, "--action", "teams.add"}) ==
        "2 usage.excluded");
  CHECK(site.failure({"calls", "export", "--since-cursor", file}) == "7 calls.bad_cursor");
  const Site other(site.engine());
  other.init();
  CHECK(other.failure({"audit", "export", "--since-cursor", file}) == "6 audit.foreign_cursor");
}

TEST_CASE("an export does not go to the file that it goes on from, by whatever name", "[system][slow]") {
  const Site site(any_engine());
  site.init();
  fill(site, 2);
  const auto home = site.machine().home();
  const auto cursor = (home / "one.cursor").string();
  std::filesystem::create_directory(home / "folder");
  std::filesystem::create_symlink("one.cursor", home / "link");
  std::filesystem::create_symlink(home / "folder" / ".." / "link", home / "folder" / "link");
  const Site::Arguments exports[] = {{"calls", "export", "--since-cursor"},
                                     {"calls", "export", "--changes"},
                                     {"messages", "export", "--since-cursor"},
                                     {"messages", "export", "--changes"},
                                     {"audit", "export", "--since-cursor"}};
  const bool there = GENERATE(false, true);
  for (auto arguments : exports) {
    arguments.push_back(cursor);
    std::filesystem::remove(cursor);
    if (there) site.ok(arguments);
    const auto before = there ? test::read_text(cursor) : "";
    for (const auto* out : {"one.cursor", "./one.cursor", "folder/../one.cursor", "link", "folder/link"}) {
      auto refused = arguments;
      refused.insert(refused.end(), {"--out", out});
      CHECK(site.failure(refused) == "2 usage.own_file");
    }
    CHECK(std::filesystem::exists(cursor) == there);
    if (there) CHECK(test::read_text(cursor) == before);
  }
  const auto redirected = in_shell(site, "ringctl calls export --since-cursor one.cursor > one.cursor");
  CHECK(test::failure_of(redirected) == "2 usage.own_file");
  CHECK(site.json({"calls", "export", "--since-cursor", cursor}).size() == 2);
}

TEST_CASE("an export into a pipe that breaks, or a disk that is full, says so and moves no cursor",
          "[system]") {
  const Site site(any_engine());
  site.init();
  fill(site, 5000);
  const auto file = site.machine().home() / "calls.cursor";
  const auto status = [&](test::Stream out) {
    test::ProcessOptions options;
    options.out = out;
    if (!site.url().empty()) options.environment["RINGCTL_DATABASE_URL"] = site.url();
    return site.machine()
        .run({"calls", "export", "--since-cursor", file.string(), "-o", "jsonl"}, options)
        .status;
  };
  CHECK(status(test::Stream::full) == 40);
  CHECK(status(test::Stream::closed) == 40);
  CHECK(status(test::Stream::broken) == 141);
  const auto head = in_shell(
      site, fmt::format("ringctl calls export --since-cursor '{}' -o jsonl | head -n 1", file.string()));
  CHECK(head.status == 141);
  CHECK(std::count(head.out.begin(), head.out.end(), '\n') == 1);
  CHECK(head.err.empty());
  CHECK(test::read_text(file.string()).empty());
  CHECK(site.json({"calls", "export", "--since-cursor", file.string(), "--columns", "call_sid"}).size() ==
        5000);
}

TEST_CASE("an export that a file may not be large enough for says so", "[system]") {
  const Site site(any_engine());
  site.init();
  fill(site, 5000);
  for (const auto* where : {"> calls.csv", "--out calls.csv"}) {
    const auto limited = in_shell(site, fmt::format("ulimit -f 100; ringctl calls export -o csv {}", where));
    CHECK(test::failure_of(limited) == "40 output.write_failed");
    CHECK(limited.err.find("File too large") != std::string::npos);
  }
}

TEST_CASE("a reader that is slow gets every call", "[system][slow]") {
  const Site site(any_engine());
  site.init();
  fill(site, 5000);
  const auto slow = in_shell(site,
                             "ringctl calls export -o csv --no-header | "
                             "{ n=0; while IFS= read -r line; do n=$((n+1)); done; echo $n; }");
  CHECK(slow.status == 0);
  CHECK(slow.out == "5000\n");
}

TEST_CASE("an export takes no more memory for more calls", "[system][slow]") {
  const Site site(any_engine());
  site.init();
  fill(site, 60000);
  const auto peak_kib = [&](const std::string& choice) {
    const auto run =
        in_shell(site,
                 "python3 -c 'import resource, subprocess, sys\n"
                 "status = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL).returncode\n"
                 "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss if status == 0 else 0)' "
                 "ringctl calls export -o jsonl" +
                     choice);
    INFO(run.err);
    const auto peak = std::stoll(run.out);
    REQUIRE(peak > 0);
    return peak;
  };
  constexpr std::int64_t k_slack_kib = 16 * 1024;  // the rows are more than twice that
  const auto few = peak_kib(" --until 2026-03-01"), many = peak_kib("");
  INFO(few << " " << many);
  CHECK(many < few + k_slack_kib);
}
