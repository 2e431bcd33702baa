#pragma once
// Where the server listens: HOST:PORT, unix:PATH, fd:N, or what systemd handed over.

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace ringctl::net {

struct Endpoint {
  enum class Kind { tcp, local, inherited };
  Kind kind = Kind::tcp;
  std::string host = {};            ///< tcp: a numeric address, without brackets
  std::uint16_t port = 0;           ///< tcp: 0 = one that is free, see Server::port()
  std::filesystem::path path = {};  ///< local
  unsigned mode = 0660;             ///< local: who may connect
  int fd = -1;                      ///< inherited: a listening stream socket
  bool tls = false;
  bool alone = false;  ///< tcp: not shared with another server; else those of one user may listen on one port

  /// "127.0.0.1:8080", "[::1]:8080", "localhost:0", "*:8080" (IPv4), "unix:/run/ringctl.sock", "fd:3". Names
  /// are not looked up: where a server listens must not hang on a name service. Throws Errc::usage
  /// [net.bad_endpoint].
  static Endpoint parse(std::string_view text);
  /// As parse() reads it.
  std::string text() const;
};

/// Sockets that systemd passed to this process (LISTEN_PID, LISTEN_FDS), in its order; empty if there are
/// none. The variables are removed, so that children do not think they are meant. Call once, before threads
/// are started.
std::vector<Endpoint> inherited_endpoints();

}  // namespace ringctl::net
