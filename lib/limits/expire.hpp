#pragma once
// Taking back reservations that no call came of.

#include <cstdint>
#include <functional>
#include <optional>

#include "audit/log.hpp"
#include "base/cancel.hpp"
#include "base/zone.hpp"

namespace ringctl::limits {

struct ExpireOptions {
  std::optional<base::Day> up_to = {};        ///< only reservations of this day and earlier ones
  std::optional<base::Uuid> number_id = {};   ///< only of this number
  std::optional<base::Uuid> assignment = {};  ///< only of this one
  const base::CancelToken* cancel = nullptr;  ///< asked between batches
};

/// Refunds, once, every reservation without a call whose time is up, to the day it was made on. Returns how
/// many. In short transactions of at most 100 counters each; several may run at once. `each`: what became of
/// one day's reservations in one batch.
std::int64_t expire(audit::Session&, const base::Uuid& workspace, const ExpireOptions& = {},
                    const std::function<void(base::Day, std::int64_t)>& each = {});

/// How many expire() would take back now, by day. Inside a transaction.
void count_due(audit::Session&, const base::Uuid& workspace, const ExpireOptions&,
               const std::function<void(base::Day, std::int64_t)>& each);

}  // namespace ringctl::limits
