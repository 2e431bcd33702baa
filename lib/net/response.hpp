#pragma once
// What a handler answers, and how it looks on the wire.

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ringctl::net {

struct Response {
  int status = 200;               ///< 200 to 599
  std::string content_type = {};  ///< "": none is said
  std::string body = {};          ///< not sent with 204, 304 and to HEAD
  /// Further fields. Date, Connection, Content-Length, Content-Type and Transfer-Encoding are the server's
  /// own.
  std::vector<std::pair<std::string, std::string>> headers = {};
  bool close = false;  ///< of the connection, after this answer
  // For those who play a broken server:
  bool drop = false;  ///< no answer at all, the connection just ends
  /// Only so many bytes of its body go out, and the connection ends.
  std::optional<std::size_t> cut = {};
  /// From one byte to the next, at the pace of Limits::tick; 0 = all at once.
  std::chrono::milliseconds drip{0};
};

/// What the wire needs to know besides.
struct Wire {
  std::string_view date;  ///< IMF-fixdate
  bool head = false;      ///< the request was HEAD: no body, but its length
  bool close = false;     ///< last response of the connection
};

/// False if a field would break the response apart (CR, LF, control characters, a name that is no token), is
/// one of the server's own, or the status is none of 200 to 599.
bool valid_response(const Response&) noexcept;
/// Appends the response. Only what valid_response() allows.
void write_response(const Response&, const Wire&, std::string& out);
/// "Not Found"; "" for a status without a name.
std::string_view reason_phrase(int status) noexcept;

}  // namespace ringctl::net
