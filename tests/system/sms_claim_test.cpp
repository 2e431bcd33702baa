// Everybody who receives a number's texts wants the same conversation at once, while two servers bring texts
// of it to the database. 20 rounds; all 1,000 with RINGCTL_TEST_FULL.
#include <array>
#include <atomic>
#include <barrier>
#include <cstdlib>
#include <mutex>
#include <set>
#include <thread>
#include <vector>

#include "db/group_writer.hpp"
#include "messages/threads.hpp"
#include "support/session.hpp"
#include "system/text_site.hpp"

using namespace ringctl;
using test::TextSite;

namespace {

constexpr int k_users = 64;
constexpr int k_parties = 10;  ///< that rounds take in turn

int rounds() { return std::getenv("RINGCTL_TEST_FULL") != nullptr ? 1000 : 20; }

struct Contest {
  explicit Contest(db::Engine engine) : site(engine, {.users = k_users, .mode = "claim"}) {
    site.serve().start();
    site.start_second();
    for (auto& writer : writers)
      writer = std::make_unique<db::GroupWriter>(site.connect(), db::GroupWriter::Options{});
    referee.emplace(site.connect(), clock, "system");
  }

  /// A text to the conversation through one of the servers; false if it was not taken.
  bool text(int party, bool second) {
    const auto form = site.text(test::telephone(party), "Hello?", test::message_sid(++texts));
    if (second) return site.post_to_second(site.path(), form).status == 200;
    return site.post(site.path(), form).status() == 200;
  }

  template <class Work>
  auto read(test::Actor& actor, Work&& work) {
    db::Transaction transaction(*actor.connection, db::Scope::of(site.workspace()), db::Access::read);
    auto result = work(*actor.connection);
    transaction.commit();
    return result;
  }
  messages::Thread find(int party) {
    return read(*referee, [&](db::Connection& db) {
      return messages::get_thread(db, site.workspace(), test::telephone(party));
    });
  }

  /// A conversation that nobody has.
  messages::Thread prepare(int round) {
    const int party = round % k_parties;
    if (round < k_parties) {
      REQUIRE(text(party, round % 2 == 1));
      REQUIRE(site.await_messages(static_cast<std::int64_t>(texts)));
    } else {
      messages::release(referee->session, site.workspace(), find(party).id, std::nullopt);
    }
    return find(party);
  }

  /// One who asks by themselves.
  messages::Claim claim(test::Actor& actor, const messages::Person& who, const messages::Thread& thread) {
    return messages::claim(actor.session, site.workspace(), thread.id, who);
  }
  /// One of many whose claims a writer brings together.
  messages::Claim claim_by(db::GroupWriter& writer, const messages::Person& who,
                           const messages::Thread& thread) {
    messages::Claim claim;
    writer
        .submit(db::Scope::of(site.workspace()),
                [&](db::Connection& db) {
                  base::UuidGenerator ids(clock);
                  audit::Session session{db, clock, ids, "user:" + who.email};
                  claim = messages::claim_now(session, site.workspace(), thread.id, who, messages::By::claim,
                                              std::chrono::hours(24));
                })
        .get();
    return claim;
  }

  void take_part(int i) {
    test::Actor actor(site.connect(), clock, "user:" + test::agent_email(i));
    const auto who = read(actor, [&](db::Connection& db) {
      return messages::get_actor(db, site.workspace(), test::agent_email(i));
    });
    for (;;) {
      begin.arrive_and_wait();
      if (over) return;
      try {
        // A third of them alone, and a third through each writer.
        const auto got = i % 3 == 0 ? claim(actor, who, contested)
                                    : claim_by(*writers[static_cast<std::size_t>(i % 3 - 1)], who, contested);
        const std::lock_guard lock(mutex);
        if (got.won) winners.insert(who.email);
        holders.insert(got.holder);
      } catch (const std::exception& failure) {
        const std::lock_guard lock(mutex);
        failures.insert(failure.what());
      }
      end.arrive_and_wait();
    }
  }

  /// Texts of whoever is fought about, while they are.
  void disturb() {
    for (int i = 0; !over; ++i) {
      if (!text(fought_about, i % 2 == 1)) ++lost;
      ::poll(nullptr, 0, 2);
    }
  }

  void run() {
    std::vector<std::thread> people;
    people.reserve(k_users);
    for (int i = 0; i < k_users; ++i) people.emplace_back([this, i] { take_part(i); });
    std::optional<std::thread> texting;
    for (int round = 0; round < rounds(); ++round) {
      if (round == k_parties) texting.emplace([this] { disturb(); });
      contested = prepare(round);
      fought_about = round % k_parties;
      winners.clear();
      holders.clear();
      begin.arrive_and_wait();
      if (!texting) {  // the first rounds count their texts
        const int before = static_cast<int>(texts);
        CHECK(text(fought_about, true));
        CHECK(text(fought_about, false));
        CHECK(site.await_messages(before + 2));
      }
      end.arrive_and_wait();
      judge();
    }
    over = true;
    begin.arrive_and_wait();
    for (auto& person : people) person.join();
    if (texting) texting->join();
  }

  void judge() {
    const auto after = find(fought_about);
    if (winners.size() != 1) ++not_one;
    if (winners.size() == 1 && after.assigned_to != *winners.begin()) ++another;
    if (holders.size() != 1) ++told_otherwise;  // who lost was told who won
  }

  TextSite site;
  base::SystemClock clock;
  std::array<std::unique_ptr<db::GroupWriter>, 2> writers;
  std::optional<test::Actor> referee;
  std::barrier<> begin{k_users + 1}, end{k_users + 1};
  std::atomic<bool> over = false;
  std::atomic<int> fought_about = 0, lost = 0;
  std::atomic<std::uint64_t> texts = 0;
  messages::Thread contested = {};
  std::mutex mutex;
  std::set<std::string> winners, holders, failures;
  int not_one = 0, another = 0, told_otherwise = 0;
};

}  // namespace

TEST_CASE("of 64 who claim a conversation at once one has it, with two servers bringing texts of it",
          "[system][slow]") {
  Contest contest(GENERATE(from_range(test::engines())));
  contest.run();
  CHECK(contest.failures == std::set<std::string>());
  CHECK(contest.not_one == 0);
  CHECK(contest.another == 0);
  CHECK(contest.told_otherwise == 0);
  CHECK(contest.lost == 0);
  // One change of hands a round, and nothing that the servers wrote took it back.
  CHECK(contest.site.integer("SELECT count(*) FROM audit_log WHERE action = 'messages.claim'") == rounds());
  CHECK(contest.site.await_messages(static_cast<std::int64_t>(contest.texts)));
  CHECK(contest.site.messages() == static_cast<std::int64_t>(contest.texts));
}

TEST_CASE("of those who claim from programs of their own one has it, and the others are told who",
          "[system]") {
  TextSite site(GENERATE(from_range(test::engines())), {.users = 4, .mode = "claim"});
  site.serve().start();
  REQUIRE(test::is_silence(
      site.post(site.path(), site.text("+16265550101", "Hello?", test::message_sid(1))).body()));
  REQUIRE(site.await_messages(1));
  std::vector<test::ProcessResult> results(4);
  std::vector<std::thread> people;
  for (int i = 0; i < 4; ++i)
    people.emplace_back([&, i] {
      results[static_cast<std::size_t>(i)] =
          site.site().run({"messages", "claim", "+16265550101", "--as", test::agent_email(i)});
    });
  for (auto& person : people) person.join();
  const auto holder = site.site().json({"messages", "threads"}).at(0).at("assigned_to").get<std::string>();
  for (int i = 0; i < 4; ++i) {
    const auto& result = results[static_cast<std::size_t>(i)];
    INFO(result.err);
    if (test::agent_email(i) == holder) {
      CHECK(result.status == 0);
      continue;
    }
    CHECK(result.status == 6);
    CHECK(result.err.find("[messages.claimed]") != std::string::npos);
    CHECK(result.err.find(holder) != std::string::npos);
  }
}
