#pragma once
#include "config/settings.hpp"
#include "twilio/access_token.hpp"

namespace ringctl::cmd {

/// What access tokens are signed with and for: account_sid, api_key and api_secret, "" where one is not
/// configured. Throws what reading a secret does.
twilio::VoiceGrant configured_grant(const config::Settings&);

}  // namespace ringctl::cmd
