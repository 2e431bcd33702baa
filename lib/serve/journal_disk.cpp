#include "serve/journal_disk.hpp"

#include <fcntl.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <vector>

namespace ringctl::serve {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t k_piece = 256 * 1024;
/// A new segment goes to the disk in portions, so that a group that is synced meanwhile waits for one of them
/// at most.
constexpr std::uint64_t k_portion = 1024 * 1024;

std::error_code last_error() { return {errno, std::generic_category()}; }

std::error_code open_file(const fs::path& path, int flags, base::Fd& fd) {
  fd = base::Fd(::open(path.c_str(), flags | O_RDWR | O_CLOEXEC | O_NOFOLLOW, 0600));
  return fd ? std::error_code() : last_error();
}

/// Zeros over all of it: blocks that were only reserved would have to be marked as written later, at the
/// moment when a caller waits.
std::error_code write_zeros(int fd, std::uint64_t bytes) {
  const std::vector<char> zeros(k_piece);
  for (std::uint64_t at = 0; at < bytes;) {
    const auto piece = static_cast<std::size_t>(std::min<std::uint64_t>(zeros.size(), bytes - at));
    const auto written = ::pwrite(fd, zeros.data(), piece, static_cast<off_t>(at));
    if (written < 0 && errno != EINTR) return last_error();
    if (written < 0) continue;
    at += static_cast<std::uint64_t>(written);
    if (at % k_portion == 0 && ::fdatasync(fd) != 0) return last_error();
  }
  return {};
}

class SystemDisk final : public Disk {
 public:
  std::error_code create(const fs::path& path, base::Fd& fd) override {
    return open_file(path, O_CREAT | O_EXCL, fd);
  }
  std::error_code open(const fs::path& path, base::Fd& fd) override { return open_file(path, 0, fd); }

  std::error_code grow(int fd, std::uint64_t bytes) override {
    // EOPNOTSUPP and EINVAL: a file system that cannot reserve; the zeros do.
    const int error = ::posix_fallocate(fd, 0, static_cast<off_t>(bytes));
    if (error != 0 && error != EOPNOTSUPP && error != EINVAL) return {error, std::generic_category()};
    if (const auto failed = write_zeros(fd, bytes)) return failed;
    return ::fsync(fd) == 0 ? std::error_code() : last_error();
  }

  std::error_code write(int fd, std::string_view first, std::string_view second,
                        std::uint64_t offset) override {
    while (!first.empty() || !second.empty()) {
      // writev does not write through its pointers.
      const std::array<iovec, 2> parts{iovec{const_cast<char*>(first.data()), first.size()},
                                       iovec{const_cast<char*>(second.data()), second.size()}};
      const auto written = ::pwritev(fd, parts.data(), 2, static_cast<off_t>(offset));
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) return last_error();
      const auto done = static_cast<std::size_t>(written);
      const auto of_first = std::min(done, first.size());
      first.remove_prefix(of_first);
      second.remove_prefix(done - of_first);
      offset += done;
    }
    return {};
  }

  std::error_code sync(int fd) override { return ::fdatasync(fd) == 0 ? std::error_code() : last_error(); }

  std::error_code rename(const fs::path& from, const fs::path& to) override {
    return ::rename(from.c_str(), to.c_str()) == 0 ? std::error_code() : last_error();
  }
  std::error_code remove(const fs::path& path) override {
    return ::unlink(path.c_str()) == 0 ? std::error_code() : last_error();
  }

  std::error_code sync_folder(const fs::path& path) override {
    const base::Fd fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!fd) return last_error();
    // Some file systems cannot sync a folder; then there is nothing to do.
    if (::fsync(fd.get()) == 0 || errno == EINVAL) return {};
    return last_error();
  }
};

}  // namespace

Disk& system_disk() {
  static SystemDisk disk;
  return disk;
}

bool is_full(const std::error_code& code) {
  return code == std::errc::no_space_on_device || code == std::error_code(EDQUOT, std::generic_category());
}

std::error_code read_at(int fd, std::span<char> into, std::uint64_t offset, std::size_t& got) {
  got = 0;
  while (got < into.size()) {
    const auto piece = ::pread(fd, into.data() + got, into.size() - got, static_cast<off_t>(offset + got));
    if (piece < 0 && errno == EINTR) continue;
    if (piece < 0) return last_error();
    if (piece == 0) break;
    got += static_cast<std::size_t>(piece);
  }
  return {};
}

}  // namespace ringctl::serve
