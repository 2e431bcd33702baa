#include "cmd/auth_tokens.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace ringctl::cmd {

std::vector<base::Secret> auth_tokens(const config::Settings& settings) {
  std::vector<base::Secret> tokens;
  for (const auto* key : {"auth_token", "auth_token_secondary", "auth_tokens"}) {
    const auto secret = settings.secret(key);
    if (!secret) continue;
    for (const auto line : base::split(secret->reveal(), '\n')) {
      const auto text = base::trim(line);
      const auto known = [&](const base::Secret& token) { return token.reveal() == text; };
      if (!text.empty() && std::none_of(tokens.begin(), tokens.end(), known))
        tokens.emplace_back(std::string(text));
    }
  }
  return tokens;
}

Error no_auth_token() {
  return {Errc::auth, "webhooks.no_token",
          "no auth_token: signatures are made with the account's auth token, and none is configured",
          "set TWILIO_AUTH_TOKEN or TWILIO_AUTH_TOKEN_FILE"};
}

}  // namespace ringctl::cmd
