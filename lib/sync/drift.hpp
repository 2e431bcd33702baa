#pragma once
// What is wrong with the numbers, held against the account: findings with a stable code, and mending those
// that can be mended.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sync/configure.hpp"

namespace ringctl::sync {

enum class Drift : std::uint8_t {
  voice_url,  ///< asks somebody else, or nobody
  sms_url,
  status_callback,
  fallback_url,       ///< not set, not ours, or on the same host as the URL it is to stand in for
  voice_application,  ///< an application hides the voice URL
  sms_application,
  trunk,              ///< on a trunk that is none of ours: webhooks are not asked
  messaging_service,  ///< in a service that takes, or drops, its messages
  fax,                ///< receives faxes instead of calls
  no_voice,           ///< cannot do what it is used for: has an agent
  no_sms,             ///< has an SMS pool
  emergency_address,  ///< US or CA, can call, and none is registered
  country,            ///< of a country that the workspace's account_countries leaves out
  account,            ///< recorded as another account's, or in a subaccount
  missing,            ///< the account does not show it
  unknown,            ///< the account has it, the workspace does not
  not_active,         ///< Twilio says that it is not in use
  idle,               ///< no call and no message for so long, and it costs
  duplicate_sid,      ///< two rows, one SID at Twilio
};
std::string_view drift_code(Drift);
struct DriftInfo {
  Drift drift;
  std::string_view code, meaning;
  bool warning;  ///< is no reason for exit 8
};
std::span<const DriftInfo> drift_table();

struct DriftFinding {
  std::string phone_number, sid;
  Drift drift = Drift::voice_url;
  std::string is, wanted;  ///< what it says, and should; "" = nothing. URLs with *** for their login
  bool fixed = false;      ///< in a dry run: would be
};
/// Whether it is set right by writing to Twilio. A fallback on the host it is to stand in for is only told of
/// where no other is wanted.
bool mends(const DriftFinding&);

struct AuditOptions {
  Wanted wanted;
  std::vector<std::string> numbers = {};  ///< empty: all
  std::vector<Drift> only = {};           ///< these findings, and no others are mended; empty: all
  std::chrono::days idle_after{90};
  bool dry_run = false;  ///< of mending
};
struct AuditReport {
  std::int64_t numbers = 0;
  std::vector<DriftFinding> findings;  ///< by number
  std::optional<base::Uuid> job = {};  ///< of the mending
  /// True where findings other than warnings are left.
  bool differs() const;
  /// How many numbers have a finding that mend_numbers() mends.
  std::int64_t to_mend() const;
};
AuditReport audit_numbers(Account&, const AuditOptions&, const ProgressFn& = {});
/// Mends of the findings what can be, and nothing that was not found or asked for; marks them.
void mend_numbers(Account&, const AuditOptions&, AuditReport&, const ProgressFn& = {});

}  // namespace ringctl::sync
