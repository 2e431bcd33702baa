#pragma once
// Conversations, and whose they are. One statement decides who gets a free one (a claim, or a reply that
// claims), however many ask at once, from however many processes.

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "audit/log.hpp"
#include "messages/people.hpp"
#include "messages/route.hpp"

namespace ringctl::messages {

struct Thread {
  base::Uuid id;
  std::string our_number, party_number;  ///< party_number "" = erased
  std::optional<base::Uuid> number = {};
  std::string sms_mode;  ///< of the number, as it is now; "" = the number is gone
  std::string contact_id, contact_name;
  std::string assigned_user_id, assigned_to,
      assigned_by;  ///< assigned_to: e-mail; as written, also past the lease
  std::optional<base::Instant> assigned_at = {}, lease_expires_at = {}, last_inbound_at = {};
  base::Instant last_message_at, created_at, updated_at;
  std::int64_t version = 1;
  bool holder_can_answer = false;  ///< false of nobody, of who is active no more, and of managers

  /// Nobody has it, whoever is written there.
  bool is_free(base::Instant now) const {
    return !holder_can_answer || (lease_expires_at && *lease_expires_at <= now);
  }
};

struct ThreadFilter {
  std::optional<base::Uuid> user = {};  ///< who has it
  std::optional<base::Uuid> number = {};
  std::string party = {};  ///< E.164
  bool free_only = false;
  std::optional<base::Instant> since = {}, until = {};  ///< last message in [since, until)
};

// Reading, inside the caller's read transaction.
/// Newest message first, unless a column is named: last_message_at, our_number, party_number, assigned_to,
/// created_at. At most `limit` (0 = all). Errc::usage [messages.bad_sort].
void for_each_thread(db::Connection&, const base::Uuid& workspace, const ThreadFilter&, base::Instant now,
                     std::string_view sort, bool descending, std::int64_t limit,
                     const std::function<void(const Thread&)>&);
std::int64_t count_threads(db::Connection&, const base::Uuid& workspace, const ThreadFilter&,
                           base::Instant now);
/// By the number of whoever it is with, the SID of a message in it, its id or the last eight digits of that.
/// `our_number` "" = any. Errc::not_found [messages.no_thread], Errc::conflict [messages.ambiguous] naming
/// the numbers that it goes on by.
Thread get_thread(db::Connection&, const base::Uuid& workspace, std::string_view what,
                  std::string_view our_number = {});

// --- claims ---
struct Claim {
  bool won = false;         ///< it is theirs now
  bool changed = false;     ///< false where it was theirs before: only the lease is longer
  std::string holder = {};  ///< e-mail of who has it; "" = nobody
  std::optional<base::Instant> lease_expires_at = {};
};

/// Inside the caller's write transaction: one conditional UPDATE, and an audit row (messages.claim) where the
/// owner changed. `lease` 0: does not run out. For callers that group many (db::GroupWriter), which looked
/// first.
Claim claim_now(audit::Session&, const base::Uuid& workspace, const base::Uuid& thread, const Person&, By,
                std::chrono::seconds lease);
/// In transactions of its own: who has it is read first, so that who comes too late locks nobody out. Throws
/// Errc::auth [messages.not_yours] where may_answer() says no, Errc::not_found. `write` false: what would be.
Claim claim(audit::Session&, const base::Uuid& workspace, const base::Uuid& thread, const Person&,
            bool write = true);
/// The workspace's sms_lease_s. Inside a transaction.
std::chrono::seconds lease_of(db::Connection&, const base::Uuid& workspace);

struct Handover {
  Thread before, after;
  bool changed = false;
};
/// Free again. `as` nullopt: an admin at the command line; else the owner, or may_reassign(). Errc::auth
/// [messages.not_yours]. Audited: messages.release.
Handover release(audit::Session&, const base::Uuid& workspace, const base::Uuid& thread,
                 const std::optional<Person>& as, bool write = true);
/// Theirs, whoever has it. `as` as for release(). Errc::auth [messages.may_not_reassign], Errc::conflict
/// [users.inactive, messages.may_not_answer] (managers). Audited: messages.reassign.
Handover reassign(audit::Session&, const base::Uuid& workspace, const base::Uuid& thread, const Person& to,
                  const std::optional<Person>& as, bool write = true);

}  // namespace ringctl::messages
