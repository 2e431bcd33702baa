#include "twilio/access_token.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "base/sid.hpp"
#include "base/text.hpp"
#include "twilio/hmac.hpp"

namespace ringctl::twilio {
namespace {

using Json = nlohmann::ordered_json;  // in the order in which Twilio's helper library writes them

void require_sid(std::string_view name, std::string_view value, std::string_view kind) {
  if (base::is_sid(value, kind)) return;
  throw Error(Errc::invalid, "token.bad_sid",
              fmt::format("{} {} is not {} and 32 hex digits", name, base::in_quotes(value), kind));
}

void check(const VoiceGrant& grant) {
  require_sid("account_sid", grant.account_sid, "AC");
  require_sid("api_key", grant.api_key, "SK");
  if (!grant.application_sid.empty()) require_sid("application_sid", grant.application_sid, "AP");
  if (!grant.push_credential_sid.empty()) require_sid("push_credential_sid", grant.push_credential_sid, "CR");
  if (grant.api_secret.empty())
    throw Error(Errc::invalid, "token.no_secret", "the API key's secret is empty");
  if (!valid_identity(grant.identity))
    throw Error(Errc::invalid, "token.bad_identity",
                fmt::format("identity {} is not 1 to 121 letters, digits and underscores",
                            base::in_quotes(grant.identity)));
  if (grant.ttl < std::chrono::seconds(1) || grant.ttl > k_longest_token_ttl)
    throw Error(Errc::invalid, "token.bad_ttl",
                fmt::format("a token lives from 1 second to 24 hours, not {} s", grant.ttl.count()));
}

Json voice_grant(const VoiceGrant& grant) {
  Json voice = Json::object();
  if (grant.incoming) voice["incoming"] = {{"allow", true}};
  if (!grant.application_sid.empty()) voice["outgoing"] = {{"application_sid", grant.application_sid}};
  if (!grant.push_credential_sid.empty()) voice["push_credential_sid"] = grant.push_credential_sid;
  return voice;
}

std::string payload(const VoiceGrant& grant, std::int64_t issued_at) {
  Json grants;
  grants["identity"] = grant.identity;
  grants["voice"] = voice_grant(grant);
  Json payload;
  payload["jti"] = fmt::format("{}-{}", grant.api_key, issued_at);
  payload["grants"] = std::move(grants);
  payload["iat"] = issued_at;
  payload["exp"] = issued_at + grant.ttl.count();
  payload["iss"] = grant.api_key;
  payload["sub"] = grant.account_sid;
  return payload.dump();
}

}  // namespace

bool valid_identity(std::string_view identity) {
  constexpr std::size_t k_longest = 121;
  return !identity.empty() && identity.size() <= k_longest && std::ranges::all_of(identity, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  });
}

std::string mint(const VoiceGrant& grant, base::Instant now) {
  check(grant);
  const auto issued_at = std::chrono::floor<std::chrono::seconds>(now.time_since_epoch()).count();
  const auto text = base64_url(R"({"alg":"HS256","typ":"JWT","cty":"twilio-fpa;v=1"})") + "." +
                    base64_url(payload(grant, issued_at));
  Hmac hmac(Hash::sha256, grant.api_secret.reveal());
  hmac.start();
  hmac.update(text);
  return text + "." + base64_url(hmac.finish());
}

}  // namespace ringctl::twilio
