#pragma once
// Removes jobs whose time to be kept is over, with their journals. What they wrote stays; it can no longer be
// taken back.

#include <chrono>
#include <cstdint>
#include <functional>

#include "audit/log.hpp"
#include "jobs/old_jobs.hpp"

namespace ringctl::bulk {

struct Purged : jobs::OldJobs {
  base::Instant before{};
};

struct PurgeOptions {
  base::Instant before;       ///< jobs that ended, or were undone, before it
  bool write = true;          ///< false: counts alone
  std::int64_t piece = 5000;  ///< rows, acts and jobs in one transaction
  std::chrono::milliseconds lock_wait{0};
  /// After each piece. Throws to stop: what was removed stays removed, and the next run goes on.
  std::function<void(const Purged&)> between = {};
};

/// Oldest first, under the workspace's bulk lock, with an audit row "jobs.purge" for each piece.
/// Errc::invalid [jobs.purge_too_young] for `before` within the last two days; Errc::locked while an import
/// or undo runs.
Purged purge_jobs(audit::Session&, const base::Uuid& workspace, const PurgeOptions&);

}  // namespace ringctl::bulk
