#pragma once
// Who receives a number's messages (R88-R92, R98): the questions that others have about pools, and the
// operations as one call each. Rows are those of pools_noun() (assignments.hpp).

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "audit/log.hpp"
#include "records/records.hpp"

namespace ringctl::estate {

struct PoolMember {
  base::Uuid user;
  std::string email, availability, role;
  bool is_primary = false;
};

// Inside a transaction on the workspace.
/// Active users with sms_access_enabled: the primary sender first, then as they came into the pool (R92).
std::vector<PoolMember> list_eligible_users(db::Connection&, const base::Uuid& workspace,
                                            const base::Uuid& number);
/// The same of many numbers at once, by the number's id. None is empty: those without anybody are left out.
std::unordered_map<std::string, std::vector<PoolMember>> list_eligible_users_of(
    db::Connection&, const base::Uuid& workspace, const std::vector<std::string_view>& numbers);
/// The first that is primary, else the first of them (R91); nullopt: there is nobody.
std::optional<base::Uuid> resolve_primary_owner(db::Connection&, const base::Uuid& workspace,
                                                const base::Uuid& number);
/// Numbers that a user may text from: their primary one first, then by number.
struct TextingNumber {
  base::Uuid id;
  std::string phone_number, provider, status, account_sid, sms_mode, country_code;
  bool is_primary = false;
};
std::vector<TextingNumber> texting_numbers(db::Connection&, const base::Uuid& workspace,
                                           const base::Uuid& user);

/// "Accessing 3 numbers", "accessing 2 extensions" (R98): live ones.
struct Access {
  std::int64_t numbers = 0, extensions = 0;
};
Access count_access(db::Connection&, const base::Uuid& workspace, const base::Uuid& user);

// Each as Records::put() of pools_noun(), in a transaction of its own.
struct PoolChange {
  std::string number, user;  ///< E.164; e-mail
  std::optional<bool> sms_access_enabled = {}, is_primary = {};
};
records::Plan add_to_pool(audit::Session&, const base::Uuid& workspace, const PoolChange&, bool write = true);
/// Deactivates (R162).
records::Plan remove_from_pool(audit::Session&, const base::Uuid& workspace, std::string_view number,
                               std::string_view user, bool write = true);

}  // namespace ringctl::estate
