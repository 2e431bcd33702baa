#pragma once
// The Twilio accounts of a workspace, each with the login that was saved for it (R157), sealed.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "audit/log.hpp"
#include "base/seal.hpp"

namespace ringctl::directory {

struct TwilioAccount {
  base::Uuid id;
  std::string account_sid, api_key;  ///< api_key "" = it logs in with its auth token
  std::string key_id;                ///< of the key that opens it
  bool is_main = false;              ///< whose API the workspace is managed through
  std::string trunk_sid = {};        ///< the main trunk (R83)
  std::optional<base::Instant> checked_at = {};
  std::int64_t version = 1;
  base::Instant created_at, updated_at;
};

/// What is secret of it.
struct AccountSecrets {
  base::Secret api_secret = {};                ///< of api_key
  std::vector<base::Secret> auth_tokens = {};  ///< that verify webhooks, the one that signs first
};

struct NewAccount {
  std::string account_sid, api_key = {};
  AccountSecrets secrets;
  bool drops_key = false;  ///< it logs in with its auth token from now on; api_key is "" then
  bool is_main = false;    ///< the first one is in any case
  /// Outside the database. Its webhooks are taken while the workspace names no account, and stay taken.
  std::string configured_sid = {};
};

struct AccountEdit {
  TwilioAccount account;
  bool added = false, changed = false;
};

/// Each call runs in a transaction of its own, audited without a byte that is secret; the workspace's setting
/// is written in one after it.
class Accounts {
 public:
  Accounts(audit::Session& session, const base::Uuid& workspace) : session_(session), workspace_(workspace) {}

  /// Adds the login or changes it, and takes the account's webhooks from then on (workspace setting
  /// twilio_accounts). Of an account that is there what is not given stays: the API key, the auth tokens,
  /// that it is the main one. Throws Errc::invalid [accounts.bad_sid], [accounts.no_secret]; Errc::conflict
  /// [accounts.held_elsewhere] if another workspace has it (not named), [accounts.stale] if another process
  /// changed it meanwhile; Errc::auth [seal.wrong_key] where what stays cannot be opened.
  AccountEdit set(const NewAccount&, const base::SealKey&, bool write = true);
  /// Its webhooks are not taken any more; the next one is the main one. Errc::not_found [accounts.unknown];
  /// Errc::conflict [accounts.in_use] while numbers are recorded as its.
  void remove(std::string_view account_sid, bool write = true);
  void note_checked(std::string_view account_sid);
  void note_trunk(std::string_view account_sid, std::string_view trunk_sid);

  std::vector<TwilioAccount> list();
  TwilioAccount get(std::string_view account_sid);
  std::optional<TwilioAccount> find_main();
  /// Throws Errc::auth [seal.wrong_key] naming the key that it takes.
  AccountSecrets open(const TwilioAccount&, const base::SealKey&);
  /// All of the workspace that the old key opens, sealed with the new one, in one transaction. How many.
  std::int64_t seal_anew(const base::SealKey& old_key, const base::SealKey& new_key, bool write = true);

 private:
  audit::Session& session_;
  base::Uuid workspace_;
};

/// "AC...:TOKEN" lines of every workspace, for serve. What the key does not open is left out and named in
/// `unread`. Through Door::maintenance.
std::vector<base::Secret> sealed_auth_tokens(db::Connection&, const base::SealKey&,
                                             std::vector<std::string>* unread);
/// True if any account is sealed in the database: then a key is needed.
bool has_sealed_accounts(db::Connection&);

}  // namespace ringctl::directory
