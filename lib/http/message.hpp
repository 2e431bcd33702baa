#pragma once
// What goes out over HTTP and what comes back, as values.

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/error.hpp"
#include "base/secret.hpp"

namespace ringctl::http {

/// Names and values in their order; a name may stand there twice.
using Fields = std::vector<std::pair<std::string, std::string>>;

/// For Basic authentication, sent with the request without being asked for.
struct Login {
  std::string user;
  base::Secret password;
};

struct Request {
  std::string method = "GET";  ///< a token, as it stands in the request line
  std::string url;             ///< what parse_url() takes; the path goes out as it stands
  Fields fields = {};          ///< Host, Content-Length and, unless one is given, User-Agent are added
  std::string body = {};
  std::optional<Login> login = {};

  /// Only to hosts outside: an address of this machine or of a private, link-local, shared or multicast
  /// network is not connected to, whatever the name was that led there (Fault::unreachable). Where there is a
  /// proxy it goes through that, also to hosts of NO_PROXY, and its rules hold.
  bool outside_only = false;

  /// A Unix socket to connect to; the URL's host then only stands in the request. "" = none.
  std::string unix_socket = {};

  /// Once it is on its way no CancelToken cuts it: its answer is waited for, as long as `timeout` says.
  bool awaited = false;

  /// From the moment it goes out (waiting in line does not count) to the last byte of the answer.
  std::chrono::milliseconds timeout{10'000};
  /// Of that: name look-up, connecting and TLS.
  std::chrono::milliseconds connect_timeout{5'000};
  /// Bytes of the answer's header, interim answers included, and of its body; past either it is too_large.
  std::size_t max_header = 64 * 1024, max_body = 8 * 1024 * 1024;
};

/// True of a method that does the same once or twice (RFC 9110, 9.2.2): it may be sent again without asking.
bool is_idempotent(std::string_view method);

/// Any answer, whatever its status. Redirects are answers: they are not followed.
struct Response {
  int status = 0;
  Fields fields = {};
  std::string body = {};
  std::chrono::microseconds elapsed{};  ///< as Request::timeout counts
  std::optional<std::chrono::seconds> retry_after = {};

  /// The first of this name, whatever its case; "" if there is none.
  std::string_view field(std::string_view name) const;
};

/// Why there is no answer.
enum class Fault {
  unreachable,  ///< no such name, no route, nobody listens, or a proxy that does not let us through
  tls,          ///< no TLS, or a certificate that is not to be trusted
  timeout,      ///< of Request, whichever it was
  broken,       ///< the connection ended or broke before the answer was whole
  garbage,      ///< what came is no HTTP
  too_large,    ///< past max_header or max_body
  cancelled,    ///< by the session's CancelToken
};

struct Failure {
  Fault fault = Fault::broken;
  /// False: not one byte of the request has gone out, so that it was certainly not executed. True: nobody can
  /// tell; whoever asked for something that must not happen twice has to look before asking again.
  bool maybe_executed = true;
  std::string message;  ///< one lower-case line that names the server; no secret, no path
};

/// "http.unreachable"
std::string_view slug_of(Fault);
/// Errc::twilio_down; twilio_garbage for garbage and too_large; interrupted for cancelled. Which error it is
/// where something may have been executed is for those to say who know what it was.
Error to_error(const Failure&);

using Outcome = std::variant<Response, Failure>;

}  // namespace ringctl::http
