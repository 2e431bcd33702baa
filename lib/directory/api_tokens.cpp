#include "directory/api_tokens.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/digest.hpp"
#include "base/error.hpp"
#include "db/transaction.hpp"
#include "records/values.hpp"

namespace ringctl::directory {
namespace {

/// Scanners for leaked secrets go by such beginnings.
constexpr std::string_view k_prefix = "rct_";
constexpr std::size_t k_random_bytes = 32;

std::string canonical_label(const std::string& label) {
  std::string out;
  base::Finding finding;
  if (!label.empty() && !records::canonical_line(label, {}, out, finding))
    throw Error(Errc::invalid, "tokens.bad_label", finding.message);
  return out;
}

std::string email_of_active(db::Connection& db, const base::Uuid& workspace, const base::Uuid& user) {
  auto rows =
      db.query("SELECT email, is_active FROM users WHERE workspace_id = $1 AND id = $2", {workspace, user});
  if (!rows.next()) throw Error(Errc::not_found, "users.unknown", "there is no user " + user.text());
  const std::string email(rows.text(0));
  if (!rows.boolean(1)) throw Error(Errc::conflict, "users.inactive", email + " is not active");
  return email;
}

/// Without the hash: an audit log is read by more people than the table.
std::string image_of(const ApiToken& token, std::string_view email) {
  const auto time = [](const std::optional<base::Instant>& at) {
    return at ? nlohmann::json(base::format_utc(*at)) : nlohmann::json();
  };
  return nlohmann::json{{"user", std::string(email)},
                        {"label", token.label},
                        {"expires_at", time(token.expires_at)},
                        {"revoked_at", time(token.revoked_at)}}
      .dump();
}

ApiToken row_of(const db::Rows& rows) {
  return {.id = rows.uuid(0),
          .label = std::string(rows.text(1)),
          .created_at = rows.instant(2),
          .expires_at = rows.maybe_instant(3),
          .revoked_at = rows.maybe_instant(4)};
}

}  // namespace

ApiTokens::Made ApiTokens::add(const base::Uuid& user, const std::string& label,
                               std::optional<base::Instant> expires_at) {
  auto& db = session_.db;
  const auto now = session_.clock.now();
  if (expires_at && *expires_at <= now)
    throw Error(Errc::invalid, "tokens.bad_expiry", "a token cannot expire before it is made");
  Made made{{.id = session_.ids.next(),
             .label = canonical_label(label),
             .created_at = now,
             .expires_at = expires_at},
            base::Secret(std::string(k_prefix) + base::random_hex(k_random_bytes))};
  const auto& token = made.token;
  db::in_transaction(db, db::Scope::of(workspace_), [&] {
    const auto email = email_of_active(db, workspace_, user);
    db.exec(
        "INSERT INTO api_tokens (id, workspace_id, user_id, token_hash, label, expires_at, created_at, "
        "updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $7)",
        {token.id, workspace_, user, base::sha256_hex(made.secret.reveal()),
         token.label.empty() ? db::Param(nullptr) : db::Param(token.label), token.expires_at, now});
    audit::record(session_, workspace_,
                  {.action = "users.token_add",
                   .object_type = "api_token",
                   .object_id = token.id,
                   .object_key = email,
                   .after = image_of(token, email)});
  });
  return made;
}

std::vector<ApiToken> ApiTokens::list(const base::Uuid& user) {
  std::vector<ApiToken> tokens;
  db::Transaction transaction(session_.db, db::Scope::of(workspace_), db::Access::read);
  auto rows = session_.db.query(
      "SELECT id, label, created_at, expires_at, revoked_at FROM api_tokens "
      "WHERE workspace_id = $1 AND user_id = $2 ORDER BY created_at DESC, id DESC",
      {workspace_, user});
  while (rows.next()) tokens.push_back(row_of(rows));
  transaction.commit();
  return tokens;
}

bool ApiTokens::revoke(const base::Uuid& user, const base::Uuid& id) {
  auto& db = session_.db;
  bool revoked = false;
  db::in_transaction(db, db::Scope::of(workspace_), [&] {
    const auto now = session_.clock.now();
    auto rows = db.query(
        "SELECT t.id, t.label, t.created_at, t.expires_at, t.revoked_at, u.email FROM api_tokens t "
        "JOIN users u ON u.id = t.user_id WHERE t.workspace_id = $1 AND t.user_id = $2 AND t.id = $3",
        {workspace_, user, id});
    if (!rows.next())
      throw Error(Errc::not_found, "tokens.unknown", fmt::format("this user has no API token {}", id.view()));
    const auto before = row_of(rows);
    const std::string email(rows.text(5));
    revoked = db.exec(
                  "UPDATE api_tokens SET revoked_at = $3, updated_at = $3 "
                  "WHERE workspace_id = $1 AND id = $2 AND revoked_at IS NULL",
                  {workspace_, id, now}) == 1;
    if (!revoked) return;
    auto after = before;
    after.revoked_at = now;
    audit::record(session_, workspace_,
                  {.action = "users.token_revoke",
                   .object_type = "api_token",
                   .object_id = id,
                   .object_key = email,
                   .before = image_of(before, email),
                   .after = image_of(after, email)});
  });
  return revoked;
}

std::optional<Holder> find_holder(db::Connection& db, std::string_view token, base::Instant now) {
  if (!token.starts_with(k_prefix) || token.size() != k_prefix.size() + 2 * k_random_bytes)
    return std::nullopt;
  db::Transaction transaction(db, db::Scope::through(db::Door::token_holder), db::Access::read);
  Holder holder;
  {
    auto rows = db.query(
        "SELECT id, workspace_id, user_id FROM api_tokens WHERE token_hash = $1 AND revoked_at IS NULL "
        "AND (expires_at IS NULL OR expires_at > $2)",
        {base::sha256_hex(token), now});
    if (!rows.next()) return std::nullopt;
    holder = {
        .token = rows.uuid(0), .workspace = rows.uuid(1), .user = rows.uuid(2), .email = {}, .role = {}};
  }
  transaction.rescope(db::Scope::of(holder.workspace));
  auto rows = db.query(
      "SELECT u.email, u.role FROM users u JOIN workspaces w ON w.id = u.workspace_id "
      "WHERE u.workspace_id = $1 AND u.id = $2 AND u.is_active = TRUE AND w.is_active = TRUE",
      {holder.workspace, holder.user});
  if (!rows.next()) return std::nullopt;
  holder.email = rows.text(0);
  holder.role = rows.text(1);
  return holder;
}

}  // namespace ringctl::directory
