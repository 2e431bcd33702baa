#pragma once
// Files: descriptors that close themselves, files that appear whole or not at all, modes of secret files.

#include <cstddef>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <system_error>

namespace ringctl::base {

class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(other.release()) {}
  Fd& operator=(Fd&& other) noexcept;
  ~Fd();
  int get() const { return fd_; }
  int release();
  explicit operator bool() const { return fd_ >= 0; }

 private:
  int fd_ = -1;
};

/// Writes to a temporary name beside `path` (O_NOFOLLOW, O_EXCL), and on commit() flushes, fsyncs and renames
/// it over `path`; without commit() the temporary file is removed and `path` stays as it was. Buffered.
/// `mode` is for a new file; an existing one keeps its mode, a symbolic link its place (what it names is
/// replaced). What is no regular file (/dev/null, a FIFO) is written to directly. A failed write throws
/// Errc::output [output.write_failed] naming the file.
class AtomicFile {
 public:
  explicit AtomicFile(std::filesystem::path path, unsigned mode = 0644);
  AtomicFile(AtomicFile&&) noexcept;
  AtomicFile& operator=(AtomicFile&&) = delete;
  ~AtomicFile();
  void write(std::string_view);
  void commit();
  const std::filesystem::path& path() const { return path_; }

 private:
  void flush();
  std::filesystem::path path_, target_, temp_;
  Fd fd_;
  std::string buffer_;
};

/// Writes all of `data`, however the kernel splits it. Throws Errc::output naming `what`, or
/// Errc::broken_pipe.
void write_all(int fd, std::string_view data, std::string_view what);

/// Makes the names in it survive a power cut; false if the disk refused, with errno set. Some file systems
/// cannot sync a directory; then there is nothing to do.
bool sync_directory(const std::filesystem::path&);

/// Whole file, at most `cap` bytes. Throws Errc::config [file.unreadable] or [file.too_large].
std::string read_file(const std::filesystem::path&, std::size_t cap = 1 << 20);

/// Throws Errc::config [config.secret_permissions] unless a regular file owned by this user or root with no
/// access for others; the hint is the chmod line.
void require_private(const std::filesystem::path&);

/// Makes the folder, with those above it, where they are missing: 0700, whatever the umask allows others.
/// What mkdir said; no error where something of that name is there already.
std::error_code make_private_folder(const std::filesystem::path&);

/// An unlinked temporary file in TMPDIR (default /tmp), mode 0600.
Fd temporary_file();
/// All that was written to one, from its first byte, piece by piece; what read said where it failed.
std::error_code read_back(int fd, const std::function<void(std::string_view)>& take);

}  // namespace ringctl::base
