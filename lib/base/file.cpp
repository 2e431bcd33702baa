#include "base/file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <system_error>
#include <utility>

#include "base/digest.hpp"
#include "base/error.hpp"

namespace ringctl::base {
namespace {

constexpr std::size_t k_buffer = 64 * 1024;

std::string reason(int error) { return std::generic_category().message(error); }

/// Waits until a non-blocking descriptor (a terminal or pipe shared with another program) takes data again.
void wait_writable(int fd) {
  pollfd poll_fd{fd, POLLOUT, 0};
  ::poll(&poll_fd, 1, -1);
}

Error write_error(std::string_view what, int error) {
  if (error == EPIPE)
    return {Errc::broken_pipe, "output.broken_pipe", fmt::format("{}: nobody reads it any more", what)};
  return {Errc::output, "output.write_failed", fmt::format("could not write {}: {}", what, reason(error))};
}

std::filesystem::path directory_of(const std::filesystem::path& path) {
  return path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
}

}  // namespace

bool sync_directory(const std::filesystem::path& directory) {
  const Fd fd(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  return !fd || ::fsync(fd.get()) == 0 || (errno != EIO && errno != ENOSPC && errno != EDQUOT);
}

Fd& Fd::operator=(Fd&& other) noexcept {
  if (this != &other) {
    if (fd_ >= 0) ::close(fd_);
    fd_ = other.release();
  }
  return *this;
}

Fd::~Fd() {
  if (fd_ >= 0) ::close(fd_);
}

int Fd::release() { return std::exchange(fd_, -1); }

AtomicFile::AtomicFile(std::filesystem::path path, unsigned mode) : path_(std::move(path)), target_(path_) {
  struct stat info {};
  const bool exists = ::stat(path_.c_str(), &info) == 0;
  if (exists && S_ISDIR(info.st_mode)) throw write_error(path_.string(), EISDIR);
  if (exists && !S_ISREG(info.st_mode)) {
    // /dev/null, a FIFO, /dev/fd/63: there is nothing to replace.
    fd_ = Fd(::open(path_.c_str(), O_WRONLY | O_CLOEXEC | O_NOCTTY));
    if (!fd_) throw write_error(path_.string(), errno);
    return;
  }
  if (exists) {
    mode = info.st_mode & 07777U;
    std::error_code ignored;
    if (auto real = std::filesystem::canonical(path_, ignored); !ignored) target_ = std::move(real);
  }
  temp_ = directory_of(target_) / fmt::format(".{}.{}", target_.filename().string(), random_hex(6));
  fd_ = Fd(
      ::open(temp_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, static_cast<mode_t>(mode)));
  if (!fd_) {
    temp_.clear();
    throw write_error(path_.string(), errno);
  }
  if (exists) ::fchmod(fd_.get(), static_cast<mode_t>(mode));
}

AtomicFile::AtomicFile(AtomicFile&& other) noexcept
    : path_(std::move(other.path_)),
      target_(std::move(other.target_)),
      temp_(std::exchange(other.temp_, {})),
      fd_(std::move(other.fd_)),
      buffer_(std::move(other.buffer_)) {}

AtomicFile::~AtomicFile() {
  if (!temp_.empty()) ::unlink(temp_.c_str());
}

void AtomicFile::write(std::string_view data) {
  buffer_.append(data);
  if (buffer_.size() >= k_buffer) flush();
}

void AtomicFile::flush() {
  write_all(fd_.get(), buffer_, path_.string());
  buffer_.clear();
}

void AtomicFile::commit() {
  flush();
  if (temp_.empty()) {
    if (::close(fd_.release()) != 0) throw write_error(path_.string(), errno);
    return;
  }
  if (::fsync(fd_.get()) != 0 || ::close(fd_.release()) != 0 || ::rename(temp_.c_str(), target_.c_str()) != 0)
    throw write_error(path_.string(), errno);
  temp_.clear();
  if (!sync_directory(directory_of(target_))) throw write_error(path_.string(), errno);
}

void write_all(int fd, std::string_view data, std::string_view what) {
  while (!data.empty()) {
    const ssize_t written = ::write(fd, data.data(), data.size());
    if (written >= 0) {
      data.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno == EAGAIN) {
      wait_writable(fd);
    } else if (errno != EINTR) {
      throw write_error(what, errno);
    }
  }
}

std::string read_file(const std::filesystem::path& path, std::size_t cap) {
  const auto unreadable = [&](int error) {
    return Error(Errc::config, "file.unreadable",
                 fmt::format("could not read {}: {}", path.string(), reason(error)));
  };
  const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
  if (!fd) throw unreadable(errno);
  std::string text;
  std::string piece(std::min(cap + 1, k_buffer), '\0');
  for (;;) {
    const ssize_t got = ::read(fd.get(), piece.data(), piece.size());
    if (got == 0) return text;
    if (got < 0) {
      if (errno == EINTR) continue;
      throw unreadable(errno);
    }
    text.append(piece, 0, static_cast<std::size_t>(got));
    if (text.size() > cap)
      throw Error(Errc::config, "file.too_large",
                  fmt::format("{} is larger than {} bytes", path.string(), cap));
  }
}

void require_private(const std::filesystem::path& path) {
  struct stat info {};
  const auto refuse = [&](std::string why, std::string hint) {
    return Error(Errc::config, "config.secret_permissions", fmt::format("{} {}", path.string(), why),
                 std::move(hint));
  };
  if (::stat(path.c_str(), &info) != 0)
    throw Error(Errc::config, "config.secret_unreadable",
                fmt::format("could not read {}: {}", path.string(), reason(errno)));
  if (!S_ISREG(info.st_mode)) throw refuse("is not a regular file", {});
  if (info.st_uid != ::geteuid() && info.st_uid != 0)
    throw refuse(fmt::format("belongs to another user (uid {})", info.st_uid),
                 fmt::format("chown {} {}", ::geteuid(), path.string()));
  if ((info.st_mode & 077U) != 0)
    throw refuse(fmt::format("is readable by others (mode {:04o})", info.st_mode & 07777U),
                 fmt::format("chmod 600 {}", path.string()));
}

// std::filesystem::create_directories would give the folders the umask's mode.
std::error_code make_private_folder(const std::filesystem::path& folder) {
  std::error_code ignored;
  if (folder.empty() || std::filesystem::exists(folder, ignored)) return {};
  if (const auto failed = make_private_folder(folder.parent_path())) return failed;
  if (::mkdir(folder.c_str(), 0700) == 0 || errno == EEXIST) return {};
  return {errno, std::generic_category()};
}

Fd temporary_file() {
  const char* set = std::getenv("TMPDIR");
  const std::string directory = set != nullptr && *set != '\0' ? set : "/tmp";
  if (Fd fd(::open(directory.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC | O_EXCL, 0600)); fd) return fd;
  // Not every file system knows O_TMPFILE (NFS, older overlayfs).
  std::string name = directory + "/ringctl.XXXXXX";
  Fd fd(::mkostemp(name.data(), O_CLOEXEC));
  if (!fd) throw write_error("a temporary file in " + directory, errno);
  ::unlink(name.c_str());
  return fd;
}

std::error_code read_back(int fd, const std::function<void(std::string_view)>& take) {
  std::array<char, 64 * 1024> buffer{};
  for (off_t at = 0;;) {
    const auto got = ::pread(fd, buffer.data(), buffer.size(), at);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return {errno, std::generic_category()};
    if (got == 0) return {};
    at += got;
    take({buffer.data(), static_cast<std::size_t>(got)});
  }
}

}  // namespace ringctl::base
