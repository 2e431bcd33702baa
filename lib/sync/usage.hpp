#pragma once
// What an account used and what it paid for that (R143), by Twilio's own records. Sums are exact: millionths of
// the currency.

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

}  // namespace ringctl::sync
