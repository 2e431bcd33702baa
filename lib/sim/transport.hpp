#pragma once
// One HTTP exchange, in whichever time the agenda has.

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <memory>

#include "http/session.hpp"
#include "sim/agenda.hpp"

namespace ringctl::sim {

class Transport {
 public:
  using Done = std::function<void(http::Outcome)>;

  virtual ~Transport() = default;
  /// From the agenda's thread. `done` is called once, from a later step of the agenda; never, where the
  /// transport goes before. A request that cannot be sent at all is an unreachable server.
  virtual void send(http::Request, Done done) = 0;
};

/// For virtual time: the exchange is over before send() returns, and took none of it; only a timeout takes as
/// long as it says.
class PromptTransport final : public Transport {
 public:
  explicit PromptTransport(Agenda& agenda, std::filesystem::path ca_file = {});
  void send(http::Request, Done done) override;

 private:
  Agenda& agenda_;
  http::Session session_;
};

struct ThreadTransportOptions {
  /// On their way to one server at once; the others wait in that server's line and hold up no other.
  std::size_t per_server = 32;
  /// On their way at once to all servers.
  std::size_t in_all = 512;
  std::filesystem::path ca_file = {};  ///< "": the system's roots
};

/// For real time: a thread of its own, on which many exchanges go on at once.
class ThreadTransport final : public Transport {
 public:
  explicit ThreadTransport(Agenda& agenda, ThreadTransportOptions = {});
  /// At once: what is on its way is dropped, and nobody is told.
  ~ThreadTransport() override;
  ThreadTransport(const ThreadTransport&) = delete;
  ThreadTransport& operator=(const ThreadTransport&) = delete;

  void send(http::Request, Done done) override;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace ringctl::sim
