#pragma once
// The account's numbers held against the workspace's (R56): what a sync would do, and doing it. Only the
// database is written. Memory: what differs, and one page.

#include <array>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>

#include "estate/capabilities.hpp"
#include "estate/number_account.hpp"
#include "sync/configure.hpp"

namespace ringctl::sync {

enum class SyncVerdict : std::uint8_t {
  same,
  add,        ///< the account has it, nobody here does
  adopt,      ///< here without SID or account: gets them
  changed,    ///< its SID, capabilities, trunk or webhooks are others by now
  missing,    ///< here as a Twilio number, and the account does not show it: marked, never deleted
  foreign,    ///< another workspace has it, or it is recorded as another account's: left alone
  elsewhere,  ///< at another provider: kept, never asked about
};
inline constexpr std::size_t k_sync_verdicts = 7;
std::string_view verdict_name(SyncVerdict);

/// There may be a hundred thousand, so of the account's side it has only what is its own.
struct SyncItem {
  SyncVerdict verdict = SyncVerdict::same;
  estate::Capabilities can = 0;  ///< so the account says, as the rest of these
  std::string sid = {}, trunk_sid = {}, webhook_status = {};
  std::string phone_number;
  std::string differs = {};  ///< columns, separated by |
  std::string label = {};    ///< of an added one: its friendly name
  std::optional<base::Uuid> id = {};
  std::int64_t version = 0;
};

struct SyncPlan {
  std::deque<SyncItem> items;  ///< all but same and elsewhere, by verdict and number
  std::array<std::int64_t, k_sync_verdicts> counts = {};
  std::int64_t at_twilio = 0;
  bool has_work() const;  ///< add, adopt, changed, or missing and not marked yet
  bool differs() const;   ///< that, or missing, marked or not
};
/// `wanted`: what webhook_status is held against; nullopt: nobody knows, and it stays as it is.
SyncPlan plan_sync(Account&, const std::optional<Wanted>& wanted, const ProgressFn& = {});

struct SyncReport {
  std::optional<base::Uuid> job;
  std::array<std::int64_t, k_sync_verdicts> done = {};
};
/// One transaction, one job, one audit row. Throws Errc::conflict [sync.stale_plan] if a row moved on since
/// the plan was made: nothing is written then; plan anew.
SyncReport apply_sync(Account&, const SyncPlan&);

}  // namespace ringctl::sync
