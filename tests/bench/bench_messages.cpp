// Callers who claim conversations, so many of them each at once, all in one process and with one writer, as
// library calls of a server would. Prints one JSON object. The database has its schema (ringctl init) and
// gets a workspace of its own.
//   bench_messages URL CALLERS SECONDS EACH     EACH: callers who want the same conversation; divides CALLERS

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <barrier>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "db/bulk_insert.hpp"
#include "db/group_writer.hpp"
#include "db/transaction.hpp"
#include "messages/threads.hpp"

using namespace ringctl;
using Steady = std::chrono::steady_clock;

namespace {

constexpr std::size_t k_numbers = 20, k_parties = 10'000;
constexpr std::size_t k_conversations = k_numbers * k_parties;

double seconds_since(Steady::time_point start) {
  return std::chrono::duration<double>(Steady::now() - start).count();
}

[[noreturn]] void give_up(const std::string& why) {
  std::fputs((why + "\n").c_str(), stderr);
  std::_Exit(1);
}

std::string email(std::size_t n) { return fmt::format("agent{}@example.com", n); }
/// Kept for fiction: a hundred in each area code.
std::string telephone(std::size_t area, std::size_t n) {
  return fmt::format("+1{}55501{:02}", area + n / 100, n % 100);
}

struct Caller {
  Caller(const std::string& url, const base::Clock& clock, const std::string& name)
      : connection(db::Connection::open(url)), ids(clock), session{*connection, clock, ids, name} {}
  std::unique_ptr<db::Connection> connection;
  base::UuidGenerator ids;
  audit::Session session;
};

/// Numbers whose texts all callers receive, and conversations that nobody has.
class Estate {
 public:
  Estate(const std::string& given_url, std::size_t callers)
      : url(given_url), lead_(given_url, clock, "bench"), workspace(lead_.ids.next()) {
    auto& db = *lead_.connection;
    db::in_transaction(db, db::Scope::of(workspace), [&] {
      db.exec(
          "INSERT INTO workspaces (id, name, timezone, created_at, updated_at) VALUES ($1, $2, 'UTC', $3, $3)",
          {workspace, "bench " + workspace.text(), clock.now()});
      add_users(callers);
      add_numbers();
      add_pools();
      add_conversations();
    });
    // What was made here shall not be tidied up, or written out by the system, while claims are timed.
    db.exec_script(db.engine() == db::Engine::postgresql ? "ANALYZE" : "PRAGMA wal_checkpoint(TRUNCATE)");
    sync();
  }

  const std::string url;
  const base::SystemClock clock;
  std::vector<base::Uuid> users, conversations;

 private:
  db::BulkInsert table(const std::string& name, std::vector<db::BulkColumn> columns) {
    const auto at = base::format_utc(clock.now());
    columns.insert(columns.end(), {{"workspace_id", "uuid", workspace.text()},
                                   {"created_at", "timestamptz", at},
                                   {"updated_at", "timestamptz", at}});
    return {*lead_.connection, name, columns};
  }

  void add_users(std::size_t count) {
    auto rows = table("users", {{"id", "uuid"},
                                {"email", "text"},
                                {"role", "text", "agent"},
                                {"ring_on", "text", "client"},
                                {"availability", "text", "online"},
                                {"is_active", "boolean", "1"}});
    for (std::size_t n = 0; n < count; ++n) {
      const auto address = email(n);
      const db::Param row[] = {users.emplace_back(lead_.ids.next()), address};
      rows.add(row);
    }
    rows.flush();
  }

  void add_numbers() {
    auto rows = table("phone_numbers", {{"id", "uuid"},
                                        {"phone_number", "text"},
                                        {"provider", "text", "twilio"},
                                        {"status", "text", "active"},
                                        {"sms_mode", "text", "claim"}});
    for (std::size_t n = 0; n < k_numbers; ++n) {
      const auto ours = telephone(701, n);
      const db::Param row[] = {numbers_.emplace_back(lead_.ids.next()), ours};
      rows.add(row);
    }
    rows.flush();
  }

  void add_pools() {
    auto rows = table("agent_phone_numbers", {{"id", "uuid"},
                                              {"agent_id", "uuid"},
                                              {"phone_number_id", "uuid"},
                                              {"voice", "boolean", "0"},
                                              {"sms_access_enabled", "boolean", "1"},
                                              {"is_active", "boolean", "1"}});
    for (const auto& number : numbers_)
      for (const auto& user : users) {
        const auto id = lead_.ids.next();
        const db::Param row[] = {id, user, number};
        rows.add(row);
      }
    rows.flush();
  }

  void add_conversations() {
    auto rows = table("message_threads", {{"id", "uuid"},
                                          {"our_number", "text"},
                                          {"party_number", "text"},
                                          {"number_id", "uuid"},
                                          {"last_message_at", "timestamptz", base::format_utc(clock.now())}});
    for (std::size_t n = 0; n < k_conversations; ++n) {
      const auto ours = telephone(701, n % k_numbers), party = telephone(201, n / k_numbers);
      const db::Param row[] = {conversations.emplace_back(lead_.ids.next()), ours, party,
                               numbers_[n % k_numbers]};
      rows.add(row);
    }
    rows.flush();
  }

  Caller lead_;
  std::vector<base::Uuid> numbers_;

 public:
  const base::Uuid workspace;
};

/// Callers who go from one conversation to the next together, and all want it.
class Group {
 public:
  Group(const Estate& estate, db::GroupWriter& writer, base::UuidGenerator& writers_ids,
        Steady::time_point end, std::size_t first, std::size_t step, std::size_t each)
      : estate_(estate),
        writer_(writer),
        writers_ids_(writers_ids),
        at_(first),
        step_(step),
        round_(static_cast<std::ptrdiff_t>(each), OnRound{this, end}),
        won_(each, 0) {}

  /// What caller `place` of the group, user `user` of the estate, does until the time is over; how long each
  /// answer took.
  std::vector<double> run(std::size_t place, std::size_t user) {
    Caller caller(estate_.url, estate_.clock, "user:" + email(user));
    messages::Person who;
    who.id = estate_.users[user];
    who.email = email(user);
    who.role = "agent";
    std::vector<double> times;
    for (round_.arrive_and_wait(); !over_; round_.arrive_and_wait()) {
      const auto start = Steady::now();
      if (claim(caller.session, who)) ++won_[place];
      times.push_back(seconds_since(start));
    }
    return times;
  }
  std::int64_t rounds() const { return rounds_; }
  std::int64_t won() const {
    std::int64_t all = 0;
    for (const auto own : won_) all += own;
    return all;
  }

 private:
  /// Runs while all wait: the next conversation, or the end for all of them.
  struct OnRound {
    Group* group;
    Steady::time_point end;
    void operator()() noexcept {
      group->over_ = Steady::now() >= end;
      if (group->over_) return;
      ++group->rounds_;
      group->at_ = (group->at_ + group->step_) % k_conversations;
    }
  };

  /// As messages::claim() does: who has it is read first, and only who finds it free asks the writer.
  bool claim(audit::Session& session, const messages::Person& who) {
    const auto& conversation = estate_.conversations[at_];
    if (!messages::claim(session, estate_.workspace, conversation, who, false).won) return false;
    bool won = false;
    writer_
        .submit(db::Scope::of(estate_.workspace),
                [&](db::Connection& db) {
                  audit::Session writing{db, estate_.clock, writers_ids_, session.actor};
                  // So short that whoever comes round again finds it free.
                  constexpr std::chrono::seconds k_lease(1);
                  won = messages::claim_now(writing, estate_.workspace, conversation, who,
                                            messages::By::claim, k_lease)
                            .won;
                })
        .get();
    return won;
  }

  const Estate& estate_;
  db::GroupWriter& writer_;
  base::UuidGenerator& writers_ids_;
  std::size_t at_;
  const std::size_t step_;
  bool over_ = false;
  std::int64_t rounds_ = 0;
  std::barrier<OnRound> round_;
  std::vector<std::int64_t> won_;  ///< each caller's own
};

int bench(const std::string& url, std::size_t callers, double seconds, std::size_t each) {
  const Estate estate(url, callers);
  base::UuidGenerator writers_ids(estate.clock);  // used on the writer's thread only
  db::GroupWriter writer(db::Connection::open(url), db::GroupWriter::Options{});
  const auto start = Steady::now();
  const auto end =
      start + std::chrono::duration_cast<Steady::duration>(std::chrono::duration<double>(seconds));
  std::vector<std::unique_ptr<Group>> groups;
  for (std::size_t first = 0; first < callers / each; ++first)
    groups.push_back(std::make_unique<Group>(estate, writer, writers_ids, end, first, callers / each, each));
  std::vector<std::vector<double>> times(callers);
  std::vector<std::thread> threads;
  threads.reserve(callers);
  for (std::size_t n = 0; n < callers; ++n)
    threads.emplace_back([&, n] {
      try {
        times[n] = groups[n / each]->run(n % each, n);
      } catch (const std::exception& failure) {
        give_up(failure.what());
      }
    });
  for (auto& thread : threads) thread.join();
  const auto elapsed = seconds_since(start);
  std::int64_t won = 0, rounds = 0;
  for (const auto& group : groups) {
    won += group->won();
    rounds += group->rounds();
  }
  if (won != rounds) give_up(fmt::format("{} conversations, and {} claims that were won", rounds, won));
  std::vector<double> all;
  for (const auto& own : times) all.insert(all.end(), own.begin(), own.end());
  if (all.empty()) give_up("nobody came to claim anything");
  std::sort(all.begin(), all.end());
  fmt::print(
      R"({{"claims_per_second": {:.0f}, "won_per_second": {:.0f}, "p50_ms": {:.2f}, "p99_ms": {:.2f}}})"
      "\n",
      static_cast<double>(all.size()) / elapsed, static_cast<double>(won) / elapsed,
      all[all.size() / 2] * 1e3, all[all.size() * 99 / 100] * 1e3);
  return 0;
}

}  // namespace

int main(int argc, char** argv) try {
  const std::vector<std::string> words(argv + 1, argv + argc);
  const auto callers = words.size() == 4 ? std::stoul(words[1]) : 0;
  const auto each = words.size() == 4 ? std::stoul(words[3]) : 0;
  if (each > 0 && callers > 0 && callers % each == 0)
    return bench(words[0], callers, std::stod(words[2]), each);
  std::fputs("usage: bench_messages URL CALLERS SECONDS EACH\n", stderr);
  return 2;
} catch (const std::exception& failure) {
  std::fputs(failure.what(), stderr);
  return 1;
}
