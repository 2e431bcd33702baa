#pragma once
// What a workspace decides about its limits.

#include <optional>
#include <string>

#include "audit/log.hpp"
#include "base/uuid.hpp"
#include "base/zone.hpp"
#include "db/connection.hpp"

namespace ringctl::limits {

/// Which calls count: every one that was placed, or only those that somebody answered.
enum class Policy { attempts, connected };
/// In which order an agent's numbers are tried when none is asked for.
enum class Rotation { agent_default, least_used, round_robin };
/// What happens to a call while the database cannot be asked.
enum class WhenAway { refuse, allow };

struct Settings {
  base::Zone zone = base::Zone::utc();
  Policy policy = Policy::attempts;
  Rotation rotation = Rotation::agent_default;
  WhenAway when_away = WhenAway::refuse;
  std::string default_country = {};          ///< "" = none
  std::optional<base::Day> closed_day = {};  ///< the newest one that was closed

  /// The day that a call of this moment counts for: the local day, but never one that is closed, however the
  /// clock was set.
  base::Day open_day(base::Instant) const;
};

/// Inside the caller's transaction. Throws Errc::not_found [limits.unknown_workspace].
Settings read_settings(db::Connection&, const base::Uuid& workspace);

/// The day that a call of this moment counts for. Inside the caller's transaction.
base::Day today(audit::Session&, const base::Uuid& workspace);

/// For statements that ask for more beside: columns of workspaces as w, and what the first ones of a row say.
extern const std::string_view k_settings_columns;
inline constexpr int k_after_settings = 6;
Settings settings_of(const db::Rows&);

}  // namespace ringctl::limits
