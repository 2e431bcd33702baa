#pragma once
// What a number's row says of its side at Twilio, written by those who have looked there. All inside the
// caller's write transaction; each changed row gets a new version; audit is the caller's (one row per job).

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "audit/log.hpp"
#include "estate/numbers.hpp"

namespace ringctl::estate {

/// Twilio's side of a number, as canonical text.
struct AccountFacts {
  std::string phone_number, sid, account_sid, capabilities;
  std::string webhook_status;  ///< configured, drifted, unset, captured (by a trunk), unknown
  std::string trunk_sid;
};

/// A row as a plan needs it.
struct KnownNumber {
  base::Uuid id;
  std::int64_t version = 0;
  AccountFacts facts;
  std::string provider, status, label, country_code;
  std::optional<base::Instant> missing_since = {}, release_at = {};
};
/// And who uses it, which costs three look-ups.
struct UsedNumber : KnownNumber {
  bool assigned = false;        ///< to an agent who may call from it
  bool pooled = false;          ///< somebody receives its messages
  std::int64_t extensions = 0;  ///< that work on it alone
  bool used() const { return assigned || pooled || extensions > 0; }
};

/// Those of `numbers` (sorted) that this workspace has, and whether another has it, whose row is not told. In
/// the order of `numbers`.
void find_known(db::Connection&, const base::Uuid& workspace, std::span<const std::string_view> numbers,
                const std::function<void(const KnownNumber&)>& ours,
                const std::function<void(std::string_view number)>& held_elsewhere);
void find_used(db::Connection&, const base::Uuid& workspace, std::span<const std::string_view> numbers,
               const std::function<void(const UsedNumber&)>& ours,
               const std::function<void(std::string_view number)>& held_elsewhere);
/// Every number of provider twilio, by number; streams.
void for_each_at_twilio(db::Connection&, const base::Uuid& workspace,
                        const std::function<void(const KnownNumber&)>&);

/// Those whose time to be given back has come, by number.
std::vector<UsedNumber> due_releases(db::Connection&, const base::Uuid& workspace, base::Instant now);
/// How many numbers are at other providers.
std::int64_t count_elsewhere(db::Connection&, const base::Uuid& workspace);

struct FactsUpdate {
  base::Uuid id;
  std::int64_t version = 0;  ///< as found
  AccountFacts facts;
};
/// Sets facts and clears missing_since. Returns how many still had that version.
std::int64_t write_facts(audit::Session&, const base::Uuid& workspace, std::span<const FactsUpdate>);
/// Their webhooks were set to this serve now. Returns how many rows said otherwise until then.
std::int64_t note_configured(audit::Session&, const base::Uuid& workspace, std::span<const base::Uuid>);
struct RowVersion {
  base::Uuid id;
  std::int64_t version = 0;  ///< as found
};
/// Twilio numbers that the account does not show. Returns how many were marked anew, of those that still had
/// that version.
std::int64_t mark_missing(audit::Session&, const base::Uuid& workspace, std::span<const RowVersion>);
/// Numbers with facts that nobody has, into this workspace: active, with their label. In `job`'s name.
void insert_adopted(audit::Session&, const base::Uuid& workspace, const base::Uuid& job,
                    std::span<const AccountFacts>, std::span<const std::string> labels);

/// Inactive from now on, and given back then; nullopt: kept after all, and active. False if nothing differed.
bool set_release(audit::Session&, const base::Uuid& workspace, const base::Uuid& number,
                 std::optional<base::Instant> at);
/// Whether it is inactive and its time has come; holds the row as it is until the transaction ends.
bool still_due(audit::Session&, const base::Uuid& workspace, const base::Uuid& number);
/// Given back at Twilio: the row goes, its history stays. Errc::conflict as use_of() (number_use.hpp).
void forget_released(audit::Session&, const base::Uuid& workspace, const base::Uuid& number);
/// "": on none. Its webhooks are captured, or nobody knows how they are set.
void set_trunk(audit::Session&, const base::Uuid& workspace, const base::Uuid& number,
               std::string_view trunk_sid);
void set_assistant(audit::Session&, const base::Uuid& workspace, const base::Uuid& number,
                   const std::optional<base::Uuid>& assistant);

}  // namespace ringctl::estate
