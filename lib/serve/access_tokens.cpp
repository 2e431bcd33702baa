#include "serve/access_tokens.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/log.hpp"
#include "base/sid.hpp"
#include "base/text.hpp"
#include "directory/people.hpp"
#include "serve/outbound.hpp"
#include "twilio/form.hpp"

namespace ringctl::serve {
namespace {

constexpr std::string_view k_scheme = "bearer";
constexpr std::string_view k_prefix = "agent_";
constexpr std::string_view k_challenge = R"(Bearer realm="ringctl")";
constexpr std::string_view k_invalid = R"(Bearer realm="ringctl", error="invalid_token")";

/// What the Authorization field shows; "" unless there is exactly one, of this scheme.
std::string_view bearer_of(const net::Request& request) {
  if (request.header_count("Authorization") != 1) return {};
  const auto field = base::trim(*request.header("Authorization"));
  const auto space = field.find(' ');
  if (space == std::string_view::npos || base::ascii_lower(field.substr(0, space)) != k_scheme) return {};
  return base::trim(field.substr(space));
}

/// "" if there is none.
std::string identity_in(std::string_view query) {
  twilio::Form parameters;
  if (parameters.parse(query) != twilio::Parsed::ok) return {};
  return std::string(parameters.get("identity"));
}

Answer json_answer(int status, const nlohmann::ordered_json& body) {
  Answer answer{.status = status,
                .content_type = "application/json",
                .body = body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n"};
  answer.headers.emplace_back("Cache-Control", "no-store");
  return answer;
}

Answer failure(int status, std::string_view error, std::string_view hint = {}) {
  nlohmann::ordered_json body = {{"error", std::string(error)}};
  if (!hint.empty()) body["hint"] = std::string(hint);
  return json_answer(status, body);
}

Answer unauthorized(std::string_view challenge, std::string_view error) {
  auto answer = failure(401, error, "Authorization: Bearer TOKEN, with one that `ringctl users token` made");
  answer.headers.emplace_back("WWW-Authenticate", challenge);
  return answer;
}

Answer try_again(std::string_view error) {
  auto answer = failure(503, error, "Try again in a moment");
  answer.headers.emplace_back("Retry-After", "1");
  return answer;
}

/// Settings that are not there, or are no SIDs. Only their names: what stands in one by mistake may be a
/// secret.
std::string unusable_settings(const twilio::VoiceGrant& grant) {
  std::vector<std::string> names;
  if (!base::is_sid(grant.account_sid, "AC")) names.emplace_back("account_sid");
  if (!base::is_sid(grant.api_key, "SK")) names.emplace_back("api_key");
  if (grant.api_secret.empty()) names.emplace_back("api_secret");
  if (!base::is_sid(grant.application_sid, "AP")) names.emplace_back("twiml_app_sid of the workspace");
  return base::join(names, ", ");
}

}  // namespace

/// One who asks for a token.
class TokenRequest : public Exchange {
 public:
  TokenRequest(Office& office, const net::Request& request, const Route& route, net::Respond respond)
      : Exchange(office, request, route, std::move(respond)),
        bearer(std::string(bearer_of(request))),
        identity(identity_in(request.query)),
        workspace(route.workspace) {}

  const base::Secret bearer;
  const std::string identity;
  const std::optional<base::Uuid> workspace;  ///< nullopt: that of whoever asks

  void refuse(Answer refusal, std::string_view why) {
    base::log(base::LogLevel::warn, "token.refused",
              {{"why", why}, {"request_id", id()}, {"remote", std::string_view(remote())}});
    answer(std::move(refusal));
  }
};

AccessTokens::AccessTokens(Office& office, OpenDatabase open, Estates& estates, Options options)
    : office_(office),
      estates_(estates),
      options_(std::move(options)),
      pool_(std::move(open), options_.pool),
      deadlines_(options_.deadline,
                 [](const ExchangePtr& late) { late->answer(try_again("The database does not answer")); }) {}

void AccessTokens::handle(const net::Request& request, const Route& route, net::Respond respond) {
  const auto asked = std::make_shared<TokenRequest>(office_, request, route, std::move(respond));
  if (request.method != "GET") {
    auto answer = failure(405, "Tokens are asked for with GET");
    answer.headers.emplace_back("Allow", "GET");
    asked->answer(std::move(answer));
    return;
  }
  if (asked->bearer.empty()) {
    asked->refuse(unauthorized(k_challenge, "An API token is required"), "there is no API token");
    return;
  }
  if (asked->overloaded()) {  // calls come first
    asked->answer(try_again("There is too much to do"));
    return;
  }
  deadlines_.watch(asked);
  if (!pool_.submit([this, asked] { identify(asked); })) asked->answer(try_again("There is too much to do"));
}

void AccessTokens::identify(const RequestPtr& asked) {
  try {
    std::optional<directory::Holder> holder;
    pool_.with_connection([&](db::Connection& db) {
      holder = directory::find_holder(db, asked->bearer.reveal(), asked->received_at());
    });
    decide(asked, holder);
  } catch (const std::exception& error) {
    base::log(base::LogLevel::warn, "token.failed", {{"why", error.what()}, {"request_id", asked->id()}});
    asked->answer(try_again("The database cannot be asked now"));
  }
}

/// Who asks is known before anything else is said.
void AccessTokens::decide(const RequestPtr& asked, const std::optional<directory::Holder>& holder) {
  if (!holder)
    return asked->refuse(unauthorized(k_invalid, "The API token does not work"),
                         "the API token is unknown, expired or revoked, or its user is not active");
  if (asked->workspace && *asked->workspace != holder->workspace)
    return asked->refuse(failure(403, "The API token is for another workspace"), "another workspace");
  const bool named = !asked->identity.empty();
  if (!named && asked->endpoint() == Endpoint::token)
    return asked->refuse(
        failure(400, "Identity parameter is required. Each agent must have a unique identity.",
                "Use format: agent_{userId}"),
        "there is no identity");
  if (named && !asked->identity.starts_with(k_prefix))
    return asked->refuse(failure(400, R"(Identity must start with "agent_" prefix for security)"),
                         "the identity is none of an agent");
  if (named && user_of_identity(asked->identity) != holder->user)
    return asked->refuse(failure(403, "Identity is not that of the API token's user",
                                 fmt::format("Use {}", directory::identity_of(holder->user))),
                         "another user's identity");
  mint(asked, *holder);
}

void AccessTokens::mint(const RequestPtr& asked, const directory::Holder& holder) {
  const auto estate = estates_.find(holder.workspace);
  if (!estate) {
    asked->answer(try_again("The workspace is not known yet"));
    return;
  }
  auto grant = options_.grant;
  grant.identity = directory::identity_of(holder.user);
  grant.application_sid = estate->snapshot->settings.twiml_app_sid;
  if (const auto names = unusable_settings(grant); !names.empty())
    return asked->refuse(
        failure(503, fmt::format("Tokens cannot be made, for these settings are missing or wrong: {}", names),
                "See ringctl-token(1)"),
        "settings are missing or wrong: " + names);
  const auto token = twilio::mint(grant, asked->received_at());
  if (!asked->answer(json_answer(200, {{"token", token}}))) return;
  base::log(base::LogLevel::info, "token.minted",
            {{"user", holder.user.view()}, {"tenant", holder.workspace.view()}, {"request_id", asked->id()}});
}

}  // namespace ringctl::serve
