#pragma once
// What rules name, held against the workspace. Private to this room.

#include <span>

#include "records/noun.hpp"

namespace ringctl::routing {

/// For Noun::inspect. Rules whose `when` and `ring` stay as they are, and those that are not enabled, may
/// name what is gone.
void inspect_references(db::Connection&, const base::Uuid& workspace, std::span<records::Candidate>);

}  // namespace ringctl::routing
