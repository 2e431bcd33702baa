#include "bench/load_reply.hpp"

#include <algorithm>
#include <charconv>

#include "base/text.hpp"

namespace ringctl::bench {
namespace {

constexpr std::size_t k_largest = 1U << 20U;  // TwiML has 64 kB at most

/// A number at the beginning of the text; false if there is none.
bool number(std::string_view text, int base, std::size_t& out) {
  return std::from_chars(text.data(), text.data() + text.size(), out, base).ec == std::errc();
}

}  // namespace

void Reply::clear() {
  bytes_.clear();
  body_.clear();
  head_ = chunk_ = length_ = 0;
  kind_ = Body::counted;
  status_ = 0;
  closes_ = false;
}

Reply::State Reply::read_head() {
  const auto end = bytes_.find("\r\n\r\n");
  if (end == std::string::npos) return State::partial;
  std::string_view head(bytes_.data(), end);
  std::size_t status = 0;
  if (!head.starts_with("HTTP/1.") || head.size() < 12 || !number(head.substr(9, 3), 10, status))
    return State::bad;
  status_ = static_cast<int>(status);
  closes_ = head.starts_with("HTTP/1.0");
  kind_ = Body::until_end;
  if (status_ == 204 || status_ == 304) kind_ = Body::counted;
  for (const auto line : base::split(head, '\n')) {
    const auto colon = line.find(':');
    if (colon == std::string_view::npos) continue;
    const auto name = base::ascii_lower(line.substr(0, colon));
    const auto value = base::ascii_lower(base::trim(line.substr(colon + 1)));
    if (name == "connection") closes_ = value == "close";
    if (name == "transfer-encoding" && value == "chunked") kind_ = Body::chunked;
    if (name == "content-length" && kind_ != Body::chunked) {
      if (!number(value, 10, length_) || length_ > k_largest) return State::bad;
      kind_ = Body::counted;
    }
  }
  head_ = chunk_ = end + 4;
  return State::complete;
}

Reply::State Reply::read_chunks() {
  for (;;) {
    const auto line = bytes_.find("\r\n", chunk_);
    if (line == std::string::npos) return State::partial;
    std::size_t size = 0;
    if (!number(std::string_view(bytes_).substr(chunk_, line - chunk_), 16, size) || size > k_largest)
      return State::bad;
    const auto data = line + 2;
    if (bytes_.size() < data + size + 2) return State::partial;
    body_.append(bytes_, data, size);
    chunk_ = data + size + 2;
    if (size == 0) return State::complete;
  }
}

Reply::State Reply::take(std::string_view arrived) {
  bytes_.append(arrived);
  if (bytes_.size() > 2 * k_largest) return State::bad;
  if (head_ == 0)
    if (const auto state = read_head(); state != State::complete) return state;
  switch (kind_) {
    case Body::chunked:
      return read_chunks();
    case Body::counted:
      if (bytes_.size() < head_ + length_) return State::partial;
      if (bytes_.size() > head_ + length_) return State::bad;  // nobody asked for a second one
      body_.assign(bytes_, head_);
      return State::complete;
    case Body::until_end:
      return State::partial;
  }
  return State::bad;
}

Reply::State Reply::end() {
  if (head_ == 0 || kind_ != Body::until_end) return State::bad;
  body_.assign(bytes_, head_);
  closes_ = true;
  return State::complete;
}

bool Reply::is_twiml() const {
  const auto text = base::trim(body_);
  const auto root = text.find("<Response");
  if (root == std::string_view::npos || (root > 0 && !text.starts_with("<?xml"))) return false;
  return text.ends_with("</Response>") || text.ends_with("<Response/>") || text.ends_with("<Response />");
}

bool Reply::connects() const {
  return body_.find("<Dial") != std::string::npos || body_.find("<Enqueue") != std::string::npos;
}

}  // namespace ringctl::bench
