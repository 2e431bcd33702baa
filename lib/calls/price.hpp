#pragma once
// What Twilio says of calls after the fact, for calls that are on record: which it knows, and what they cost.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "audit/log.hpp"

namespace ringctl::calls {

/// A call, or a leg of one, as it is on record.
struct KnownCall {
  std::string call_sid;   ///< of the call itself
  std::string direction;  ///< of the call
  bool is_leg = false, is_over = false;
};
/// By SID, of those that are known. Inside the caller's transaction.
std::unordered_map<std::string, KnownCall> find_known(db::Connection&, const base::Uuid& workspace,
                                                      const std::vector<std::string_view>& sids);
/// Which of them are calls, legs or listeners here already. Inside the caller's transaction.
std::vector<std::string> on_record(db::Connection&, const base::Uuid& workspace,
                                   const std::vector<std::string_view>& sids);
/// The call that is on record with a reservation: serve heard of it before whoever asked for it.
std::optional<std::string> find_call_of_reservation(db::Connection&, const base::Uuid& workspace,
                                                    const base::Uuid& reservation, base::Instant since);
/// Of recordings, their statuses, by SID.
std::unordered_map<std::string, std::string> find_known_recordings(db::Connection&,
                                                                   const base::Uuid& workspace,
                                                                   const std::vector<std::string_view>& sids);
/// Which of these numbers are the workspace's. Inside the caller's transaction.
std::vector<std::string> own_among(db::Connection&, const base::Uuid& workspace,
                                   const std::vector<std::string_view>& numbers);

/// Which of them are at another account than this one, as far as is known.
std::vector<std::string> of_other_accounts(db::Connection&, const base::Uuid& workspace,
                                           std::string_view account_sid,
                                           const std::vector<std::string_view>& numbers);

struct Price {
  std::string call_sid;
  std::string price;  ///< as Twilio tells it: "-0.0085" was charged, "0.01" given back
  std::string unit;   ///< ISO 4217: "USD"
};
/// The SIDs of calls whose price differs from this. Inside the caller's transaction.
std::vector<std::string> unpriced(db::Connection&, const base::Uuid& workspace, std::span<const Price>);
/// Writes those that differ; how many did. Inside the caller's write transaction. Errc::invalid
/// [calls.bad_price] for what is no decimal of at most six places, or no currency.
std::int64_t set_prices(audit::Session&, const base::Uuid& workspace, std::span<const Price>);

}  // namespace ringctl::calls
