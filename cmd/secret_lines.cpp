#include "cmd/secret_lines.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "base/file.hpp"
#include "base/text.hpp"

namespace ringctl::cmd {
namespace {

constexpr std::size_t k_most = 64 * 1024;

base::Secret read_stdin(int fd, std::string_view what) {
  std::string text;
  std::array<char, 1024> piece{};
  for (;;) {
    const auto count = ::read(fd, piece.data(), piece.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw Error(Errc::usage, "usage.unreadable", "standard input cannot be read");
    if (count == 0) return base::Secret(std::move(text));
    text.append(piece.data(), static_cast<std::size_t>(count));
    if (text.size() > k_most)
      throw Error(Errc::invalid, "secrets.too_long",
                  fmt::format("standard input is too long for an {}", what));
  }
}

base::Secret text_of(Context& ctx, const SecretSource& source) {
  if (source.from_stdin) return read_stdin(ctx.streams().in, source.what);
  base::require_private(*source.file);
  return base::Secret(base::read_file(*source.file, k_most));
}

}  // namespace

std::vector<base::Secret> secret_lines(Context& ctx, const SecretSource& source) {
  if (source.file && source.from_stdin)
    throw Error(Errc::usage, "usage.excluded",
                fmt::format("the {} comes from a file or from standard input, not from both", source.what));
  std::vector<base::Secret> lines;
  if (!source.file && !source.from_stdin) return lines;
  const auto text = text_of(ctx, source);
  for (const auto line : base::split(text.reveal(), '\n'))
    if (const auto trimmed = base::trim(line); !trimmed.empty()) lines.emplace_back(std::string(trimmed));
  if (lines.empty())
    throw Error(
        Errc::invalid, "secrets.empty",
        fmt::format("{} holds no {}", source.from_stdin ? "standard input" : *source.file, source.what));
  return lines;
}

std::optional<base::Secret> secret_line(Context& ctx, const SecretSource& source) {
  auto lines = secret_lines(ctx, source);
  if (lines.empty()) return std::nullopt;
  if (lines.size() > 1)
    throw Error(Errc::invalid, "secrets.several",
                fmt::format("the {} is one line, and there are {}", source.what, lines.size()));
  return std::move(lines.front());
}

void require_no_login(std::string_view flag, std::string_view url) {
  const auto begin = url.find("://");
  if (begin == std::string_view::npos) return;
  const auto host = url.substr(begin + 3, url.find_first_of("/?#", begin + 3) - begin - 3);
  if (host.find('@') != std::string_view::npos)
    throw Error(
        Errc::usage, "usage.login_in_argv",
        fmt::format("--{}: a URL with a user or password can be read by everybody on this machine", flag));
}

}  // namespace ringctl::cmd
