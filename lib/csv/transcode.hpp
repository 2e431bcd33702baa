#pragma once
// Text in other encodings as UTF-8, in pieces that may split a character anywhere. Private to this room.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "csv/source.hpp"

namespace ringctl::csv {

/// What the first bytes of a text say about it.
struct Detected {
  const char* iconv_name = nullptr;  ///< nullptr: UTF-8 as it is
  std::size_t bom = 0;               ///< bytes of byte-order mark to leave out
};

/// Bytes that detect() wants to see, if there are so many.
inline constexpr std::size_t k_detect_size = 64;

Detected detect(std::string_view head, Encoding wanted);

class Transcoder {
 public:
  explicit Transcoder(const char* iconv_name);
  ~Transcoder();
  Transcoder(const Transcoder&) = delete;
  Transcoder& operator=(const Transcoder&) = delete;

  /// Appends to `out`. Returns the offset, counted over all input so far, of bytes that are no text.
  std::optional<std::uint64_t> convert(std::string_view input, std::string& out);
  /// Offset of a character that the input ended in the middle of.
  std::optional<std::uint64_t> finish() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace ringctl::csv
