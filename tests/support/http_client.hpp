#pragma once
// A blocking HTTP/1.1 client on a plain socket, for tests: sends any bytes, reads one response at a time, and
// never waits longer than its deadline.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/file.hpp"
#include "support/eventually.hpp"

namespace ringctl::test {

struct HttpResponse {
  int status = 0;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  /// The first field of this name, whatever its case; "" if there is none.
  std::string header(std::string_view name) const;
};

class HttpClient {
 public:
  using milliseconds = std::chrono::milliseconds;
  using Headers = std::vector<std::pair<std::string, std::string>>;
  static constexpr milliseconds k_deadline{k_patience};

  /// To a port of this machine. Throws std::runtime_error if nobody takes the connection.
  explicit HttpClient(std::uint16_t port, milliseconds deadline = k_deadline);
  /// To a Unix socket.
  explicit HttpClient(const std::string& path, milliseconds deadline = k_deadline);

  /// False if the connection broke on the way.
  bool send(std::string_view bytes);
  /// No more will be sent.
  void end();
  /// The next response; nullopt if the connection ended or broke before its first byte, or in the middle.
  /// Throws std::runtime_error past the deadline. `to_head`: the request was HEAD, so no body follows.
  std::optional<HttpResponse> read(bool to_head = false);
  /// True if the other side ends the connection without another byte; throws std::runtime_error past the
  /// deadline.
  bool closed();
  /// True if the connection is still open and nothing came: looks without waiting.
  bool quiet();

  /// One request and its response. Throws std::runtime_error if none comes.
  HttpResponse request(std::string_view method, std::string_view target, std::string_view body = {},
                    const Headers& headers = {});
  HttpResponse get(std::string_view target, const Headers& headers = {}) {
    return request("GET", target, {}, headers);
  }
  HttpResponse post(std::string_view target, std::string_view body, const Headers& headers = {}) {
    return request("POST", target, body, headers);
  }
  int fd() const { return fd_.get(); }

 private:
  enum class More { bytes, end };
  More receive();
  bool receive_until(std::string_view mark, std::size_t& at);
  bool receive_size(std::size_t size);
  bool read_chunks(std::string& body);
  void wait(short events);

  base::Fd fd_;
  std::chrono::steady_clock::time_point until_;
  milliseconds deadline_;
  std::string in_;
};

/// One request on a connection of its own.
HttpResponse http_get(std::uint16_t port, std::string_view target);
HttpResponse http_post(std::uint16_t port, std::string_view target, std::string_view body,
                    const HttpClient::Headers& headers = {});

}  // namespace ringctl::test
