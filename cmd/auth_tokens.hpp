#pragma once
#include <vector>

#include "base/secret.hpp"
#include "config/settings.hpp"

namespace ringctl::cmd {

/// Every auth token that webhooks may be signed with, once each, the one that Twilio signs with first; empty
/// if none is configured. Throws Errc::config where one cannot be read.
std::vector<base::Secret> auth_tokens(const config::Settings&);
/// Errc::auth [webhooks.no_token], for commands about signatures.
Error no_auth_token();

}  // namespace ringctl::cmd
