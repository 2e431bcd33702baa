// Walks the chain from its first row. The first row that does not hold ends the walk: what follows it proves
// nothing.

#include <fmt/format.h>

#include "audit/chain.hpp"
#include "audit/log.hpp"

namespace ringctl::audit {
namespace {

constexpr std::string_view k_chain =
    "SELECT l.seq, l.at, l.id, l.actor, l.action, l.object_type, l.object_id, l.job_id, l.before_digest, "
    "l.after_digest, l.previous_hash, l.hash, i.object_key, i.salt, i.before_image, i.after_image "
    "FROM audit_log l LEFT JOIN audit_images i ON i.audit_id = l.id AND i.workspace_id = l.workspace_id "
    "WHERE l.workspace_id = $1 ORDER BY l.seq";

Verdict broken(std::int64_t checked, std::int64_t at, std::string reason) {
  return {.rows = checked, .broken_at = at, .reason = std::move(reason)};
}

bool link_holds(const db::Rows& row, std::string_view previous) {
  return row.text(10) == previous && row.text(11) == link_hash({.previous_hash = previous,
                                                                .seq = row.integer(0),
                                                                .at = row.instant(1),
                                                                .id = row.text(2),
                                                                .actor = row.text(3),
                                                                .action = row.text(4),
                                                                .object_type = row.text(5),
                                                                .object_id = row.text(6),
                                                                .job_id = row.text(7),
                                                                .before_digest = row.text(8),
                                                                .after_digest = row.text(9)});
}

std::optional<std::string_view> image(const db::Rows& row, int column) {
  if (row.is_null(column)) return std::nullopt;
  return row.text(column);
}

/// Erased images (no salt) prove nothing and break nothing.
bool images_hold(const db::Rows& row) {
  if (row.is_null(13)) return row.is_null(12) && row.is_null(14) && row.is_null(15);
  return row.text(8) == image_digest(row.text(13), row.text(12), image(row, 14)) &&
         row.text(9) == image_digest(row.text(13), row.text(12), image(row, 15));
}

constexpr std::string_view k_stray_image =
    "SELECT 1 FROM audit_images i WHERE i.workspace_id = $1 AND NOT EXISTS "
    "(SELECT 1 FROM audit_log l WHERE l.id = i.audit_id AND l.workspace_id = i.workspace_id) LIMIT 1";

}  // namespace

Verdict verify(db::Connection& db, const base::Uuid& workspace) {
  std::string previous = genesis_hash(workspace);
  std::int64_t checked = 0;
  const db::Param params[] = {workspace};
  {
    auto row = db.stream(k_chain, params);
    while (row.next()) {
      const auto seq = row.integer(0);
      if (seq != checked + 1)
        return broken(checked, checked + 1, fmt::format("row {} is missing", checked + 1));
      if (!link_holds(row, previous)) return broken(checked, seq, fmt::format("row {} was changed", seq));
      if (!images_hold(row)) return broken(checked, seq, fmt::format("image of row {} was changed", seq));
      previous = row.text(11);
      ++checked;
    }
  }
  auto head = db.query("SELECT seq, hash FROM audit_heads WHERE workspace_id = $1", params);
  const bool has_head = head.next();
  // The first row of every workspace says who made it.
  if (checked == 0) return broken(0, 1, has_head ? "row 1 is missing" : "the whole log is missing");
  if (!has_head) return broken(checked, checked, "which row is the newest is not recorded");
  const auto expected = head.integer(0);
  if (expected > checked) return broken(checked, checked + 1, fmt::format("row {} is missing", checked + 1));
  if (expected < checked)
    return broken(checked, expected + 1,
                  fmt::format("row {} was added behind the newest link", expected + 1));
  if (head.text(1) != previous)
    return broken(checked, checked, fmt::format("row {} is not the newest link that was recorded", checked));
  if (db.query(k_stray_image, params).next())
    return broken(checked, checked + 1, fmt::format("row {} is missing: an image was left", checked + 1));
  return {.rows = checked, .head = previous};
}

}  // namespace ringctl::audit
