#pragma once
// How a link of the chain and the digest of an image are computed. The text that is hashed is fixed for ever:
// a change here would break every chain already written.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/uuid.hpp"

namespace ringctl::audit {

/// What a link vouches for. Empty object_id, job_id and digests stand for NULL.
struct Link {
  std::string_view previous_hash;
  std::int64_t seq = 0;
  base::Instant at{};
  std::string_view id, actor, action, object_type, object_id, job_id, before_digest, after_digest;
};

/// What the first row of a workspace is linked to. Names the workspace, so a chain cannot be moved to another
/// one.
std::string genesis_hash(const base::Uuid& workspace);
std::string link_hash(const Link&);
/// Covers the object's key too, and tells an absent image from an empty one.
std::string image_digest(std::string_view salt, std::string_view object_key,
                         const std::optional<std::string_view>& image);

}  // namespace ringctl::audit
