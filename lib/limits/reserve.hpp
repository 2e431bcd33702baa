#pragma once
// Asking for a call, and counting it. Of any number of callers at a limit less one, exactly one is let
// through: a single statement looks at the counter, at the limit and at who may call, and moves the counter.
// Beyond the limit counts only what has happened already: a call whose reservation had expired (settle.hpp),
// and one that was let through without the database (count_later()).

#include <chrono>
#include <string>
#include <string_view>

#include "audit/log.hpp"
#include "db/group_writer.hpp"
#include "limits/settings.hpp"
#include "limits/verdict.hpp"

namespace ringctl::limits {

inline constexpr std::string_view k_invalid_from_number = "limits.invalid_from_number";

struct Request {
  std::string agent;             ///< e-mail or id
  std::string to;                ///< as dialled; national forms are read by the workspace's default country
  std::string from_number = {};  ///< E.164; "" = by the workspace's rotation
  std::string call_sid = {};     ///< "" = not known yet: attach() brings it
  /// How long a reservation without a call stands; longer than Twilio takes to answer a request for a call.
  std::chrono::milliseconds ttl = std::chrono::minutes(2);
  /// What the workspace chose when its settings were last read, for a database that cannot be asked now.
  WhenAway when_away = WhenAway::refuse;
  /// Twilio calls from another number of ours, as it does to hand a call over: the number that is taken here
  /// only pays, and may be the destination.
  bool pays_only = false;
};

/// Writes nothing: what reserve() would answer now, with every refusal there is. Throws Errc::not_found
/// [limits.unknown_agent], Errc::invalid [phone.invalid] for a destination that is no number, Errc::invalid
/// [limits.invalid_from_number] for a from-number that is none.
Verdict check(audit::Session&, const base::Uuid& workspace, const Request&);

/// Counts the call if it may be placed. A refusal writes nothing. The same call_sid again gets the same
/// reservation while that is open or counted; one that was given back is decided anew, as a new reservation.
/// A call_sid that was reserved for another agent or destination is Errc::conflict [limits.other_call], one
/// that another workspace has Errc::conflict [limits.call_elsewhere]. A database that is away answers
/// limits_unavailable, or lets the call through uncounted where `when_away` says so; one that stays too busy,
/// though all was tried twice, is Errc::db_busy: it is there, and what it would have said is not known.
/// Throws what check() throws.
Verdict reserve(audit::Session&, const base::Uuid& workspace, const Request&);

/// The same for many threads of one process on SQLite: `writer` decides and counts the calls of many in one
/// transaction, which was committed when this returns. Throws Errc::usage [limits.writer_on_server] for a
/// writer on PostgreSQL: a group would hold the counters of many calls, and two groups each other's.
Verdict reserve(audit::Session&, const base::Uuid& workspace, const Request&, db::GroupWriter& writer);

/// What reserve() answers where the database cannot even be reached: limits_unavailable, or, where
/// `when_away` says so and the number to call from is named, the call let through uncounted. Emergency calls
/// always are. same_number where that number would call itself: no database has to be asked for that.
Verdict answer_without_database(const Request&, std::string_view why);

/// A call that was let through while the database was away, counted when it is back, on the day it was placed
/// and beyond any limit: it has happened. Once for each call_sid. If the day is closed, its sums follow. The
/// reservation it now has. In the caller's transaction on the workspace if there is one, and then as a part
/// that leaves nothing if it throws. Throws Errc::not_found [limits.unknown_assignment] if the agent never
/// had the number, Errc::invalid [phone.invalid].
base::Uuid count_later(audit::Session&, const base::Uuid& workspace, const Request& placed,
                       base::Instant placed_at);

}  // namespace ringctl::limits
