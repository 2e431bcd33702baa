#include "cmd/serve_options.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <random>

#include "base/text.hpp"
#include "cmd/auth_tokens.hpp"
#include "cmd/secret_lines.hpp"
#include "cmd/voice_grant.hpp"
#include "db/identity.hpp"
#include "http/outside_url.hpp"
#include "serve/journal_state.hpp"

namespace ringctl::cmd {
namespace {

/// Far beyond the cores of any machine that one database keeps up with.
constexpr std::int64_t k_most_threads = 256;

Error missing(std::string slug, std::string message, std::string hint) {
  return {Errc::config, std::move(slug), std::move(message), std::move(hint)};
}

std::vector<net::Endpoint> endpoints(const ServeOptions& opts, const config::Settings& settings, bool tls) {
  auto inherited = net::inherited_endpoints();
  std::vector<net::Endpoint> all = opts.listen ? std::vector<net::Endpoint>{} : std::move(inherited);
  if (all.empty()) all.push_back(listen_endpoint(opts, settings));
  for (auto& endpoint : all) endpoint.tls = tls && endpoint.kind != net::Endpoint::Kind::local;
  return all;
}

std::int64_t at_least(std::int64_t value, std::int64_t least, std::string_view what) {
  if (value >= least) return value;
  throw Error(Errc::usage, "usage.bad_value", fmt::format("{}: {} is below {}", what, value, least));
}

unsigned threads_of(const ServeOptions& opts) {
  const auto threads = at_least(opts.threads.value_or(1), 1, "--threads");
  if (threads > k_most_threads)
    throw Error(Errc::usage, "usage.bad_value",
                fmt::format("--threads: {} is above {}", threads, k_most_threads));
  return static_cast<unsigned>(threads);
}

}  // namespace

std::string public_url(const ServeOptions& opts, const config::Settings& settings) {
  require_no_login("public-url", opts.public_url.value_or(""));
  auto url = opts.public_url.value_or(settings.get("serve.public_url"));
  while (url.ends_with('/')) url.pop_back();
  if (url.empty())
    throw missing("serve.no_public_url", "the URL that Twilio reaches this server by is not configured",
                  "ringctl config set serve.public_url https://pbx.example.com");
  if (!url.starts_with("https://") && !url.starts_with("http://"))
    throw Error(opts.public_url ? Errc::usage : Errc::config, "serve.bad_public_url",
                fmt::format("{} is no http or https URL", base::in_quotes(url)));
  if (url.find_first_of("/?#", url.find("://") + 3) != std::string::npos)
    throw Error(opts.public_url ? Errc::usage : Errc::config, "serve.bad_public_url",
                fmt::format("{} has more than a host: what calls go on with stands at its root",
                            base::in_quotes(base::redact_url(url))),
                "give the server a host name of its own");
  return url;
}

bool is_of_this_machine(std::string_view public_url) {
  return !http::why_not_outside(public_url).empty() && http::why_not_outside(public_url, true).empty();
}

std::vector<base::Secret> serve_tokens(const config::Settings& settings,
                                       const std::vector<base::Secret>& sealed) {
  auto tokens = auth_tokens(settings);
  tokens.insert(tokens.end(), sealed.begin(), sealed.end());
  if (tokens.empty())
    throw missing("serve.no_auth_token", "there is no auth token to verify Twilio's signatures with",
                  "set TWILIO_AUTH_TOKEN_FILE, or ringctl accounts set AC... --auth-token-file FILE");
  return tokens;
}

std::filesystem::path serve_state(const config::Settings& settings) {
  return serve::state_of(settings.state_dir(), db::identity_of(settings.database_url()));
}

std::optional<net::TlsFiles> tls_files(const config::Settings& settings) {
  const auto certificate = settings.get("serve.tls_certificate"), key = settings.get("serve.tls_key");
  if (certificate.empty() && key.empty()) return std::nullopt;
  if (certificate.empty() || key.empty())
    throw missing("serve.half_tls", "serve.tls_certificate and serve.tls_key are needed together",
                  "ringctl config show");
  return net::TlsFiles{certificate, key};
}

net::Endpoint listen_endpoint(const ServeOptions& opts, const config::Settings& settings) {
  return net::Endpoint::parse(opts.listen.value_or(settings.get("serve.listen")));
}

std::optional<net::Endpoint> metrics_endpoint(const ServeOptions& opts, const config::Settings& settings) {
  const auto where = opts.metrics_listen.value_or(settings.get("serve.metrics_listen"));
  if (where.empty() || where == "none") return std::nullopt;
  return net::Endpoint::parse(where);
}

serve::ServiceOptions service_options(const ServeOptions& opts, const config::Settings& settings,
                                      const std::vector<base::Secret>& sealed) {
  serve::ServiceOptions options;
  options.tls = tls_files(settings);
  options.listen = endpoints(opts, settings, options.tls.has_value());
  options.metrics_listen = metrics_endpoint(opts, settings);
  const auto connections =
      opts.max_connections.value_or(base::parse_int(settings.get("serve.max_connections")).value_or(4096));
  options.limits.connections = static_cast<std::size_t>(at_least(connections, 1, "--max-connections"));
  options.limits.soft_connections = std::max<std::size_t>(1, options.limits.connections / 4 * 3);
  options.threads = threads_of(opts);
  options.drain_timeout =
      opts.drain_timeout.value_or(base::parse_duration(settings.get("serve.drain_timeout")));
  options.webhooks.public_url = public_url(opts, settings);
  options.webhooks.first_draw = std::random_device{}();  // one that was restarted repeats no orders
  options.webhooks.account_sid = settings.get("account_sid");
  options.webhooks.tokens = serve_tokens(settings, sealed);
  options.books.state = serve_state(settings);
  options.tokens.grant = configured_grant(settings);
  options.notifier.local_too = is_of_this_machine(options.webhooks.public_url);
  options.books.journal.bounds.max_bytes =
      base::parse_size(settings.get("serve.journal_size")).value_or(1U << 30U);
  options.books.journal.bounds.max_age = base::parse_duration(settings.get("serve.journal_age"));
  if (settings.get("serve.durability") == "database") options.books.durability = serve::Durability::database;
  options.log.numbers = opts.log_pii || settings.get("serve.log_pii") == "true";
  options.log.trusted_proxies = net::Networks::parse(settings.get("serve.trusted_proxies"));
  return options;
}

}  // namespace ringctl::cmd
