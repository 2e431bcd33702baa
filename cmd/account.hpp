#pragma once
// The Twilio account that a command works on: which login, from where, and what asks with it.

#include <memory>
#include <optional>
#include <string>

#include "base/seal.hpp"
#include "cmd/context.hpp"
#include "cmd/registry.hpp"
#include "sync/account.hpp"

namespace ringctl::cmd {

/// --account: another one of the workspace's; --concurrency.
struct AccountOptions {
  std::optional<std::string> account = {};
  std::optional<std::int64_t> concurrency = {};
};

/// The workspace of this run with its account. The login is the workspace's main account (`accounts set`),
/// else what is configured: api_key and api_secret with account_sid, else account_sid and auth_token. Bases:
/// those of twilio.*_url, else twilio.base_url for all, else region and edge. Throws Errc::auth
/// [twilio.no_login] saying what to set; Errc::config, seal.wrong_key.
class RunAccount {
 public:
  explicit RunAccount(Context&, const AccountOptions& = {});
  /// With this login, wherever it is from: one that is about to be kept.
  RunAccount(Context&, twilio::Credentials, const AccountOptions& = {});
  ~RunAccount();
  RunAccount(const RunAccount&) = delete;
  RunAccount& operator=(const RunAccount&) = delete;

  sync::Account& get();
  sync::Account& operator*() { return get(); }
  sync::Account* operator->() { return &get(); }
  /// Who asks, and where that was configured.
  const twilio::Credentials& login() const;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

/// --account and --concurrency, of every verb that asks Twilio.
template <class Options>
Verb<Options>& add_account_flags(Verb<Options>& verb) {
  return verb.flag("account", &Options::account, "SID", "The Twilio account, where the workspace has several")
      .default_text("its main one, else the configured one")
      .kind(ValueKind::account)
      .flag("concurrency", &Options::concurrency, "N", "Requests at once; at most twilio.max_concurrency")
      .kind(ValueKind::count);
}

/// `where` it stands, a file or a setting, is said by Errc::config [seal.bad_key].
base::SealKey key_of(const std::string& where, const base::Secret& hex);
/// secrets.key beside config.toml, there or not; empty if there is no home.
std::filesystem::path key_file(const config::Settings&);
/// secrets_key, else the file secrets.key beside config.toml (0600). nullopt: there is none. Throws what a
/// secret of the configuration does, Errc::config [seal.bad_key].
std::optional<base::SealKey> find_seal_key(const config::Settings&);
std::optional<base::SealKey> find_seal_key(Context&);
/// The same, made and kept where there is none.
base::SealKey seal_key_for_write(Context&);
/// The same, but kept nowhere: to try with, so that what is refused, or changes nothing, makes no key.
base::SealKey seal_key_to_try(Context&);

/// A line of progress while many requests are under way.
sync::ProgressFn shown_progress(Context&, std::string what);

/// What every verb that asks Twilio can end with, for Verb::exits().
inline constexpr std::initializer_list<Errc> k_twilio_exits = {
    Errc::auth,           Errc::not_found,       Errc::conflict,    Errc::locked,
    Errc::schema,         Errc::twilio,          Errc::twilio_rate, Errc::twilio_down,
    Errc::twilio_garbage, Errc::unknown_outcome, Errc::db_down,     Errc::db_busy};

}  // namespace ringctl::cmd
