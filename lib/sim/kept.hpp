#pragma once
#include "audit/log.hpp"
#include "sim/played.hpp"

namespace ringctl::sim {

/// What the phone system has on record: of these calls (those that are no legs of others) first and in their
/// order, then of calls that began `since`; older ones are not of this run.
Records read_records(audit::Session&, const base::Uuid& workspace, const std::vector<Call>&,
                     base::Instant since);

}  // namespace ringctl::sim
