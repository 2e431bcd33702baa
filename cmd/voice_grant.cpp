#include "cmd/voice_grant.hpp"

namespace ringctl::cmd {

twilio::VoiceGrant configured_grant(const config::Settings& settings) {
  twilio::VoiceGrant grant;
  grant.account_sid = settings.get("account_sid");
  grant.api_key = settings.secret("api_key").value_or(base::Secret()).reveal();
  grant.api_secret = settings.secret("api_secret").value_or(base::Secret());
  return grant;
}

}  // namespace ringctl::cmd
