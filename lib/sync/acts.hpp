#pragma once
// What acts upon calls have in common: whom they ring, on which legs a call goes on, and asking Twilio for
// what must not happen twice. Private to this room.

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "calls/parties.hpp"
#include "calls/rooms.hpp"
#include "db/lease.hpp"
#include "db/transaction.hpp"
#include "jobs/effects.hpp"
#include "routing/plan.hpp"
#include "sync/account.hpp"
#include "twilio/rest_calls.hpp"

namespace ringctl::sync {

/// `work` in a read transaction on the workspace; what it returns.
template <class Work>
auto reading(Account& account, Work&& work) {
  auto& db = account.session.db;
  db::Transaction transaction(db, db::Scope::of(account.workspace.id), db::Access::read);
  auto result = work(db);
  transaction.commit();
  return result;
}
/// `work` in a write transaction on the workspace; again from the start where it was busy.
template <class Work>
void writing(Account& account, Work&& work) {
  db::in_transaction(account.session.db, db::Scope::of(account.workspace.id), work);
}

/// What is done to a call while this lives is audited as done by them.
class ActingAs {
 public:
  ActingAs(Account&, const calls::Person&);
  ~ActingAs();
  ActingAs(const ActingAs&) = delete;
  ActingAs& operator=(const ActingAs&) = delete;

 private:
  audit::Session& session_;
  std::string before_;
};

/// Of two processes that move the parties of a call, one waits for the other: to redirect a leg that is in
/// its conference already would end that. Errc::locked [lock.held].
db::Lease lock_call(Account&, const calls::Call&, std::chrono::milliseconds patience);

/// Whom a leg rings.
struct Target {
  routing::Party party;
  std::string address;   ///< as Twilio is told: "client:agent_...", "+1..."
  bool outside = false;  ///< nobody of ours: counted against limits
};
/// `on`: client, phone, or a number of theirs; "" = as the user says (both: the client). Errc::conflict
/// [users.inactive, users.no_phone]; Errc::usage, Errc::invalid for another `on`.
Target target_of(const calls::Person&, std::string_view on);
/// A user by e-mail, id or extension, else a number. Errc::not_found [users.unknown], Errc::invalid.
Target find_target(Account&, std::string_view to);

/// The legs that a call goes on by.
struct Sides {
  std::string agent_sid, customer_sid;
};
/// Of a call with a room, those in it; else the pair. Errc::conflict [calls.over], [calls.not_connected].
Sides sides_of(Account&, const calls::Call&, const std::optional<calls::Room>&);
/// Whether it is recorded: as it was decided when it began, else by what is set now.
bool is_recorded(Account&, const calls::Call&);
/// The number of ours that the call is of.
const std::string& own_number(const calls::Call&);
/// No number is called from itself: Errc::conflict [calls.same_number].
void require_other_number(const std::string& rung, const std::string& from, std::string hint = {});
void require_live(const calls::Call&);

/// What rings somebody: written down, asked for once, and marked with what came of it.
struct Ringing {
  std::string_view kind;        ///< call.start, participant.add
  std::string key;              ///< whom
  std::string request;          ///< canonical JSON
  std::string_view sid_member;  ///< of the answer
};
/// The SID of the leg. `then` runs in the transaction that marks it as done; where that fails the leg is
/// ended. Throws what Twilio's refusal is, Errc::unknown_outcome [calls.unknown_outcome] where no answer
/// came.
std::string ring(Account&, const Ringing&, const twilio::Ask&,
                 const std::function<void(const std::string& sid)>& then = {});

/// What must not happen twice, on record as on its way: kind, key, request and id are the caller's, the actor
/// too if it is set. Inside a write transaction, which is to be committed before anything is asked.
void note_asked(Account&, jobs::Effect&);
/// Nobody can say what came of it. Where that cannot be written down it stays as on its way, which jobs
/// resolve asks about as well; nothing is thrown, for whoever reads of a failure would ask once more.
void note_unknown(Account&, const base::Uuid& effect, std::string_view why);

/// An act upon a call, for the audit log. `before`, `after`: JSON.
void record_act(Account&, const calls::Call&, std::string_view action,
                const std::optional<std::string>& before, const std::optional<std::string>& after);

/// Asks several times a second until `done`, for so long; false past it. Throws when the run is cancelled.
bool wait_until(const base::CancelToken&, std::chrono::milliseconds patience,
                const std::function<bool()>& done);

/// True of one that is on the line, not one that still rings.
bool is_in(const std::optional<twilio::Participant>&);
/// The leg is ended, if it was not over. True if it was not.
bool end_leg(Account&, std::string_view sid);

/// What was begun and went wrong is taken back, as far as it can be; also after a signal. What went wrong
/// first is what is told, so nothing is thrown.
void take_back(Account&, const std::function<void(Account&)>& work) noexcept;

}  // namespace ringctl::sync
