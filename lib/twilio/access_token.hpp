#pragma once
// Access tokens: what a browser or app shows Twilio to place and take calls as one of our agents. A JWT
// (HS256) signed with the secret of an API key; it cannot be taken back before it expires, except by deleting
// the key.

#include <chrono>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/secret.hpp"

namespace ringctl::twilio {

inline constexpr std::chrono::seconds k_default_token_ttl{3600};
inline constexpr std::chrono::seconds k_longest_token_ttl{86400};

struct VoiceGrant {
  std::string account_sid;  ///< AC...
  std::string api_key;      ///< SK...
  base::Secret api_secret;
  std::string identity;              ///< 1 to 121 letters, digits and underscores
  std::string application_sid = {};  ///< AP..., whose VoiceUrl outgoing calls reach; "" = no outgoing calls
  bool incoming = true;              ///< may be rung
  std::string push_credential_sid = {};  ///< CR..., "" = none
  std::chrono::seconds ttl = k_default_token_ttl;
};

/// Letters, digits and underscores only, as the mobile SDKs demand; 1 to 121 of them.
bool valid_identity(std::string_view);

/// The token, valid from `now` on. Throws Errc::invalid [token.bad_identity], [token.bad_ttl] (1 s to 24 h),
/// [token.bad_sid] naming the member that is no SID, [token.no_secret]. No message holds the secret.
std::string mint(const VoiceGrant&, base::Instant now);

}  // namespace ringctl::twilio
