#pragma once
// What Twilio tells of messages that were sent, kept as it came and folded into their rows. Private to this
// room.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "messages/apply.hpp"

namespace ringctl::messages {

/// How far a message has come.
struct Progress {
  std::string status = {};
  std::optional<std::int64_t> error_code = {};  ///< of that status
  std::optional<base::Instant> sent_at = {}, delivered_at = {};
  friend bool operator==(const Progress&, const Progress&) = default;
};

struct Report {
  std::string_view status;
  std::optional<std::int64_t> error_code = {};
  base::Instant at;
};
/// Forward only; whatever order reports are taken in, and however often, the same comes of them. A status
/// that is none is passed over.
void take(Progress&, const Report&);

/// Inside the caller's write transaction, lock_counter() taken. All are Kind::status.
Applied take_statuses(audit::Session&, const base::Uuid& workspace, const std::vector<const Event*>&);

/// Of their keys, those that are kept. Inside a transaction.
std::vector<std::string> kept_keys(db::Connection&, const base::Uuid& workspace,
                                   const std::vector<std::string_view>& keys);
/// As the column takes it.
std::string stored_key(const Event&);

}  // namespace ringctl::messages
