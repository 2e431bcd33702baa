#pragma once
#include "cmd/context.hpp"

namespace ringctl::cmd {

/// `ringctl webhooks replay`: the journal held against the call log.
void add_webhooks_replay(Noun& webhooks);

}  // namespace ringctl::cmd
