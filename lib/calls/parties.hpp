#pragma once
// Who of ours can be put into a call, and who may act upon one that is going on.

#include <optional>
#include <string>
#include <string_view>

#include "calls/calls.hpp"

namespace ringctl::calls {

/// A user, as far as calls are rung and supervised.
struct Person {
  base::Uuid id;
  std::string email, name, role;  ///< role: agent, manager, supervisor, admin
  std::string ring_on;            ///< client, phone, both
  std::string phone_number;       ///< E.164; "" = none
  bool is_active = true;
};

// Inside a transaction on the workspace.
/// By e-mail or id. Errc::not_found [users.unknown].
Person get_person(db::Connection&, const base::Uuid& workspace, std::string_view who);
/// By e-mail, id or extension; nullopt: nobody's.
std::optional<Person> find_person(db::Connection&, const base::Uuid& workspace, std::string_view who);

/// Whether they may listen in on a call of this user: an admin, or the supervisor of the user's team, and
/// active. A call that is nobody's is an admin's.
bool may_supervise(db::Connection&, const base::Uuid& workspace, const Person& who, std::string_view user_id);

/// "agent_" and the user's id, with hyphens or without (R146); nullopt for anything else.
std::optional<base::Uuid> user_of_identity(std::string_view identity);

/// The callback that a call is placed for: done once whoever is called has answered. Inside a write
/// transaction.
void tie_callback(audit::Session&, const base::Uuid& workspace, const base::Uuid& callback,
                  std::string_view call_sid);

/// The call that was placed for it and is going on. Inside a transaction.
std::optional<std::string> find_call_back_call(db::Connection&, const base::Uuid& workspace,
                                               const base::Uuid& callback);

}  // namespace ringctl::calls
