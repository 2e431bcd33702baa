#pragma once
// The way back from a handler to its connection.

#include <cstdint>
#include <functional>
#include <memory>

#include "net/request.hpp"
#include "net/response.hpp"

namespace ringctl::net {

class Mailbox;

/// Answers one request, from any thread, once. Let go without an answer it answers 503, and that is counted.
/// An answer to a connection that is gone, or was answered in its place when the time was over, goes nowhere.
class Respond {
 public:
  /// By the server: the connection in `slot`, while what it waits for is still request `serial`.
  Respond(std::shared_ptr<Mailbox>, std::size_t slot, std::uint64_t serial) noexcept;
  Respond(Respond&&) noexcept = default;
  Respond& operator=(Respond&&) noexcept;
  ~Respond();

  /// Throws nothing. The second call on the same object, or on one moved from, does nothing.
  void operator()(Response) noexcept;

 private:
  void drop() noexcept;
  std::shared_ptr<Mailbox> mailbox_;
  std::size_t slot_ = 0;
  std::uint64_t serial_ = 0;
};

/// Called on the connection's thread, which serves nobody else meanwhile: it never waits. May answer before
/// it returns, or move the Respond to whoever will. What it throws is answered 500 and counted.
using Handler = std::function<void(const Request&, Respond)>;

}  // namespace ringctl::net
