#pragma once
// How far the day's limits are used, and what they come to: rows for lists and exports.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "audit/log.hpp"
#include "base/zone.hpp"

namespace ringctl::limits {

struct StatusFilter {
  std::string agent = {};         ///< e-mail; "" = all
  std::string phone_number = {};  ///< E.164; "" = all
};

/// One voice assignment that is live. Texts are valid during the call that hands them out.
struct Status {
  base::Uuid assignment;
  std::string agent, agent_name, phone_number;
  bool callable = true;  ///< agent and number are active, and the number is Twilio's
  base::Day day{};       ///< today, as limits count
  std::int64_t daily_limit = 0, used = 0;
  std::int64_t reserved = 0, connected = 0, refunded = 0, adjusted = 0;  ///< of today
  std::optional<base::Day> last_day = {};                                ///< the last one with a call
  std::int64_t left() const { return used < daily_limit ? daily_limit - used : 0; }
  /// A call to a country that it may call would be let through now.
  bool can_call() const { return callable && left() > 0; }
};

/// By number. In a read transaction of its own. Streams.
void for_each_status(audit::Session&, const base::Uuid& workspace, const StatusFilter&,
                     const std::function<void(const Status&)>&);

enum class CapacityBy { workspace, agent, number };

/// Calls a day that live, callable assignments come to.
struct Capacity {
  std::string key;  ///< e-mail or number; "" for the workspace
  std::int64_t agents = 0, numbers = 0;
  std::int64_t capacity = 0;  ///< sum of the daily limits
  std::int64_t used = 0;      ///< today
  std::int64_t left = 0;      ///< what the single limits still let through, so not always capacity less used
};

/// By key. One row for the workspace, also where there is nothing. In a read transaction of its own.
void for_each_capacity(audit::Session&, const base::Uuid& workspace, CapacityBy,
                       const std::function<void(const Capacity&)>&);

}  // namespace ringctl::limits
