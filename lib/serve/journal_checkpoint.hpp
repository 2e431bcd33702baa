#pragma once
// Up to which record of a slot all were applied, in a small file of its own. It is saved lazily, so after a
// crash some records are applied once more: whoever applies must take the same record twice without harm.

#include <cstdint>
#include <filesystem>
#include <system_error>

#include "serve/journal_disk.hpp"

namespace ringctl::serve {

/// Two blocks of 4096 bytes, written in turn, so that a torn write leaves the other:
///   0 "rjapplid"  8 applied sequence (u64)  16 turn (u64)  24 CRC of bytes 0-23 (u32)
class Checkpoint {
 public:
  /// Makes the file where there is none. What cannot be read counts as nothing applied: all that is still
  /// there is applied again.
  std::error_code open(Disk&, const std::filesystem::path& folder);
  std::uint64_t applied() const { return applied_; }
  /// Durable when it returns without an error.
  std::error_code save(Disk&, std::uint64_t applied);

  /// Of a slot that another process holds.
  static std::uint64_t peek(const std::filesystem::path& folder);

 private:
  base::Fd fd_;
  std::uint64_t applied_ = 0, turn_ = 0;
};

}  // namespace ringctl::serve
