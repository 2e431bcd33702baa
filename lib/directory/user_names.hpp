#pragma once
// Users by what people call them: e-mail address, id or name.

#include <optional>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "base/uuid.hpp"
#include "db/connection.hpp"
#include "directory/workspaces.hpp"

namespace ringctl::directory {

/// Whether this could be a user, where extensions, telephone numbers and addresses (client:..., sip:...) are
/// taken as well: those win over a user who is called the same.
bool may_be_user(std::string_view text);

/// The e-mail address of the user who goes by `who`: their e-mail address or name in any case, or their id;
/// nullopt: nobody does. Several users of one name: Errc::usage [users.ambiguous], which lists them. In a
/// transaction of its own.
std::optional<std::string> find_email(db::Connection&, const base::Uuid& workspace, std::string_view who);

/// The same; for nobody Errc::not_found [users.unknown], with those who are called nearly so.
std::string get_email(db::Connection&, const base::Uuid& workspace, std::string_view who);

/// Errc::not_found [users.unknown] about `who`, with those who are called nearly so. Inside the caller's
/// transaction.
Error unknown_user(db::Connection&, const base::Uuid& workspace, std::string_view who);

/// Puts e-mail addresses in the place of whatever else users go by whom the settings of a workspace are to
/// name. Throws what get_email() does.
void resolve_users(db::Connection&, const Workspace&, WorkspaceChange&);

}  // namespace ringctl::directory
