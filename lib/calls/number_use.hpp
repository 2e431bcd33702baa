#pragma once
#include <functional>

#include "base/clock.hpp"
#include "base/uuid.hpp"
#include "db/connection.hpp"

namespace ringctl::calls {

/// Every number of the workspace that a call on record since then came to or went out from. Inside the
/// caller's transaction.
void numbers_in_use(db::Connection&, const base::Uuid& workspace, base::Instant since,
                    const std::function<void(const base::Uuid& number)>&);

}  // namespace ringctl::calls
