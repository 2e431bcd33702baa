#pragma once
// How much of the day's limits was used on days gone by: capacity, looked at over time.

#include <functional>
#include <optional>
#include <string>

#include "audit/log.hpp"
#include "base/zone.hpp"
#include "limits/status.hpp"

namespace ringctl::limits {

/// Days [first, last] of voice assignments, those that ended included for the days they were used on.
/// ringctl-reports(7) says the same in words.
struct Use {
  std::string key = {}, name = {};  ///< e-mail or number, and what people call it; "" for the workspace
  std::int64_t agents = 0, numbers = 0;
  std::int64_t capacity = 0;  ///< calls a day that live, callable assignments come to now
  std::int64_t days = 0;      ///< days of the period on which a call was counted
  std::int64_t used = 0;      ///< calls counted: reserved - refunded - adjusted, all days together
  std::int64_t connected = 0;
  std::int64_t peak = 0;                   ///< used on the busiest day
  std::optional<base::Day> peak_day = {};  ///< the first of these
  std::int64_t full_days = 0;  ///< of `days`: those on which an assignment reached its limit of today
};

/// By key; one row for the workspace. By agent and number those that have capacity now, and those that were
/// used then; what was used with numbers that are deleted since has key "" and comes last. Inside a read
/// transaction. Memory: the rows.
void for_each_use(db::Connection&, const base::Uuid& workspace, CapacityBy, base::Day first, base::Day last,
                  const std::function<void(const Use&)>&);

}  // namespace ringctl::limits
