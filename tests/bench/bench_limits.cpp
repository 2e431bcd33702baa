// Callers who reserve calls, all in one process, and a day that is closed beside them. Prints one line of
// figures, for bench.py. The database has its schema (ringctl init) and gets a workspace of its own.
//   bench_limits reserve URL THREADS SECONDS ASSIGNMENTS [group]     calls per second; how long they took
//   bench_limits rows FILE GROUP SECONDS     the peer on SQLite: rows per second, so many to a commit
//   bench_limits reset URL COUNTERS     seconds; the longest call alone, and beside it

#include <fmt/format.h>
#include <sqlite3.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "base/zone.hpp"
#include "db/bulk_insert.hpp"
#include "db/group_writer.hpp"
#include "db/transaction.hpp"
#include "limits/reserve.hpp"
#include "limits/reset.hpp"

using namespace ringctl;
using Steady = std::chrono::steady_clock;

namespace {

double seconds_since(Steady::time_point start) {
  return std::chrono::duration<double>(Steady::now() - start).count();
}

struct Caller {
  Caller(const std::string& url, const base::Clock& clock)
      : connection(db::Connection::open(url)), ids(clock), session{*connection, clock, ids, "bench"} {}
  std::unique_ptr<db::Connection> connection;
  base::UuidGenerator ids;
  audit::Session session;
};

std::string email(std::size_t n) { return fmt::format("agent{}@example.com", n); }

/// A workspace with agents who have a number each, and `counters` counters of yesterday.
class Estate {
 public:
  Estate(const std::string& given_url, std::size_t agents, std::size_t counters)
      : url(given_url), lead_(given_url, clock), workspace(lead_.ids.next()) {
    auto& db = *lead_.connection;
    const auto now = clock.now();
    db::in_transaction(db, db::Scope::of(workspace), [&] {
      db.exec(
          "INSERT INTO workspaces (id, name, timezone, created_at, updated_at) VALUES ($1, $2, 'UTC', $3, $3)",
          {workspace, "bench " + workspace.text(), now});
      add_agents(agents);
      if (counters > 0) add_counters(counters);
    });
    // What was made here shall not be tidied up, or written out by the system, while calls are timed.
    db.exec_script(db.engine() == db::Engine::postgresql ? "ANALYZE" : "PRAGMA wal_checkpoint(TRUNCATE)");
    sync();
  }

  limits::Verdict reserve(audit::Session& session, std::size_t agent, db::GroupWriter* writer) const {
    const limits::Request request{.agent = email(agent), .to = "+12025550199"};
    return writer != nullptr ? limits::reserve(session, workspace, request, *writer)
                             : limits::reserve(session, workspace, request);
  }

  const std::string url;
  const base::SystemClock clock;

 private:
  db::BulkInsert table(const std::string& name, std::vector<db::BulkColumn> columns) {
    const auto at = base::format_utc(clock.now());
    columns.insert(columns.end(), {{"workspace_id", "uuid", workspace.text()},
                                   {"created_at", "timestamptz", at},
                                   {"updated_at", "timestamptz", at}});
    return {*lead_.connection, name, columns};
  }

  void add_agents(std::size_t count) {
    auto users = table("users", {{"id", "uuid"},
                                 {"email", "text"},
                                 {"role", "text", "agent"},
                                 {"ring_on", "text", "client"},
                                 {"availability", "text", "online"},
                                 {"is_active", "boolean", "1"}});
    auto numbers = table("phone_numbers", {{"id", "uuid"},
                                           {"phone_number", "text"},
                                           {"provider", "text", "twilio"},
                                           {"status", "text", "active"}});
    std::vector<std::pair<base::Uuid, base::Uuid>> pairs;
    for (std::size_t n = 0; n < count; ++n) {
      const auto& [user, number] = pairs.emplace_back(lead_.ids.next(), lead_.ids.next());
      const auto address = email(n), phone = fmt::format("+1202{:07}", 2'000'000 + n);
      const db::Param user_row[] = {user, address}, number_row[] = {number, phone};
      users.add(user_row);
      numbers.add(number_row);
    }
    users.flush();
    numbers.flush();
    auto assignments = assignment_table();
    for (const auto& [user, number] : pairs) {
      const auto id = lead_.ids.next();
      const db::Param row[] = {id, user, number};
      assignments.add(row);
    }
    assignments.flush();
    last_user_ = pairs.back().first;
  }

  db::BulkInsert assignment_table() {
    return table("agent_phone_numbers", {{"id", "uuid"},
                                         {"agent_id", "uuid"},
                                         {"phone_number_id", "uuid"},
                                         {"voice", "boolean", "1"},
                                         {"is_active", "boolean", "1"},
                                         {"daily_limit", "bigint", "1000000000"}});
  }

  void add_counters(std::size_t count) {
    std::vector<base::Uuid> ids;
    auto assignments = assignment_table();
    for (std::size_t n = 0; n < count; ++n) {
      const auto& id = ids.emplace_back(lead_.ids.next());
      const db::Param row[] = {id, last_user_, nullptr};
      assignments.add(row);
    }
    assignments.flush();
    const auto today = std::chrono::floor<std::chrono::days>(clock.now());
    const auto yesterday = base::format_day(base::Day(today - std::chrono::days(1)));
    const std::vector<db::BulkColumn> columns{{"assignment_id", "uuid"},
                                              {"day", "date", yesterday},
                                              {"workspace_id", "uuid", workspace.text()},
                                              {"reserved", "bigint", "3"}};
    db::BulkInsert usage(*lead_.connection, "daily_usage", columns);
    for (const auto& id : ids) {
      const db::Param row[] = {id};
      usage.add(row);
    }
    usage.flush();
  }

  Caller lead_;
  base::Uuid last_user_;

 public:
  const base::Uuid workspace;
};

int bench_reserve(const std::string& url, int threads, double seconds, std::size_t agents, bool grouped) {
  const Estate estate(url, agents, 0);
  std::unique_ptr<db::GroupWriter> writer;
  if (grouped)
    writer = std::make_unique<db::GroupWriter>(db::Connection::open(url), db::GroupWriter::Options{});
  std::atomic<bool> stop = false;
  std::vector<std::vector<double>> times(static_cast<std::size_t>(threads));
  std::vector<std::thread> callers;
  callers.reserve(static_cast<std::size_t>(threads));
  for (int t = 0; t < threads; ++t)
    callers.emplace_back([&, t] {
      Caller caller(url, estate.clock);
      std::minstd_rand random(static_cast<unsigned>(t) + 1);
      while (!stop) {
        const auto start = Steady::now();
        if (!estate.reserve(caller.session, random() % agents, writer.get()).allowed) std::abort();
        times[static_cast<std::size_t>(t)].push_back(seconds_since(start));
      }
    });
  const auto start = Steady::now();
  std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
  stop = true;
  for (auto& caller : callers) caller.join();
  const auto elapsed = seconds_since(start);
  std::vector<double> all;
  for (const auto& own : times) all.insert(all.end(), own.begin(), own.end());
  std::sort(all.begin(), all.end());
  fmt::print("calls_per_second {:.0f} p50_ms {:.2f} p99_ms {:.2f} max_ms {:.1f}\n",
             static_cast<double>(all.size()) / elapsed, all[all.size() / 2] * 1e3,
             all[all.size() * 99 / 100] * 1e3, all.back() * 1e3);
  return 0;
}

void must(int code) {
  if (code != SQLITE_OK && code != SQLITE_DONE) std::abort();
}

/// Rows with a random key and a unique call, as durable as ours.
int bench_rows(const std::string& path, int group, double seconds) {
  sqlite3* db = nullptr;
  must(sqlite3_open(path.c_str(), &db));
  must(sqlite3_exec(
      db,
      "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; DROP TABLE IF EXISTS calls; "
      "CREATE TABLE calls (id TEXT PRIMARY KEY, call_sid TEXT UNIQUE, from_number TEXT, to_number "
      "TEXT, status TEXT, created_at TEXT)",
      nullptr, nullptr, nullptr));
  sqlite3_stmt* insert = nullptr;
  must(sqlite3_prepare_v2(
      db,
      "INSERT INTO calls VALUES (?1, ?2, '+12025550100', '+12025550199', 'ringing', '2026-03-08T08:00:00.000Z')",
      -1, &insert, nullptr));
  std::mt19937_64 random(1);
  const auto start = Steady::now();
  std::int64_t rows = 0;
  while (seconds_since(start) < seconds) {
    must(sqlite3_exec(db, "BEGIN", nullptr, nullptr, nullptr));
    for (int i = 0; i < group; ++i, ++rows) {
      const auto id = fmt::format("{:016x}{:016x}", random(), random()),
                 call = fmt::format("CA{:016x}{:016x}", random(), random());
      must(sqlite3_bind_text(insert, 1, id.c_str(), -1, SQLITE_STATIC));
      must(sqlite3_bind_text(insert, 2, call.c_str(), -1, SQLITE_STATIC));
      must(sqlite3_step(insert));
      must(sqlite3_reset(insert));
    }
    must(sqlite3_exec(db, "COMMIT", nullptr, nullptr, nullptr));
  }
  fmt::print("rows_per_second {:.0f}\n", static_cast<double>(rows) / seconds_since(start));
  sqlite3_finalize(insert);
  sqlite3_close(db);
  return 0;
}

int bench_reset(const std::string& url, std::size_t counters) {
  const Estate estate(url, 2, counters);  // the first one calls, the other one has the counters
  std::atomic<bool> stop = false, beside = false;
  double alone_worst = 0, beside_worst = 0;
  std::thread caller([&] {
    Caller own(url, estate.clock);
    while (!stop) {
      const bool during = beside;
      const auto start = Steady::now();
      if (!estate.reserve(own.session, 0, nullptr).allowed) std::abort();
      auto& worst = during ? beside_worst : alone_worst;
      worst = std::max(worst, seconds_since(start));
    }
  });
  std::this_thread::sleep_for(std::chrono::seconds(2));
  Caller closer(url, estate.clock);
  beside = true;
  const auto start = Steady::now();
  const auto report = limits::reset(closer.session, estate.workspace);
  const auto elapsed = seconds_since(start);
  stop = true;
  caller.join();
  if (report.days.size() != 1 || report.days[0].counters != static_cast<std::int64_t>(counters)) std::abort();
  fmt::print("reset_seconds {:.2f} alone_max_ms {:.1f} beside_max_ms {:.1f}\n", elapsed, alone_worst * 1e3,
             beside_worst * 1e3);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  if (words.size() >= 5 && words[0] == "reserve")
    return bench_reserve(words[1], std::stoi(words[2]), std::stod(words[3]), std::stoul(words[4]),
                         words.size() > 5);
  if (words.size() == 4 && words[0] == "rows")
    return bench_rows(words[1], std::stoi(words[2]), std::stod(words[3]));
  if (words.size() == 3 && words[0] == "reset") return bench_reset(words[1], std::stoul(words[2]));
  std::fputs(
      "usage: bench_limits reserve URL THREADS SECONDS ASSIGNMENTS [group] | rows FILE GROUP SECONDS | "
      "reset URL COUNTERS\n",
      stderr);
  return 2;
}
