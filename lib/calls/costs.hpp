#pragma once
#include <cstdint>
#include <functional>
#include <string_view>

#include "base/clock.hpp"
#include "base/uuid.hpp"
#include "db/connection.hpp"

namespace ringctl::calls {

/// What calls are put together by. party: the number at the other end.
enum class CostKey { total, agent, number, direction, party };

/// Calls that are over, of one key and one price. Views live during the call that hands them out.
struct CostGroup {
  std::string_view key;    ///< e-mail, E.164 number, inbound or outbound; "" = none, and of the total
  std::string_view price;  ///< a decimal of what one of them cost: "0.0085"; "" = not told yet
  std::string_view unit;   ///< "USD"
  std::int64_t calls = 0, duration_s = 0;
};
/// Those that began in [since, until), by key. Inside the caller's transaction.
void for_each_cost(db::Connection&, const base::Uuid& workspace, base::Instant since, base::Instant until,
                   CostKey, const std::function<void(const CostGroup&)>&);

}  // namespace ringctl::calls
