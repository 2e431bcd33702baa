#pragma once
// The bytes under a connection: a socket, or TLS over one. Connections know only this; tests give them
// another.

#include <cstddef>
#include <memory>
#include <string_view>

namespace ringctl::net {

/// What a transport reports to. Held by the transport while something is under way.
class TransportUser {
 public:
  virtual ~TransportUser() = default;
  virtual void on_handshake(bool ok) = 0;
  /// `n` bytes came; 0: the other side ended, or the connection broke.
  virtual void on_read(std::size_t n) = 0;
  /// `n` bytes went, at least one; 0: the connection broke.
  virtual void on_written(std::size_t n) = 0;
  virtual void on_shut_down() = 0;
};

/// One read and one write may be under way at a time. Reports come later, never from within the call, and on
/// the thread that owns the connection. None of these throws.
class Transport {
 public:
  enum class Sent { some, would_block, broken };
  virtual ~Transport() = default;
  virtual bool secure() const = 0;
  /// TLS only.
  virtual void handshake(std::shared_ptr<TransportUser>) = 0;
  virtual void read(char* to, std::size_t most, std::shared_ptr<TransportUser>) = 0;
  /// Bytes have come that no read reported yet.
  virtual bool has_input() = 0;
  /// Sends what goes without waiting. Sent::some sets `n`.
  virtual Sent write_now(std::string_view, std::size_t& n) = 0;
  virtual void write(std::string_view, std::shared_ptr<TransportUser>) = 0;
  /// Says that no more will be sent.
  virtual void shut_down(std::shared_ptr<TransportUser>) = 0;
  /// Reads raw bytes after shut_down(), to throw them away.
  virtual void discard(char* to, std::size_t most, std::shared_ptr<TransportUser>) = 0;
  virtual void close() = 0;
};

}  // namespace ringctl::net
