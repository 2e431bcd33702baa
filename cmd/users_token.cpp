// users token

#include "cmd/users_token.hpp"

#include <fmt/format.h>

#include <array>

#include "cmd/record_verbs.hpp"
#include "directory/api_tokens.hpp"
#include "directory/people.hpp"
#include "directory/workspaces.hpp"

namespace ringctl::cmd {
namespace {

constexpr std::array k_list_columns = {
    Column{"id", ColumnType::uuid},         Column{"label", ColumnType::text},
    Column{"works", ColumnType::boolean},   Column{"created_at", ColumnType::time},
    Column{"expires_at", ColumnType::time}, Column{"revoked_at", ColumnType::time},
};

constexpr std::array k_made_columns = {
    Column{"token", ColumnType::word},      Column{"id", ColumnType::uuid},
    Column{"user", ColumnType::text},       Column{"label", ColumnType::text},
    Column{"expires_at", ColumnType::time},
};

struct TokenOptions {
  std::string user;
  std::optional<std::string> label, revoke;
  std::optional<std::chrono::milliseconds> expires;
  bool list = false;
};

Cell text_or_null(const std::string& text) { return text.empty() ? Cell() : Cell(text); }
Cell time_or_null(const std::optional<base::Instant>& at) { return at ? Cell(*at) : Cell(); }

void list_tokens(directory::ApiTokens& tokens, const base::Uuid& user, Context& ctx) {
  const auto now = ctx.clock().now();
  auto rows = ctx.io().rows(k_list_columns);
  for (const auto& token : tokens.list(user))
    rows.row({token.id, text_or_null(token.label), token.works_at(now), token.created_at,
              time_or_null(token.expires_at), time_or_null(token.revoked_at)});
  rows.finish();
}

void revoke_token(directory::ApiTokens& tokens, const base::Uuid& user, const base::Uuid& id,
                  const std::string& email, Context& ctx) {
  const auto object = fmt::format("API token {}", id.view());
  const auto rest = "of " + email;
  if (ctx.dry_run()) {
    for (const auto& token : tokens.list(user))
      if (token.id == id)
        return token.revoked_at ? ctx.io().unchanged({.action = "revoke", .object = object})
                                : ctx.io().would_change({.action = "revoke", .object = object, .rest = rest});
    throw Error(Errc::not_found, "tokens.unknown", fmt::format("{} has no API token {}", email, id.view()));
  }
  if (!tokens.revoke(user, id)) return ctx.io().unchanged({.action = "revoke", .object = object});
  ctx.io().changed({.action = "revoked", .object = object, .rest = rest});
}

void make_token(directory::ApiTokens& tokens, const TokenOptions& opts, const base::Uuid& user,
                const std::string& email, Context& ctx) {
  if (ctx.dry_run())
    return ctx.io().would_change({.action = "add", .object = "an API token", .rest = "for " + email});
  const auto expires_at =
      opts.expires ? std::optional(base::Instant(ctx.clock().now() + *opts.expires)) : std::nullopt;
  const auto made = tokens.add(user, opts.label.value_or(""), expires_at);
  if (!ctx.io().json()) {
    ctx.io().text(made.secret.reveal() + "\n");
    ctx.io().note(fmt::format("API token {} for {}; it is shown this once", made.token.id.view(), email));
    return;
  }
  const Cell cells[] = {made.secret.reveal(), made.token.id, email, text_or_null(made.token.label),
                        time_or_null(made.token.expires_at)};
  ctx.io().record(k_made_columns, cells);
}

void run_token(const TokenOptions& opts, Context& ctx) {
  if ((opts.list || opts.revoke) && (opts.label || opts.expires))
    throw Error(Errc::usage, "usage.bad_value", "--label and --expires are for a new token");
  const auto& workspace = ctx.workspace();
  auto& session = ctx.session();
  const auto user = records_of(ctx, workspace, directory::users_noun()).get(opts.user);
  const auto& email = user.cells[directory::k_user_email];
  directory::ApiTokens tokens(session, workspace.id);
  if (opts.list) return list_tokens(tokens, user.id, ctx);
  if (!opts.revoke) return make_token(tokens, opts, user.id, email, ctx);
  const auto id = base::Uuid::try_parse(*opts.revoke);
  if (!id)
    throw Error(Errc::usage, "usage.bad_value",
                fmt::format("--revoke: \"{}\" is no id of an API token", *opts.revoke),
                fmt::format("ringctl users token {} --list", email));
  revoke_token(tokens, user.id, *id, email, ctx);
}

}  // namespace

void add_users_token(Noun& users) {
  users
      .verb<TokenOptions>("token", "Make, list or revoke tokens with which programs act for a user",
                          run_token)
      .argument("user", &TokenOptions::user, "E-mail address, name or id")
      .kind(ValueKind::user)
      .flag("label", &TokenOptions::label, "TEXT", "What the token is for")
      .flag("expires", &TokenOptions::expires, "DUR", "Stops working after this long, e.g. 90d")
      .default_text("never")
      .flag("list", &TokenOptions::list, "List the user's tokens, never what they read")
      .flag("revoke", &TokenOptions::revoke, "ID", "Make this token stop working, for good")
      .excludes("list")
      .columns(k_list_columns)
      .details(
          "Prints a new API token for the token endpoint of `serve` (Authorization: Bearer TOKEN), where the user's browser "
          "or app gets its access tokens. It is shown this once: the database keeps a hash. It stops working when it "
          "expires, is revoked, or its user is no longer active.")
      .example("ringctl users token ann@example.com --label CRM --expires 90d")
      .example("ringctl users token ann@example.com --list -o json")
      .exits({Errc::not_found, Errc::conflict, Errc::invalid, Errc::schema, Errc::db_down, Errc::db_busy});
}

}  // namespace ringctl::cmd
