#include "net/chunks.hpp"

#include <algorithm>
#include <cstring>

#include "net/hex.hpp"

namespace ringctl::net {
namespace {

constexpr std::size_t k_most_digits = 8;  // 4 GiB: far more than any body may be, and no overflow

/// Visible ASCII, SP and HTAB: an extension is dropped, but must not hide a line end from anybody.
bool plain(std::string_view text) noexcept {
  return std::all_of(text.begin(), text.end(), [](char c) { return c == '\t' || (c >= 0x20 && c < 0x7f); });
}

}  // namespace

void ChunkReader::reset() {
  state_ = State::size;
  refusal_ = Refusal::none;
  left_ = extensions_ = trailers_ = 0;
}

bool ChunkReader::refuse(Refusal refusal) {
  refusal_ = refusal;
  return false;
}

Progress ChunkReader::read(char* buffer, std::size_t& body, std::size_t& end) {
  std::size_t from = body;
  while (state_ != State::done && step(buffer, body, from, end)) {
  }
  if (from > body) {
    std::memmove(buffer + body, buffer + from, end - from);
    end -= from - body;
  }
  if (refusal_ != Refusal::none) return Progress::refused;
  return state_ == State::done ? Progress::done : Progress::more;
}

/// Reads one line or one run of data; false if more bytes are needed, or the body is refused.
bool ChunkReader::step(char* buffer, std::size_t& body, std::size_t& from, std::size_t end) {
  std::string_view text;
  switch (state_) {
    case State::size:
      return line(buffer, from, end, limits_.chunk_line, text) && size_line(text, body);
    case State::data: {
      const auto n = std::min(left_, end - from);
      if (n == 0) return false;
      if (from > body) std::memmove(buffer + body, buffer + from, n);
      body += n;
      from += n;
      left_ -= n;
      if (left_ == 0) state_ = State::data_end;
      return true;
    }
    case State::data_end:
      if (end > from && buffer[from] != '\r') return refuse(Refusal::chunk);
      if (end - from < 2) return false;
      if (buffer[from + 1] != '\n') return refuse(Refusal::chunk);
      from += 2;
      state_ = State::size;
      return true;
    case State::trailer:
      return line(buffer, from, end, limits_.trailers, text) && trailer_line(text);
    case State::done:
      break;
  }
  return false;
}

bool ChunkReader::line(const char* buffer, std::size_t& from, std::size_t end, std::size_t most,
                       std::string_view& text) {
  const auto* const found = static_cast<const char*>(std::memchr(buffer + from, '\n', end - from));
  const auto size = found == nullptr ? end - from : static_cast<std::size_t>(found - (buffer + from)) + 1;
  if (size > most) return refuse(Refusal::chunk);
  if (found == nullptr) return false;
  if (size < 2 || *(found - 1) != '\r') return refuse(Refusal::chunk);
  text = {buffer + from, size - 2};
  from += size;
  return true;
}

bool ChunkReader::size_line(std::string_view text, std::size_t body) {
  std::size_t digits = 0;
  std::uint64_t size = 0;
  for (; digits < text.size() && hex_value(text[digits]) >= 0; ++digits) {
    if (digits == k_most_digits) return refuse(Refusal::chunk);
    size = size * 16 + static_cast<std::uint64_t>(hex_value(text[digits]));
  }
  const auto extension = text.substr(digits);
  extensions_ += extension.size();
  const bool well_formed = digits > 0 && (extension.empty() || extension.front() == ';') && plain(extension);
  if (!well_formed || extensions_ > limits_.chunk_extensions) return refuse(Refusal::chunk);
  if (size > limits_.body - body) return refuse(Refusal::body_too_large);
  left_ = static_cast<std::size_t>(size);
  state_ = size == 0 ? State::trailer : State::data;
  return true;
}

bool ChunkReader::trailer_line(std::string_view text) {
  if (text.empty()) {
    state_ = State::done;
    return true;
  }
  trailers_ += text.size() + 2;
  Field dropped;
  if (trailers_ > limits_.trailers || !read_field(text, dropped)) return refuse(Refusal::chunk);
  return true;
}

}  // namespace ringctl::net
