// Whoever's UPDATE finds the conversation free has it: one statement, under the row's lock. Renewing is
// another one, so that it is known which of them it was. Nothing sweeps leases: every reader compares them
// with its clock.

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "db/transaction.hpp"
#include "messages/rows.hpp"
#include "messages/threads.hpp"

namespace ringctl::messages {
namespace {

/// Of message_threads t, which $3 does not have yet: $5 is now.
const std::string& take_sql() {
  static const auto k_sql = fmt::format(
      "UPDATE message_threads AS t SET assigned_user_id = $3, assigned_by = $4, assigned_at = $5, "
      "lease_expires_at = $6, version = version + 1, updated_at = $5 WHERE t.workspace_id = $1 AND t.id = $2 AND "
      "(t.assigned_user_id IS NULL OR (t.assigned_user_id <> $3 AND (t.lease_expires_at <= $5 OR NOT EXISTS "
      "(SELECT 1 FROM users u WHERE u.id = t.assigned_user_id AND {}))))",
      k_can_have);
  return k_sql;
}
constexpr std::string_view k_renew =
    "UPDATE message_threads SET lease_expires_at = $4, version = version + 1, updated_at = $5 "
    "WHERE workspace_id = $1 AND id = $2 AND assigned_user_id = $3";

std::optional<base::Instant> lease_end(base::Instant now, std::chrono::seconds lease) {
  if (lease.count() == 0) return std::nullopt;
  return now + lease;
}

std::string image(std::string_view assigned_to, std::string_view assigned_by) {
  auto json = nlohmann::json::object();
  if (!assigned_to.empty()) json = {{"assigned_by", assigned_by}, {"assigned_to", assigned_to}};
  return json.dump();
}

/// Keyed by the id: whom it is with stands in the row, which can be erased.
void record(audit::Session& session, const base::Uuid& workspace, std::string_view action,
            const base::Uuid& thread, std::optional<std::string> before, std::string after) {
  audit::record(session, workspace,
                {.action = action,
                 .object_type = "message_thread",
                 .object_id = thread,
                 .object_key = thread.view(),
                 .before = std::move(before),
                 .after = std::move(after)});
}

Claim lost_to(const Thread& thread) {
  return {.holder = thread.assigned_to, .lease_expires_at = thread.lease_expires_at};
}

Error not_yours(const Person& who, const Thread& thread) {
  return {Errc::auth, "messages.not_yours",
          fmt::format("{} may not answer the conversation of {} with {}", who.email, thread.our_number,
                      thread.party_number),
          fmt::format("ringctl pools add {} {}", thread.our_number, who.email)};
}

/// In a transaction of its own; `work` decides by the row, which nobody else changes meanwhile.
template <class Work>
Handover hand_over(audit::Session& session, const base::Uuid& workspace, const base::Uuid& thread, bool write,
                   Work&& work) {
  Handover handover;
  auto& db = session.db;
  const auto look = [&] {
    handover.before = handover.after = thread_by_id(db, workspace, thread);
    handover.changed = false;
    work(handover);
  };
  if (!write) {
    db::Transaction transaction(db, db::Scope::of(workspace), db::Access::read);
    look();
    transaction.commit();
    return handover;
  }
  db::in_transaction(db, db::Scope::of(workspace), [&] {
    db.exec("UPDATE message_threads SET version = version WHERE workspace_id = $1 AND id = $2",
            {workspace, thread});
    look();
  });
  return handover;
}

/// As the handover says it is from here on.
void write_assignment(audit::Session& session, const base::Uuid& workspace, Handover& handover,
                      std::string_view action) {
  auto& after = handover.after;
  after.updated_at = session.clock.now();
  ++after.version;
  session.db.exec(
      "UPDATE message_threads SET assigned_user_id = $3, assigned_by = $4, assigned_at = $5, lease_expires_at = $6, "
      "version = $7, updated_at = $8 WHERE workspace_id = $1 AND id = $2",
      {workspace, after.id, db::or_null(after.assigned_user_id), db::or_null(after.assigned_by),
       after.assigned_at, after.lease_expires_at, after.version, after.updated_at});
  const auto& before = handover.before;
  record(session, workspace, action, after.id, image(before.assigned_to, before.assigned_by),
         image(after.assigned_to, after.assigned_by));
}

void require_can_have(const Person& to) {
  if (!to.is_active) throw Error(Errc::conflict, "users.inactive", fmt::format("{} is not active", to.email));
  if (to.role == "manager")
    throw Error(Errc::conflict, "messages.may_not_answer",
                fmt::format("{} is a manager, and managers answer no messages", to.email));
}

}  // namespace

std::chrono::seconds lease_of(db::Connection& db, const base::Uuid& workspace) {
  constexpr std::int64_t k_day = 86400;
  return std::chrono::seconds(
      db.integer("SELECT sms_lease_s FROM workspaces WHERE id = $1", {workspace}).value_or(k_day));
}

Claim claim_now(audit::Session& session, const base::Uuid& workspace, const base::Uuid& thread,
                const Person& who, By by, std::chrono::seconds lease) {
  auto& db = session.db;
  const auto now = session.clock.now();
  Claim claim{.won = true, .changed = true, .holder = who.email, .lease_expires_at = lease_end(now, lease)};
  // Released or handed over between two of the statements: then it is asked for again.
  constexpr int k_attempts = 3;
  for (int attempt = 1;; ++attempt) {
    if (db.exec(take_sql(), {workspace, thread, who.id, by_name(by), now, claim.lease_expires_at}) == 1) {
      record(session, workspace, "messages.claim", thread, std::nullopt, image(who.email, by_name(by)));
      return claim;
    }
    if (db.exec(k_renew, {workspace, thread, who.id, claim.lease_expires_at, now}) == 1) {
      claim.changed = false;
      return claim;
    }
    const auto held = thread_by_id(db, workspace, thread);
    if (!held.is_free(now) || attempt == k_attempts) return lost_to(held);
  }
}

Claim claim(audit::Session& session, const base::Uuid& workspace, const base::Uuid& thread, const Person& who,
            bool write) {
  auto& db = session.db;
  const auto now = session.clock.now();
  Claim claim{.won = true, .changed = true, .holder = who.email};
  std::chrono::seconds lease{};
  {
    db::Transaction transaction(db, db::Scope::of(workspace), db::Access::read);
    const auto held = thread_by_id(db, workspace, thread);
    if (!may_answer(db, workspace, who, held)) throw not_yours(who, held);
    lease = lease_of(db, workspace);
    const bool theirs = held.assigned_user_id == who.id.view();
    if (!theirs && !held.is_free(now)) return lost_to(held);
    claim.changed = !theirs;
    transaction.commit();
  }
  claim.lease_expires_at = lease_end(now, lease);
  if (write)
    db::in_transaction(db, db::Scope::of(workspace),
                       [&] { claim = claim_now(session, workspace, thread, who, By::claim, lease); });
  return claim;
}

Handover release(audit::Session& session, const base::Uuid& workspace, const base::Uuid& thread,
                 const std::optional<Person>& as, bool write) {
  return hand_over(session, workspace, thread, write, [&](Handover& handover) {
    auto& after = handover.after;
    if (after.assigned_user_id.empty()) return;
    const bool theirs = as && as->id.view() == after.assigned_user_id;
    if (as && !theirs && !may_reassign(session.db, workspace, *as, after))
      throw Error(Errc::auth, "messages.not_yours",
                  fmt::format("the conversation of {} with {} is {}'s", after.our_number, after.party_number,
                              after.assigned_to));
    after.assigned_user_id.clear();
    after.assigned_to.clear();
    after.assigned_by.clear();
    after.assigned_at.reset();
    after.lease_expires_at.reset();
    after.holder_can_answer = false;
    handover.changed = true;
    if (write) write_assignment(session, workspace, handover, "messages.release");
  });
}

Handover reassign(audit::Session& session, const base::Uuid& workspace, const base::Uuid& thread,
                  const Person& to, const std::optional<Person>& as, bool write) {
  const auto now = session.clock.now();
  return hand_over(session, workspace, thread, write, [&](Handover& handover) {
    auto& after = handover.after;
    if (as && !may_reassign(session.db, workspace, *as, after))
      throw Error(Errc::auth, "messages.may_not_reassign",
                  fmt::format("{} may not hand over the conversation of {} with {}", as->email,
                              after.our_number, after.party_number));
    require_can_have(to);
    if (after.assigned_user_id == to.id.view() && !after.is_free(now)) return;
    after.assigned_user_id = to.id.view();
    after.assigned_to = to.email;
    after.assigned_by = by_name(By::reassign);
    after.assigned_at = now;
    after.lease_expires_at = lease_end(now, lease_of(session.db, workspace));
    after.holder_can_answer = true;
    handover.changed = true;
    if (write) write_assignment(session, workspace, handover, "messages.reassign");
  });
}

}  // namespace ringctl::messages
