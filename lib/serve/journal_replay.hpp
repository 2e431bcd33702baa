#pragma once
// This machine's log of raw webhooks held against the call log, for `webhooks replay`: what came of them must
// stand in the database, also of one that was restored to an earlier state. May run beside servers: takes no
// lock of theirs.

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/cancel.hpp"
#include "calls/replay.hpp"

namespace ringctl::serve {

struct ReplayOptions {
  std::filesystem::path state = {};  ///< the journal lies in it
  base::Instant since{};
  std::optional<base::Instant> until = {};  ///< received before
  bool write = false;                       ///< put right what differs
  const base::CancelToken* cancel = nullptr;
};

struct ReplayReport {
  std::int64_t webhooks = 0;    ///< of the workspace, received in that time
  std::int64_t waiting = 0;     ///< not applied for the first time yet: passed over, for serve does that
  std::int64_t unreadable = 0;  ///< records that are damaged, or no webhooks
  std::int64_t messages = 0;    ///< of `webhooks`, about messages
  std::int64_t messages_missing = 0;              ///< of those, that the database does not have, or did not
  std::vector<std::string> refused = {};          ///< why the database would not have one, for each
  std::vector<calls::Replayed> differences = {};  ///< in the order in which the calls began
};

/// The journals of all servers of this machine and the records that were set aside beside them, those of one
/// workspace. Throws Errc::config [journal.unreadable] where they are not to be read by whoever runs this,
/// and the database's errors that would pass by themselves (is_passing): what was done until then stays, and
/// running it again goes on.
ReplayReport replay_journal(audit::Session&, const base::Uuid& workspace, const ReplayOptions&);

}  // namespace ringctl::serve
