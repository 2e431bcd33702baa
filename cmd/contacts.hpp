#pragma once
// What other nouns ask of contacts.

#include <string>

#include "cmd/context.hpp"
#include "records/records.hpp"

namespace ringctl::cmd {

/// The contact of whom all that is kept is meant, what stands under its phones alone included, by any of them
/// or its id. Errc::not_found [contacts.unknown]: of a number the hint says how it becomes one.
records::Record get_person(Context&, const std::string& who);

}  // namespace ringctl::cmd
