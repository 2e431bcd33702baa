#pragma once
// What somebody holds, and what becomes of it when they leave or a number changes hands (R78). History stays
// with whom it happened to.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "audit/log.hpp"

namespace ringctl::estate {

/// What a user holds now.
struct Holdings {
  std::vector<std::string> numbers;     ///< live voice assignments
  std::vector<std::string> extensions;  ///< active ones
  std::vector<std::string> pools;       ///< numbers whose messages they receive
  std::vector<std::string> teams;       ///< that they supervise, also those out of use
  std::int64_t contacts = 0;            ///< that they look after
  bool empty() const {
    return numbers.empty() && extensions.empty() && pools.empty() && teams.empty() && contacts == 0;
  }
};
/// In a transaction of its own. `email` is canonical.
Holdings holdings_of(audit::Session&, const base::Uuid& workspace, std::string_view email);

/// Takes the user out of use, in one transaction: what they hold goes to `successor`, or ends. Limits and
/// countries of an assignment go along. Throws Errc::not_found [users.unknown], Errc::conflict
/// [users.inactive_successor] or [users.same_successor], and what stands in the way of a single move. `write`
/// false: the same without writing.
Holdings deactivate_user(audit::Session&, const base::Uuid& workspace, std::string_view email,
                         const std::optional<std::string>& successor, bool write);

/// Gives a number's live voice assignment to another agent; its limit and countries go along.
/// Errc::conflict [assignments.not_assigned] if nobody has it; false if they have it already.
bool move_number(audit::Session&, const base::Uuid& workspace, std::string_view number,
                 std::string_view to_email, bool write);

/// Who may call from the number now, "" if nobody. In a transaction of its own.
std::string owner_of(audit::Session&, const base::Uuid& workspace, std::string_view number);

}  // namespace ringctl::estate
