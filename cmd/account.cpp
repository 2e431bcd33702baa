#include "cmd/account.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <system_error>

#include "base/file.hpp"
#include "base/text.hpp"
#include "base/zone.hpp"
#include "directory/accounts.hpp"
#include "http/url.hpp"

namespace ringctl::cmd {
namespace {

namespace fs = std::filesystem;

/// For the first place among those that other processes hold, unless --lock-wait says longer.
constexpr std::chrono::milliseconds k_wait_for_place{10'000};
constexpr std::size_t k_key_file_cap = 4096;

// --- the key ---

Error cannot_write(const fs::path& file) {
  return {Errc::config, "seal.cannot_write",
          fmt::format("the key that secrets are sealed with cannot be kept in {}: {}", file.string(),
                      std::generic_category().message(errno)),
          "set RINGCTL_SECRETS_KEY_FILE to a file of your own with 64 hex digits"};
}

/// Appears whole or not at all, and never in the place of another: what is sealed with that would be lost.
/// False if there is one now.
bool write_key(const fs::path& file, const base::Secret& key) {
  std::error_code failed;
  fs::create_directories(file.parent_path(), failed);
  const auto temporary = fmt::format("{}.{}", file.string(), ::getpid());
  const base::Fd fd(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!fd) throw cannot_write(file);
  try {
    base::write_all(fd.get(), key.reveal() + "\n", file.string());
  } catch (const Error&) {
    ::unlink(temporary.c_str());
    throw;
  }
  // Before anything that it seals is in a database that survives a power cut.
  const bool linked = ::fsync(fd.get()) == 0 && ::link(temporary.c_str(), file.c_str()) == 0 &&
                      base::sync_directory(file.parent_path());
  const int why = errno;
  ::unlink(temporary.c_str());
  errno = why;
  if (!linked && why != EEXIST) throw cannot_write(file);
  return linked;
}

// --- the login ---

/// What is configured lacks, "" if there is nothing of a login at all. Half of one is not none: whoever gave
/// it is told of the other half.
std::string_view missing_part(const config::Settings& settings) {
  const auto has = [&](std::string_view key) { return settings.find(key).has_value(); };
  const bool key = has("api_key"), secret = has("api_secret"), token = has("auth_token");
  const bool any = key || secret || token;
  if (settings.get("account_sid").empty()) return any ? "account_sid" : "";
  if (key && !secret) return "api_secret";
  return secret && !key ? "api_key" : "auth_token";
}

Error no_login(const config::Settings& settings) {
  const auto missing = missing_part(settings);
  if (missing.empty())
    return {Errc::auth, "twilio.no_login",
            "there is no login for Twilio: the workspace has none, and none is configured",
            "ringctl accounts set AC... --auth-token-file FILE"};
  const auto variable = fmt::format("TWILIO_{}", base::ascii_upper(missing));
  return {Errc::auth, "twilio.no_login",
          fmt::format("only half a login for Twilio is configured: {} is missing", missing),
          missing == "account_sid" ? fmt::format("set {}", variable)
                                   : fmt::format("set {0}, or {0}_FILE to a file with it", variable)};
}

/// A key without its secret logs nobody in, and whoever set it does not expect the token to.
void warn_of_half_key(const config::Settings& settings, const twilio::Credentials& login, Context& ctx) {
  const bool has_key = settings.find("api_key").has_value();
  if (login.user.empty() && has_key != settings.find("api_secret").has_value())
    ctx.io().warn(fmt::format("{} is configured without {}: the auth token logs in",
                              has_key ? "api_key" : "api_secret", has_key ? "api_secret" : "api_key"));
}

base::SealKey key_that_opens(Context& ctx, const directory::TwilioAccount& account) {
  auto key = find_seal_key(ctx);
  if (key) return *std::move(key);
  throw Error(Errc::config, "seal.no_key",
              fmt::format("the login of {} is sealed with the key {}, and no key is configured",
                          account.account_sid, account.key_id),
              "set RINGCTL_SECRETS_KEY_FILE to that key");
}

twilio::Credentials saved_login(Context& ctx, directory::Accounts& accounts,
                                const directory::TwilioAccount& account) {
  const auto secrets = accounts.open(account, key_that_opens(ctx, account));
  twilio::Credentials login;
  login.account_sid = account.account_sid;
  login.source = fmt::format("workspace {}", ctx.workspace().name);
  login.user = account.api_key;
  if (!account.api_key.empty())
    login.password = secrets.api_secret;
  else if (!secrets.auth_tokens.empty())
    login.password = secrets.auth_tokens.front();
  return login;
}

std::string origin_of_key(const config::Settings& settings, std::string_view key) {
  const auto value = settings.find(key);
  return fmt::format("{} from {}", key, value ? value->origin : std::string("the configuration"));
}

std::optional<twilio::Credentials> configured_login(const config::Settings& settings) {
  twilio::Credentials login;
  login.account_sid = settings.get("account_sid");
  const auto secret = [&](std::string_view key) { return settings.secret(key).value_or(base::Secret()); };
  const auto api_key = secret("api_key"), api_secret = secret("api_secret");
  if (!api_key.empty() && !api_secret.empty()) {
    login.user = base::trim(api_key.reveal());
    login.password = base::Secret(std::string(base::trim(api_secret.reveal())));
    login.source = origin_of_key(settings, "api_key");
  } else {
    const auto token = secret("auth_token");
    login.password = base::Secret(std::string(base::trim(token.reveal())));
    login.source = origin_of_key(settings, "auth_token");
  }
  if (login.account_sid.empty() || login.password.empty()) return std::nullopt;
  return login;
}

/// Of this account, of any with nullopt; warned of where it is not what was meant.
std::optional<twilio::Credentials> configured_login_of(const std::optional<std::string>& account,
                                                       Context& ctx) {
  auto login = configured_login(ctx.settings());
  if (login && account && login->account_sid != *account) return std::nullopt;
  if (login) warn_of_half_key(ctx.settings(), *login, ctx);
  return login;
}

twilio::Credentials login_of(Context& ctx, const AccountOptions& opts) {
  directory::Accounts accounts(ctx.session(), ctx.workspace().id);
  if (!opts.account) {
    if (const auto main = accounts.find_main()) return saved_login(ctx, accounts, *main);
    auto login = configured_login_of({}, ctx);
    if (!login) throw no_login(ctx.settings());
    return *std::move(login);
  }
  const auto all = accounts.list();
  const auto saved = std::find_if(all.begin(), all.end(),
                                  [&](const auto& account) { return account.account_sid == *opts.account; });
  if (saved != all.end()) return saved_login(ctx, accounts, *saved);
  if (auto login = configured_login_of(opts.account, ctx)) return *std::move(login);
  throw Error(Errc::not_found, "accounts.unknown",
              fmt::format("there is no login for the Twilio account {}", base::in_quotes(*opts.account)),
              "ringctl accounts list");
}

// --- where and how ---

twilio::Bases bases_in(const config::Settings& settings) {
  const auto everywhere = settings.get("twilio.base_url");
  auto bases = everywhere.empty() ? twilio::bases_of(settings.get("region"), settings.get("edge"))
                                  : twilio::bases_at(everywhere);
  const auto own = [&](std::string_view key, std::string& base) {
    if (const auto url = settings.get(key); !url.empty()) base = twilio::bases_at(url).core;
  };
  own("twilio.trunking_url", bases.trunking);
  own("twilio.messaging_url", bases.messaging);
  own("twilio.pricing_url", bases.pricing);
  return bases;
}

std::size_t configured_count(const config::Settings& settings, std::string_view key, std::int64_t least) {
  const auto value = base::parse_int(settings.get(key));
  if (value && *value >= least) return static_cast<std::size_t>(*value);
  throw Error(Errc::config, "config.bad_value",
              fmt::format("{}: {} is below {}", key, settings.get(key), least),
              fmt::format("ringctl config set {} {}", key, std::max<std::int64_t>(least, 5)));
}

std::size_t concurrency_of(const AccountOptions& opts, std::size_t most) {
  if (!opts.concurrency) return most;
  if (*opts.concurrency < 1)
    throw Error(Errc::usage, "usage.bad_value",
                fmt::format("--concurrency: {} is below 1", *opts.concurrency));
  return std::min(most, static_cast<std::size_t>(*opts.concurrency));
}

bool is_shared(std::string_view database) { return database.find(":memory:") == std::string_view::npos; }

twilio::ClientOptions client_options(Context& ctx, twilio::Credentials login, const AccountOptions& opts,
                                     const base::CancelToken& cancel) {
  const auto& settings = ctx.settings();
  twilio::ClientOptions options;
  options.credentials = std::move(login);
  options.bases = bases_in(settings);
  const auto limit = configured_count(settings, "twilio.max_concurrency", 1);
  options.max_concurrency = concurrency_of(opts, limit);
  options.timeout = base::parse_duration(settings.get("twilio.timeout"));
  options.backoff.retries =
      static_cast<int>(std::min<std::size_t>(configured_count(settings, "twilio.retries", 0), 100));
  options.ca_file = ctx.environment()("SSL_CERT_FILE").value_or("");
  options.cancel = &cancel;
  if (is_shared(ctx.database().url()))
    options.slots =
        sync::shared_slots(ctx.open_database_as_is(), ctx.clock(), options.credentials.account_sid, limit,
                           std::max(ctx.lock_wait(), k_wait_for_place), &cancel);
  return options;
}

std::string without_slash(std::string url) {
  while (url.ends_with('/')) url.pop_back();
  return url;
}

}  // namespace

struct RunAccount::Parts {
  Parts(Context& ctx, twilio::Credentials login, const AccountOptions& opts)
      : workspace(ctx.workspace()),
        cancel(ctx.cancel()),
        options(client_options(ctx, std::move(login), opts, cancel)),
        local(http::parse_url(options.bases.core).loopback),
        client(options, ctx.clock()),
        account{
            ctx.session(),   workspace, client, cancel, without_slash(ctx.settings().get("serve.public_url")),
            ctx.lock_wait(), local} {}

  const directory::Workspace& workspace;
  base::CancelToken& cancel;
  twilio::ClientOptions options;
  bool local;
  twilio::Client client;
  sync::Account account;
};

RunAccount::RunAccount(Context& ctx, const AccountOptions& opts)
    : RunAccount(ctx, login_of(ctx, opts), opts) {}
RunAccount::RunAccount(Context& ctx, twilio::Credentials login, const AccountOptions& opts)
    : parts_(std::make_unique<Parts>(ctx, std::move(login), opts)) {}
RunAccount::~RunAccount() = default;

sync::Account& RunAccount::get() { return parts_->account; }
const twilio::Credentials& RunAccount::login() const { return parts_->options.credentials; }

base::SealKey key_of(const std::string& where, const base::Secret& hex) {
  try {
    return base::SealKey(hex);
  } catch (const Error& error) {
    if (error.slug() != "seal.bad_key") throw;
    throw Error(error.errc(), error.slug(), fmt::format("{}: {}", where, error.message()), error.hint());
  }
}

fs::path key_file(const config::Settings& settings) {
  const auto file = settings.user_file();
  return file.empty() ? fs::path() : file.parent_path() / "secrets.key";
}

std::optional<base::SealKey> find_seal_key(const config::Settings& settings) {
  if (const auto configured = settings.secret("secrets_key")) return key_of("secrets_key", *configured);
  const auto file = key_file(settings);
  std::error_code failed;
  if (file.empty() || !fs::exists(file, failed)) return std::nullopt;
  base::require_private(file);
  return key_of(file.string(), base::Secret(base::read_file(file, k_key_file_cap)));
}

std::optional<base::SealKey> find_seal_key(Context& ctx) { return find_seal_key(ctx.settings()); }

base::SealKey seal_key_for_write(Context& ctx) {
  if (auto key = find_seal_key(ctx)) return *std::move(key);
  const auto fresh = base::SealKey::generate();
  const auto file = key_file(ctx.settings());
  if (file.empty()) ctx.user_config_file();  // throws, saying why
  if (!write_key(file, fresh)) return *find_seal_key(ctx);
  ctx.io().note(
      fmt::format("made {}, the key that logins in the database are sealed with: keep a copy, and not "
                  "beside one of the database",
                  file.string()));
  return base::SealKey(fresh);
}

base::SealKey seal_key_to_try(Context& ctx) {
  if (auto key = find_seal_key(ctx)) return *std::move(key);
  return base::SealKey(base::SealKey::generate());
}

sync::ProgressFn shown_progress(Context& ctx, std::string what) {
  struct Shown {
    std::optional<Progress> progress;
    std::string phase;
  };
  auto shown = std::make_shared<Shown>();
  return [&ctx, what = std::move(what), shown](const sync::Progress& now) {
    if (!shown->progress || shown->phase != now.phase) {
      shown->phase = now.phase;
      shown->progress.reset();
      const auto name = now.phase.empty() ? what : fmt::format("{}: {}", what, now.phase);
      shown->progress.emplace(
          ctx.io().progress(name, now.total == 0 ? std::nullopt : std::optional(now.total)));
    }
    shown->progress->update(now.done, now.failed);
  };
}

}  // namespace ringctl::cmd
