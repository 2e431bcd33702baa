#pragma once
#include <vector>

#include "base/secret.hpp"
#include "cmd/context.hpp"
#include "config/settings.hpp"

namespace ringctl::cmd {

/// Every auth token that webhooks may be signed with, once each, the one that Twilio signs with first; empty
/// if none is configured. Throws Errc::config where one cannot be read.
std::vector<base::Secret> auth_tokens(const config::Settings&);

/// Auth tokens of workspaces' accounts that the database keeps sealed, as "AC...:TOKEN".
struct SealedTokens {
  std::vector<base::Secret> lines;
  bool known = false;  ///< the database could be asked, and the key read
};
/// From the database as it is, whatever keeps it: then `known` is false. What the key does not open is left
/// out and logged.
SealedTokens sealed_if_there(Context&);
/// Errc::auth [webhooks.no_token], for commands about signatures: of the account there is none, or ("") of
/// nobody.
Error no_auth_token(std::string_view account = {});

}  // namespace ringctl::cmd
