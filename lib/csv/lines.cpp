#include "csv/lines.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "base/text.hpp"
#include "csv/reader.hpp"

namespace ringctl::csv {

std::optional<Fault> find_bad_bytes(std::string_view text, std::uint64_t offset) {
  if (const auto nul = text.find('\0'); nul != std::string_view::npos)
    return Fault{"nul_byte", fmt::format("NUL byte at offset {} of the record", offset + nul)};
  if (const auto bad = base::first_invalid_utf8(text))
    return Fault{"bad_utf8", fmt::format("invalid UTF-8 at offset {} of the record (byte 0x{:02X})",
                                         offset + *bad, static_cast<unsigned char>(text[*bad]))};
  return std::nullopt;
}

Fault too_long_record() {
  return {"record_too_long", fmt::format("record is longer than {} bytes", base::group_digits(k_max_record))};
}

Fault too_many_columns() {
  return {"too_many_columns", fmt::format("record has more than {} columns", k_max_columns)};
}

std::size_t Finder::next(std::string_view text, std::size_t from) {
  if (known_ && found_ >= from) return found_;
  const auto start = std::max(from, searched_);
  const void* hit =
      start < text.size() ? std::memchr(text.data() + start, wanted_, text.size() - start) : nullptr;
  known_ = hit != nullptr;
  if (!known_) {
    searched_ = text.size();
    return std::string_view::npos;
  }
  found_ = static_cast<std::size_t>(static_cast<const char*>(hit) - text.data());
  searched_ = found_ + 1;
  return found_;
}

void Finder::shift(std::size_t count) {
  known_ = known_ && found_ >= count;
  found_ -= std::min(found_, count);
  searched_ -= std::min(searched_, count);
}

bool Lines::fill() {
  if (ended_) return false;
  if (at_ > 0) {
    buffer_.erase(0, at_);
    lf_.shift(at_);
    cr_.shift(at_);
    at_ = 0;
  }
  const auto piece = source_->read();
  buffer_ += piece;
  ended_ = piece.empty();
  return !ended_;
}

bool Lines::next(Line& line) {
  for (;;) {
    auto end = std::min(lf_.next(buffer_, at_), cr_.next(buffer_, at_));
    const bool cut = end == std::string_view::npos || (end + 1 == buffer_.size() && buffer_[end] == '\r');
    if (std::min(end, buffer_.size()) - at_ > k_max_record) {
      line = {{}, {}, ++number_, true};
      at_ = buffer_.size();
      ended_ = true;
      return true;
    }
    if (cut && !ended_) {
      fill();  // moves everything, so the ends are looked for again
      continue;
    }
    if (at_ == buffer_.size()) return false;
    end = std::min(end, buffer_.size());
    auto next = std::min(end + 1, buffer_.size());
    if (next < buffer_.size() && buffer_[end] == '\r' && buffer_[next] == '\n') ++next;
    const std::string_view all = buffer_;
    line = {all.substr(at_, end - at_), all.substr(at_, next - at_), ++number_, false};
    at_ = next;
    return true;
  }
}

std::string_view Lines::peek() {
  for (;;) {
    const std::string_view all = buffer_;
    const auto start = std::min(all.find_first_not_of("\r\n"), all.size());
    const auto end = all.find_first_of("\r\n", start);
    if (end != std::string_view::npos || all.size() - start > k_max_record || !fill())
      return std::string_view(buffer_).substr(std::min(start, buffer_.size()),
                                              end == std::string_view::npos ? end : end - start);
  }
}

}  // namespace ringctl::csv
