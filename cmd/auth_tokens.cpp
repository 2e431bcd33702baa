#include "cmd/auth_tokens.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/log.hpp"
#include "base/text.hpp"
#include "cmd/account.hpp"
#include "db/connection.hpp"
#include "db/migrations.hpp"
#include "directory/accounts.hpp"

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

SealedTokens sealed_if_there(Context& ctx) {
  SealedTokens tokens;
  try {
    const auto connection = ctx.open_database_as_is();
    db::require_current_schema(*connection);
    tokens.known = true;
    if (!directory::has_sealed_accounts(*connection)) return tokens;
    const auto key = find_seal_key(ctx);
    if (!key) {
      base::log(base::LogLevel::warn, "seal.no_key",
                {{"why", "accounts are sealed in the database, and no secrets_key is configured"}});
      return tokens;
    }
    std::vector<std::string> unread;
    tokens.lines = directory::sealed_auth_tokens(*connection, *key, &unread);
    for (const auto& account : unread)
      base::log(base::LogLevel::warn, "seal.wrong_key", {{"account", account}, {"key", key->id()}});
  } catch (const Error& error) {
    // A database that is away is asked again; one that is not there yet keeps nothing. A key that cannot be
    // read is for somebody to mend, and no reason to forget the tokens that were read before.
    tokens = {};
    const bool amiss = error.errc() == Errc::config && error.slug() != "db.missing";
    const auto level = amiss ? base::LogLevel::warn : base::LogLevel::debug;
    base::log(level, "seal.not_read", {{"why", error.what()}});
  }
  return tokens;
}

Error no_auth_token(std::string_view account) {
  if (!account.empty())
    return {
        Errc::auth, "webhooks.no_token",
        fmt::format("no auth token of {} is configured: signatures are made with the account's own", account),
        fmt::format("a line {}:TOKEN in auth_tokens, or the account in account_sid", account)};
  return {Errc::auth, "webhooks.no_token",
          "no auth_token: signatures are made with the account's auth token, and none is configured",
          "set TWILIO_AUTH_TOKEN or TWILIO_AUTH_TOKEN_FILE"};
}

}  // namespace ringctl::cmd
