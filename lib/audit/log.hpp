#pragma once
// Who changed what. Every change writes one row in its own transaction, linked by hash to the row before it
// in its workspace. What the object held lies in a side table that can be erased without breaking the chain.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/uuid.hpp"
#include "db/connection.hpp"

namespace ringctl::audit {

/// What a change needs besides its values; handed to every library call that writes.
struct Session {
  db::Connection& db;
  const base::Clock& clock;
  base::UuidGenerator& ids;
  std::string actor;  ///< "os:alice", "user:ann@example.com", "system"
};

struct Change {
  std::string_view action;       ///< "numbers.update"
  std::string_view object_type;  ///< "number"
  std::optional<base::Uuid> object_id = {};
  std::string_view object_key;  ///< what people call it: "+12025550123"
  std::optional<std::string>
      before = {},
      after = {};  ///< canonical JSON; digests are salted, so equal images do not show as equal
  std::optional<base::Uuid> job_id = {};
};

/// Inside the caller's write transaction, after its other statements: it locks the workspace's newest link
/// until commit.
void record(Session&, const base::Uuid& workspace, const Change&);

/// Views live during the call that hands them out.
struct Entry {
  base::Uuid id;
  std::int64_t seq;
  base::Instant at;
  std::string_view actor, action, object_type, object_id, object_key, job_id, before_image, after_image, hash;
};

struct Filter {
  std::optional<std::int64_t> seq, after;  ///< this row; rows past it
  std::optional<std::string> object_type;
  std::optional<std::string> object_key;  ///< also finds the job that made an object deleted since
  std::vector<base::Uuid> jobs;           ///< with object_key: jobs that touched it; their rows count too
  std::optional<std::string> actor;
  std::optional<std::string> action;
  std::optional<base::Instant> since, until;
};

/// Newest first (or oldest first for exports), at most `limit` (0 = all). Inside a read transaction. Streams.
void for_each(db::Connection&, const base::Uuid& workspace, const Filter&, bool newest_first,
              std::int64_t limit, const std::function<void(const Entry&)>&);
std::int64_t count(db::Connection&, const base::Uuid& workspace, const Filter&);

/// What was done to these objects, oldest first: their types and ids as JSON arrays. Inside a read transaction. Streams.
void for_each_about(db::Connection&, const base::Uuid& workspace, std::string_view types, std::string_view ids,
                    const std::function<void(const Entry&)>&);

struct Verdict {
  std::int64_t rows = 0;
  std::optional<std::int64_t> broken_at = {};  ///< sequence number of the first row that does not hold
  std::string reason = {};  ///< "row 17 was changed", "row 18 is missing", "image of row 19 was changed"
  std::string head = {};    ///< hash of the newest row; noted elsewhere it vouches for all before it
};
/// Reads the whole chain of a workspace that exists. Detects a changed, removed or inserted row, a changed
/// image, a log that is gone, and a cut-off end; but not an end that was cut off together with its images and
/// the newest link set back: only the hash noted before shows that.
Verdict verify(db::Connection&, const base::Uuid& workspace);

}  // namespace ringctl::audit
