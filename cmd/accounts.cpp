// accounts

#include "directory/accounts.hpp"

#include <fmt/format.h>

#include <array>
#include <chrono>

#include "base/text.hpp"
#include "cmd/account.hpp"
#include "cmd/list.hpp"
#include "cmd/root.hpp"
#include "cmd/secret_lines.hpp"
#include "directory/workspaces.hpp"
#include "messages/hooks.hpp"
#include "sync/trunks.hpp"
#include "twilio/rest_account.hpp"

namespace ringctl::cmd {
namespace {

constexpr std::array k_columns = {
    Column{"account_sid", ColumnType::word, true, true}, Column{"login", ColumnType::word, true, true},
    Column{"is_main", ColumnType::boolean, true, true},  Column{"trunk_sid", ColumnType::word, true, true},
    Column{"key_id", ColumnType::word, false, true},     Column{"checked_at", ColumnType::time, true, true},
    Column{"created_at", ColumnType::time, false, true}, Column{"updated_at", ColumnType::time, false, true},
    Column{"version", ColumnType::integer, false, true}, Column{"id", ColumnType::uuid, false, true},
};

constexpr std::array k_check_columns = {
    Column{"account_sid", ColumnType::word},
    Column{"status", ColumnType::word},
    Column{"balance", ColumnType::money},
    Column{"currency", ColumnType::word},
    Column{"clock_skew_s", ColumnType::duration},
    Column{"login", ColumnType::text},
    Column{"ok", ColumnType::boolean},
};

constexpr std::chrono::seconds k_most_skew{60};

Cell text_or_null(const std::string& text) { return text.empty() ? Cell() : Cell(text); }

directory::Accounts accounts_of(Context& ctx) { return {ctx.session(), ctx.workspace().id}; }

// --- list, show ---

struct NoOptions {};
struct NamedOptions {
  std::string account;
};

std::string_view login_kind(const directory::TwilioAccount& account) {
  return account.api_key.empty() ? "auth_token" : "api_key";
}

std::array<Cell, k_columns.size()> cells_of(const directory::TwilioAccount& account) {
  return {account.account_sid, login_kind(account), account.is_main,    text_or_null(account.trunk_sid),
          account.key_id,      account.checked_at,  account.created_at, account.updated_at,
          account.version,     account.id};
}

void run_list(const NoOptions&, Context& ctx) {
  SmallList list(ctx.io(), k_columns, ctx.list_options());
  for (const auto& account : accounts_of(ctx).list()) list.add(cells_of(account));
  list.print();
}

void run_show(const NamedOptions& opts, Context& ctx) {
  ctx.io().record(k_columns, cells_of(accounts_of(ctx).get(opts.account)));
}

// --- set ---

struct SetOptions {
  std::string account;
  std::optional<std::string> api_key, api_secret_file, auth_token_file;
  bool auth_token_stdin = false, main = false, no_check = false, no_trunk = false;
};

directory::NewAccount given(const SetOptions& opts, Context& ctx) {
  directory::NewAccount account{.account_sid = opts.account, .secrets = {}};
  account.drops_key = opts.api_key == "-";
  if (!account.drops_key) account.api_key = opts.api_key.value_or("");
  account.is_main = opts.main;
  account.configured_sid = ctx.settings().get("account_sid");
  account.secrets.auth_tokens =
      secret_lines(ctx, {"auth token", opts.auth_token_file, opts.auth_token_stdin});
  if (auto secret = secret_line(ctx, {"API secret", opts.api_secret_file}))
    account.secrets.api_secret = *std::move(secret);
  return account;
}

/// How it would log in: with what is given, and with what stays of an account that is kept already.
twilio::Credentials login_of(const directory::NewAccount& given, const directory::AccountEdit& edit,
                             const base::SealKey& key, Context& ctx) {
  auto secrets = given.secrets;
  if (!edit.added) {
    const auto kept = [&] { return accounts_of(ctx).open(accounts_of(ctx).get(given.account_sid), key); };
    if (!edit.account.api_key.empty() && secrets.api_secret.empty()) secrets.api_secret = kept().api_secret;
    if (edit.account.api_key.empty() && secrets.auth_tokens.empty()) secrets.auth_tokens = kept().auth_tokens;
  }
  twilio::Credentials login{.account_sid = given.account_sid, .user = edit.account.api_key};
  login.password = login.user.empty() ? secrets.auth_tokens.front() : secrets.api_secret;
  return login;
}

/// The doctor looks at what is kept, not at this one.
void require_taken(RunAccount& run) {
  try {
    twilio::fetch_balance(run->client);
  } catch (const Error& error) {
    if (error.errc() != Errc::auth) throw;
    throw error.with_hint("compare it with https://console.twilio.com");
  }
}

/// The main trunk follows from a login (R83). What stands in its way leaves the login kept.
void make_trunk(sync::Account& account, Context& ctx) {
  try {
    const auto report = sync::ensure_main_trunk(account, !ctx.dry_run());
    if (!report.changed) return;
    const auto name = base::in_quotes(report.trunk.name);
    if (ctx.dry_run())
      ctx.io().note(fmt::format("its main trunk would be {}", name));
    else
      ctx.io().note(fmt::format("its main trunk is {}, {}", name, report.trunk.sid));
  } catch (const Error& error) {
    const std::string hint = error.slug() == "trunks.other_account" ? "ringctl trunks add NAME --main"
                             : error.hint().empty()
                                 ? "ringctl accounts set AC... --no-trunk keeps a login alone"
                                 : error.hint();
    Error more(error.errc(), error.slug(),
               fmt::format("the login is kept, but its trunk is not made: {}", error.message()), hint);
    for (const auto& line : error.details()) more.detail(line);
    throw std::move(more);
  }
}

void report_set(const directory::AccountEdit& edit, Context& ctx) {
  Change change{.action = edit.added ? "added" : "updated",
                .object = edit.account.account_sid,
                .rest = {},
                .fields = {}};
  change.fields = {{"login", login_kind(edit.account)}, {"is_main", edit.account.is_main}};
  if (!edit.changed) return ctx.io().unchanged(change);
  if (!ctx.dry_run()) return ctx.io().changed(change);
  change.action = edit.added ? "add" : "update";
  ctx.io().would_change(change);
}

void run_set(const SetOptions& opts, Context& ctx) {
  const auto account = given(opts, ctx);
  const auto& workspace = ctx.workspace_for_write();
  const auto any = seal_key_to_try(ctx);
  directory::Accounts accounts(ctx.session(), workspace.id);
  // Refused before Twilio is asked, and asked before it is kept.
  auto edit = accounts.set(account, any, false);
  std::optional<RunAccount> run;
  const bool has_trunk = !edit.account.trunk_sid.empty();
  const bool wants_trunk = !opts.no_trunk && edit.account.is_main && !(opts.no_check && has_trunk);
  if (!opts.no_check || wants_trunk) run.emplace(ctx, login_of(account, edit, any, ctx));
  if (!opts.no_check) require_taken(*run);
  if (!ctx.dry_run()) {
    edit = accounts.set(account, seal_key_for_write(ctx));
    if (!opts.no_check) accounts.note_checked(account.account_sid);
  }
  report_set(edit, ctx);
  if (wants_trunk) make_trunk(**run, ctx);
}

// --- check ---

struct CheckOptions {
  std::optional<std::string> account;
};

struct Checked {
  std::string account_sid, status, balance, currency, login;
  std::optional<std::int64_t> skew_s = {};
  bool ok = false;
  std::optional<Error> refused = {};
};

Checked look_at(RunAccount& account, const base::Clock& clock) {
  const auto& login = account.login();
  Checked checked{.account_sid = login.account_sid, .status = {}, .balance = {}, .currency = {}, .login = {}};
  checked.login =
      fmt::format("{} ({})", login.user.empty() ? std::string("auth token") : login.user, login.source);
  try {
    twilio::Ask ask;
    ask.path = "/Balance.json";
    const auto reply = account->client.send(ask);
    if (reply.server_time)
      checked.skew_s = std::chrono::round<std::chrono::seconds>(clock.now() - *reply.server_time).count();
    const auto micros = reply.json.micros("balance");
    if (micros) checked.balance = twilio::money_text(*micros);
    checked.currency = reply.json.text("currency");
    const auto info = twilio::fetch_account(account->client);
    // An API key may not ask for the account; that it may ask for the balance says that it is active.
    checked.status = info ? info->status : "active";
    checked.ok = checked.status == "active" &&
                 std::chrono::abs(std::chrono::seconds(checked.skew_s.value_or(0))) <= k_most_skew;
  } catch (const Error& error) {
    if (error.errc() != Errc::auth) throw;
    checked.status = "refused";
    checked.refused = error;
  }
  return checked;
}

/// A login that its key does not open is told like one that is refused; the others are asked all the same.
Checked check(const std::optional<std::string>& sid, Context& ctx) {
  AccountOptions which;
  which.account = sid;
  try {
    RunAccount account(ctx, which);
    return look_at(account, ctx.clock());
  } catch (const Error& error) {
    if (!sid || error.slug() != "seal.wrong_key") throw;
    Checked checked{.account_sid = *sid, .status = "unreadable", .balance = {}, .currency = {}, .login = {}};
    checked.refused = error;
    return checked;
  }
}

std::vector<std::optional<std::string>> chosen(const CheckOptions& opts, Context& ctx) {
  if (opts.account) return {opts.account};
  std::vector<std::optional<std::string>> all;
  for (const auto& account : accounts_of(ctx).list()) all.emplace_back(account.account_sid);
  if (all.empty()) all.emplace_back();  // what is configured
  return all;
}

void note_checked(const Checked& checked, Context& ctx) {
  auto accounts = accounts_of(ctx);
  for (const auto& account : accounts.list())
    if (account.account_sid == checked.account_sid && !ctx.dry_run())
      accounts.note_checked(checked.account_sid);
}

void run_check(const CheckOptions& opts, Context& ctx) {
  std::optional<Error> refused;
  std::vector<std::string> wrong;
  auto rows = ctx.io().rows(k_check_columns);
  for (const auto& sid : chosen(opts, ctx)) {
    const auto checked = check(sid, ctx);
    rows.row({checked.account_sid, checked.status, text_or_null(checked.balance),
              text_or_null(checked.currency), checked.skew_s, text_or_null(checked.login), checked.ok});
    if (checked.ok) note_checked(checked, ctx);
    if (checked.refused) refused = checked.refused;
    if (!checked.ok) wrong.push_back(checked.account_sid);
  }
  rows.finish();
  if (refused) throw *std::move(refused);
  if (!wrong.empty())
    throw Error(Errc::differs, "accounts.not_ok",
                fmt::format("something is wrong with {}", base::join(wrong, ", ")), "ringctl doctor twilio");
}

// --- remove, rekey ---

/// Without its login nobody can change or remove them any more, and the main one would stay it.
void forget_trunks(const std::string& account_sid, bool write, Context& ctx) {
  estate::Trunks trunks(ctx.session(), ctx.workspace().id);
  for (const auto& trunk : trunks.list())
    if (trunk.account_sid == account_sid) trunks.remove(trunk.name, write);
}

void run_remove(const NamedOptions& opts, Context& ctx) {
  auto accounts = accounts_of(ctx);
  accounts.remove(opts.account, false);
  forget_trunks(opts.account, false, ctx);
  if (ctx.dry_run()) return ctx.io().would_change({.action = "remove", .object = opts.account});
  ctx.io().confirm_severe("forget the login of", opts.account);
  forget_trunks(opts.account, true, ctx);
  accounts.remove(opts.account);
  ctx.io().changed({.action = "removed", .object = opts.account});
}

struct RekeyOptions {
  std::string old_key_file;
};

/// What a key seals is of this machine's configuration, not of one workspace.
std::vector<directory::Workspace> workspaces_of(Context& ctx) {
  if (ctx.globals().workspace) return {ctx.workspace()};
  return directory::Workspaces(ctx.session()).list();
}

std::int64_t seal_anew(const std::vector<directory::Workspace>& workspaces, const base::SealKey& old_key,
                       const base::SealKey& new_key, bool write, Context& ctx) {
  std::int64_t count = 0;
  for (const auto& workspace : workspaces) {
    count += directory::Accounts(ctx.session(), workspace.id).seal_anew(old_key, new_key, write);
    count += estate::Assistants(ctx.session(), workspace.id).seal_anew(old_key, new_key, write);
    count += messages::seal_hook_anew(ctx.session(), workspace.id, old_key, new_key, write);
  }
  return count;
}

void run_rekey(const RekeyOptions& opts, Context& ctx) {
  const std::optional<std::string> file = opts.old_key_file;
  const auto old_secret = secret_line(ctx, {"key", file});
  const auto old_key = key_of(opts.old_key_file, *old_secret);
  const auto workspaces = workspaces_of(ctx);
  const auto object = fmt::format("what the key {} sealed", old_key.id());
  auto count = seal_anew(workspaces, old_key, seal_key_to_try(ctx), false, ctx);
  if (count == 0)
    return ctx.io().unchanged({.action = "reseal", .object = object, .rest = "(there is nothing)"});
  if (ctx.dry_run()) {
    const auto key = find_seal_key(ctx);
    const auto rest = key ? fmt::format("with the key {}", key->id()) : std::string("with a new key");
    return ctx.io().would_change(
        {.action = "reseal", .object = object, .rest = rest, .fields = {{"secrets", count}}});
  }
  const auto new_key = seal_key_for_write(ctx);
  count = seal_anew(workspaces, old_key, new_key, true, ctx);
  const auto rest = fmt::format("with the key {}", new_key.id());
  ctx.io().changed({.action = "resealed", .object = object, .rest = rest, .fields = {{"secrets", count}}});
}

void add_reading(Noun& accounts) {
  accounts.verb<NoOptions>("list", "List the Twilio accounts of the workspace", run_list)
      .columns(k_columns)
      .lists()
      .example("ringctl accounts list")
      .example("ringctl accounts list -o json")
      .exits({Errc::not_found, Errc::conflict, Errc::schema, Errc::db_down, Errc::db_busy});
  accounts.verb<NamedOptions>("show", "Show one of them, without its secrets", run_show)
      .argument("account", &NamedOptions::account, "SID of the account")
      .kind(ValueKind::account)
      .columns(k_columns)
      .example("ringctl accounts show AC0123456789abcdef0123456789abcdef")
      .example("ringctl accounts show AC0123456789abcdef0123456789abcdef -o json")
      .exits({Errc::not_found, Errc::conflict, Errc::schema, Errc::db_down, Errc::db_busy});
}

void add_set(Noun& accounts) {
  accounts.verb<SetOptions>("set", "Keep an account's login in the workspace, sealed", run_set)
      .argument("account", &SetOptions::account, "SID of the account")
      .kind(ValueKind::account)
      .flag("api-key", &SetOptions::api_key, "SID", "Log in with this API key; - with the auth token again")
      .flag("api-secret-file", &SetOptions::api_secret_file, "FILE",
            "The key's secret, in a file with mode 0600")
      .kind(ValueKind::file)
      .flag("auth-token-file", &SetOptions::auth_token_file, "FILE",
            "The auth token, in a file with mode 0600; the one that signs first, others below it")
      .kind(ValueKind::file)
      .flag("auth-token-stdin", &SetOptions::auth_token_stdin, "The same from standard input")
      .excludes("auth-token-file")
      .flag("main", &SetOptions::main, "Manage the workspace through it; the first one is in any case")
      .flag("no-check", &SetOptions::no_check, "Do not ask Twilio whether it takes the login")
      .flag("no-trunk", &SetOptions::no_trunk, "Do not make the workspace's main trunk")
      .details(
          "Twilio is asked before the login is kept. It is sealed with the key of the setting secrets_key, else of the "
          "file secrets.key beside config.toml, which is made if there is none: keep a copy of it, and not beside one of "
          "the database. Without an API key the auth token logs in; webhooks are verified with it in any case. Of an "
          "account that is there, what is not given stays. The main trunk of the workspace is made with the first login.")
      .example("ringctl accounts set AC0123456789abcdef0123456789abcdef --auth-token-file token.txt")
      .example(
          "ringctl accounts set AC0123456789abcdef0123456789abcdef --auth-token-file token.txt --no-trunk -n",
          "would Twilio take it?")
      .exits({Errc::auth, Errc::not_found, Errc::conflict, Errc::invalid, Errc::locked, Errc::schema,
              Errc::twilio, Errc::twilio_rate, Errc::twilio_down, Errc::twilio_garbage, Errc::unknown_outcome,
              Errc::db_down, Errc::db_busy});
}

void add_upkeep(Noun& accounts) {
  accounts.verb<CheckOptions>("check", "Ask Twilio whether logins work", run_check)
      .argument("account", &CheckOptions::account,
                "SID of one; else all, or what is configured if there are none")
      .kind(ValueKind::account)
      .columns(k_check_columns)
      .details(
          "The account's status and balance, and how far this machine's clock is from Twilio's: more than 60 s is wrong. "
          "A login that Twilio refuses is exit status 4, anything else that is wrong 8.")
      .example("ringctl accounts check AC0123456789abcdef0123456789abcdef")
      .example("ringctl accounts check AC0123456789abcdef0123456789abcdef -o json")
      .exits({Errc::auth, Errc::not_found, Errc::conflict, Errc::differs, Errc::locked, Errc::schema,
              Errc::twilio, Errc::twilio_rate, Errc::twilio_down, Errc::twilio_garbage, Errc::db_down,
              Errc::db_busy});
  accounts.verb<NamedOptions>("remove", "Forget an account and its login", run_remove)
      .argument("account", &NamedOptions::account, "SID of the account")
      .kind(ValueKind::account)
      .details(
          "Nothing changes at Twilio. Its webhooks are not taken any more, and its trunks are forgotten here. Refused "
          "while numbers are recorded as the account's. --confirm names the account.")
      .example(
          "ringctl accounts remove AC1123456789abcdef0123456789abcdef --confirm AC1123456789abcdef0123456789abcdef")
      .example("ringctl accounts remove AC1123456789abcdef0123456789abcdef -n")
      .exits({Errc::not_found, Errc::conflict, Errc::declined, Errc::schema, Errc::db_down, Errc::db_busy});
  accounts
      .verb<RekeyOptions>("rekey", "Seal with the key that is configured now what another one sealed",
                          run_rekey)
      .flag("old-key-file", &RekeyOptions::old_key_file, "FILE",
            "The key it is sealed with, in a file with mode 0600")
      .kind(ValueKind::file)
      .required()
      .details(
          "Logins of accounts, secrets of assistants and of webhooks for messages, of every workspace unless -w names "
          "one. Where no key is configured and secrets.key was moved away, a new one is made.")
      .example("ringctl accounts rekey --old-key-file old.key")
      .example("ringctl accounts rekey --old-key-file old.key -n")
      .exits({Errc::auth, Errc::not_found, Errc::conflict, Errc::invalid, Errc::schema, Errc::db_down,
              Errc::db_busy});
}

}  // namespace

void add_accounts(Noun& accounts) {
  add_reading(accounts);
  add_set(accounts);
  add_upkeep(accounts);
}

}  // namespace ringctl::cmd
