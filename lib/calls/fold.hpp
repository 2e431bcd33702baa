#pragma once
// What events make of the rows of a call, in memory: apply.cpp reads the rows before and writes them after.
// Private to this room.

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "calls/event.hpp"
#include "calls/state.hpp"

namespace ringctl::calls {

/// A row as it was found, or a new one.
struct RowState {
  bool is_new = false, changed = false;
};

struct LegRow : RowState {
  base::Uuid id;
  std::string sid, party = {};
  Progress progress;
  std::optional<base::Instant> answered_at = {};
  std::optional<base::Uuid> user = {};
  std::optional<Place> place = {};
  /// Of this batch only: what the call's stored plan may make an answer.
  std::optional<base::Instant> picked_up_at = {};
};

struct CallRow : RowState {
  base::Uuid id;
  std::string sid;
  Direction direction = Direction::inbound;
  std::string from_number = {}, to_number = {};  ///< to_number "": known through others only
  std::optional<base::Uuid> number = {}, contact = {}, user = {}, team = {}, reservation = {};
  std::string customer_name = {}, routed_by = {}, rule = {}, refusal = {};
  std::string plan = {};                         ///< of this batch only: not read
  std::optional<base::Instant> decided_at = {};  ///< when a decision on the way gave routing and plan
  Progress own;
  std::string status = "queued";
  std::optional<base::Instant> answered_at = {};
  std::optional<std::int64_t> closed_seq = {};
  std::optional<base::Instant> created_at = {};
  std::vector<LegRow> legs = {};
  std::optional<base::Instant> asked_at = {};  ///< of this batch only: asked to be called back

  bool missed() const { return status == k_missed; }
};

/// "voicemail", "call"
struct RecordingRow : RowState {
  base::Uuid id;
  std::string sid;
  std::optional<base::Uuid> call = {};
  std::string kind = "call", status = "in-progress", url = {};
  std::optional<std::int64_t> duration_s = {}, channels = {};
};

/// What decisions refer to, as far as it is there.
struct References {
  struct Contact {
    bool erased = false;
  };
  std::map<base::Uuid, std::optional<base::Uuid>> team_of_user = {};
  std::map<base::Uuid, Contact> contacts = {};
  std::map<base::Uuid, bool> numbers = {};
};

/// The call an event belongs to, by its SID.
std::string_view call_sid_of(const Event&);
/// The SID of the recording that an event tells of; "" if it tells of none.
std::string_view recording_sid_of(const Event&);

/// Its person was erased: nothing of theirs comes back with events that were still on their way.
bool is_erased(const CallRow&, const References&);
void take(CallRow&, const Event&, const References&, base::UuidGenerator&);
/// `erased`: where the sound lies is not kept.
void take(RecordingRow&, const Event&, bool erased);
/// Of a leg that is answered as soon as it is picked up: that it was then.
void take_pick_up(LegRow&, const std::optional<base::Instant>& at);
/// After all events: status, answer, owner, team. Marks the row changed where that differs.
void conclude(CallRow&, const References&);
Outcome outcome_of(const CallRow&);

/// Text from outside as a column takes it: UTF-8 without NUL, at most `most` bytes.
std::string storable(std::string_view, std::size_t most = 255);

}  // namespace ringctl::calls
