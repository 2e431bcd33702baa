#pragma once
// Pools that cannot do what they are for, for `doctor`.

#include <cstdint>
#include <functional>
#include <string_view>

#include "base/uuid.hpp"
#include "db/connection.hpp"

namespace ringctl::estate {

/// Active numbers at Twilio whose messages nobody receives although somebody is meant to: their pool has, or
/// had, members, or they deal messages out (sms_mode). By number; views live during the call. Inside a read
/// transaction on the workspace.
void for_each_deserted_pool(db::Connection&, const base::Uuid& workspace,
                            const std::function<void(std::string_view phone_number)>&);

}  // namespace ringctl::estate
