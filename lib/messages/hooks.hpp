#pragma once
// A workspace's own webhook for messages, and the queue of what it is to be told. Rows come into the queue in
// the transaction that keeps the message; they are sent outside of any, by whichever process takes them
// first, until the other side says 2xx, or a day is over. A process that was killed between the answer and
// its mark sends once more, under the same id, by which the other side knows it.

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "audit/log.hpp"
#include "base/seal.hpp"
#include "base/secret.hpp"

namespace ringctl::messages {

struct Hook {
  std::string url = {}, sealed = {}, key_id = {};
  bool is_active = true;
  std::int64_t version = 1;
  base::Instant created_at = {}, updated_at = {};
};
// Inside a transaction on the workspace.
std::optional<Hook> find_hook(db::Connection&, const base::Uuid& workspace);
/// What the key is sealed as belonging to: "hooks/" and the workspace.
std::string hook_about(const base::Uuid& workspace);

struct HookChange {
  std::optional<std::string> url = {};      ///< checked by the caller (http::why_not_outside)
  std::optional<base::Secret> secret = {};  ///< at least 16 bytes: Errc::invalid [notifications.weak_secret]
  std::optional<bool> is_active = {};
};
/// In a transaction of its own, audited (notifications.configure) without the secret. A new one needs url and
/// secret: Errc::usage [notifications.incomplete]. False if nothing differed.
bool set_hook(audit::Session&, const base::Uuid& workspace, const HookChange&, const base::SealKey&,
              bool write = true);
/// In a transaction of its own: what the old key seals is sealed with the new one. How many: 0 or 1.
std::int64_t seal_hook_anew(audit::Session&, const base::Uuid& workspace, const base::SealKey& old_key,
                            const base::SealKey& new_key, bool write = true);

struct Delivery {
  base::Uuid id, message;
  std::string event;
  std::string body;           ///< compact JSON; no secret, no internal address
  std::int64_t attempts = 0;  ///< before this one
  base::Instant created_at;
};
/// Workspaces with something due and an active hook. In a read transaction of its own, through a door.
std::vector<base::Uuid> find_due(db::Connection&, base::Instant now);
// Each in a short write transaction of its own.
/// Due ones, oldest first, from here on `who`'s for so long. Empty without an active hook.
std::vector<Delivery> take_due(db::Connection&, const base::Clock&, const base::Uuid& workspace,
                               std::string_view who, std::size_t most, std::chrono::seconds hold);
struct Outcome {
  base::Uuid delivery;
  std::optional<int> response_status = {};
  std::string error = {};  ///< one line; "" = it was taken
};
/// Marks what came of them, of those that are still `who`'s. Those that failed are due again after 5 s,
/// doubled each time to an hour, less up to half by chance (`draw` in [0, 1)), the last time a day after they
/// were queued, and then given up. How many were.
std::int64_t settle(db::Connection&, const base::Clock&, const base::Uuid& workspace, std::string_view who,
                    const std::vector<Outcome>&, const std::function<double()>& draw);
/// What is still `who`'s is anybody's at once, as if it had not been taken.
void give_back(db::Connection&, const base::Clock&, const base::Uuid& workspace, std::string_view who);
/// Given-up ones are queued anew, for another day; how many. Audited: notifications.retry.
std::int64_t retry_given_up(audit::Session&, const base::Uuid& workspace, bool write = true);

struct QueueState {
  std::int64_t waiting = 0, given_up = 0;
  std::optional<base::Instant> oldest_waiting_at = {}, last_done_at = {};
  std::string last_error = {};
};
/// Inside a read transaction.
QueueState queue_state(db::Connection&, const base::Uuid& workspace);

}  // namespace ringctl::messages
