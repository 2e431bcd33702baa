#include <sys/socket.h>

#include <cerrno>

#include "net/transports.hpp"

namespace ringctl::net {
namespace {

class PlainTransport final : public Transport {
 public:
  explicit PlainTransport(Socket socket) : socket_(std::move(socket)) {}

  bool secure() const override { return false; }
  void handshake(std::shared_ptr<TransportUser>) override {}

  void read(char* to, std::size_t most, std::shared_ptr<TransportUser> user) override {
    socket_.async_read_some(asio::buffer(to, most),
                            [user = std::move(user)](const boost::system::error_code& error, std::size_t n) {
                              user->on_read(error ? 0 : n);
                            });
  }

  bool has_input() override { return net::has_input(socket_); }

  /// Straight to the kernel: nearly every response fits into the socket's buffer.
  Sent write_now(std::string_view bytes, std::size_t& n) override {
    ssize_t sent = 0;
    do sent = ::send(socket_.native_handle(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    while (sent < 0 && errno == EINTR);
    if (sent > 0) {
      n = static_cast<std::size_t>(sent);
      return Sent::some;
    }
    return errno == EAGAIN || errno == ENOBUFS ? Sent::would_block : Sent::broken;
  }

  void write(std::string_view bytes, std::shared_ptr<TransportUser> user) override {
    socket_.async_write_some(asio::buffer(bytes.data(), bytes.size()),
                             [user = std::move(user)](const boost::system::error_code& error, std::size_t n) {
                               user->on_written(error ? 0 : n);
                             });
  }

  void shut_down(std::shared_ptr<TransportUser> user) override {
    boost::system::error_code ignored;
    socket_.shutdown(Socket::shutdown_send, ignored);
    asio::post(socket_.get_executor(), [user = std::move(user)] { user->on_shut_down(); });
  }

  void discard(char* to, std::size_t most, std::shared_ptr<TransportUser> user) override {
    read(to, most, std::move(user));
  }

  void close() override {
    boost::system::error_code ignored;
    socket_.close(ignored);
  }

 private:
  Socket socket_;
};

}  // namespace

bool has_input(Socket& socket) {
  char first = 0;
  return ::recv(socket.native_handle(), &first, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
}

std::unique_ptr<Transport> plain_transport(Socket socket) {
  return std::make_unique<PlainTransport>(std::move(socket));
}

}  // namespace ringctl::net
