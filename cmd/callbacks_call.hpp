#pragma once
#include "cmd/registry.hpp"

namespace ringctl::cmd {

/// `ringctl callbacks call`: places the call that somebody waits for.
void add_callbacks_call(Noun& callbacks);

}  // namespace ringctl::cmd
