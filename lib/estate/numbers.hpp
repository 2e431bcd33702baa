#pragma once
// Numbers we hold: one row per E.164 number, globally unique. All SQL about phone_numbers lives in this room.

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "audit/log.hpp"
#include "phone/e164.hpp"

namespace ringctl::estate {

/// Canonical values, as number_fields.hpp defines them. Empty text = not set.
struct Number {
  base::Uuid id;
  std::string phone_number, provider, country_code, label, status, capabilities, sid;
  std::string webhook_status, trunk_sid, assistant_id, sms_mode, record_policy, job_id;
  std::int64_t version = 1;
  base::Instant created_at, updated_at;
};

/// What may be set by hand: raw text as people type it. nullopt leaves alone, "-" or "" clears.
struct NumberChange {
  std::optional<std::string> provider, country_code, label, status, capabilities, sid;
};

struct NumberFilter {
  std::optional<std::string> status, provider, country, label;  ///< exact; label compares case-folded
  std::optional<std::string> search;  ///< part of number (digits), label, sid or provider, case-folded
};
struct NumberOrder {
  std::string column = "phone_number";  ///< one of sortable_columns()
  bool descending = false;
};

/// Each call runs in a transaction of its own, on one workspace.
class Numbers {
 public:
  Numbers(audit::Session& session, const base::Uuid& workspace) : session_(session), workspace_(workspace) {}

  static std::span<const std::string_view> sortable_columns();

  /// Throws Errc::invalid [numbers.invalid], Errc::conflict [numbers.exists] with the values that differ, or
  /// [numbers.held_elsewhere] (the holder is not named). Same values already there: returns false.
  bool add(const phone::E164&, const NumberChange&);
  /// False if nothing differed. `expected_version`: Errc::conflict [numbers.stale] when the row moved on.
  bool update(const phone::E164&, const NumberChange&, std::optional<std::int64_t> expected_version = std::nullopt);
  /// Throws Errc::not_found [numbers.unknown].
  void remove(const phone::E164&);

  /// By E.164 number, SID or exact label. Ambiguous label: Errc::conflict [numbers.ambiguous] listing the candidates.
  std::optional<Number> find(std::string_view what);
  Number get(std::string_view what);

  std::int64_t count(const NumberFilter&);
  /// At most `limit` (0 = all), streaming in constant memory. The row is valid during the call only.
  void for_each(const NumberFilter&, const NumberOrder&, std::int64_t limit, const std::function<void(const Number&)>&);

 private:
  audit::Session& session_;
  base::Uuid workspace_;
};

}  // namespace ringctl::estate
