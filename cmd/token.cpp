// token mint

#include <fmt/format.h>

#include <array>

#include "cmd/context.hpp"
#include "cmd/record_verbs.hpp"
#include "cmd/root.hpp"
#include "cmd/voice_grant.hpp"
#include "directory/people.hpp"
#include "directory/workspaces.hpp"

namespace ringctl::cmd {
namespace {

constexpr std::array k_columns = {
    Column{"token", ColumnType::word},
    Column{"identity", ColumnType::word},
    Column{"user", ColumnType::text},
    Column{"expires_at", ColumnType::time},
};

struct MintOptions {
  std::string user;
  std::optional<std::chrono::milliseconds> ttl;
};

Error missing(std::string_view key) {
  const auto* info = config::find_key(key);
  const bool secret = info->kind == config::Kind::secret;
  return {Errc::auth, fmt::format("token.no_{}", key),
          fmt::format("{} is not configured: {}", key, info->summary),
          secret ? fmt::format("set {} or {}_FILE", info->environment, info->environment)
                 : fmt::format("ringctl config set {} VALUE", key)};
}

twilio::VoiceGrant required_grant(const config::Settings& settings) {
  auto grant = configured_grant(settings);
  if (grant.account_sid.empty()) throw missing("account_sid");
  if (grant.api_key.empty()) throw missing("api_key");
  if (grant.api_secret.empty()) throw missing("api_secret");
  return grant;
}

void run_mint(const MintOptions& opts, Context& ctx) {
  auto grant = required_grant(ctx.settings());
  if (opts.ttl) grant.ttl = std::chrono::floor<std::chrono::seconds>(*opts.ttl);

  const auto& workspace = ctx.workspace();
  const auto user = records_of(ctx, workspace, directory::users_noun()).get(opts.user);
  const auto& email = user.cells[directory::k_user_email];
  if (user.cells[directory::k_user_is_active] != "yes")
    throw Error(Errc::conflict, "users.inactive", email + " is not active");
  grant.identity = directory::identity_of(user.id);
  grant.application_sid = workspace.setting("twiml_app_sid");
  if (grant.application_sid.empty())
    throw Error(Errc::config, "token.no_twiml_app",
                fmt::format("the workspace {} has no TwiML app, which a token must name", workspace.name),
                fmt::format("ringctl workspaces update {} --twiml-app-sid AP...", workspace.name));

  const auto now = ctx.clock().now();
  const auto token = twilio::mint(grant, now);
  const auto expires_at = std::chrono::floor<std::chrono::seconds>(now) + grant.ttl;
  if (!ctx.io().json()) return ctx.io().text(token + "\n");
  const Cell cells[] = {token, grant.identity, email, base::Instant(expires_at)};
  ctx.io().record(k_columns, cells);
}

}  // namespace

void add_token(Noun& token) {
  token.verb<MintOptions>("mint", "Make an access token for a user's browser or app", run_mint)
      .argument("user", &MintOptions::user, "E-mail address, name or id")
      .kind(ValueKind::user)
      .flag("ttl", &MintOptions::ttl, "DUR", "How long it works: 1s to 24h")
      .default_text("1h")
      .details(
          "Prints a token (JWT) with which Twilio's Voice SDK places and takes calls as this user. Signed with api_key and "
          "api_secret for account_sid; names the TwiML app of the workspace. It cannot be taken back before it expires, "
          "except by deleting the API key.")
      .example("ringctl token mint ann@example.com")
      .example("ringctl token mint ann@example.com --ttl 15m -o json",
               "with its identity and when it expires")
      .exits({Errc::auth, Errc::not_found, Errc::conflict, Errc::invalid, Errc::schema, Errc::db_down,
              Errc::db_busy});
}

}  // namespace ringctl::cmd
