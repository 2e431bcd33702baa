#pragma once
// Bytes of an input file as UTF-8: opened once, decompressed (.gz, .zst by their magic bytes), transcoded,
// hashed.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace ringctl::csv {

enum class Encoding { automatic, utf8, utf16, windows1252 };

struct SourceOptions {
  Encoding encoding = Encoding::automatic;      ///< automatic: BOM, else UTF-16 by its zero bytes, else UTF-8
  std::uint64_t decompressed_cap = 4ULL << 30;  ///< past it: Errc::invalid [import.too_large]
  std::size_t piece = 256 * 1024;               ///< most bytes read, and handed out, at a time
};

/// Reads forward once. Errors: missing file Errc::usage [input.not_found]; directory, device or no permission
/// Errc::usage [input.unreadable]; bomb or truncated archive Errc::invalid [import.too_large |
/// import.bad_archive]; a workbook, web page, PDF or zip archive Errc::invalid [import.not_rows].
class Source {
 public:
  /// `path` "-" is standard input. FIFOs are read; directories and block devices are refused.
  static Source open(const std::string& path, const SourceOptions& = {});
  static Source from_text(std::string text, const SourceOptions& = {});
  /// A file that is open, from its first byte on. It stays the caller's and outlives the source; messages
  /// know it by `name`.
  static Source from_file(int fd, std::string name, const SourceOptions& = {});
  Source(Source&&) noexcept;
  Source& operator=(Source&&) noexcept;
  ~Source();

  /// Next piece, empty at the end; valid until the next call. UTF-8, BOM removed. Bytes that are not valid in
  /// UTF-8 input pass through (the readers report them with line and offset); UTF-16 with lone surrogates and
  /// windows-1252's undefined bytes throw Errc::invalid [import.bad_encoding] with the byte offset.
  std::string_view read();
  /// SHA-256 of the raw bytes read so far; of the whole file once read() returned empty.
  std::string digest() const;
  bool is_stdin() const;
  /// As messages name it: the path, or "standard input".
  const std::string& name() const;

 private:
  struct Impl;
  explicit Source(std::unique_ptr<Impl>);
  std::unique_ptr<Impl> impl_;
};

}  // namespace ringctl::csv
