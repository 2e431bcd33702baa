#include "net/endpoint.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdlib>

#include "base/error.hpp"
#include "base/text.hpp"

namespace ringctl::net {
namespace {

constexpr int k_first_inherited = 3;  // sd_listen_fds(3)
constexpr std::string_view k_local = "unix:", k_inherited = "fd:";

Error bad(std::string_view text, std::string_view why) {
  return {Errc::usage, "net.bad_endpoint", fmt::format("cannot listen on {}: {}", base::in_quotes(text), why),
          "127.0.0.1:8080, [::1]:8080, unix:/run/ringctl/serve.sock or fd:3"};
}

std::int64_t number(std::string_view text, std::string_view digits, std::int64_t most) {
  const auto value = base::parse_int(digits);
  if (!value || *value < 0 || *value > most)
    throw bad(text, fmt::format("{} is no number from 0 to {}", base::in_quotes(digits), most));
  return *value;
}

Endpoint local(std::string_view text) {
  Endpoint endpoint;
  endpoint.kind = Endpoint::Kind::local;
  endpoint.path = std::string(text.substr(k_local.size()));
  if (endpoint.path.empty()) throw bad(text, "the path is missing");
  if (endpoint.path.native().size() >= sizeof(sockaddr_un::sun_path))
    throw bad(text, fmt::format("a socket's path has at most {} bytes", sizeof(sockaddr_un::sun_path) - 1));
  return endpoint;
}

bool numeric(const std::string& host) {
  in_addr four{};
  in6_addr six{};
  return ::inet_pton(AF_INET, host.c_str(), &four) == 1 || ::inet_pton(AF_INET6, host.c_str(), &six) == 1;
}

}  // namespace

Endpoint Endpoint::parse(std::string_view text) {
  if (text.starts_with(k_local)) return local(text);
  Endpoint endpoint;
  if (text.starts_with(k_inherited)) {
    endpoint.kind = Kind::inherited;
    endpoint.fd = static_cast<int>(number(text, text.substr(k_inherited.size()), 1 << 20));
    return endpoint;
  }
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos) throw bad(text, "the port is missing");
  auto host = text.substr(0, colon);
  const bool brackets = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (brackets) host = host.substr(1, host.size() - 2);
  if (!brackets && host.find(':') != std::string_view::npos)
    throw bad(text, "an IPv6 address goes into brackets");
  endpoint.port = static_cast<std::uint16_t>(number(text, text.substr(colon + 1), 65535));
  endpoint.host = host == "localhost" ? "127.0.0.1" : host == "*" ? "0.0.0.0" : std::string(host);
  if (!numeric(endpoint.host)) throw bad(text, "the host must be an address, localhost or *");
  return endpoint;
}

std::string Endpoint::text() const {
  switch (kind) {
    case Kind::local:
      return fmt::format("{}{}", k_local, path.string());
    case Kind::inherited:
      return fmt::format("{}{}", k_inherited, fd);
    case Kind::tcp:
      break;
  }
  return host.find(':') == std::string::npos ? fmt::format("{}:{}", host, port)
                                             : fmt::format("[{}]:{}", host, port);
}

std::vector<Endpoint> inherited_endpoints() {
  const auto variable = [](const char* name) {
    const char* const value = std::getenv(name);
    return base::parse_int(value != nullptr ? value : "");
  };
  const auto pid = variable("LISTEN_PID"), count = variable("LISTEN_FDS");
  for (const auto* const name : {"LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"}) ::unsetenv(name);
  std::vector<Endpoint> endpoints;
  if (pid != ::getpid() || !count) return endpoints;
  for (int i = 0; i < *count; ++i) {
    Endpoint endpoint;
    endpoint.kind = Endpoint::Kind::inherited;
    endpoint.fd = k_first_inherited + i;
    ::fcntl(endpoint.fd, F_SETFD, FD_CLOEXEC);
    endpoints.push_back(endpoint);
  }
  return endpoints;
}

}  // namespace ringctl::net
