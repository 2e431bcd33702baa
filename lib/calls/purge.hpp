#pragma once
// Calls whose time to be kept is over: removed with their attempts, webhooks, recordings and what else hangs
// on them. Figures that reports keep of their days go too. What is held (holds.hpp) stays.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "audit/log.hpp"

namespace ringctl::calls {

struct Purged {
  std::int64_t calls = 0, attempts = 0, events = 0, recordings = 0;
  std::int64_t files = 0;  ///< of sound that was fetched: removed, or in a dry run on record
  std::int64_t kept = 0;   ///< calls that were to go and stay, for a file of theirs could not be removed
  std::int64_t held = 0;   ///< calls that are old enough and stay
  std::int64_t open = 0;   ///< calls that are old enough and were never over: they stay until reconciled
  base::Instant before = {};

  Purged& operator+=(const Purged&);
};

/// One that is not removed, and the rows of its call neither.
struct StuckFile {
  std::string name, why;
};

struct PurgeOptions {
  base::Instant before;       ///< calls that began before it
  bool write = true;          ///< false: counts alone
  std::int64_t piece = 1000;  ///< calls in one transaction: the log's writers wait for one piece at most
  /// After each piece. Throws to stop: what was removed stays removed.
  std::function<void(const Purged&)> between = {};
  std::function<void(const StuckFile&)> stuck = {};  ///< for each, once its piece is over
};

/// Oldest first. Callbacks stay, without their call, while they are open; those done go with it. Notes and
/// outcomes go, and so do the files that recordings were fetched into (sound_files.hpp); a call whose files
/// cannot all be removed stays, for the next run. What audit log images hold of these calls and callbacks is
/// scrubbed, so that nothing of them is left but the chain. SIDs of recordings whose sound lies at Twilio are
/// kept in recording_deletions until it is gone there. Cursors of exports stay good: closed_seq is never
/// given again. An audit row "calls.purge" for each piece, with its counts. Errc::invalid
/// [calls.purge_too_young] for `before` within the last day.
Purged purge(audit::Session&, const base::Uuid& workspace, const PurgeOptions&);

/// A recording to be deleted at Twilio, for its call was purged.
struct OwedDeletion {
  base::Instant asked_at{};
  std::string recording_sid = {};
};
/// The next `limit` behind `after` (nullopt: from the start), oldest asked first. Inside a read transaction.
std::vector<OwedDeletion> owed_deletions(db::Connection&, const base::Uuid& workspace,
                                         const std::optional<OwedDeletion>& after, std::int64_t limit);
std::int64_t count_owed(db::Connection&, const base::Uuid& workspace);
/// Inside a write transaction. False if nothing was owed.
bool settle_deletion(db::Connection&, const base::Uuid& workspace, std::string_view recording_sid);

/// Calls that began before it were purged, so that none of them is to be added again; nullopt: never. Inside a
/// read transaction.
std::optional<base::Instant> purged_before(db::Connection&, const base::Uuid& workspace);

}  // namespace ringctl::calls
