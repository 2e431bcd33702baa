#include <boost/asio/ssl/stream.hpp>

#include "net/transports.hpp"

namespace ringctl::net {
namespace {

struct ReportRead {
  std::shared_ptr<TransportUser> user;
  void operator()(const boost::system::error_code& error, std::size_t n) const {
    user->on_read(error ? 0 : n);
  }
};

class TlsTransport final : public Transport {
 public:
  TlsTransport(Socket socket, asio::ssl::context& context) : stream_(std::move(socket), context) {}

  bool secure() const override { return true; }

  void handshake(std::shared_ptr<TransportUser> user) override {
    stream_.async_handshake(
        asio::ssl::stream_base::server,
        [user = std::move(user)](const boost::system::error_code& error) { user->on_handshake(!error); });
  }

  void read(char* to, std::size_t most, std::shared_ptr<TransportUser> user) override {
    stream_.async_read_some(asio::buffer(to, most), ReportRead{std::move(user)});
  }

  bool has_input() override { return net::has_input(stream_.next_layer()); }

  /// Records have to be made first; Asio does that together with sending them.
  Sent write_now(std::string_view, std::size_t&) override { return Sent::would_block; }

  void write(std::string_view bytes, std::shared_ptr<TransportUser> user) override {
    stream_.async_write_some(asio::buffer(bytes.data(), bytes.size()),
                             [user = std::move(user)](const boost::system::error_code& error, std::size_t n) {
                               user->on_written(error ? 0 : n);
                             });
  }

  void shut_down(std::shared_ptr<TransportUser> user) override {
    stream_.async_shutdown([this, user = std::move(user)](const boost::system::error_code&) {
      boost::system::error_code ignored;
      stream_.next_layer().shutdown(Socket::shutdown_send, ignored);
      user->on_shut_down();
    });
  }

  void discard(char* to, std::size_t most, std::shared_ptr<TransportUser> user) override {
    stream_.next_layer().async_read_some(asio::buffer(to, most), ReportRead{std::move(user)});
  }

  void close() override {
    boost::system::error_code ignored;
    stream_.next_layer().close(ignored);
  }

 private:
  asio::ssl::stream<Socket> stream_;
};

}  // namespace

std::unique_ptr<Transport> tls_transport(Socket socket, asio::ssl::context& context) {
  return std::make_unique<TlsTransport>(std::move(socket), context);
}

}  // namespace ringctl::net
