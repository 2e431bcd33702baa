#pragma once
// A call that was counted before it was placed, found again by its reservation.

#include <optional>
#include <string>

#include "base/uuid.hpp"
#include "db/connection.hpp"
#include "limits/settle.hpp"

namespace ringctl::limits {

struct Reserved {
  base::Uuid id, agent;
  std::string email;        ///< of the agent
  std::string from_number;  ///< E.164, the number it was counted for
  std::string to_number;    ///< E.164; "" = erased with the person who had it
  std::string call_sid;     ///< "" = not known yet
  State state = State::open;
};

/// Inside the caller's transaction. nullopt: the workspace has no such reservation.
std::optional<Reserved> find_reserved(db::Connection&, const base::Uuid& workspace,
                                      const base::Uuid& reservation);

}  // namespace ringctl::limits
