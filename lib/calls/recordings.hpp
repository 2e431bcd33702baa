#pragma once
// Recordings as the database knows them, and what became of their sound.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "audit/log.hpp"
#include "calls/sound_files.hpp"

namespace ringctl::calls {

struct RecordingRecord {
  base::Uuid id;
  std::string recording_sid, call_sid, kind, status, from_number, to_number, user_email, file_name;
  std::optional<std::int64_t> duration_s = {}, channels = {};
  std::optional<base::Instant> fetched_at = {}, deleted_at = {};
  base::Instant created_at{};
};

struct RecordingFilter {
  std::optional<base::Instant> since = {}, until = {};
  std::string kind = {}, call = {};  ///< kind: voicemail, call; call: as calls::get() takes it
  std::optional<base::Uuid> user = {};
  bool deleted = false;  ///< also those whose sound is gone
};

// Inside the caller's transaction. Newest first; at most `limit` (0 = all).
void for_each(db::Connection&, const base::Uuid& workspace, const RecordingFilter&, std::int64_t limit,
              const std::function<void(const RecordingRecord&)>&);
std::int64_t count(db::Connection&, const base::Uuid& workspace, const RecordingFilter&);
/// By SID, or the last eight digits of one. Errc::not_found [recordings.unknown], Errc::conflict
/// [recordings.ambiguous].
RecordingRecord get_recording(db::Connection&, const base::Uuid& workspace, std::string_view what);
/// `file`: without a digest one that went elsewhere than into a file, which a purge has nothing to remove of.
/// Errc::not_found [recordings.unknown] for one that was purged meanwhile.
void note_fetched(audit::Session&, const base::Uuid& workspace, const base::Uuid& id, const SoundFile& file);
/// Audited; `why`: "recordings.delete", "recordings.purge", "recordings.gone" (found so at Twilio). One that
/// is not on record any more was purged with its call, and its deletion at Twilio is owed no longer
/// (purge.hpp).
void note_deleted(audit::Session&, const base::Uuid& workspace, const base::Uuid& id, std::string_view sid,
                  std::string_view why);

/// Whether a legal hold is on its call (holds.hpp).
bool is_held(db::Connection&, const base::Uuid& workspace, const base::Uuid& id);
/// Somebody asked for it to be deleted, and it is held.
void note_kept(audit::Session&, const base::Uuid& workspace, const RecordingRecord&);

/// One whose sound is to go.
struct DueRecording {
  base::Uuid id;
  std::string recording_sid;
  base::Instant created_at{};
};
/// Made before then, still at Twilio and not held: the next `limit` behind `after` (nullopt: from the start),
/// oldest first.
std::vector<DueRecording> due_recordings(db::Connection&, const base::Uuid& workspace, base::Instant before,
                                         const std::optional<DueRecording>& after, std::int64_t limit);
struct DueCount {
  std::int64_t due = 0, held = 0;
};
DueCount count_due(db::Connection&, const base::Uuid& workspace, base::Instant before);

}  // namespace ringctl::calls
