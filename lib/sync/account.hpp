#pragma once
// What the verbs of this room work on: one workspace of the database, and its account at Twilio.

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "audit/log.hpp"
#include "base/cancel.hpp"
#include "directory/workspaces.hpp"
#include "routing/answer.hpp"
#include "twilio/client.hpp"

namespace ringctl::sync {

/// All of it outlives the call it is handed to. `client` belongs to the account that `workspace` is managed
/// through.
struct Account {
  audit::Session& session;
  const directory::Workspace& workspace;
  twilio::Client& client;
  const base::CancelToken& cancel;
  std::string public_url = {};  ///< of serve, without a slash at its end; "" = not configured
  std::chrono::milliseconds lock_wait{};
  bool local_too = false;  ///< the bases are a simulator's: webhooks on this machine are taken

  /// How Twilio reaches serve for this workspace. Throws Errc::config [serve.no_public_url].
  routing::Links links() const;
};

/// Shown while it works: phase, how far, how many failed.
struct Progress {
  std::string_view phase;
  std::uint64_t done = 0, total = 0, failed = 0;
};
using ProgressFn = std::function<void(const Progress&)>;

/// Places on their way at once, shared by every process on this database that asks the account: lease rows
/// "twilio AC... N". A process that holds several lets one go every two seconds, so that others get in. The
/// connection is its own. `wait`: for the first place.
std::shared_ptr<twilio::Slots> shared_slots(std::unique_ptr<db::Connection>, const base::Clock&,
                                            std::string account_sid, std::size_t limit,
                                            std::chrono::milliseconds wait, const base::CancelToken*);

}  // namespace ringctl::sync
