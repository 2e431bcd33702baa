#pragma once
// The answer to "may this call be placed?", with the figures behind it.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/uuid.hpp"
#include "base/zone.hpp"

namespace ringctl::limits {

enum class Refusal {
  no_number,            ///< the agent has no number to call from, or not the one asked for
  limit_reached,        ///< the number has made its calls of the day
  country_not_allowed,  ///< not this destination from this number
  number_inactive,
  agent_inactive,
  opted_out,              ///< the destination asked not to be called
  provider_not_callable,  ///< only numbers of Twilio are called from
  same_number,            ///< the destination is the number that would call
  limits_unavailable,     ///< the database cannot be asked
};
/// "limit_reached": what the command line, TwiML and the API all say.
std::string_view refusal_code(Refusal);

/// One reason against a call. `number` is the one that would have called, "" where it is about the agent or
/// the destination.
struct Reason {
  Refusal refusal;
  std::string number = {};
  std::string message = {};          ///< one lower-case line with the figures
  std::int64_t limit = 0, used = 0;  ///< of limit_reached
  std::string region = {};           ///< of country_not_allowed: the destination's, "" = unknown
};

struct Verdict {
  bool allowed = false;
  /// An emergency number was dialled: never counted, never refused. `to_number` is as dialled.
  bool emergency = false;
  /// Let through without being counted, because the database is away: see count_later().
  bool uncounted = false;
  /// The call was reserved before; this is the same reservation.
  bool repeated = false;
  std::string agent = {}, from_number = {}, to_number = {};
  std::string region = {};  ///< of the destination, "" = unknown
  std::optional<base::Day> day = {};
  std::int64_t limit = 0, used = 0;  ///< of from_number on `day`; `used` includes a call just reserved
  std::optional<base::Uuid> assignment = {}, reservation = {};
  std::vector<Reason> refusals = {};  ///< every one there is, where it is not allowed

  std::int64_t left() const { return used < limit ? limit - used : 0; }
  /// True if one of the refusals is this one.
  bool refused_for(Refusal) const;
};

}  // namespace ringctl::limits
