#pragma once
// Auth tokens by the account they are of. Whoever holds the token of one account can sign anything in its
// name, and nothing in that of another.

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/secret.hpp"

namespace ringctl::twilio {

class AuthTokens {
 public:
  AuthTokens() = default;
  /// `account`: whose the tokens are that name no account. "" = not known: they count for every account that
  /// has none of its own. `lines`: as for add().
  explicit AuthTokens(std::string account, std::span<const base::Secret> lines = {});

  /// "TOKEN", or "ACCOUNT_SID:TOKEN" for one of another account. Spaces around and empty lines do not count,
  /// nor does a token that the account has already.
  void add(std::string_view line);
  /// All that a webhook of the account may be signed with, the first one first; empty if none is known.
  std::span<const base::Secret> of(std::string_view account) const;
  bool empty() const { return tokens_.empty(); }

 private:
  std::string account_;
  /// By account; under "" those of no account that is known.
  std::map<std::string, std::vector<base::Secret>, std::less<>> tokens_;
};

}  // namespace ringctl::twilio
