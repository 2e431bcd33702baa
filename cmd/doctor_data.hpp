#pragma once
// What of an installation grows old unnoticed: zone data, what is known of telephone numbers, days that
// nobody closes, standbys that fall behind. Warnings.

#include "base/clock.hpp"
#include "cmd/checks.hpp"
#include "cmd/context.hpp"
#include "db/maintenance.hpp"

namespace ringctl::cmd {

/// Zone data and telephone numbers: data.zones, data.phones.
void check_data(base::Instant now, Report&);
/// Of every workspace in use: db.days.
void check_days(db::Connection&, Context&, Report&);
/// Of every workspace in use: db.kept_days.
void check_kept_days(db::Connection&, Context&, Report&);
/// db.replication, on PostgreSQL.
void check_replication(db::Connection&, Report&);

// What the rows above say, of given facts.
/// `version` "2025b", "" = the machine does not say.
Checked judge_zones(std::string_view version, base::Instant now);
/// `as_of` "2025-11": when the list of area codes was last compared; `library` "8.12".
Checked judge_phones(std::string_view as_of, std::string_view library, base::Instant now);
Checked judge_replication(const db::Replication&);

}  // namespace ringctl::cmd
