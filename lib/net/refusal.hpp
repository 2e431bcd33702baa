#pragma once
// Why a request, or a connection, was refused before any handler saw it.

#include <cstddef>
#include <string_view>

namespace ringctl::net {

enum class Refusal {
  none,
  request_line,          ///< not METHOD SP TARGET SP HTTP/1.x
  method_unknown,        ///< a token, but no method of HTTP that we know; case counts
  method_refused,        ///< TRACE or CONNECT
  version,               ///< not HTTP/1.0 or 1.1
  target_form,           ///< not origin-form: absolute, authority or asterisk
  target_bytes,          ///< a byte that must be percent-encoded
  path,                  ///< not canonical: dot segments, //, %00, %2f, %5c, broken percent-encoding
  target_too_long,       ///< Limits::target
  header_too_large,      ///< Limits::header
  too_many_fields,       ///< Limits::fields
  line_end,              ///< bare LF or CR
  field,                 ///< name no token, white space before the colon, folding, control characters
  host,                  ///< absent on 1.1, twice, or no host[:port]
  content_length,        ///< twice, a list, signed, no digits, leading zero
  transfer_encoding,     ///< twice, not exactly "chunked", on 1.0, beside Content-Length
  connection,            ///< Connection names a field that frames or signs the request
  expectation,           ///< Expect other than 100-continue
  body_too_large,        ///< Limits::body
  chunk,                 ///< chunked body malformed, or past its limits
  too_many_connections,  ///< Limits::connections
};
constexpr std::size_t k_refusals = 21;

/// The status it is answered with.
int refusal_status(Refusal) noexcept;
/// "target_too_long": the label of its metric.
std::string_view refusal_name(Refusal) noexcept;

}  // namespace ringctl::net
