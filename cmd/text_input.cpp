#include "cmd/text_input.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <filesystem>

#include "base/file.hpp"

namespace ringctl::cmd {
namespace {

std::string read_stdin(int fd, std::size_t most) {
  std::string text;
  std::array<char, 4096> piece{};
  for (;;) {
    const auto count = ::read(fd, piece.data(), piece.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw Error(Errc::usage, "usage.unreadable", "standard input cannot be read");
    if (count == 0) return text;
    text.append(piece.data(), static_cast<std::size_t>(count));
    if (text.size() > most)
      throw Error(Errc::invalid, "usage.too_long",
                  fmt::format("standard input holds more than {} bytes", most));
  }
}

}  // namespace

// Of files as csv::Source says it, and of their length as of standard input's.
std::string text_input(Context& ctx, const std::string& file, std::size_t most) {
  if (file == "-") return read_stdin(ctx.streams().in, most);
  std::error_code ignored;
  if (!std::filesystem::exists(file, ignored))
    throw Error(Errc::usage, "input.not_found", fmt::format("no such file: {}", file));
  try {
    return base::read_file(file, most);
  } catch (const Error& error) {
    if (error.slug() == "file.too_large") throw Error(Errc::invalid, "usage.too_long", error.message());
    throw Error(Errc::usage, "input.unreadable", error.message());
  }
}

}  // namespace ringctl::cmd
