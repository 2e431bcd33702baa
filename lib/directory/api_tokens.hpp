#pragma once
// What programs show over HTTP to act for a user: random texts of which the database keeps only hashes. A
// token is seen once, when it is made.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "audit/log.hpp"
#include "base/secret.hpp"

namespace ringctl::directory {

struct ApiToken {
  base::Uuid id;
  std::string label = {};
  base::Instant created_at = {};
  std::optional<base::Instant> expires_at = {}, revoked_at = {};

  bool works_at(base::Instant now) const { return !revoked_at && (!expires_at || now < *expires_at); }
};

/// Each call runs in a transaction of its own, on one workspace.
class ApiTokens {
 public:
  struct Made {
    ApiToken token;
    base::Secret secret;  ///< "rct_" and 64 hex digits: 256 random bits
  };

  ApiTokens(audit::Session& session, const base::Uuid& workspace)
      : session_(session), workspace_(workspace) {}

  /// Throws Errc::not_found [users.unknown]; Errc::conflict [users.inactive]; Errc::invalid
  /// [tokens.bad_label] (at most 200 characters of one line), [tokens.bad_expiry] for a time that is over.
  Made add(const base::Uuid& user, const std::string& label, std::optional<base::Instant> expires_at);
  /// Newest first, those that no longer work included.
  std::vector<ApiToken> list(const base::Uuid& user);
  /// False if it was revoked before. Throws Errc::not_found [tokens.unknown].
  bool revoke(const base::Uuid& user, const base::Uuid& token);

 private:
  audit::Session& session_;
  base::Uuid workspace_;
};

/// Whose a token is: an active user of an active workspace.
struct Holder {
  base::Uuid token, workspace, user;
  std::string email, role;
};

/// nullopt unless the token is one that works now. Reads through Door::token_holder, in a transaction of its
/// own. What was shown is hashed before it is compared, so how long this takes tells nothing of the tokens
/// there are.
std::optional<Holder> find_holder(db::Connection&, std::string_view token, base::Instant now);

}  // namespace ringctl::directory
