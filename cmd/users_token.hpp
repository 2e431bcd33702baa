#pragma once
#include "cmd/context.hpp"

namespace ringctl::cmd {

/// `ringctl users token`: the API tokens of a user.
void add_users_token(Noun& users);

}  // namespace ringctl::cmd
