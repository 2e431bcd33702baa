#include "twilio/auth_tokens.hpp"

#include "support/catch.hpp"

using ringctl::twilio::AuthTokens;

namespace {

const std::string k_own = "AC0123456789abcdef0123456789abcdef",
                  k_other = "ACfedcba9876543210fedcba9876543210";

std::vector<std::string> revealed(const AuthTokens& tokens, std::string_view account) {
  std::vector<std::string> all;
  for (const auto& token : tokens.of(account)) all.emplace_back(token.reveal());
  return all;
}
using Tokens = std::vector<std::string>;

}  // namespace

TEST_CASE("a token that names no account is the configured account's, and nobody else's", "[twilio]") {
  AuthTokens tokens(k_own);
  tokens.add(" primary ");
  tokens.add("secondary");
  tokens.add("primary");
  tokens.add("");
  CHECK(revealed(tokens, k_own) == Tokens{"primary", "secondary"});
  CHECK(revealed(tokens, k_other).empty());
  CHECK(revealed(tokens, "").empty());
}

TEST_CASE("an account has its own tokens where they name it", "[twilio]") {
  AuthTokens tokens(k_own);
  tokens.add("primary");
  tokens.add(k_other + ":theirs");
  tokens.add(k_other + ": new ");
  tokens.add(k_own + ":named");
  CHECK(revealed(tokens, k_own) == Tokens{"primary", "named"});
  CHECK(revealed(tokens, k_other) == Tokens{"theirs", "new"});
  CHECK_FALSE(tokens.empty());
}

TEST_CASE("without a configured account a token counts for whoever has none of its own", "[twilio]") {
  AuthTokens tokens;
  CHECK(tokens.empty());
  tokens.add("any");
  tokens.add(k_other + ":theirs");
  CHECK(revealed(tokens, k_own) == Tokens{"any"});
  CHECK(revealed(tokens, k_other) == Tokens{"theirs"});
}
