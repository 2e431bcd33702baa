#pragma once
// The strict gate: from bytes to a request's head, or to the reason why not. It is the parser itself, not a
// check behind one: what it reads is what is served, so no second opinion about where a request ends can
// exist in this process. Where RFC 9112 lets a recipient choose between repairing and refusing, it refuses.

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "net/limits.hpp"
#include "net/refusal.hpp"

namespace ringctl::net {

struct Field {
  std::string_view name, value;  ///< as they came; the value without white space around it
};

/// True if two names are the same but for ASCII case.
bool same_name(std::string_view a, std::string_view b) noexcept;

/// A name of a field or method: one or more tchar of RFC 9110.
bool is_token(std::string_view) noexcept;
/// What may stand in a field's value: no control characters but HTAB, so neither CR, LF nor NUL.
bool is_field_value(std::string_view) noexcept;

/// How a body is delimited.
enum class Framing { none, length, chunked };

/// A request line and its fields, as views into the bytes they were read from.
struct Head {
  std::string_view method, target, path, query;  ///< query: after the first '?', without it
  std::vector<Field> fields;
  Framing framing = Framing::none;
  std::uint64_t length = 0;  ///< of the body, with Framing::length
  bool http_1_0 = false;
  bool close = false;             ///< the client wants the connection closed, or it is HTTP/1.0
  bool expects_continue = false;  ///< "100 Continue" before the body
  std::size_t size = 0;           ///< bytes of the head, the empty line included
};

enum class Progress { more, done, refused };

/// Reads one head at a time from bytes that arrive in pieces. Keeps its memory from request to request.
class HeadReader {
 public:
  explicit HeadReader(const Limits& limits) : limits_(limits) { head_.fields.reserve(32); }

  /// For the next request.
  void reset();
  /// `bytes`: all that is there since the request's first byte; may be more than the head. At the same place
  /// as the last time, unless moved() was called. Never throws but for want of memory.
  Progress read(std::string_view bytes);
  /// The bytes lie elsewhere now.
  void moved(const char* from, const char* to);

  const Head& head() const { return head_; }    ///< whole after Progress::done
  Refusal refusal() const { return refusal_; }  ///< after Progress::refused
  bool at_start() const { return next_ == 0; }  ///< not one whole line came yet

 private:
  Progress refuse(Refusal);
  Refusal line(std::string_view);
  Refusal request_line(std::string_view);
  Refusal target(std::string_view);
  Refusal field_line(std::string_view);
  Refusal known_field(const Field&);
  Refusal finish();

  const Limits& limits_;
  Head head_;
  Refusal refusal_ = Refusal::none;
  std::size_t next_ = 0;  ///< where the first line that was not read yet begins
  std::size_t seen_ = 0;  ///< bytes in which no further line end is
  unsigned hosts_ = 0, lengths_ = 0, encodings_ = 0;
};

/// True if `line` (without its CRLF) is a field by the rules of the gate; sets `field`.
bool read_field(std::string_view line, Field& field) noexcept;

}  // namespace ringctl::net
