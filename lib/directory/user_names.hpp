#pragma once
// Users by what people call them.

#include <optional>
#include <string>
#include <string_view>

#include "base/uuid.hpp"
#include "db/connection.hpp"

namespace ringctl::directory {

/// Whether this could be somebody's name, and nothing else that users go by: e-mail address, id, extension,
/// telephone number, an address such as client:...
bool may_be_name(std::string_view text);

/// The e-mail address of the only user of this name, in any case; nullopt: nobody's. Several users of one
/// name: Errc::usage [users.ambiguous], which lists them. In a transaction of its own.
std::optional<std::string> find_email_by_name(db::Connection&, const base::Uuid& workspace,
                                              std::string_view name);

}  // namespace ringctl::directory
