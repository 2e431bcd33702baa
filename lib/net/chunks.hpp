#pragma once
// A chunked body, decoded where it lies. Extensions and trailers are read by the rules of the gate and
// dropped.

#include <cstddef>
#include <cstdint>

#include "net/gate.hpp"

namespace ringctl::net {

class ChunkReader {
 public:
  explicit ChunkReader(const Limits& limits) : limits_(limits) {}

  /// For the next body.
  void reset();
  /// buffer[0, body) is decoded already, buffer[body, end) came and was not read yet. Decodes what it can:
  /// moves body forward, and what is left behind it (half a line, or the next request once done) down to it,
  /// and sets end.
  Progress read(char* buffer, std::size_t& body, std::size_t& end);

  Refusal refusal() const { return refusal_; }  ///< after Progress::refused

 private:
  enum class State { size, data, data_end, trailer, done };
  /// One line at `from`, without its CRLF; moves `from` behind it. False: not whole yet, or refused.
  bool line(const char* buffer, std::size_t& from, std::size_t end, std::size_t most, std::string_view& text);
  bool step(char* buffer, std::size_t& body, std::size_t& from, std::size_t end);
  bool size_line(std::string_view text, std::size_t body);
  bool trailer_line(std::string_view text);
  bool refuse(Refusal refusal);

  const Limits& limits_;
  State state_ = State::size;
  Refusal refusal_ = Refusal::none;
  std::size_t left_ = 0;  ///< of the chunk
  std::size_t extensions_ = 0, trailers_ = 0;
};

}  // namespace ringctl::net
