// `ringctl serve`: configuration into the options of a service, and its life between signals.
#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <thread>

#include "base/async_log.hpp"
#include "base/log.hpp"
#include "base/secret.hpp"
#include "base/text.hpp"
#include "cmd/account.hpp"
#include "cmd/auth_tokens.hpp"
#include "cmd/context.hpp"
#include "cmd/context_database.hpp"
#include "cmd/root.hpp"
#include "cmd/serve_checks.hpp"
#include "cmd/serve_options.hpp"
#include "cmd/signals.hpp"
#include "cmd/voice_grant.hpp"
#include "db/connection.hpp"
#include "db/identity.hpp"
#include "db/patience.hpp"
#include "db/serving.hpp"
#include "net/notify.hpp"
#include "serve/journal_state.hpp"
#include "serve/service.hpp"

namespace ringctl::cmd {
namespace {

/// Long enough to cost nothing, short enough for a reload that somebody waits for.
constexpr auto k_look_at_signals = std::chrono::milliseconds(100);
/// For auth tokens that a database keeps which was away when the server started.
constexpr auto k_ask_for_tokens = std::chrono::seconds(5);

/// Descriptors for that many connections, and for what else a server opens; fewer connections where the
/// system allows fewer.
void make_room(net::Limits& limits, unsigned threads) {
  constexpr rlim_t k_of_a_thread = 8;  // its event loop's, and a socket for each address
  const rlim_t others = 128 + k_of_a_thread * threads;
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  const auto wanted = static_cast<rlim_t>(limits.connections) + others;
  if (limit.rlim_cur >= wanted) return;
  limit.rlim_cur = std::min(wanted, limit.rlim_max);
  ::setrlimit(RLIMIT_NOFILE, &limit);
  if (limit.rlim_cur >= wanted) return;
  if (limit.rlim_cur <= others)
    throw Error(Errc::config, "serve.few_descriptors",
                fmt::format("{} open files are allowed, and {} are needed before the first connection",
                            limit.rlim_cur, others),
                threads > 1 ? "take fewer --threads, or raise ulimit -n" : "raise ulimit -n");
  limits.connections = limit.rlim_cur - others;
  limits.soft_connections = std::max<std::size_t>(1, limits.connections / 4 * 3);
  base::log(base::LogLevel::warn, "descriptors.few",
            {{"connections", static_cast<std::int64_t>(limits.connections)}});
}

/// Asked inline where that takes microseconds; by threads of its own where a server may be slow or away. One
/// of them does, and the others help where it does not.
unsigned lookup_threads(const std::string& url) { return url.starts_with("sqlite:") ? 0 : 4; }

/// Longer than any statement of ours takes, shorter than it takes to wonder whether a stopping server ever
/// ends. Where a call waits for the answer, less is set (serve/database_pool.hpp).
constexpr auto k_longest_answer = std::chrono::milliseconds(6000);

serve::OpenDatabase opener(Context& ctx) {
  auto options = open_options(ctx.settings(), false);
  options.application_name = "ringctl serve";
  options.connect_timeout = std::chrono::milliseconds(3000);
  return [url = ctx.settings().database_url(), options] {
    auto connection = db::Connection::open(url, options);
    db::answer_within(*connection, k_longest_answer);
    db::prepare_for_serving(*connection);
    return connection;
  };
}

/// Fails by the first check that does; the others stand below it.
void look_at_machine(const ServeOptions& opts, Context& ctx) {
  const auto report =
      check_serve(opts, ctx.settings(), ctx.clock(), workspaces_if_there(ctx), sealed_if_there(ctx).lines);
  std::optional<Error> first;
  for (const auto& check : report) {
    if (check.status == "warn") ctx.io().warn(check.evidence);
    if (!check.error) continue;
    if (first)
      first->detail(check.fix.empty() ? check.evidence : fmt::format("{} ({})", check.evidence, check.fix));
    else
      first = check.error;
  }
  if (first) throw Error(*first);
}

/// A server on PostgreSQL starts without its database, for calls come in all the same.
void look_at_database(Context& ctx) {
  try {
    ctx.database();
  } catch (const Error& error) {
    if (error.errc() != Errc::db_down) throw;
    base::log(base::LogLevel::warn, "database.away", {{"why", error.what()}});
  }
}

/// Whose webhooks will be refused, as `--check` says it.
void look_at_accounts(Context& ctx) {
  const auto check = check_accounts(ctx.settings(), workspaces_if_there(ctx));
  if (check.status != "ok")
    base::log(base::LogLevel::warn, "accounts.missing", std::string_view(check.evidence));
}

/// This database's own are made room for; what waits for others is theirs, and somebody should know.
void look_at_journals(Context& ctx) {
  const auto state = ctx.settings().state_dir();
  const auto database = db::identity_of(ctx.settings().database_url());
  serve::make_state_of(state, database);
  for (const auto& [other, records] : serve::left_behind(state, database, ctx.clock()))
    base::log(base::LogLevel::warn, "journal.of_another_database",
              {{"database", other}, {"records", static_cast<std::int64_t>(records)}});
}

/// Lines for machines, and more of them, unless somebody chose otherwise: this is what journald and its like
/// read.
void configure_log(Context& ctx) {
  const auto& settings = ctx.settings();
  const auto& globals = ctx.globals();
  const auto chosen = [&](std::string_view key) {
    const auto value = settings.find(key);
    return value && value->origin != "built-in";
  };
  const bool text = chosen("log_format") && settings.get("log_format") == "text";
  const auto usual = globals.quiet ? base::LogLevel::warn : base::LogLevel::info;
  const bool level_chosen = chosen("log_level") || globals.verbose > 0 || globals.trace;
  base::configure_log(level_chosen ? ctx.log_level() : usual,
                      text ? base::LogFormat::text : base::LogFormat::json);
}

/// Auth tokens that stand in files, that commands print or the database keeps are asked for anew. Where the
/// database is away those there are stay, rather than that webhooks of its accounts are refused.
void reload(Context& ctx, serve::Service& service) {
  std::vector<base::Secret> tokens;
  try {
    const auto sealed = sealed_if_there(ctx);
    if (sealed.known) tokens = serve_tokens(ctx.settings(), sealed.lines);
  } catch (const Error& error) {
    base::log(base::LogLevel::error, error.slug(), std::string_view(error.message()));
  }
  const auto wrong = service.reload(tokens);
  if (wrong)
    base::log(base::LogLevel::error, wrong.code,
              {{"why", std::string_view(wrong.message)}, {"kept", "the certificate in use"}});
  const auto done = [](bool kept) -> std::string_view { return kept ? "kept" : "read anew"; };
  base::log(base::LogLevel::info, "reloaded",
            {{"certificate", tls_files(ctx.settings()) ? done(static_cast<bool>(wrong)) : std::string_view()},
             {"auth_tokens", done(tokens.empty())}});
}

/// Once the database is back; true then.
bool take_sealed_tokens(Context& ctx, serve::Service& service) {
  if (!sealed_if_there(ctx).known) return false;
  reload(ctx, service);
  return true;
}

/// Without it workspaces' own webhooks wait; calls and messages do not need it.
std::optional<base::SealKey> seal_key_if_there(Context& ctx) {
  try {
    return find_seal_key(ctx);
  } catch (const Error& error) {
    base::log(base::LogLevel::error, error.slug(), std::string_view(error.message()));
    return std::nullopt;
  }
}

/// Left out where a Unix socket is all there is.
base::LogField port_field(const serve::Service& service) {
  if (service.port() == 0) return {"port", std::string_view()};
  return {"port", std::int64_t{service.port()}};
}

void live(Context& ctx, serve::Service& service, bool tokens_known) {
  const auto notifier = net::Notifier::from_environment();
  auto& cancel = ctx.cancel(false);
  signals::reload_on_hangup();
  service.start();
  notifier.ready();
  const auto watchdog = notifier.watchdog_interval();
  auto alive_at = ctx.clock().steady(), asked_at = alive_at;
  while (!cancel.cancelled()) {
    std::this_thread::sleep_for(k_look_at_signals);
    if (signals::take_hangup()) {
      notifier.reloading();
      reload(ctx, service);
      notifier.ready();
    }
    if (!tokens_known && ctx.clock().steady() - asked_at >= k_ask_for_tokens) {
      tokens_known = take_sealed_tokens(ctx, service);
      asked_at = ctx.clock().steady();
    }
    if (watchdog && ctx.clock().steady() - alive_at >= *watchdog) {
      notifier.alive();
      alive_at = ctx.clock().steady();
    }
  }
  notifier.stopping();
  base::log(base::LogLevel::info, "stopping", {{"address", std::string_view(service.address())}});
}

void run_serve(const ServeOptions& opts, Context& ctx) {
  const bool only_look = opts.check || ctx.dry_run();
  if (only_look)
    look_at_machine(opts, ctx);
  else
    configure_log(ctx);
  const auto sealed = sealed_if_there(ctx);
  auto options = service_options(opts, ctx.settings(), sealed.lines);
  look_at_database(ctx);
  const auto open = opener(ctx);
  options.lookups.threads = lookup_threads(ctx.settings().database_url());
  options.tokens.pool.threads = std::min(options.tokens.pool.threads, options.lookups.threads);
  options.notifier.key = seal_key_if_there(ctx);
  options.notifier.ca_file = ctx.environment()("SSL_CERT_FILE").value_or("");
  if (only_look)
    return ctx.io().note(fmt::format("serve would listen on {} for {}", options.listen.front().text(),
                                     base::redact_url(options.webhooks.public_url)));
  const base::AsyncLog log;
  make_room(options.limits, options.threads);
  look_at_accounts(ctx);
  look_at_journals(ctx);
  const auto url = base::redact_url(options.webhooks.public_url);
  serve::Service service(std::move(options), open, ctx.clock());
  base::log(base::LogLevel::info, "listening",
            {port_field(service),
             {"address", std::string_view(service.address())},
             {"metrics", std::string_view(service.metrics_address())},
             {"public_url", url},
             {"database", base::redact_url(ctx.settings().database_url())}});
  // A database that is being made, or is brought up to date, keeps none yet.
  live(ctx, service, sealed.known || lookup_threads(ctx.settings().database_url()) == 0);
  const bool recorded = service.stop();
  base::log(recorded ? base::LogLevel::info : base::LogLevel::warn, "stopped",
            {{"recorded", recorded ? "all" : "not all: the journal keeps it for the next start"}});
}

}  // namespace

void add_serve(Noun& serve) {
  serve.command<ServeOptions>(run_serve)
      .flag("listen", &ServeOptions::listen, "WHERE", "HOST:PORT, unix:PATH or fd:N")
      .default_text("127.0.0.1:8080")
      .flag("public-url", &ServeOptions::public_url, "URL", "What Twilio reaches this server by, and signs")
      .flag("metrics-listen", &ServeOptions::metrics_listen, "WHERE",
            "Where /metrics is served; none for nowhere")
      .default_text("127.0.0.1:9464")
      .flag("max-connections", &ServeOptions::max_connections, "N", "Connections open at once")
      .default_text("4096")
      .flag("threads", &ServeOptions::threads, "N", "Threads that take connections")
      .default_text("1")
      .flag("drain-timeout", &ServeOptions::drain_timeout, "DURATION",
            "How long a stopping server finishes requests")
      .kind(ValueKind::duration)
      .default_text("20s")
      .flag("log-pii", &ServeOptions::log_pii, "Phone numbers whole in the log, not masked")
      .flag("check", &ServeOptions::check,
            "Look at configuration, certificate, journal and database; do not listen")
      .details(
          "Answers Twilio's webhooks until it is told to stop: calls that come in ring as the rules say, calls of "
          "agents are counted against their limits, messages go to whose they are, and all is on record. What happened is "
          "durable in a journal before it is answered, and in the database soon after, even if that is away for a "
          "while.\n\n"
          "SIGTERM and SIGINT finish what was begun; SIGHUP reads certificates and the estate anew. See "
          "ringctl-serve(8).")
      .example("ringctl serve --check --public-url https://pbx.example.com",
               "is everything there to serve with?")
      .example("ringctl serve -n --public-url https://pbx.example.com --listen unix:serve.sock",
               "behind a proxy, by a socket")
      .exits({Errc::not_found, Errc::schema, Errc::locked, Errc::db_down, Errc::db_busy});
}

}  // namespace ringctl::cmd
