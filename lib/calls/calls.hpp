#pragma once
// Reading the call log, and what people add to it: notes and outcomes. Reading happens inside the caller's
// read transaction on the workspace and streams.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "audit/log.hpp"
#include "calls/event.hpp"

namespace ringctl::calls {

struct Call {
  base::Uuid id;
  std::string call_sid, direction, status, from_number, to_number;
  std::string number, contact_id, customer_name;              ///< number: ours; "" = none
  std::string user_id, user_name, user_email, team_id, team;  ///< who answered, or who called
  std::string routed_by, rule, refusal, plan, outcome, notes;
  std::string recording_sid, recording_url, price, price_unit;
  base::Instant started_at, created_at, updated_at;
  std::optional<base::Instant> answered_at = {}, ended_at = {};
  std::optional<std::int64_t> duration_s =
      {};  ///< as Twilio says, else from the times of a call that is over
  std::optional<std::int64_t> closed_seq = {};   ///< its place among the finished calls
  std::optional<std::int64_t> changed_seq = {};  ///< its place among those that changed after; none: never
  std::int64_t version = 1;
};

struct CallFilter {
  std::optional<base::Instant> since = {}, until = {};  ///< started in [since, until)
  std::string direction = {}, status = {}, outcome = {};
  std::optional<base::Uuid> user = {}, team = {}, number = {};
  std::optional<base::Uuid> contact = {};  ///< its calls, and those of nobody under one of its phones
  bool held = false;                       ///< only those that a legal hold keeps
};

/// Columns that calls can be ordered by.
struct CallOrder {
  std::string column = "started_at";
  bool descending = true;
};

/// At most `limit` (0 = all). The call is valid during the visit only. Errc::usage [calls.bad_sort].
void for_each(db::Connection&, const base::Uuid& workspace, const CallFilter&, const CallOrder&,
              std::int64_t limit, const std::function<void(const Call&)>&);
std::int64_t count(db::Connection&, const base::Uuid& workspace, const CallFilter&);

/// Finished calls past this place, in the order of their places.
void for_each_closed(db::Connection&, const base::Uuid& workspace, std::int64_t after, std::int64_t limit,
                     const std::function<void(const Call&)>&);

/// Finished calls that changed after they were finished, past this place, in the order of their last changes:
/// a call that changed often comes once, as it is now.
void for_each_changed(db::Connection&, const base::Uuid& workspace, std::int64_t after, std::int64_t limit,
                      const std::function<void(const Call&)>&);
/// The place of the newest change, 0 where there was none.
std::int64_t last_changed(db::Connection&, const base::Uuid& workspace);

/// Calls of a contact, and calls of nobody under one of these phones, in the order they began.
void for_each_of_person(db::Connection&, const base::Uuid& workspace, const base::Uuid& contact,
                        const std::vector<std::string_view>& phones,
                        const std::function<void(const base::Uuid& id, std::string_view call_sid)>&);

/// Calls that somebody talks on now: answered, not over, begun within the workspace's on_call_hours. Newest
/// first.
void for_each_active(db::Connection&, const base::Uuid& workspace, const CallFilter&, base::Instant now,
                     const std::function<void(const Call&)>&);
/// Calls that are not over, begun since; whether or not anybody answered.
void for_each_live(db::Connection&, const base::Uuid& workspace, base::Instant since,
                   const std::function<void(const Call&)>&);

/// By SID of the call or of one of its legs, by the last eight digits of the call's own, or by id.
/// Errc::not_found [calls.unknown], Errc::conflict [calls.ambiguous].
Call get(db::Connection&, const base::Uuid& workspace, std::string_view what);

struct Attempt {
  std::string leg_sid, user_email, party, status;
  std::optional<std::int64_t> step = {}, wave = {};
  base::Instant started_at;
  std::optional<base::Instant> ringing_at = {}, answered_at = {}, ended_at = {};
};
struct KeptEvent {
  std::string call_sid, kind, status, form;
  std::optional<std::int64_t> sequence = {};
  base::Instant received_at;
};
struct Recording {
  std::string recording_sid, kind, status, url;
  std::optional<std::int64_t> duration_s = {}, channels = {};
};
struct Details {
  Call call;
  std::vector<Attempt> attempts;  ///< in the order they began
  std::vector<KeptEvent> events;  ///< as they came, legs' included
  std::vector<Recording> recordings;
};
/// Errc::not_found [calls.unknown].
Details get_details(db::Connection&, const base::Uuid& workspace, std::string_view what);

// --- what people add ---
/// What agents pick from: the workspace's list, else the built-in one.
std::vector<std::string> outcomes(db::Connection&, const base::Uuid& workspace);

struct Edit {
  Call before, after;
  bool changed() const { return before.notes != after.notes || before.outcome != after.outcome; }
};
struct EditOptions {
  bool write = true;
  std::optional<std::int64_t> if_version = {};  ///< Errc::conflict [calls.stale] if it has another
};
/// Each in a transaction of its own, audited. A line under the notes there are, or in their place; "" clears.
Edit note(audit::Session&, const base::Uuid& workspace, std::string_view what, std::string_view text,
          bool replace, const EditOptions& = {});
/// Errc::invalid [calls.unknown_outcome] naming those there are. "" clears.
Edit set_outcome(audit::Session&, const base::Uuid& workspace, std::string_view what,
                 std::string_view outcome, const EditOptions& = {});

// --- for routing ---
struct Busy {
  base::Uuid user;
  std::string call_sid = {};
  base::Instant since = {};
  friend bool operator==(const Busy&, const Busy&) = default;
};
/// Who is on a call: an answered leg, or an outbound call of theirs, that is not over and is younger than the
/// workspace's on_call_hours. Ringing does not count. A user once, with the newest of them; none where that
/// is over, for then only the end of an older one was lost.
std::vector<Busy> on_call(db::Connection&, const base::Uuid& workspace, base::Instant now);
/// When the last call of each user ended, of those who had one.
std::vector<std::pair<base::Uuid, base::Instant>> last_ended(db::Connection&, const base::Uuid& workspace);

}  // namespace ringctl::calls
