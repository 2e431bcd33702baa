#pragma once
#include "cmd/context.hpp"

namespace ringctl::cmd {

/// `ringctl webhooks send`: what Twilio would post, to try a server out.
void add_webhooks_send(Noun& webhooks);

}  // namespace ringctl::cmd
