#pragma once
// What the account used and what it cost (R143): Twilio's usage records, its balance, and the prices of our
// own calls. Sums are exact: millionths of the currency.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/zone.hpp"
#include "sync/account.hpp"
#include "twilio/rest_account.hpp"

namespace ringctl::sync {

struct UsageOptions {
  std::string since = {}, until = {};        ///< UTC days, "2026-01-31", both included; "" = this month
  std::string by = {};                       ///< "", day, month, year
  std::vector<std::string> categories = {};  ///< empty: all that were used
};
/// As Twilio tells it, a category after the other; how many there were. Throws Errc::usage [usage.bad_value]
/// for days that are none, Errc::invalid [time.bad_date].
std::uint64_t usage(Account&, const UsageOptions&, const std::function<void(const twilio::UsageRecord&)>&);

enum class CostBy { total, day, month, agent, number, direction, country };
struct CostOptions {
  base::Instant since{}, until{};
  CostBy by = CostBy::total;
  base::Zone zone = base::Zone::utc();
};
struct CostRow {
  /// day "2026-03-08", month "2026-03", agent's e-mail, our number, direction, the other end's country; "" =
  /// total, or none
  std::string key;
  std::int64_t calls = 0, priced = 0, duration_s = 0;
  std::int64_t micros = 0;
  std::string unit = {};  ///< "USD"; "" where no price is known
};
/// Of calls that are over, from the database alone, by key: `priced` says how many Twilio told the price of
/// (`calls reconcile` asks). One row for each currency; calls without a price count to the first. Days and
/// months are those of the zone.
std::vector<CostRow> costs(db::Connection&, const base::Uuid& workspace, const CostOptions&);

}  // namespace ringctl::sync
