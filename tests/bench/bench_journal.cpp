// How many records the journal makes durable, and how long each waits. Prints one line of figures.
//   bench_journal FOLDER OUTSTANDING SECONDS [sink|function] [BYTES]     closed loop, records of 800 bytes
//   bench_journal --sqlite FILE GROUP SECONDS     what is compared with: rows in WAL, synchronous=FULL, so
//   many to a commit

#include <fmt/format.h>
#include <sqlite3.h>
#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <vector>

#include "serve/applier.hpp"

using namespace ringctl;
using Steady = std::chrono::steady_clock;

namespace {

/// Of the whole process, in user and kernel mode.
double cpu_microseconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto of = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) * 1e6 + static_cast<double>(time.tv_usec);
  };
  return of(usage.ru_utime) + of(usage.ru_stime);
}

double microseconds_since(Steady::time_point start) {
  return std::chrono::duration<double, std::micro>(Steady::now() - start).count();
}

/// `outstanding` appends are always under way: the one that became durable makes room for the next, as a
/// network thread does that is woken once for a group.
class Load final : public serve::AppendSink {
 public:
  Load(serve::Journal& journal, std::size_t outstanding, std::string record, bool by_function)
      : journal_(journal), begun_(outstanding), record_(std::move(record)), by_function_(by_function) {
    samples_.reserve(std::size_t{1} << 22);
  }

  void run(double seconds) {
    for (std::size_t i = 0; i < begun_.size(); ++i) ready_.push_back(i);
    const auto start = Steady::now();
    const auto cpu = cpu_microseconds();
    std::vector<std::size_t> mine;
    while (microseconds_since(start) < seconds * 1e6) {
      take(mine);
      for (const auto i : mine) append(i);
    }
    took_ = microseconds_since(start) / 1e6;
    cpu_ = cpu_microseconds() - cpu;
    // Each of them is under way or waits to be taken.
    for (std::size_t rest = begun_.size(); rest > 0; rest -= mine.size()) take(mine);
  }

  void appended(std::span<const serve::Appended> all) noexcept override {
    {
      const std::lock_guard lock(mutex_);
      for (const auto& one : all) finish(one);
      ++wakes_;
    }
    arrived_.notify_one();
  }

  std::string figures() {
    std::sort(samples_.begin(), samples_.end());
    const auto at = [&](double share) {
      return samples_.empty()
                 ? 0.0
                 : samples_[static_cast<std::size_t>(share * static_cast<double>(samples_.size() - 1))];
    };
    return fmt::format(
        "records/s={:.0f} cpu_us={:.2f} p50_us={:.0f} p99_us={:.0f} p999_us={:.0f} longest_us={:.0f} errors={} wakes={}",
        static_cast<double>(samples_.size()) / took_, cpu_ / static_cast<double>(samples_.size()), at(0.5),
        at(0.99), at(0.999), at(1), errors_, wakes_);
  }

 private:
  void append(std::size_t i) {
    begun_[i] = Steady::now();
    const auto refused = by_function_ ? journal_.append(record_,
                                                        [this, i](const serve::Appended& done) {
                                                          {
                                                            const std::lock_guard lock(mutex_);
                                                            finish({i, done.sequence, done.error});
                                                            ++wakes_;
                                                          }
                                                          arrived_.notify_one();
                                                        })
                                      : journal_.append(record_, *this, i);
    if (refused) appended(std::vector<serve::Appended>{{i, 0, refused}});
  }

  void finish(const serve::Appended& one) {
    ready_.push_back(one.token);
    if (one.error)
      ++errors_;
    else
      samples_.push_back(microseconds_since(begun_[one.token]));
  }

  void take(std::vector<std::size_t>& mine) {
    std::unique_lock lock(mutex_);
    arrived_.wait(lock, [this] { return !ready_.empty(); });
    mine.clear();
    mine.swap(ready_);
  }
  serve::Journal& journal_;
  std::vector<Steady::time_point> begun_;
  const std::string record_;
  const bool by_function_;
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::vector<std::size_t> ready_;
  std::vector<double> samples_;
  std::size_t errors_ = 0, wakes_ = 0;
  double took_ = 0, cpu_ = 0;
};

int bench_journal(const std::string& folder, std::size_t outstanding, double seconds, bool by_function,
                  std::size_t bytes) {
  const base::SystemClock clock;
  const auto journal = serve::Journal::open(folder, {}, clock);
  serve::Applier applier(*journal, clock, [](std::span<const serve::Record>) {}, {});
  Load load(*journal, outstanding, std::string(bytes, 'x'), by_function);
  load.run(seconds);
  const auto stats = journal->stats();
  fmt::print("outstanding={} {} groups={} sync_mean_us={:.0f} sync_longest_us={} lag={}\n", outstanding,
             load.figures(), stats.groups,
             static_cast<double>(stats.sync_total.count()) /
                 static_cast<double>(std::max<std::uint64_t>(stats.groups, 1)),
             stats.sync_longest.count(), stats.disk.lag_records);
  return 0;
}

void must(int result, sqlite3* db) {
  if (result == SQLITE_OK || result == SQLITE_DONE) return;
  fmt::print(stderr, "{}\n", sqlite3_errmsg(db));
  std::exit(1);
}

int bench_sqlite(const char* file, int group, double seconds) {
  sqlite3* db = nullptr;
  must(sqlite3_open(file, &db), db);
  must(sqlite3_exec(db,
                    "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; CREATE TABLE IF NOT EXISTS bench_log "
                    "(id TEXT PRIMARY KEY, call_sid TEXT UNIQUE, body BLOB NOT NULL)",
                    nullptr, nullptr, nullptr),
       db);
  sqlite3_stmt* insert = nullptr;
  must(sqlite3_prepare_v2(
           db,
           "INSERT INTO bench_log VALUES (lower(hex(randomblob(16))), 'CA' || lower(hex(randomblob(16))), ?)",
           -1, &insert, nullptr),
       db);
  const std::string body(800, 'x');
  std::vector<double> commits;
  const auto start = Steady::now();
  const auto cpu = cpu_microseconds();
  while (microseconds_since(start) < seconds * 1e6) {
    const auto begin = Steady::now();
    must(sqlite3_exec(db, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr), db);
    for (int i = 0; i < group; ++i) {
      must(sqlite3_bind_blob(insert, 1, body.data(), static_cast<int>(body.size()), SQLITE_STATIC), db);
      must(sqlite3_step(insert), db);
      must(sqlite3_reset(insert), db);
    }
    must(sqlite3_exec(db, "COMMIT", nullptr, nullptr, nullptr), db);
    commits.push_back(microseconds_since(begin));
  }
  const auto took = microseconds_since(start) / 1e6;
  const auto records = static_cast<double>(commits.size()) * group;
  std::sort(commits.begin(), commits.end());
  fmt::print("sqlite group={} records/s={:.0f} cpu_us={:.2f} p50_us={:.0f} p99_us={:.0f}\n", group,
             records / took, (cpu_microseconds() - cpu) / records, commits[commits.size() / 2],
             commits[commits.size() * 99 / 100]);
  sqlite3_finalize(insert);
  sqlite3_close(db);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> args(argv + 1, argv + argc);
  if (args.size() == 4 && args[0] == "--sqlite")
    return bench_sqlite(argv[2], std::stoi(args[2]), std::stod(args[3]));
  if (args.size() < 3) {
    fmt::print(stderr,
               "usage: bench_journal FOLDER OUTSTANDING SECONDS [sink|function] [BYTES]\n"
               "       bench_journal --sqlite FILE GROUP SECONDS\n");
    return 2;
  }
  return bench_journal(args[0], std::stoul(args[1]), std::stod(args[2]),
                       args.size() > 3 && args[3] == "function", args.size() > 4 ? std::stoul(args[4]) : 800);
}
