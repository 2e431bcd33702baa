#pragma once
// A socket that listens, by plain system calls.

#include <sys/types.h>

#include <memory>
#include <string>
#include <utility>

#include "base/file.hpp"
#include "net/endpoint.hpp"

namespace ringctl::net {

class ListeningSocket {
 public:
  /// Non-blocking, and with TCP_NODELAY for the connections it will accept. A stale file in the place of a
  /// Unix socket is replaced. Throws Errc::config [net.listen_failed], or [net.in_use] if somebody listens
  /// there already.
  static ListeningSocket open(const Endpoint&, int backlog);
  ListeningSocket(ListeningSocket&&) noexcept = default;
  ListeningSocket& operator=(ListeningSocket&&) noexcept = default;
  /// A Unix socket's file goes with it, unless another one took its place.
  ~ListeningSocket();

  /// Throws as open() does, without listening: nobody's connection comes here, and no file is made or
  /// removed.
  static void require_free(const Endpoint&);

  /// The socket, for the first thread.
  base::Fd take() { return std::move(fd_); }
  /// For every further thread, before take(): TCP, a socket of its own on the same port, among which the
  /// kernel deals connections out; otherwise, and where the endpoint is alone, the same socket once more.
  base::Fd for_another_thread(int backlog) const;
  /// Removes a Unix socket's file now: nobody new finds it.
  void remove_file() noexcept;
  const Endpoint& endpoint() const { return endpoint_; }  ///< port 0 replaced by the real one

 private:
  ListeningSocket(Endpoint endpoint, base::Fd fd) : endpoint_(std::move(endpoint)), fd_(std::move(fd)) {}
  Endpoint endpoint_;
  base::Fd fd_;
  /// Device and inode of a Unix socket's file.
  struct Identity {
    dev_t device;
    ino_t inode;
  };
  std::unique_ptr<Identity> file_;
};

/// The next connection of a listening socket, non-blocking, and where it came from: an address without port,
/// "unix". Negative: errno says why.
int accept_connection(int listening, std::string& remote) noexcept;

}  // namespace ringctl::net
