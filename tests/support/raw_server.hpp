#pragma once
// A server that does with each connection what the test says, byte by byte: for answers that no server should
// give. On a free port of this machine; every wait ends after k_patience.

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/file.hpp"

namespace ringctl::test {

/// The server's side of one connection.
class RawPeer {
 public:
  explicit RawPeer(base::Fd fd) : fd_(std::move(fd)) {}

  /// The next request, head and body (by its Content-Length); "" if the other side ended first.
  std::string read();
  /// False if the other side is gone.
  bool send(std::string_view bytes);
  /// One byte at a time, until all are sent or the other side has had enough. How many were sent.
  std::size_t drip(std::string_view bytes, std::chrono::milliseconds every);
  /// Says nothing until the other side goes.
  void wait_until_gone();
  /// The connection will end with a reset.
  void reset();
  /// For the server to stop whatever waits.
  void shut_down() const;

 private:
  bool wait(short events, std::chrono::milliseconds most);
  base::Fd fd_;
  std::string in_;
};

class RawServer {
 public:
  using Script = std::function<void(RawPeer&)>;

  /// The first connection gets the first script, and so on; the connection ends when its script does. One
  /// that is not foreseen is counted and ended.
  explicit RawServer(std::vector<Script> scripts);
  ~RawServer();
  RawServer(const RawServer&) = delete;
  RawServer& operator=(const RawServer&) = delete;

  std::uint16_t port() const { return port_; }
  /// "http://127.0.0.1:PORT" + path
  std::string url(std::string_view path = "/") const;
  std::size_t connections() const { return connections_; }

  /// Reads one request and sends this.
  static Script answers(std::string bytes);
  /// "HTTP/1.1 200 OK" with its length, and a field or more ("Name: value\r\n").
  static std::string response(std::string_view body, std::string_view fields = {}, int status = 200);

 private:
  void accept_all();
  void serve(RawPeer&, std::size_t number);

  const std::vector<Script> scripts_;
  base::Fd listener_, stop_[2];
  std::uint16_t port_ = 0;
  std::atomic<std::size_t> connections_ = 0;
  std::mutex mutex_;
  std::vector<std::unique_ptr<RawPeer>> peers_;
  std::vector<std::thread> threads_;
  std::thread acceptor_;
};

/// A port of this machine on which nobody listens, nor can anybody begin to: it is taken as long as this is
/// there.
class DeafPort {
 public:
  DeafPort();
  std::uint16_t number() const { return number_; }

 private:
  base::Fd fd_;
  std::uint16_t number_;
};

}  // namespace ringctl::test
