#pragma once
// Legal holds: what must be kept although its time is over. Of one call, or of all calls of a contact, those
// to come included. `purge` passes over what is held, and contacts are not erased while they are, or one of
// their calls is.

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "audit/log.hpp"

namespace ringctl::calls {

struct Hold {
  base::Uuid id;
  std::string call_sid = {};                  ///< "" = of a contact
  std::string contact_id = {}, contact = {};  ///< id and first phone; "" = of a call
  std::string reason, held_by, ended_by = {};
  base::Instant created_at;
  std::optional<base::Instant> ended_at = {};
};

/// What is held: one of them.
struct HoldTarget {
  std::optional<base::Uuid> call = {}, contact = {};
};

struct HoldEdit {
  Hold hold;
  bool changed = false;  ///< false: it was held, or not held, already
};

// Each in a transaction of its own, audited (calls.hold, calls.unhold).
/// `reason`: up to 1000 bytes of text, not empty. Errc::invalid [holds.bad_reason]; Errc::conflict
/// [holds.other_reason] if it is held already, for another one.
HoldEdit hold(audit::Session&, const base::Uuid& workspace, const HoldTarget&, std::string_view reason,
              bool write = true);
/// Errc::not_found [holds.unknown] if nothing was ever held there.
HoldEdit unhold(audit::Session&, const base::Uuid& workspace, const HoldTarget&, bool write = true);

/// Inside a read transaction. Newest first; those that ended too, if wanted.
void for_each_hold(db::Connection&, const base::Uuid& workspace, bool ended_too,
                   const std::function<void(const Hold&)>&);

/// Inside a read transaction. What keeps this call now, its contact's holds included; oldest first.
std::vector<Hold> holds_on(db::Connection&, const base::Uuid& workspace, const base::Uuid& call);

/// Condition on `calls c` that no hold is on it: "NOT EXISTS (...)". For statements of this room.
extern const std::string_view k_not_held;

}  // namespace ringctl::calls
