#pragma once
// What `serve` is told by flags and configuration, read into what a service takes. The parts are there by
// themselves for those who look at one after the other.

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/settings.hpp"
#include "serve/service.hpp"

namespace ringctl::cmd {

struct ServeOptions {
  std::optional<std::string> listen, public_url, metrics_listen;
  std::optional<std::chrono::milliseconds> drain_timeout;
  std::optional<std::int64_t> max_connections, threads;
  bool check = false, log_pii = false;
};

/// Without the slash at its end: paths begin with one. Throws Errc::config [serve.no_public_url],
/// [serve.bad_public_url].
std::string public_url(const ServeOptions&, const config::Settings&);
/// Whether a public URL is of this machine, as where everything is only tried out: then workspaces' own
/// webhooks may be too.
bool is_of_this_machine(std::string_view public_url);
/// Those configured and `sealed`, those of the workspaces' accounts. At least one. Throws Errc::config
/// [serve.no_auth_token].
std::vector<base::Secret> serve_tokens(const config::Settings&, const std::vector<base::Secret>& sealed);
/// Where what is kept for the configured database lies; not made.
std::filesystem::path serve_state(const config::Settings&);
/// Throws Errc::config [serve.half_tls].
std::optional<net::TlsFiles> tls_files(const config::Settings&);
/// Where it would listen if systemd brings no socket. Throws Errc::usage [net.bad_endpoint].
net::Endpoint listen_endpoint(const ServeOptions&, const config::Settings&);
/// Where /metrics would be served; nullopt for nowhere. Throws Errc::usage [net.bad_endpoint].
std::optional<net::Endpoint> metrics_endpoint(const ServeOptions&, const config::Settings&);
/// Takes the sockets that systemd brings: once. Throws what the parts throw.
serve::ServiceOptions service_options(const ServeOptions&, const config::Settings&,
                                      const std::vector<base::Secret>& sealed);

}  // namespace ringctl::cmd
