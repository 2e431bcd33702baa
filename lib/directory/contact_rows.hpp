#pragma once
// contact_phones and contact_assignments, which hold a contact's phones and agents. Private to this room.

#include <memory>

#include "records/noun.hpp"

namespace ringctl::directory {

/// Noun::beside of contacts. A phone that leaves is deleted; an agent who leaves stays as inactive.
std::unique_ptr<records::Beside> rows_beside_contacts(audit::Session&, const base::Uuid& workspace);

}  // namespace ringctl::directory
