#pragma once
// One thread of the server: event loop, listening sockets, connections. Only Server uses it.

#include <future>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "base/file.hpp"
#include "net/asio.hpp"
#include "net/connection_table.hpp"
#include "net/transports.hpp"

namespace ringctl::net {

/// The TLS context that new connections take; replaced whole by a reload.
class TlsSlot {
 public:
  std::shared_ptr<asio::ssl::context> get() const {
    const std::lock_guard guard(mutex_);
    return context_;
  }
  void set(std::shared_ptr<asio::ssl::context> context) {
    const std::lock_guard guard(mutex_);
    context_ = std::move(context);
  }

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<asio::ssl::context> context_;
};

class Worker {
 public:
  Worker(Shared&, const TlsSlot&);
  ~Worker();

  /// Before start().
  void listen(base::Fd, std::size_t endpoint, bool tls, bool inherited);
  void start();
  /// From another thread: stops accepting, takes what waits, lets connections end.
  void drain();
  /// From another thread: closes everything and waits until the thread has ended.
  void stop();
  bool running() const { return thread_.joinable(); }
  const Tally& tally() const { return table_.tally(); }

 private:
  class Listener;
  void tick();

  Shared& shared_;
  const TlsSlot& tls_;
  asio::io_context io_;
  ConnectionTable table_;
  asio::steady_timer timer_;
  std::vector<std::unique_ptr<Listener>> listeners_;
  std::thread thread_;
};

}  // namespace ringctl::net
