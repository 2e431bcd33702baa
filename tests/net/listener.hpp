#pragma once
// A server on a free port of this machine, for tests over real sockets.

#include <atomic>
#include <functional>
#include <utility>

#include "base/clock.hpp"
#include "net/server.hpp"
#include "support/eventually.hpp"
#include "support/http_client.hpp"

namespace ringctl::test {

/// Answers "METHOD target body".
inline void echo(const net::Request& request, net::Respond respond) {
  net::Response response;
  response.content_type = "text/plain";
  response.body =
      std::string(request.method) + " " + std::string(request.target) + " " + std::string(request.body);
  respond(std::move(response));
}

struct ListenerOptions {
  net::Limits limits = {};
  unsigned threads = 1;
  std::vector<net::Endpoint> endpoints = {net::Endpoint::parse("127.0.0.1:0")};
  std::optional<net::TlsFiles> tls = {};
  const base::Clock* clock = nullptr;  ///< nullptr: the system's
};

class Listener {
 public:
  using Options = ListenerOptions;
  explicit Listener(net::Handler handler = echo, const Options& options = {})
      : server(std::move(handler), {.limits = options.limits, .tls = options.tls},
               options.clock != nullptr ? *options.clock : system_) {
    server.listen(options.endpoints);
    port_ = server.port();
    server.run(options.threads);
  }

  /// Also while the server drains.
  std::uint16_t port() const { return port_; }
  HttpClient connect() const { return HttpClient(port()); }
  template <typename What>
  bool counted(What what, std::uint64_t times) const {
    return eventually([&] { return server.stats().of(what) >= times; });
  }

 private:
  base::SystemClock system_;
  std::uint16_t port_ = 0;

 public:
  net::Server server;
};

}  // namespace ringctl::test
