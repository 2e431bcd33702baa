#pragma once
// What the journal asks of a disk, so that tests can have one that is full or failing. No exceptions: an
// error of the disk is an ordinary answer here, and the journal decides what becomes of the records.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string_view>
#include <system_error>

#include "base/file.hpp"

namespace ringctl::serve {

class Disk {
 public:
  virtual ~Disk() = default;
  /// A new file, mode 0600; an existing one of that name is refused.
  virtual std::error_code create(const std::filesystem::path&, base::Fd&) = 0;
  /// An existing file, to read and write.
  virtual std::error_code open(const std::filesystem::path&, base::Fd&) = 0;
  /// Makes the file `bytes` long with every block of it written, and durable: a later write changes nothing
  /// but the data, which is what makes its fdatasync cheap and lets it find no full disk.
  virtual std::error_code grow(int fd, std::uint64_t bytes) = 0;
  /// All of both parts, one after the other, at `offset`.
  virtual std::error_code write(int fd, std::string_view first, std::string_view second,
                                std::uint64_t offset) = 0;
  /// fdatasync
  virtual std::error_code sync(int fd) = 0;
  virtual std::error_code rename(const std::filesystem::path& from, const std::filesystem::path& to) = 0;
  virtual std::error_code remove(const std::filesystem::path&) = 0;
  /// Makes names in the folder durable.
  virtual std::error_code sync_folder(const std::filesystem::path&) = 0;
};

/// No room, or none for this user.
bool is_full(const std::error_code&);

/// The machine's own; without state, for any thread.
Disk& system_disk();

/// Up to `into.size()` bytes from `offset`; fewer at the end of the file.
std::error_code read_at(int fd, std::span<char> into, std::uint64_t offset, std::size_t& got);

}  // namespace ringctl::serve
