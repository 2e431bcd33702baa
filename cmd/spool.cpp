#include "cmd/spool.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "base/error.hpp"

namespace ringctl::cmd {
namespace {

constexpr std::size_t k_chunk = 64 * 1024;

}  // namespace

void Spool::write(std::string_view text) {
  buffer_.append(text);
  if (buffer_.size() >= k_chunk) flush();
}

void Spool::flush() {
  base::write_all(file_.get(), buffer_, "a temporary file");
  buffer_.clear();
}

void Spool::hand_out(Output& out) {
  flush();
  buffer_.resize(k_chunk);
  for (off_t at = 0;;) {
    const auto got = ::pread(file_.get(), buffer_.data(), buffer_.size(), at);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0)
      throw Error(
          Errc::output, "output.write_failed",
          fmt::format("could not read a temporary file back: {}", std::generic_category().message(errno)));
    if (got == 0) break;
    at += got;
    out.write({buffer_.data(), static_cast<std::size_t>(got)});
  }
  buffer_.clear();
}

}  // namespace ringctl::cmd
