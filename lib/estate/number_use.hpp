#pragma once
// What keeps a number from being deleted or given back: an agent who may call from it, people who receive its
// messages, and extensions that work on it alone, which would work on every number of the workspace without
// it. And what is on record of it, where that is to stay: calls and messages lose the number that goes.

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "base/error.hpp"
#include "base/uuid.hpp"
#include "db/connection.hpp"

namespace ringctl::estate {

enum class History { keeps, may_lose };  ///< a number that calls or messages are on record of

// Inside a transaction on the workspace.
/// Why the number cannot go, with the command that helps: Errc::conflict [numbers.assigned],
/// [numbers.has_extension], [numbers.in_pool] or [numbers.has_history]. nullopt if nothing uses it.
std::optional<Error> use_of(db::Connection&, const base::Uuid& workspace, std::string_view number, History);

/// In a write transaction that has lock_logs() (directory/log_locks.hpp): calls and messages of a number lose
/// it when it goes. Deletes those of the numbers that an SQL condition on n says, $1 being the workspace,
/// which nothing uses; how many. What begins or ends to use one just now comes before this, or after the
/// commit.
std::int64_t delete_unused(db::Connection&, std::string_view condition, std::span<const db::Param> params,
                           History);

}  // namespace ringctl::estate
