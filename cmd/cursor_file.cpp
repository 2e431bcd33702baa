#include "cmd/cursor_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "cmd/own_files.hpp"

namespace ringctl::cmd {
namespace {

constexpr std::size_t k_longest = 4096;

bool is_still(const std::filesystem::path& file, const base::Fd& fd) {
  struct stat open {
  }, named{};
  return ::fstat(fd.get(), &open) == 0 && ::stat(file.c_str(), &named) == 0 && open.st_dev == named.st_dev &&
         open.st_ino == named.st_ino;
}

/// A file that was moved on meanwhile is another file. Nothing where `make` is false and there is none.
base::Fd lock_file(const std::filesystem::path& file, bool make) {
  for (;;) {
    base::Fd fd(::open(file.c_str(), O_RDWR | O_CLOEXEC | (make ? O_CREAT : 0), 0644));
    if (!fd && !make && errno == ENOENT) return fd;
    if (!fd)
      throw Error(
          Errc::output, "output.write_failed",
          fmt::format("could not open {}: {}", file.string(), std::generic_category().message(errno)));
    while (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
      if (errno == EINTR) continue;
      if (errno != EWOULDBLOCK)
        throw Error(
            Errc::output, "output.write_failed",
            fmt::format("could not lock {}: {}", file.string(), std::generic_category().message(errno)));
      throw Error(Errc::locked, "lock.held", fmt::format("another run goes on from {}", file.string()),
                  "wait until it has ended");
    }
    if (is_still(file, fd)) return fd;
  }
}

/// Data that goes to where the cursor lies is gone when that moves on.
bool takes_output(Context& ctx, const std::filesystem::path& file) {
  const auto& out = ctx.io().options().out;
  if (out != "-") return same_place(file, out);
  struct stat stream {
  }, named{};
  return ::fstat(ctx.streams().out, &stream) == 0 && ::stat(file.c_str(), &named) == 0 &&
         S_ISREG(named.st_mode) && stream.st_dev == named.st_dev && stream.st_ino == named.st_ino;
}

}  // namespace

CursorFile::CursorFile(Context& ctx, std::string_view flag, std::filesystem::path file)
    : ctx_(ctx), file_(std::move(file)) {
  refuse_own_file(ctx_, flag, file_);
  if (takes_output(ctx_, file_))
    throw Error(
        Errc::usage, "usage.own_file",
        fmt::format("{} would replace the file of {}, {}",
                    ctx_.io().options().out == "-" ? "standard output" : "--out", flag, file_.string()),
        "name another file");
  lock_ = lock_file(file_, !ctx_.dry_run());
  // An empty one is one that a run made and did not come to move on.
  if (lock_) text_ = base::read_file(file_, k_longest);
}

void CursorFile::move_on(const std::string& text) {
  ctx_.io().close();
  if (!ctx_.dry_run() && text != text_) write(text);
}

void CursorFile::step_on(const std::string& text) {
  ctx_.io().out().flush();
  if (ctx_.dry_run() || text == text_) return;
  write(text);
  lock_ = lock_file(file_, false);  // the file of that name is another one by now
}

void CursorFile::write(const std::string& text) {
  base::AtomicFile out(file_);
  out.write(text);
  out.commit();
  text_ = text;
}

}  // namespace ringctl::cmd
