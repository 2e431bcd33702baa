#pragma once
// Messages whose time to be kept is over: removed with their notifications, deliveries and what Twilio told
// of them; conversations once nothing is left in them; and what Twilio told of messages that were never here.
// What a legal hold on the contact keeps stays. Opt-outs stay.

#include <cstdint>
#include <functional>

#include "audit/log.hpp"

namespace ringctl::messages {

struct Purged {
  std::int64_t messages = 0, threads = 0, notifications = 0, events = 0;
  std::int64_t held = 0;  ///< old enough, and kept
  std::int64_t open = 0;  ///< old enough, and Twilio never said whether it took them: `jobs resolve` first
  base::Instant before = {};
  Purged& operator+=(const Purged&);
};
struct PurgeOptions {
  base::Instant before;                             ///< messages created before it
  bool write = true;                                ///< false: counts alone
  std::int64_t piece = 1000;                        ///< in one transaction
  std::function<void(const Purged&)> between = {};  ///< throws to stop
};
/// Oldest first, audited (messages.purge) for each piece; scrubs what audit images hold of the conversations.
/// Cursors stay good. Errc::invalid [messages.purge_too_young] for `before` within the last day.
Purged purge(audit::Session&, const base::Uuid& workspace, const PurgeOptions&);

}  // namespace ringctl::messages
