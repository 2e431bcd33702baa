#pragma once
// Numbers we hold: one row per E.164 number, globally unique. All SQL about phone_numbers lives in this room.

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "audit/log.hpp"
#include "base/finding.hpp"
#include "estate/number_use.hpp"
#include "phone/e164.hpp"

namespace ringctl::estate {

/// Canonical values, as number_fields.hpp defines them. Empty text = not set.
struct Number {
  base::Uuid id;
  std::string phone_number, provider, country_code, label, status, capabilities, sid;
  std::string webhook_status, trunk_sid, assistant_id, sms_mode, record_policy, job_id;
  std::string account_sid = {};                     ///< whose it is at Twilio; "" = not looked yet
  std::optional<base::Instant> missing_since = {},  ///< the account does not show it
      release_at = {},                              ///< to be given back then
      configured_at = {};                           ///< its webhooks were last set to this serve
  std::string assigned_to;                          ///< e-mail of the agent who may call from it now
  std::int64_t version = 1;
  base::Instant created_at{}, updated_at{};
};

/// The columns that import takes and export writes. Views live during the call that hands them out.
struct ImportableNumber {
  std::string_view phone_number, provider, country_code, label, status, capabilities, sid, record_policy,
      sms_mode;
};

/// What may be set by hand: raw text as people type it. nullopt leaves alone, "-" or "" clears; a cleared
/// provider is twilio again, a cleared status active, a cleared sms_mode notify_all.
struct NumberChange {
  std::optional<std::string> provider = {}, country_code = {}, label = {}, status = {}, capabilities = {},
                             sid = {}, record_policy = {}, sms_mode = {};
};

struct NumberFilter {
  std::optional<std::string> status = {}, provider = {}, country = {},
                             label = {};     ///< exact; label compares case-folded
  std::optional<bool> assigned = {};         ///< to an agent who may call from it now
  std::optional<base::Uuid> assistant = {};  ///< that answers it
  std::optional<std::string> search = {};    ///< part of number (digits), label, sid or provider, case-folded
};
struct NumberOrder {
  std::string column = "phone_number";  ///< one of sortable_columns()
  bool descending = false;
};

/// What a change would do, for --dry-run, and what is worth a warning about it.
struct NumberPlan {
  std::optional<Number> before;  ///< nullopt: the number is new
  Number after;
  std::vector<base::Finding> warnings;
  /// Importable fields that would differ, by column name; all that are set for a new number.
  std::vector<std::string_view> changed_fields() const;
};

/// Each call runs in a transaction of its own, on one workspace. `default_country` ("" = none) lets find()
/// and get() read national forms.
class Numbers {
 public:
  Numbers(audit::Session& session, const base::Uuid& workspace, std::string default_country = {})
      : session_(session), workspace_(workspace), default_country_(std::move(default_country)) {}

  static std::span<const std::string_view> sortable_columns();

  /// Decide without writing; throw what add() and update() would.
  NumberPlan plan_add(const phone::E164&, const NumberChange&);
  NumberPlan plan_update(const phone::E164&, const NumberChange&,
                         std::optional<std::int64_t> expected_version = std::nullopt);

  /// Throws Errc::invalid [numbers.invalid], Errc::conflict [numbers.exists] with the values that differ,
  /// [numbers.held_elsewhere] (the holder is not named) or [numbers.sid_taken]. Same values already there:
  /// returns false.
  bool add(const phone::E164&, const NumberChange&);
  /// False if nothing differed. `expected_version`: Errc::conflict [numbers.stale] when the row moved on.
  bool update(const phone::E164&, const NumberChange&,
              std::optional<std::int64_t> expected_version = std::nullopt);
  /// Throws Errc::not_found [numbers.unknown], Errc::conflict while something uses it, as use_of()
  /// (number_use.hpp). Who had it stays on record; an extension of its that is not active has no number then.
  /// Its history keeps it. `write` false: only throws.
  void remove(const phone::E164&, bool write = true);
  /// All of them, each once, or none.
  void remove(std::span<const phone::E164>, History, bool write = true);

  /// By E.164 number, SID or exact label. Ambiguous label: Errc::conflict [numbers.ambiguous] listing the
  /// candidates.
  std::optional<Number> find(std::string_view what);
  Number get(std::string_view what);

  std::int64_t count(const NumberFilter&);
  /// At most `limit` (0 = all), streaming in constant memory. The row is valid during the call only.
  void for_each(const NumberFilter&, const NumberOrder&, std::int64_t limit,
                const std::function<void(const Number&)>&);
  /// By number; reads the importable columns only, and copies none of them. In the caller's transaction on
  /// the workspace if one is open.
  void for_each_importable(const NumberFilter&, const std::function<void(const ImportableNumber&)>&);

 private:
  audit::Session& session_;
  base::Uuid workspace_;
  std::string default_country_;
};

/// What is worth a warning about values that are accepted; throws as plan_update() does for those that are
/// not.
std::vector<base::Finding> warnings_of(const phone::E164&, const NumberChange&);
/// Canonical JSON of a number, as the audit log keeps it; unset fields are null.
std::string image_of(const Number&);

}  // namespace ringctl::estate
