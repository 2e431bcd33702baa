#pragma once
#include "audit/log.hpp"
#include "sim/played.hpp"

namespace ringctl::sim {

/// What the phone system has on record, of these calls (those that are no legs of others) first and in their
/// order.
Records read_records(audit::Session&, const base::Uuid& workspace, const std::vector<Call>&);

}  // namespace ringctl::sim
