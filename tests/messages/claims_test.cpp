// Who gets a conversation. All 64 users and 1,000 rounds are in tests/system.

#include <atomic>
#include <barrier>
#include <future>
#include <thread>

#include "db/group_writer.hpp"
#include "messages/desk.hpp"
#include "support/catch.hpp"
#include "support/errors.hpp"

using namespace ringctl;
using messages::By;
using test::k_ann;
using test::k_bob;
using test::k_cleo;
using test::TextDesk;

namespace {

db::Engine any_engine() { return GENERATE(from_range(test::engines())); }

/// Ann and Bob are in the pool, Cleo is not; Lin wrote.
struct Claims : TextDesk {
  explicit Claims(db::Engine engine) : TextDesk(engine) {
    join(ann_id);
    join(bob_id);
    mode("claim");
    apply({text(1)});
    lin = thread().id;
  }
  messages::Claim claim(const std::string& who, bool write = true) {
    return messages::claim(session(), workspace, lin, person(who), write);
  }
  messages::Claim claim_now(const std::string& who, By by = By::claim,
                            std::chrono::seconds lease = std::chrono::hours(1)) {
    const auto claimer = person(who);
    messages::Claim claim;
    write([&] { claim = messages::claim_now(session(), workspace, lin, claimer, by, lease); });
    return claim;
  }
  /// nullopt: an admin at the command line.
  std::optional<messages::Person> as(const std::string& who) {
    if (who.empty()) return std::nullopt;
    return person(who);
  }
  messages::Handover release(const std::string& who = {}, bool write = true) {
    return messages::release(session(), workspace, lin, as(who), write);
  }
  messages::Handover reassign(const std::string& to, const std::string& who = {}, bool write = true) {
    return messages::reassign(session(), workspace, lin, person(to), as(who), write);
  }
  /// Ann's team, of which Cleo is the supervisor.
  void supervise() {
    set_user(cleo_id, "role", "supervisor");
    const auto team = alice.ids.next();
    exec(
        "INSERT INTO teams (id, workspace_id, name, supervisor_id, is_active, created_at, updated_at) "
        "VALUES ($1, $2, 'Sales', $3, TRUE, $4, $4)",
        {team, workspace, cleo_id, clock.now()});
    exec("UPDATE users SET team_id = $2 WHERE id = $1", {ann_id, team});
  }
  std::string audited() {
    return rows(
        "SELECT action FROM audit_log WHERE workspace_id = $1 AND object_type = 'message_thread' ORDER BY seq");
  }
  base::Uuid lin;
};

}  // namespace

TEST_CASE("the first to claim has the conversation, and others are told who", "[messages]") {
  Claims f(any_engine());
  const auto won = f.claim(k_ann);
  CHECK(won.won);
  CHECK(won.changed);
  CHECK(won.holder == k_ann);
  CHECK(won.lease_expires_at == f.clock.now() + std::chrono::hours(24));
  const auto lost = f.claim(k_bob);
  CHECK_FALSE(lost.won);
  CHECK_FALSE(lost.changed);
  CHECK(lost.holder == k_ann);
  CHECK(lost.lease_expires_at == won.lease_expires_at);
  CHECK(f.owner() == "ann");
  CHECK(f.audited() == "messages.claim\n");
}

TEST_CASE("to claim again makes the lease longer, and nothing else", "[messages]") {
  Claims f(any_engine());
  f.claim(k_ann);
  const auto assigned_at = f.thread().assigned_at;
  f.clock.advance(std::chrono::hours(1));
  const auto again = f.claim(k_ann);
  CHECK(again.won);
  CHECK_FALSE(again.changed);
  CHECK(f.thread().lease_expires_at == f.clock.now() + std::chrono::hours(24));
  CHECK(f.thread().assigned_at == assigned_at);
  CHECK(f.audited() == "messages.claim\n");
}

TEST_CASE("what is only planned is not written", "[messages]") {
  Claims f(any_engine());
  CHECK(f.claim(k_ann, false).won);
  CHECK(f.owner().empty());
  f.claim(k_ann);
  CHECK_FALSE(f.claim(k_bob, false).won);
  CHECK(f.release({}, false).changed);
  CHECK(f.reassign(k_bob, {}, false).after.assigned_to == k_bob);
  CHECK(f.owner() == "ann");
  CHECK(f.audited() == "messages.claim\n");
}

TEST_CASE("a lease that has run out is anybody's, one that does not run out is not", "[messages]") {
  Claims f(any_engine());
  f.claim_now(k_ann, By::reply, std::chrono::seconds(60));
  CHECK(f.thread().assigned_by == "reply");
  f.clock.advance(std::chrono::seconds(59));
  CHECK_FALSE(f.claim_now(k_bob).won);
  f.clock.advance(std::chrono::seconds(1));
  CHECK(f.claim_now(k_bob, By::claim, std::chrono::seconds(0)).won);
  CHECK_FALSE(f.thread().lease_expires_at);
  f.clock.advance(std::chrono::hours(24 * 365 * 10));
  CHECK(f.claim_now(k_ann).holder == k_bob);
}

TEST_CASE("the workspace's lease of none does not run out", "[messages]") {
  Claims f(any_engine());
  f.exec("UPDATE workspaces SET sms_lease_s = 0 WHERE id = $1", {f.workspace});
  CHECK_FALSE(f.claim(k_ann).lease_expires_at);
  CHECK_FALSE(f.thread().lease_expires_at);
}

TEST_CASE("who is active no more has nothing", "[messages]") {
  Claims f(any_engine());
  f.claim(k_ann);
  f.deactivate(f.ann_id);
  CHECK(f.claim(k_bob).won);
  CHECK(f.owner() == "bob");
  CHECK(test::slug_of([&] { f.person(k_ann); }) == "users.inactive");
}

TEST_CASE("who has become a manager has nothing", "[messages]") {
  Claims f(any_engine());
  f.claim(k_ann);
  f.set_user(f.ann_id, "role", "manager");
  CHECK(f.claim(k_bob, false).changed);
  CHECK(f.claim(k_bob).won);
  CHECK(f.owner() == "bob");
}

TEST_CASE("members, admins, who has it and who was told of it may answer; managers never", "[messages]") {
  Claims f(any_engine());
  const auto may = [&](const std::string& who) {
    const auto person = f.person(who);
    const auto thread = f.thread();
    return f.read([&] { return messages::may_answer(f.db(), f.workspace, person, thread); });
  };
  CHECK(may(k_ann));
  CHECK_FALSE(may(k_cleo));
  CHECK(test::slug_of([&] { f.claim(k_cleo); }) == "messages.not_yours");
  f.set_user(f.cleo_id, "role", "admin");
  CHECK(may(k_cleo));
  f.set_user(f.cleo_id, "role", "agent");
  f.reassign(k_cleo);
  CHECK(may(k_cleo));
  f.release();
  f.exec("UPDATE agent_phone_numbers SET sms_access_enabled = FALSE WHERE agent_id = $1", {f.ann_id});
  CHECK(may(k_ann));  // was told of the first message
  f.set_user(f.bob_id, "role", "manager");
  CHECK_FALSE(may(k_bob));
}

TEST_CASE("a claim on a conversation that is not there is told so", "[messages]") {
  Claims f(any_engine());
  f.lin = f.alice.ids.next();
  CHECK(test::slug_of([&] { f.claim(k_ann); }) == "messages.no_thread");
  CHECK(test::slug_of([&] { f.claim_now(k_ann); }) == "messages.no_thread");
  CHECK(test::slug_of([&] { f.release(); }) == "messages.no_thread");
}

TEST_CASE("a conversation is released by whoever has it, or those above them", "[messages]") {
  Claims f(any_engine());
  f.claim(k_ann);
  CHECK(test::slug_of([&] { f.release(k_bob); }) == "messages.not_yours");
  const auto released = f.release(k_ann);
  CHECK(released.changed);
  CHECK(released.before.assigned_to == k_ann);
  CHECK(released.after.assigned_to.empty());
  CHECK(f.owner().empty());
  CHECK_FALSE(f.thread().assigned_at);
  CHECK_FALSE(f.release(k_bob).changed);
  f.claim(k_ann);
  f.supervise();
  CHECK(f.release(k_cleo).changed);
  CHECK(f.audited() == "messages.claim\nmessages.release\nmessages.claim\nmessages.release\n");
}

TEST_CASE("a supervisor hands conversations of their team over", "[messages]") {
  Claims f(any_engine());
  CHECK(test::slug_of([&] { f.reassign(k_bob, k_ann); }) == "messages.may_not_reassign");
  f.supervise();
  const auto given = f.reassign(k_bob, k_cleo);  // free, and Ann is in the pool
  CHECK(given.changed);
  CHECK(given.after.assigned_to == k_bob);
  CHECK(given.after.assigned_by == "reassign");
  CHECK(f.owner() == "bob");
  // Bob is not of the team.
  CHECK(test::slug_of([&] { f.reassign(k_ann, k_cleo); }) == "messages.may_not_reassign");
  CHECK(f.reassign(k_ann).changed);
  CHECK_FALSE(f.reassign(k_ann).changed);
  CHECK(f.reassign(k_bob, k_cleo).changed);
  CHECK(f.audited() == "messages.reassign\nmessages.reassign\nmessages.reassign\n");
}

TEST_CASE("nobody is given a conversation who cannot answer it", "[messages]") {
  Claims f(any_engine());
  auto bob = f.person(k_bob);
  f.set_user(f.cleo_id, "role", "manager");
  CHECK(test::slug_of([&] { f.reassign(k_cleo); }) == "messages.may_not_answer");
  bob.is_active = false;
  CHECK(test::slug_of([&] { messages::reassign(f.session(), f.workspace, f.lin, bob, std::nullopt); }) ==
        "users.inactive");
  CHECK(f.owner().empty());
}

TEST_CASE("of many who claim at once exactly one wins", "[messages]") {
  constexpr int k_claimers = 8, k_rounds = 10;
  Claims f(any_engine());
  std::vector<messages::Person> people;
  for (int i = 0; i < k_claimers; ++i) {
    const auto email = fmt::format("user{}@example.com", i);
    f.join(f.agent(email));
    people.push_back(f.person(email));
  }
  std::barrier start(k_claimers + 1), end(k_claimers + 1);
  std::atomic<int> won = 0, failed = 0;
  std::vector<std::thread> claimers;
  for (const auto& person : people)
    claimers.emplace_back([&, who = &person] {
      test::Actor actor(f.database.connect(), f.clock);
      for (int round = 0; round < k_rounds; ++round) {
        start.arrive_and_wait();
        try {
          if (messages::claim(actor.session, f.workspace, f.lin, *who).won) ++won;
        } catch (const std::exception&) {
          ++failed;
        }
        end.arrive_and_wait();
      }
    });
  int wrong = 0;
  for (int round = 0; round < k_rounds; ++round) {
    f.release();
    won = 0;
    start.arrive_and_wait();
    end.arrive_and_wait();
    if (won != 1) ++wrong;
  }
  for (auto& claimer : claimers) claimer.join();
  CHECK(wrong == 0);
  CHECK(failed.load() == 0);
}

TEST_CASE("claims that one writer groups are decided one by one", "[messages]") {
  Claims f(any_engine());
  const std::vector<messages::Person> people{f.person(k_ann), f.person(k_bob)};
  db::GroupWriter writer(f.database.connect(), {});
  base::UuidGenerator ids(f.clock);
  std::atomic<int> won = 0;
  std::vector<std::future<void>> all;
  for (int i = 0; i < 20; ++i)
    all.push_back(writer.submit(db::Scope::of(f.workspace), [&, i](db::Connection& db) {
      audit::Session session{db, f.clock, ids, "system"};
      const auto& who = people[static_cast<std::size_t>(i % 2)];
      if (messages::claim_now(session, f.workspace, f.lin, who, By::claim, std::chrono::hours(1)).won) ++won;
    }));
  for (auto& one : all) one.get();
  CHECK(won.load() == 10);  // the first, and all of the same person's after
  CHECK(f.owner() == "ann");
  CHECK(f.audited() == "messages.claim\n");
}
