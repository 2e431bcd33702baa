#pragma once
// The listener: HTTP/1.1, plain and over TLS, in front of one handler. Every request passes the gate
// (gate.hpp) and the limits (limits.hpp) first. Sole owner of Boost.Asio, which no public header shows.
//
// Each thread has its own event loop, its own listening sockets and its own connections; nothing is handed
// from one to another but answers that another thread gave.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "base/clock.hpp"
#include "base/finding.hpp"
#include "net/endpoint.hpp"
#include "net/limits.hpp"
#include "net/respond.hpp"
#include "net/stats.hpp"
#include "net/tls.hpp"

namespace ringctl::net {

/// listen(), run() and drain() in this order, each once, from one thread; the rest from any, any time. Once
/// it runs nothing here throws: what goes wrong is answered or counted.
class Server {
 public:
  struct Options {
    Limits limits = {};
    std::optional<TlsFiles> tls = {};  ///< for endpoints that want it
  };
  /// `clock` must outlive the server. Throws Errc::config [tls.unusable] or [tls.key_permissions].
  Server(Handler, Options, const base::Clock&);
  /// drain() without waiting.
  ~Server();

  /// Opens them all, or none and throws Errc::config [net.listen_failed] or [net.in_use]; [tls.missing] if
  /// one wants TLS and no files were given. Connections wait in the kernel until run().
  void listen(const std::vector<Endpoint>&);
  /// The endpoint that was given at `index`, with the port that was found.
  const Endpoint& endpoint(std::size_t index = 0) const;
  /// Its port; 0 if it has none.
  std::uint16_t port(std::size_t index = 0) const { return endpoint(index).port; }

  /// Starts the threads and returns.
  void run(unsigned threads);
  /// Reads the TLS files anew, for connections that come from here on. Returns what is wrong with them; then,
  /// and where there is no TLS, everything stays as it was.
  base::Finding reload();
  /// When the certificate in use expires; nullopt without TLS.
  std::optional<base::Instant> certificate_expires_at() const;

  /// Accepts no more, lets every request that came be answered with "Connection: close", and ends the threads
  /// when the last connection is gone or the time is over. Returns how many connections it had to cut.
  /// Handlers are called no more afterwards; a Respond that is still about goes nowhere. What waits in the
  /// kernel's queue is still served, but not that of inherited sockets: their next owner does that.
  std::size_t drain(std::chrono::milliseconds timeout);

  Stats stats() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace ringctl::net
