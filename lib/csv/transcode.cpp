#include "csv/transcode.hpp"

#include <iconv.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <stdexcept>

namespace ringctl::csv {
namespace {

using namespace std::string_view_literals;

/// True if the bytes at even (0) or odd (1) places are zero and the others are not: ASCII in UTF-16.
bool zeros_at(std::string_view head, std::size_t parity) {
  if (head.size() < 2) return false;
  for (std::size_t i = 0; i < head.size(); ++i)
    if ((head[i] == '\0') != (i % 2 == parity)) return false;
  return true;
}

}  // namespace

Detected detect(std::string_view head, Encoding wanted) {
  head = head.substr(0, k_detect_size);
  if (wanted == Encoding::windows1252) return {"CP1252", 0};
  if (head.starts_with("\xEF\xBB\xBF"sv) && wanted != Encoding::utf16) return {nullptr, 3};
  if (wanted == Encoding::utf8) return {};
  if (head.starts_with("\xFF\xFE"sv)) return {"UTF-16LE", 2};
  if (head.starts_with("\xFE\xFF"sv)) return {"UTF-16BE", 2};
  if (zeros_at(head, 1)) return {"UTF-16LE", 0};
  if (zeros_at(head, 0)) return {"UTF-16BE", 0};
  if (wanted == Encoding::utf16) return {"UTF-16LE", 0};
  return {};
}

struct Transcoder::Impl {
  iconv_t handle;
  std::string rest;  ///< a character cut off by the end of the last piece
  std::uint64_t consumed = 0;
};

Transcoder::Transcoder(const char* iconv_name) : impl_(std::make_unique<Impl>()) {
  impl_->handle = iconv_open("UTF-8", iconv_name);
  // iconv_open's failure value is a cast of -1, which -Wold-style-cast has no other spelling for.
  if (reinterpret_cast<std::intptr_t>(impl_->handle) == -1)
    throw std::runtime_error(std::string("this system cannot convert from ") + iconv_name);
}

Transcoder::~Transcoder() { iconv_close(impl_->handle); }

std::optional<std::uint64_t> Transcoder::convert(std::string_view input, std::string& out) {
  std::string joined;
  if (!impl_->rest.empty()) {
    joined = impl_->rest;
    joined += input;
    input = joined;
  }
  std::array<char, 16 * 1024> piece{};
  // iconv never writes to its input, its signature is older than const.
  char* from = const_cast<char*>(input.data());
  std::size_t left = input.size();
  for (;;) {
    char* to = piece.data();
    std::size_t room = piece.size();
    const auto status = iconv(impl_->handle, &from, &left, &to, &room);
    const int error = errno;
    out.append(piece.data(), piece.size() - room);
    if (status != static_cast<std::size_t>(-1) || error == EINVAL) break;
    if (error == EILSEQ) return impl_->consumed + (input.size() - left);
  }
  impl_->consumed += input.size() - left;
  impl_->rest.assign(from, left);
  return std::nullopt;
}

std::optional<std::uint64_t> Transcoder::finish() const {
  return impl_->rest.empty() ? std::nullopt : std::optional(impl_->consumed);
}

}  // namespace ringctl::csv
