#pragma once
// Jobs whose time to be kept is over: those that ended, failed or were undone, and that nothing happened to
// since a given time. What can still be gone on with, or settled with Twilio, is never among them.

#include <cstdint>
#include <vector>

#include "base/clock.hpp"
#include "base/uuid.hpp"
#include "db/connection.hpp"

namespace ringctl::jobs {

// On one workspace; every call inside the caller's transaction.

/// Those that may go, oldest first, at most `most`.
std::vector<base::Uuid> find_old(db::Connection&, const base::Uuid& workspace, base::Instant before,
                                 std::int64_t most);

struct OldJobs {
  std::int64_t jobs = 0, rows = 0;  ///< that may go, and rows of their journals
  std::int64_t acts = 0;            ///< of theirs at Twilio, which are settled: SID, price, who asked for it
  std::int64_t unfinished = 0;      ///< old enough, and waiting for `jobs resume`
  std::int64_t open = 0;            ///< old enough, with an act at Twilio that waits for `jobs resolve`
};
OldJobs count_old(db::Connection&, const base::Uuid& workspace, base::Instant before);

/// Removes at most `most` rows of the journal of one; how many. From the first one on the job is
/// Job::purged().
std::int64_t remove_rows(db::Connection&, const base::Uuid& workspace, const base::Uuid& job,
                         std::int64_t most);
/// The same of its acts at Twilio.
std::int64_t remove_acts(db::Connection&, const base::Uuid& workspace, const base::Uuid& job,
                         std::int64_t most);
/// And the job, with what is left of it.
void remove_job(db::Connection&, const base::Uuid& workspace, const base::Uuid& job);

}  // namespace ringctl::jobs
