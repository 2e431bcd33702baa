#include "cmd/doctor_data.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/shell.hpp"
#include "base/text.hpp"
#include "base/zone.hpp"
#include "cmd/library_versions.hpp"
#include "db/connection.hpp"
#include "db/transaction.hpp"
#include "directory/workspaces.hpp"
#include "limits/reset.hpp"
#include "phone/overlay.hpp"
#include "report/kept_days.hpp"

namespace ringctl::cmd {
namespace {

/// Governments change clocks at weeks' notice, and area codes come into use every few months.
constexpr std::chrono::months k_too_old{24};
/// Yesterday may be waiting for cron.
constexpr std::int64_t k_days_that_wait = 1;
constexpr std::chrono::minutes k_far_behind{1};

std::chrono::year_month month_of(base::Instant at) {
  const std::chrono::year_month_day day{std::chrono::floor<std::chrono::days>(at)};
  return day.year() / day.month();
}

bool is_old(std::chrono::year_month from, base::Instant now) { return month_of(now) - from > k_too_old; }

std::string library_version(std::string_view name) {
  const auto all = library_versions();
  const auto found = std::find_if(all.begin(), all.end(), [&](const auto& one) { return one.first == name; });
  return found == all.end() ? std::string() : found->second;
}

}  // namespace

Checked judge_zones(std::string_view version, base::Instant now) {
  const auto year = base::parse_int(version.substr(0, 4));
  if (!year) return {"data.zones", "ok", "time zones are of an edition that this machine does not name", {}};
  // An edition names its year alone: it counts from the end of that.
  const auto old = is_old(std::chrono::year(static_cast<int>(*year)) / std::chrono::December, now);
  return {"data.zones", old ? "warn" : "ok", fmt::format("time zones are of edition {}", version),
          old ? "install a newer tzdata" : ""};
}

Checked judge_phones(std::string_view as_of, std::string_view library, base::Instant now) {
  const auto first = base::parse_day(fmt::format("{}-01", as_of));
  const auto old = is_old(first.year() / first.month(), now);
  return {
      "data.phones", old ? "warn" : "ok",
      fmt::format("area codes are those of {}, other numbering that of libphonenumber {}", as_of, library),
      old ? "install a newer ringctl, or name newer area codes: ringctl config set area_codes 728=US" : ""};
}

Checked judge_replication(const db::Replication& found) {
  const bool far = found.behind.value_or(std::chrono::milliseconds(0)) > k_far_behind;
  const auto behind = found.behind ? base::format_duration(*found.behind) : std::string();
  Checked check{"db.replication", far ? "warn" : "ok", {}, far ? "see what the standby logs" : ""};
  if (found.is_standby)
    check.evidence =
        fmt::format("this is a standby, {} behind", behind.empty() ? "nobody knows how far" : behind);
  else if (found.standbys == 0)
    check.evidence = "no standby is connected";
  else if (found.shown < found.standbys)
    check.evidence = fmt::format("standbys: {}; how far behind only roles of pg_monitor see", found.standbys);
  else
    check.evidence =
        fmt::format("standbys: {}, at most {} behind", found.standbys, behind.empty() ? "0s" : behind);
  return check;
}

void check_data(base::Instant now, Report& report) {
  report.push_back(judge_zones(base::zone_data_version(), now));
  report.push_back(judge_phones(phone::area_codes_as_of(), library_version("libphonenumber"), now));
}

void check_days(db::Connection& connection, Context& ctx, Report& report) {
  audit::Session session{connection, ctx.clock(), ctx.ids(), "doctor"};
  const auto before = report.size();
  for (const auto& workspace : directory::Workspaces(session).list()) {
    if (!workspace.is_active) continue;
    db::Transaction transaction(connection, db::Scope::of(workspace.id), db::Access::read);
    const auto days = limits::unclosed_days(connection, workspace.id, ctx.clock().now());
    transaction.commit();
    if (!days || days->count <= k_days_that_wait) continue;
    report.push_back({"db.days", "warn",
                      fmt::format("{}: {} days are over and not closed, from {} on", workspace.name,
                                  days->count, base::format_day(days->first)),
                      fmt::format("ringctl --workspace {} limits reset", base::for_shell(workspace.name))});
  }
  if (report.size() == before) report.push_back({"db.days", "ok", "no day waits to be closed", {}});
}

void check_kept_days(db::Connection& connection, Context& ctx, Report& report) {
  audit::Session session{connection, ctx.clock(), ctx.ids(), "doctor"};
  const auto before = report.size();
  for (const auto& workspace : directory::Workspaces(session).list()) {
    if (!workspace.is_active) continue;
    const auto missing = report::plan_days(session, workspace.id).missing;
    if (missing == 0) continue;
    const bool many = missing > report::k_days_a_reset;  // the next reset keeps fewer
    report.push_back(
        {"db.kept_days", many ? "warn" : "ok",
         fmt::format("{}: {} over and not kept, so reports count {}", workspace.name,
                     missing == 1 ? "1 day is" : fmt::format("{} days are", missing),
                     missing == 1 ? "it" : "them"),
         many ? fmt::format("ringctl --workspace {} reports refresh", base::for_shell(workspace.name))
              : std::string()});
  }
  if (report.size() == before)
    report.push_back({"db.kept_days", "ok", "the sums of finished days are kept", {}});
}

void check_replication(db::Connection& connection, Report& report) {
  if (const auto found = db::replication(connection)) report.push_back(judge_replication(*found));
}

}  // namespace ringctl::cmd
