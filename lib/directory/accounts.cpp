#include "directory/accounts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <nlohmann/json.hpp>
#include <set>

#include "base/error.hpp"
#include "base/sid.hpp"
#include "base/text.hpp"
#include "db/transaction.hpp"
#include "directory/workspaces.hpp"

namespace ringctl::directory {
namespace {

constexpr std::string_view k_columns =
    "id, account_sid, api_key, key_id, is_main, trunk_sid, checked_at, version, created_at, updated_at, sealed";

struct Row {
  TwilioAccount account;
  std::string sealed;
};

Row row_of(const db::Rows& rows) {
  return {.account = {.id = rows.uuid(0),
                      .account_sid = std::string(rows.text(1)),
                      .api_key = std::string(rows.text(2)),
                      .key_id = std::string(rows.text(3)),
                      .is_main = rows.boolean(4),
                      .trunk_sid = std::string(rows.text(5)),
                      .checked_at = rows.maybe_instant(6),
                      .version = rows.integer(7),
                      .created_at = rows.instant(8),
                      .updated_at = rows.instant(9)},
          .sealed = std::string(rows.text(10))};
}

/// Inside the caller's transaction; the main one first.
std::vector<Row> read_all(db::Connection& db, const base::Uuid& workspace) {
  std::vector<Row> all;
  auto rows = db.query(fmt::format("SELECT {} FROM twilio_accounts WHERE workspace_id = $1 "
                                   "ORDER BY is_main DESC, created_at, id",
                                   k_columns),
                       {workspace});
  while (rows.next()) all.push_back(row_of(rows));
  return all;
}

std::optional<Row> find_row(const std::vector<Row>& all, std::string_view account_sid) {
  const auto found = std::find_if(all.begin(), all.end(),
                                  [&](const Row& row) { return row.account.account_sid == account_sid; });
  return found == all.end() ? std::nullopt : std::optional(*found);
}

Error unknown(std::string_view account_sid) {
  return {Errc::not_found, "accounts.unknown",
          fmt::format("the workspace has no Twilio account {}", base::in_quotes(account_sid)),
          "ringctl accounts list"};
}

std::string about(const base::Uuid& workspace, std::string_view account_sid) {
  return fmt::format("accounts/{}/{}", workspace.view(), account_sid);
}

base::Secret text_of(const AccountSecrets& secrets) {
  nlohmann::json tokens = nlohmann::json::array();
  for (const auto& token : secrets.auth_tokens) tokens.push_back(token.reveal());
  return base::Secret(
      nlohmann::json{{"api_secret", secrets.api_secret.reveal()}, {"auth_tokens", std::move(tokens)}}.dump());
}

AccountSecrets secrets_in(const base::Secret& text) {
  AccountSecrets secrets;
  const auto json = nlohmann::json::parse(text.reveal(), nullptr, false);
  if (!json.is_object())  // what a key opens was written by this program
    throw Error(Errc::db_corrupt, "seal.bad_content", "what is sealed in the database is no login");
  secrets.api_secret = base::Secret(json.value("api_secret", std::string()));
  for (const auto& token : json.value("auth_tokens", nlohmann::json::array()))
    if (token.is_string()) secrets.auth_tokens.emplace_back(token.get<std::string>());
  return secrets;
}

AccountSecrets open_row(const Row& row, const base::Uuid& workspace, const base::SealKey& key) {
  const auto& account = row.account;
  try {
    return secrets_in(key.open(row.sealed, about(workspace, account.account_sid)));
  } catch (const Error& error) {
    if (error.slug() != "seal.wrong_key") throw;
    throw Error(Errc::auth, "seal.wrong_key",
                fmt::format("the login of {} is sealed with the key {}, and the key that is configured is {}",
                            account.account_sid, account.key_id, key.id()),
                "set RINGCTL_SECRETS_KEY_FILE to that key, or give API key, secret and auth token anew");
  }
}

bool same(const AccountSecrets& a, const AccountSecrets& b) {
  return a.api_secret.reveal() == b.api_secret.reveal() &&
         std::equal(a.auth_tokens.begin(), a.auth_tokens.end(), b.auth_tokens.begin(), b.auth_tokens.end(),
                    [](const auto& x, const auto& y) { return x.reveal() == y.reveal(); });
}

/// That a login is there, of which kind and which key seals it; nothing of the login. `auth_tokens`: how
/// many, where that is known.
std::string image_of(const TwilioAccount& account, std::optional<std::size_t> auth_tokens = {}) {
  const auto text = [](const std::string& value) {
    return value.empty() ? nlohmann::json() : nlohmann::json(value);
  };
  nlohmann::json image = {{"account_sid", account.account_sid},
                          {"api_key", text(account.api_key)},
                          {"is_main", account.is_main},
                          {"key_id", account.key_id},
                          {"trunk_sid", text(account.trunk_sid)}};
  if (auth_tokens) image["auth_tokens"] = *auth_tokens;
  return image.dump();
}

std::string image_before(const TwilioAccount& account, const std::optional<AccountSecrets>& kept) {
  return kept ? image_of(account, kept->auth_tokens.size()) : image_of(account);
}

void require_sound(const NewAccount& account) {
  const auto bad_sid = [](std::string_view what, std::string_view kind, std::string_view given) {
    return Error(
        Errc::invalid, "accounts.bad_sid",
        fmt::format("{} is no {}, which is {} and 32 hex digits", base::in_quotes(given), what, kind));
  };
  if (!base::is_sid(account.account_sid, "AC")) throw bad_sid("Account SID", "AC", account.account_sid);
  if (!account.api_key.empty() && !base::is_sid(account.api_key, "SK"))
    throw bad_sid("API key", "SK", account.api_key);
  const auto sound = [](const base::Secret& secret) {
    return std::all_of(secret.reveal().begin(), secret.reveal().end(),
                       [](char c) { return c > ' ' && c < 0x7F; });
  };
  const auto& tokens = account.secrets.auth_tokens;
  const bool all_sound = sound(account.secrets.api_secret) &&
                         std::all_of(tokens.begin(), tokens.end(),
                                     [&](const auto& token) { return !token.empty() && sound(token); });
  if (!all_sound)
    throw Error(Errc::invalid, "accounts.no_secret",
                "a secret is letters and digits on one line; this one holds something else, or is empty");
}

/// `given` with what stays of `kept`.
AccountSecrets merged(const NewAccount& given, const std::optional<AccountSecrets>& kept) {
  auto secrets = given.secrets;
  if (kept && secrets.auth_tokens.empty()) secrets.auth_tokens = kept->auth_tokens;
  if (kept && secrets.api_secret.empty() && !given.drops_key) secrets.api_secret = kept->api_secret;
  return secrets;
}

/// Something stays that only the key it was sealed with tells.
bool keeps_something(const NewAccount& given, const TwilioAccount& before) {
  const bool keeps_secret = !before.api_key.empty() && !given.drops_key && given.secrets.api_secret.empty();
  return given.secrets.auth_tokens.empty() || keeps_secret;
}

void require_login(const TwilioAccount& account, const AccountSecrets& secrets, bool new_key) {
  const auto missing = [&](std::string message, std::string hint) {
    return Error(Errc::invalid, "accounts.no_secret", std::move(message), std::move(hint));
  };
  if (!account.api_key.empty() && secrets.api_secret.empty())
    throw missing(fmt::format("the API key {} needs its secret", account.api_key), "--api-secret-file FILE");
  if (account.api_key.empty() && !secrets.api_secret.empty())
    throw missing("an API secret needs the API key that it is of", "--api-key SK...");
  if (new_key)
    throw missing(fmt::format("{} is another API key, which needs its own secret", account.api_key),
                  "--api-secret-file FILE");
  if (account.api_key.empty() && secrets.auth_tokens.empty())
    throw missing(fmt::format("there is nothing to log in to {} with", account.account_sid),
                  "--auth-token-file FILE, or --api-key SK... --api-secret-file FILE");
}

Error held_elsewhere(const std::string& account_sid) {
  return {Errc::conflict, "accounts.held_elsewhere",
          fmt::format("another workspace has the Twilio account {}", account_sid),
          fmt::format("in that workspace, ringctl accounts remove {} lets it go", account_sid)};
}

void require_not_held(db::Connection& db, const base::Uuid& workspace, const std::string& account_sid) {
  if (db.integer("SELECT 1 FROM twilio_accounts WHERE account_sid = $1 AND workspace_id <> $2 LIMIT 1",
                 {account_sid, workspace}))
    throw held_elsewhere(account_sid);
}

void set_webhooks(audit::Session& session, const base::Uuid& id,
                  const std::function<void(std::set<std::string>&)>& edit) {
  Workspaces workspaces(session);
  const auto workspace = workspaces.get(id.view());
  std::set<std::string> accounts;
  for (const auto one : base::split(workspace.setting("twilio_accounts"), '|'))
    if (!one.empty()) accounts.emplace(one);
  edit(accounts);
  WorkspaceChange change;
  change.settings = {
      {"twilio_accounts", base::join(std::vector<std::string>(accounts.begin(), accounts.end()), "|")}};
  if (workspaces.would_change(workspace, change)) workspaces.update(std::string(id.view()), change);
}

/// The workspace takes the account's webhooks from now on. As long as it names none, those of the configured
/// account are taken: it does not lose them by naming one.
void take_webhooks(audit::Session& session, const base::Uuid& id, const NewAccount& account) {
  set_webhooks(session, id, [&](std::set<std::string>& accounts) {
    if (accounts.empty() && base::is_sid(account.configured_sid, "AC"))
      accounts.insert(account.configured_sid);
    accounts.insert(account.account_sid);
  });
}

void leave_webhooks(audit::Session& session, const base::Uuid& id, std::string_view account_sid) {
  set_webhooks(session, id,
               [&](std::set<std::string>& accounts) { accounts.erase(std::string(account_sid)); });
}

void record(audit::Session& session, const base::Uuid& workspace, std::string_view action,
            const TwilioAccount& account, std::optional<std::string> before,
            std::optional<std::string> after) {
  audit::record(session, workspace,
                {.action = action,
                 .object_type = "twilio_account",
                 .object_id = account.id,
                 .object_key = account.account_sid,
                 .before = std::move(before),
                 .after = std::move(after)});
}

TwilioAccount fresh_account(audit::Session& session, const std::string& account_sid) {
  return {.id = session.ids.next(),
          .account_sid = account_sid,
          .api_key = {},
          .key_id = {},
          .created_at = {},
          .updated_at = {}};
}

void insert(db::Connection& db, const base::Uuid& workspace, const TwilioAccount& account,
            const std::string& sealed) {
  try {
    db.exec(
        "INSERT INTO twilio_accounts (id, workspace_id, account_sid, api_key, sealed, key_id, is_main, version, "
        "created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9)",
        {account.id, workspace, account.account_sid, db::or_null(account.api_key), sealed, account.key_id,
         account.is_main, account.version, account.created_at});
  } catch (const Error& error) {  // by two at the same moment
    if (error.slug() == "db.unique") throw held_elsewhere(account.account_sid);
    throw;
  }
}

/// What was read may have been changed since by another transaction, whose secret must not be lost.
void require_written(std::int64_t rows, const std::string& account_sid) {
  if (rows == 0)
    throw Error(Errc::conflict, "accounts.stale", fmt::format("{} was changed meanwhile", account_sid),
                fmt::format("ringctl accounts show {}", account_sid));
}

/// As `account` has it, whose version is the one after that which was read.
void update(db::Connection& db, const base::Uuid& workspace, const TwilioAccount& account,
            const std::string& sealed) {
  const auto rows = db.exec(
      "UPDATE twilio_accounts SET api_key = $3, sealed = $4, key_id = $5, is_main = $6, version = $7, "
      "updated_at = $8, checked_at = NULL WHERE workspace_id = $1 AND id = $2 AND version = $9",
      {workspace, account.id, db::or_null(account.api_key), sealed, account.key_id, account.is_main,
       account.version, account.updated_at, account.version - 1});
  require_written(rows, account.account_sid);
}

/// Another account becomes the main one, or was it.
void set_main(audit::Session& session, const base::Uuid& workspace, const TwilioAccount& before,
              bool is_main) {
  auto after = before;
  after.is_main = is_main;
  const auto rows = session.db.exec(
      "UPDATE twilio_accounts SET is_main = $3, version = version + 1, updated_at = $4 "
      "WHERE workspace_id = $1 AND id = $2 AND version = $5",
      {workspace, after.id, after.is_main, session.clock.now(), before.version});
  require_written(rows, after.account_sid);
  record(session, workspace, "accounts.update", after, image_of(before), image_of(after));
}

}  // namespace

AccountEdit Accounts::set(const NewAccount& given, const base::SealKey& key, bool write) {
  require_sound(given);
  AccountEdit edit;
  const auto work = [&] {
    auto& db = session_.db;
    require_not_held(db, workspace_, given.account_sid);
    const auto all = read_all(db, workspace_);
    const auto before = find_row(all, given.account_sid);
    std::optional<AccountSecrets> kept;
    if (before && (keeps_something(given, before->account) || before->account.key_id == key.id()))
      kept = open_row(*before, workspace_, key);
    const auto secrets = merged(given, kept);
    auto account = before ? before->account : fresh_account(session_, given.account_sid);
    const bool new_key = before && !given.api_key.empty() && given.api_key != account.api_key &&
                         given.secrets.api_secret.empty();
    if (!given.api_key.empty() || given.drops_key) account.api_key = given.api_key;
    require_login(account, secrets, new_key);
    account.is_main = account.is_main || given.is_main || all.empty();
    account.key_id = key.id();
    edit.added = !before;
    edit.changed = !before || !kept || !same(secrets, *kept) || account.api_key != before->account.api_key ||
                   account.is_main != before->account.is_main || account.key_id != before->account.key_id;
    if (edit.changed) {
      account.updated_at = session_.clock.now();
      if (before)
        ++account.version;
      else
        account.created_at = account.updated_at;
    }
    edit.account = account;
    if (!write || !edit.changed) return;
    if (account.is_main)
      for (const auto& other : all)
        if (other.account.is_main && other.account.id != account.id)
          set_main(session_, workspace_, other.account, false);
    const auto sealed = key.seal(text_of(secrets), about(workspace_, account.account_sid));
    before ? update(db, workspace_, account, sealed) : insert(db, workspace_, account, sealed);
    record(session_, workspace_, before ? "accounts.update" : "accounts.add", account,
           before ? std::optional(image_before(before->account, kept)) : std::nullopt,
           image_of(account, secrets.auth_tokens.size()));
  };
  // Through the door that sees other workspaces' accounts, only to refuse what one of them has.
  const auto scope = db::Scope::of(workspace_, db::Door::maintenance);
  if (!write) {
    db::Transaction transaction(session_.db, scope, db::Access::read);
    work();
    return edit;
  }
  db::in_transaction(session_.db, scope, work);
  take_webhooks(session_, workspace_, given);
  return edit;
}

void Accounts::remove(std::string_view account_sid, bool write) {
  const auto work = [&] {
    auto& db = session_.db;
    const auto all = read_all(db, workspace_);
    const auto row = find_row(all, account_sid);
    if (!row) throw unknown(account_sid);
    const auto numbers =
        db.integer("SELECT count(*) FROM phone_numbers WHERE workspace_id = $1 AND account_sid = $2",
                   {workspace_, account_sid});
    if (numbers.value_or(0) > 0)
      throw Error(Errc::conflict, "accounts.in_use",
                  fmt::format("{} numbers are recorded as those of {}", *numbers, account_sid),
                  "ringctl numbers list --columns phone_number,account_sid");
    if (!write) return;
    db.exec("DELETE FROM twilio_accounts WHERE workspace_id = $1 AND id = $2", {workspace_, row->account.id});
    record(session_, workspace_, "accounts.remove", row->account, image_of(row->account), std::nullopt);
    const auto next = std::find_if(all.begin(), all.end(),
                                   [&](const Row& other) { return other.account.id != row->account.id; });
    if (row->account.is_main && next != all.end()) set_main(session_, workspace_, next->account, true);
  };
  const auto scope = db::Scope::of(workspace_);
  if (!write) {
    db::Transaction transaction(session_.db, scope, db::Access::read);
    return work();
  }
  db::in_transaction(session_.db, scope, work);
  leave_webhooks(session_, workspace_, account_sid);
}

void Accounts::note_checked(std::string_view account_sid) {
  // Not audited: it is looked at, not changed.
  db::in_transaction(session_.db, db::Scope::of(workspace_), [&] {
    const auto noted = session_.db.exec(
        "UPDATE twilio_accounts SET checked_at = $3 WHERE workspace_id = $1 AND account_sid = $2",
        {workspace_, account_sid, session_.clock.now()});
    if (noted == 0) throw unknown(account_sid);
  });
}

void Accounts::note_trunk(std::string_view account_sid, std::string_view trunk_sid) {
  db::in_transaction(session_.db, db::Scope::of(workspace_), [&] {
    const auto row = find_row(read_all(session_.db, workspace_), account_sid);
    if (!row) throw unknown(account_sid);
    if (row->account.trunk_sid == trunk_sid) return;
    auto after = row->account;
    after.trunk_sid = trunk_sid;
    session_.db.exec(
        "UPDATE twilio_accounts SET trunk_sid = $3, version = version + 1, updated_at = $4 "
        "WHERE workspace_id = $1 AND id = $2",
        {workspace_, after.id, db::or_null(after.trunk_sid), session_.clock.now()});
    record(session_, workspace_, "accounts.update", after, image_of(row->account), image_of(after));
  });
}

std::vector<TwilioAccount> Accounts::list() {
  db::Transaction transaction(session_.db, db::Scope::of(workspace_), db::Access::read);
  std::vector<TwilioAccount> all;
  for (auto& row : read_all(session_.db, workspace_)) all.push_back(std::move(row.account));
  transaction.commit();
  return all;
}

TwilioAccount Accounts::get(std::string_view account_sid) {
  for (auto& account : list())
    if (account.account_sid == account_sid) return account;
  throw unknown(account_sid);
}

std::optional<TwilioAccount> Accounts::find_main() {
  auto all = list();
  if (all.empty() || !all.front().is_main) return std::nullopt;
  return std::move(all.front());
}

AccountSecrets Accounts::open(const TwilioAccount& account, const base::SealKey& key) {
  db::Transaction transaction(session_.db, db::Scope::of(workspace_), db::Access::read);
  const auto row = find_row(read_all(session_.db, workspace_), account.account_sid);
  transaction.commit();
  if (!row) throw unknown(account.account_sid);
  return open_row(*row, workspace_, key);
}

std::int64_t Accounts::seal_anew(const base::SealKey& old_key, const base::SealKey& new_key, bool write) {
  std::int64_t count = 0;
  if (old_key.id() == new_key.id()) return count;
  const auto work = [&] {
    count = 0;
    for (const auto& row : read_all(session_.db, workspace_)) {
      if (row.account.key_id != old_key.id()) continue;
      const auto secrets = open_row(row, workspace_, old_key);
      ++count;
      if (!write) continue;
      auto after = row.account;
      after.key_id = new_key.id();
      const auto sealed = new_key.seal(text_of(secrets), about(workspace_, after.account_sid));
      const auto rows = session_.db.exec(
          "UPDATE twilio_accounts SET sealed = $3, key_id = $4, version = version + 1, updated_at = $5 "
          "WHERE workspace_id = $1 AND id = $2 AND version = $6",
          {workspace_, after.id, sealed, after.key_id, session_.clock.now(), row.account.version});
      require_written(rows, after.account_sid);
      record(session_, workspace_, "accounts.rekey", after, image_of(row.account), image_of(after));
    }
  };
  const auto scope = db::Scope::of(workspace_);
  if (write) {
    db::in_transaction(session_.db, scope, work);
    return count;
  }
  db::Transaction transaction(session_.db, scope, db::Access::read);
  work();
  return count;
}

std::vector<base::Secret> sealed_auth_tokens(db::Connection& db, const base::SealKey& key,
                                             std::vector<std::string>* unread) {
  std::vector<base::Secret> lines;
  db::Transaction transaction(db, db::Scope::through(db::Door::maintenance), db::Access::read);
  auto rows = db.query(
      fmt::format("SELECT {}, workspace_id FROM twilio_accounts ORDER BY account_sid, id", k_columns));
  while (rows.next()) {
    const auto row = row_of(rows);
    try {
      for (const auto& token : open_row(row, rows.uuid(11), key).auth_tokens)
        lines.emplace_back(fmt::format("{}:{}", row.account.account_sid, token.reveal()));
    } catch (const Error&) {
      if (unread != nullptr) unread->push_back(row.account.account_sid);
    }
  }
  return lines;
}

bool has_sealed_accounts(db::Connection& db) {
  db::Transaction transaction(db, db::Scope::through(db::Door::maintenance), db::Access::read);
  return db.integer("SELECT 1 FROM twilio_accounts LIMIT 1").has_value();
}

}  // namespace ringctl::directory
