#pragma once
// The call log held against Twilio's: calls that never heard their end, calls that never came, prices and
// recordings. What is found goes the way webhooks go (calls/apply.hpp), so that nothing is counted twice.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sync/account.hpp"

namespace ringctl::sync {

struct ReconcileOptions {
  base::Instant since{}, until{};  ///< calls begun in [since, until)
  bool write = true;
};
struct ReconcileRow {
  std::string call_sid;
  std::string what;  ///< closed, added, leg, priced, recording, differs
  std::string is = {}, was = {};
};
struct ReconcileReport {
  std::int64_t looked_at = 0, closed = 0, added = 0, legs = 0, priced = 0, recordings = 0, live = 0;
  std::vector<ReconcileRow> rows;
};
ReconcileReport reconcile(Account&, const ReconcileOptions&, const ProgressFn& = {});

// --- recordings ---

struct FetchOptions {
  std::string format = "wav";  ///< wav, mp3
  std::string out;             ///< file, or a folder, which is made where it ends in a slash
  bool again = false;          ///< also what was fetched
};
/// Writes the sound to a file of its own name by way of a temporary one; returns that name.
/// Sound that is gone at Twilio is noted as deleted, Errc::not_found [recordings.deleted], if the account has
/// the recording's call; without one on record it never is [recordings.not_at_twilio].
std::string fetch_recording(Account&, std::string_view recording_sid, const FetchOptions&);
/// At Twilio, then here. False if it was gone. Errc::conflict [recordings.held]: a legal hold is on its call.
bool delete_recording(Account&, std::string_view recording_sid, bool write);
struct PurgeReport {
  std::optional<base::Uuid> job = {};
  std::int64_t deleted = 0, gone = 0, failed = 0;
  std::int64_t held = 0;  ///< old enough, and left because of a legal hold
};
/// All that are older (nullopt: none), and those of calls that were purged, many at once; a job that can be
/// resumed. A hold that is placed meanwhile is heeded from the next hundred on.
PurgeReport purge_recordings(Account&, const std::optional<base::Instant>& older_than, bool write,
                             const ProgressFn& = {});

/// Goes on with a job of kind recordings.purge that is unfinished.
PurgeReport resume_purge(Account&, const base::Uuid& job, bool write, const ProgressFn& = {});

}  // namespace ringctl::sync
