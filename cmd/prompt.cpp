// Questions before dangerous acts. Asked only where somebody can answer: stdin and stderr are terminals.
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>

#include "base/shell.hpp"
#include "base/text.hpp"
#include "cmd/io.hpp"

namespace ringctl::cmd {
namespace {

/// A line as typed, without its newline; nullopt at the end of input.
std::optional<std::string> read_line(int fd) {
  constexpr std::size_t k_longest = 4096;
  std::string line;
  char c = 0;
  for (;;) {
    const auto got = ::read(fd, &c, 1);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return std::nullopt;
    if (c == '\n') return line;
    if (line.size() < k_longest) line.push_back(c);
  }
}

Error declined() { return {Errc::declined, "prompt.declined", "declined; nothing was changed"}; }

}  // namespace

bool Io::may_ask() const {
  return !options_.no_input && is_terminal(options_.streams.in) && is_terminal(options_.streams.err);
}

std::optional<std::string> Io::ask(std::string_view question) {
  write_err(visible(question));
  auto answer = read_line(options_.streams.in);
  if (!answer) write_err("\n");
  return answer;
}

void Io::confirm(std::string_view question) {
  if (options_.yes || options_.dry_run) return;
  if (!may_ask())
    throw Error(Errc::usage, "usage.confirmation_needed",
                fmt::format("this needs a confirmation: {}", question), "add --yes");
  const auto answer = ask(fmt::format("{} [y/N] ", question));
  const auto word = base::ascii_lower(base::trim(answer.value_or("")));
  if (word != "y" && word != "yes") throw declined();
}

void Io::confirm_severe(std::string_view act, std::string_view name) {
  if (options_.dry_run) return;
  if (options_.confirm) {
    if (*options_.confirm == name) return;
    throw Error(Errc::usage, "usage.confirmation_differs",
                fmt::format("--confirm {} is not {}, the name that confirms this: {} {}", *options_.confirm,
                            name, act, name),
                fmt::format("add --confirm {}", base::for_shell(name)));
  }
  if (!may_ask())
    throw Error(Errc::usage, "usage.confirmation_needed",
                fmt::format("this needs a confirmation: {} {}", act, name),
                fmt::format("add --confirm {}", base::for_shell(name)));
  const auto answer = ask(fmt::format("{} {}: this cannot be undone. Type {} to go on: ", act, name, name));
  if (base::trim(answer.value_or("")) != name) throw declined();
}

}  // namespace ringctl::cmd
