#pragma once
// What messages come to, for `reports messages`. Sums are SQL's; days are those of the zone that the caller
// gives.

#include <cstdint>
#include <functional>
#include <string_view>

#include "base/uuid.hpp"
#include "base/zone.hpp"
#include "db/connection.hpp"

namespace ringctl::messages {

enum class Grouping : std::uint8_t { total, day, agent, number, status };

struct Sums {
  std::int64_t received = 0, sent = 0;  ///< that came in; of ours, whatever became of them
  std::int64_t delivered = 0,           ///< of those sent: delivered, read
      failed = 0;                       ///< of those sent: failed, undelivered, canceled
  std::int64_t segments = 0;            ///< of those sent that Twilio took: what is billed
  std::int64_t stops = 0;               ///< STOP words that came in
  std::int64_t conversations = 0;       ///< with at least one of these messages
};

/// Messages created in [since, until). `key`: e-mail (of the sender; of what came in: whose it was), our
/// number, status, "2026-03-08"; "" = none, and the one row of `total`. Ordered by key, `COLLATE "C"`. Every
/// day of the time has a row; of the others, those with a message. Inside a read transaction.
void for_each_sum(db::Connection&, const base::Uuid& workspace, base::Instant since, base::Instant until,
                  Grouping, const base::Zone&, const std::function<void(std::string_view key, const Sums&)>&);

}  // namespace ringctl::messages
