#include "limits/settings.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.hpp"
#include "limits/day.hpp"

namespace ringctl::limits {
namespace {

Rotation rotation_of(std::string_view text) {
  if (text == "least_used") return Rotation::least_used;
  if (text == "round_robin") return Rotation::round_robin;
  return Rotation::agent_default;
}

}  // namespace

base::Day Settings::open_day(base::Instant now) const {
  const auto today = day_at(zone, now);
  return closed_day ? std::max(today, next_day(zone, *closed_day)) : today;
}

const std::string_view k_settings_columns =
    "w.timezone, w.limit_policy, w.number_rotation, w.limits_unavailable, w.default_country, "
    "(SELECT max(r.day) FROM resets r WHERE r.workspace_id = w.id)";

Settings read_settings(db::Connection& db, const base::Uuid& workspace) {
  static const auto k_sql = fmt::format("SELECT {} FROM workspaces w WHERE w.id = $1", k_settings_columns);
  auto rows = db.query(k_sql, {workspace});
  if (!rows.next())
    throw Error(Errc::not_found, "limits.unknown_workspace", "the workspace is not there",
                "ringctl workspaces list");
  return settings_of(rows);
}

base::Day today(audit::Session& session, const base::Uuid& workspace) {
  return read_settings(session.db, workspace).open_day(session.clock.now());
}

Settings settings_of(const db::Rows& rows) {
  Settings settings{.zone = base::Zone::parse(rows.text(0)),
                    .policy = rows.text(1) == "connected" ? Policy::connected : Policy::attempts,
                    .rotation = rotation_of(rows.text(2)),
                    .when_away = rows.text(3) == "allow" ? WhenAway::allow : WhenAway::refuse,
                    .default_country = std::string(rows.text(4))};
  if (!rows.is_null(5)) settings.closed_day = base::parse_day(rows.text(5));
  return settings;
}

}  // namespace ringctl::limits
