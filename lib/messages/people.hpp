#pragma once
// Who may do what with a conversation.

#include <string_view>

#include "calls/parties.hpp"

namespace ringctl::messages {

using calls::Person;

struct Thread;

// Inside a transaction on the workspace.
/// By e-mail or id, active. Errc::not_found [users.unknown], Errc::auth [users.inactive].
Person get_actor(db::Connection&, const base::Uuid& workspace, std::string_view who);
/// Whether they may have, and answer, the conversation: pool members of its number, whoever has it or was
/// told of it, and admins. Managers see, and change nothing.
bool may_answer(db::Connection&, const base::Uuid& workspace, const Person&, const Thread&);
/// Whether they may take it from somebody and give it to somebody: an admin, or the supervisor of the owner's
/// team (of a free one: of a team that a pool member is of).
bool may_reassign(db::Connection&, const base::Uuid& workspace, const Person&, const Thread&);

}  // namespace ringctl::messages
