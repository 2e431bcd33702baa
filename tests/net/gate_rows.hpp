#pragma once
// Requests as bytes, and what the gate must say to each: those of the first finding about Beast, and the
// published vectors of request smuggling. The tests send them whole and in pieces; the fuzzer starts from
// them.

#include <string>
#include <string_view>
#include <vector>

#include "net/refusal.hpp"

namespace ringctl::test {

struct GateRow {
  std::string name;
  std::string bytes;
  net::Refusal refusal = net::Refusal::none;  ///< none: it is served
};

/// "POST / HTTP/1.1", Host, then `fields` (each with its CRLF), the empty line and `body`.
inline std::string post(std::string_view fields, std::string_view body = {}) {
  return "POST / HTTP/1.1\r\nHost: a.example\r\n" + std::string(fields) + "\r\n" + std::string(body);
}
inline std::string chunked(std::string_view body) { return post("Transfer-Encoding: chunked\r\n", body); }
inline std::string line(std::string_view request_line) {
  return std::string(request_line) + "\r\nHost: a.example\r\n\r\n";
}
inline std::string get(std::string_view target) { return line("GET " + std::string(target) + " HTTP/1.1"); }
inline std::string fields(int count) {
  std::string text;
  for (int i = 0; i < count; ++i) text += "X-" + std::to_string(i) + ": v\r\n";
  return text;
}

inline std::vector<GateRow> gate_rows() {
  using enum net::Refusal;
  using namespace std::string_literals;
  const std::string te = "Transfer-Encoding: chunked\r\n", cl = "Content-Length: 4\r\n";
  return {
      // How long the body is.
      {"length and chunked", post(cl + te, "0\r\n\r\n"), transfer_encoding},
      {"chunked and length", post(te + cl, "0\r\n\r\n"), transfer_encoding},
      {"chunked and length 0", post(te + "Content-Length: 0\r\n", "0\r\n\r\n"), transfer_encoding},
      {"lengths that differ", post(cl + "Content-Length: 5\r\n", "abcde"), content_length},
      {"lengths that agree", post(cl + cl, "abcd"), content_length},
      {"a list of lengths", post("Content-Length: 4, 4\r\n", "abcd"), content_length},
      {"a list of lengths that differ", post("Content-Length: 4, 5\r\n", "abcd"), content_length},
      {"a signed length", post("Content-Length: +4\r\n", "abcd"), content_length},
      {"a negative length", post("Content-Length: -1\r\n", "abcd"), content_length},
      {"a hexadecimal length", post("Content-Length: 0x4\r\n", "abcd"), content_length},
      {"an octal length", post("Content-Length: 010\r\n", "abcdefgh"), content_length},
      {"no length", post("Content-Length: \r\n", "abcd"), content_length},
      {"a length with a space in it", post("Content-Length: 4 4\r\n", "abcd"), content_length},
      {"a length with decimals", post("Content-Length: 4.0\r\n", "abcd"), content_length},
      {"a length with a vertical tab", post("Content-Length: \v4\r\n", "abcd"), field},
      {"a length behind a space before the colon", post("Content-Length : 4\r\n", "abcd"), field},
      {"a length with an underscore", post("Content_Length: 4\r\n", "abcd"), field},
      {"a length past 64 bits", post("Content-Length: 18446744073709551620\r\n"), body_too_large},
      {"a body past its limit", post("Content-Length: 65537\r\n"), body_too_large},
      {"a body past its limit that waits for leave",
       post("Content-Length: 65537\r\nExpect: 100-continue\r\n"), body_too_large},
      {"xchunked and length", post("Transfer-Encoding: xchunked\r\n" + cl, "abcd"), transfer_encoding},
      {"xchunked", post("Transfer-Encoding: xchunked\r\n", "0\r\n\r\n"), transfer_encoding},
      {"chunked, identity", post("Transfer-Encoding: chunked, identity\r\n", "0\r\n\r\n"), transfer_encoding},
      {"identity, chunked", post("Transfer-Encoding: identity, chunked\r\n", "0\r\n\r\n"), transfer_encoding},
      {"chunked, chunked", post("Transfer-Encoding: chunked, chunked\r\n", "0\r\n\r\n"), transfer_encoding},
      {"gzip, chunked", post("Transfer-Encoding: gzip, chunked\r\n", "0\r\n\r\n"), transfer_encoding},
      {"identity", post("Transfer-Encoding: identity\r\n"), transfer_encoding},
      {"an empty encoding", post("Transfer-Encoding:\r\n"), transfer_encoding},
      {"Chunked", post("Transfer-Encoding: Chunked\r\n", "0\r\n\r\n"), transfer_encoding},
      {"\"chunked\"", post("Transfer-Encoding: \"chunked\"\r\n", "0\r\n\r\n"), transfer_encoding},
      {"chunked with a parameter", post("Transfer-Encoding: chunked;q=1\r\n", "0\r\n\r\n"),
       transfer_encoding},
      {"chunked twice", post(te + te, "0\r\n\r\n"), transfer_encoding},
      {"chunked behind a vertical tab", post("Transfer-Encoding: \vchunked\r\n", "0\r\n\r\n"), field},
      {"chunked behind a space before the colon", post("Transfer-Encoding : chunked\r\n", "0\r\n\r\n"),
       field},
      {"chunked behind a tab before the colon", post("Transfer-Encoding\t: chunked\r\n", "0\r\n\r\n"), field},
      {"chunked with an underscore", post("Transfer_Encoding: chunked\r\n", "0\r\n\r\n"), field},
      {"chunked on HTTP/1.0", "POST / HTTP/1.0\r\nHost: a.example\r\n" + te + "\r\n0\r\n\r\n",
       transfer_encoding},
      {"chunked hidden in a folded line", post("X: y\r\n Transfer-Encoding: chunked\r\n"), field},
      {"chunked behind a bare LF", post("X: y\nTransfer-Encoding: chunked\r\n"), line_end},
      {"chunked behind a bare CR", post("X: y\rTransfer-Encoding: chunked\r\n"), line_end},
      {"chunked behind a NUL", post("X: y\0Transfer-Encoding: chunked\r\n"s), field},
      // Chunks.
      {"a chunk size with 0x", chunked("0x4\r\nabcd\r\n0\r\n\r\n"), chunk},
      {"a chunk size with a sign", chunked("+4\r\nabcd\r\n0\r\n\r\n"), chunk},
      {"a chunk size with a space", chunked("4 \r\nabcd\r\n0\r\n\r\n"), chunk},
      {"no chunk size", chunked("\r\nabcd\r\n0\r\n\r\n"), chunk},
      {"a chunk size of 17 digits", chunked("00000000000000004\r\nabcd\r\n0\r\n\r\n"), chunk},
      {"a chunk size that overflows", chunked("FFFFFFFFFFFFFFFF\r\nabcd\r\n"), chunk},
      {"a chunk size that ends in LF", chunked("4\nabcd\r\n0\r\n\r\n"), chunk},
      {"a chunk longer than it says", chunked("3\r\nabcd\r\n0\r\n\r\n"), chunk},
      {"a chunk that ends in LF", chunked("4\r\nabcd\n0\r\n\r\n"), chunk},
      {"a chunk that ends in CR", chunked("4\r\nabcd\r0\r\n\r\n"), chunk},
      {"an extension with a bare CR", chunked("4;a=\rb\r\nabcd\r\n0\r\n\r\n"), chunk},
      {"an extension with a bare LF", chunked("4;a=\nb\r\nabcd\r\n0\r\n\r\n"), chunk},
      {"an extension of 20 kB", chunked("4;" + std::string(20'000, 'x') + "\r\nabcd\r\n0\r\n\r\n"), chunk},
      {"a body past its limit in chunks", chunked("10001\r\n"), body_too_large},
      {"a trailer with a bare LF", chunked("0\r\nX: y\nHost: evil\r\n\r\n"), chunk},
      {"a folded trailer", chunked("0\r\nX: y\r\n z\r\n\r\n"), chunk},
      {"a trailer of 5 kB", chunked("0\r\nX: " + std::string(5'000, 'y') + "\r\n\r\n"), chunk},
      // Host.
      {"no Host", "GET / HTTP/1.1\r\nX: y\r\n\r\n", host},
      {"two Hosts", "GET / HTTP/1.1\r\nHost: a.example\r\nHost: b.example\r\n\r\n", host},
      {"two Hosts that agree", "GET / HTTP/1.1\r\nHost: a.example\r\nhost: a.example\r\n\r\n", host},
      {"two Hosts on HTTP/1.0", "GET / HTTP/1.0\r\nHost: a.example\r\nHost: b.example\r\n\r\n", host},
      {"an empty Host", "GET / HTTP/1.1\r\nHost:\r\n\r\n", host},
      {"a list of Hosts", "GET / HTTP/1.1\r\nHost: a.example, b.example\r\n\r\n", host},
      {"a Host with user information", "GET / HTTP/1.1\r\nHost: a@b.example\r\n\r\n", host},
      {"a Host with a path", "GET / HTTP/1.1\r\nHost: a.example/b\r\n\r\n", host},
      {"a Host behind a space before the colon", "GET / HTTP/1.1\r\nHost : a.example\r\n\r\n", field},
      // The request line.
      {"an absolute target", line("GET http://b.example/ HTTP/1.1"), target_form},
      {"an authority", line("GET b.example:80 HTTP/1.1"), target_form},
      {"an asterisk", line("OPTIONS * HTTP/1.1"), target_form},
      {"CONNECT", line("CONNECT b.example:443 HTTP/1.1"), method_refused},
      {"TRACE", line("TRACE / HTTP/1.1"), method_refused},
      {"a method in lower case", line("get / HTTP/1.1"), method_unknown},
      {"a method nobody knows", line("BREW / HTTP/1.1"), method_unknown},
      {"a method that is no token", line("G(T / HTTP/1.1"), request_line},
      {"no method", line(" / HTTP/1.1"), request_line},
      {"two spaces", line("GET  / HTTP/1.1"), request_line},
      {"a tab", line("GET\t/\tHTTP/1.1"), request_line},
      {"a space in the target", line("GET /a b HTTP/1.1"), request_line},
      {"a space at the end", line("GET / HTTP/1.1 "), request_line},
      {"HTTP/0.9", "GET /\r\n\r\n", request_line},
      {"HTTP/1.2", line("GET / HTTP/1.2"), version},
      {"HTTP/2.0", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", version},
      {"http/1.1", line("GET / http/1.1"), request_line},
      {"HTTP/1.10", line("GET / HTTP/1.10"), request_line},
      {"an empty line first", "\r\n" + get("/"), request_line},
      {"a bare LF behind the request line", "GET / HTTP/1.1\nHost: a.example\r\n\r\n", line_end},
      {"bare LFs only", "GET / HTTP/1.1\nHost: a.example\n\n", line_end},
      {"a CR more behind the request line", "GET / HTTP/1.1\r\r\nHost: a.example\r\n\r\n", line_end},
      {"a NUL in the target", line("GET /a\0b HTTP/1.1"s), target_bytes},
      {"a byte past ASCII in the target", get("/caf\xc3\xa9"), target_bytes},
      {"a fragment", get("/a#b"), target_bytes},
      {"a brace in the path", get("/{a}"), target_bytes},
      {"a target of 4097 bytes", get("/" + std::string(4096, 'a')), target_too_long},
      {"a target of 9 kB", get("/" + std::string(9000, 'a')), target_too_long},
      // Paths.
      {"a dot segment", get("/a/../b"), path},
      {"a dot segment at the end", get("/a/.."), path},
      {"a single dot", get("/./a"), path},
      {"an encoded dot segment", get("/a/%2e%2E/b"), path},
      {"a half encoded dot segment", get("/a/.%2e/b"), path},
      {"a dot segment with parameters", get("/a/..;x/b"), path},
      {"an empty segment", get("/a//b"), path},
      {"two slashes first", get("//b.example/"), path},
      {"an encoded slash", get("/a%2fb"), path},
      {"an encoded backslash", get("/a%5Cb"), path},
      {"an encoded percent sign", get("/a%252e"), path},
      {"%00", get("/a%00b"), path},
      {"half an encoding", get("/a%2"), path},
      {"no encoding", get("/a%zz"), path},
      // Fields.
      {"a folded field", post("X: y\r\n z\r\n"), field},
      {"a folded field by tab", post("X: y\r\n\tz\r\n"), field},
      {"a folded first field", "GET / HTTP/1.1\r\n Host: a.example\r\n\r\n", field},
      {"a field without colon", post("X\r\n"), field},
      {"a field without name", post(": y\r\n"), field},
      {"a name with a space", post("X Y: z\r\n"), field},
      {"a name with a NUL", post("X\0: y\r\n"s), field},
      {"a name past ASCII", post("X\xc3\xa9: y\r\n"), field},
      {"a value with a NUL", post("X: \0\r\n"s), field},
      {"a value with DEL", post("X: \x7f\r\n"), field},
      {"Connection names the length", post("Connection: close, Content-Length\r\n" + cl, "abcd"), connection},
      {"Connection names the Host", post("Connection: host\r\n"), connection},
      {"Connection names the signature", post("Connection: X-Twilio-Signature\r\n"), connection},
      {"Expect something else", post("Expect: 200-ok\r\n"), expectation},
      {"101 fields", post(fields(100)), too_many_fields},
      {"a header of 9 kB", post("X: " + std::string(9000, 'y') + "\r\n"), header_too_large},
      {"a header of 9 kB without an end", "GET / HTTP/1.1\r\nX: " + std::string(9000, 'y'), header_too_large},
      // What is served.
      {"a plain GET", get("/")},
      {"a query", get("/a/b.c?x=%00&y=//../z{|}\"")},
      {"a slash at the end", get("/a/")},
      {"three dots", get("/a/...")},
      {"parameters", get("/a;b=c/d")},
      {"a body", post(cl, "abcd")},
      {"a body of no bytes", post("Content-Length: 0\r\n")},
      {"a body with lines in it", post("Content-Length: 8\r\n", "a\r\n\r\nb\r\n")},
      {"chunks", chunked("4\r\nabcd\r\n2;x=\"y\"\r\nef\r\n0\r\n\r\n")},
      {"a chunked body of no bytes", chunked("0\r\n\r\n")},
      {"a trailer that names a Host", chunked("0\r\nHost: evil.example\r\nContent-Length: 9\r\n\r\n")},
      {"white space around a value", post("Content-Length: \t 4 \t\r\n", "abcd")},
      {"names in any case", "POST / HTTP/1.1\r\nhOST: a.example:8080\r\ncOnTeNt-LeNgTh: 4\r\n\r\nabcd"},
      {"an IPv6 Host", "GET / HTTP/1.1\r\nHost: [::1]:8080\r\n\r\n"},
      {"100 fields", post(fields(99))},
      {"a target of 4096 bytes", get("/" + std::string(4095, 'a'))},
      {"a body of 64 KiB", post("Content-Length: 65536\r\n", std::string(65536, 'a'))},
      {"Connection: keep-alive, Upgrade", post("Connection: keep-alive, Upgrade\r\nUpgrade: h2c\r\n")},
      {"bytes past ASCII in a value", post("X: caf\xc3\xa9\r\n")},
  };
}

}  // namespace ringctl::test
