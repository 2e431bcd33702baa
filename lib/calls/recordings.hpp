#pragma once
// Recordings as the database knows them, and what became of their sound.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "audit/log.hpp"

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
void note_fetched(audit::Session&, const base::Uuid& workspace, const base::Uuid& id, std::string_view file);
/// Audited; `why`: "recordings.delete", "recordings.purge".
void note_deleted(audit::Session&, const base::Uuid& workspace, const base::Uuid& id, std::string_view why);

}  // namespace ringctl::calls
