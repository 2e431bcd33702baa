#include "cmd/terminal.hpp"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <utf8proc.h>

#include <algorithm>
#include <iterator>

#include "base/text.hpp"

namespace ringctl::cmd {
namespace {

bool set(const Environment& environment, const char* name) {
  const auto value = environment(name);
  return value && !value->empty();
}
bool forced(const Environment& environment, const char* name) {
  const auto value = environment(name);
  return value && !value->empty() && *value != "0" && *value != "false";
}

/// One character of UTF-8, or one byte that is none (code -1).
struct Character {
  utf8proc_int32_t code;
  std::size_t size;
};
Character next_character(std::string_view text) {
  utf8proc_int32_t code = -1;
  const auto size = utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(text.data()),
                                     static_cast<utf8proc_ssize_t>(text.size()), &code);
  if (size <= 0) return {-1, 1};
  return {code, static_cast<std::size_t>(size)};
}

/// Marks that reorder or hide what stands around them, and separators that break a line.
bool is_deceptive(utf8proc_int32_t code) {
  return (code >= 0x202A && code <= 0x202E) || (code >= 0x2066 && code <= 0x2069) || code == 0x200E ||
         code == 0x200F || code == 0x061C || code == 0x2028 || code == 0x2029 || code == 0xFEFF;
}

bool is_plain_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c < 0x7F; });
}

/// Calls `see(bytes, width)` for each grapheme, until it returns false.
template <class See>
void each_grapheme(std::string_view text, See see) {
  std::size_t start = 0;
  std::size_t at = 0;
  int width = 0;
  utf8proc_int32_t previous = -1;
  utf8proc_int32_t state = 0;
  while (at < text.size()) {
    const auto [code, size] = next_character(text.substr(at));
    if (at > start &&
        (code < 0 || previous < 0 || utf8proc_grapheme_break_stateful(previous, code, &state))) {
      if (!see(text.substr(start, at - start), static_cast<std::size_t>(width))) return;
      start = at;
      width = 0;
    }
    if (code == 0xFE0F && width == 1) width = 2;  // asks for the emoji form of the character before it
    width = std::max(width, code < 0 ? 1 : utf8proc_charwidth(code));
    previous = code;
    at += size;
  }
  if (at > start) see(text.substr(start), static_cast<std::size_t>(width));
}

}  // namespace

bool is_terminal(int fd) { return ::isatty(fd) == 1; }

Screen screen_of(int fd, const Environment& environment) {
  Screen screen{80, 24};
  winsize size{};
  if (::ioctl(fd, TIOCGWINSZ, &size) == 0) {
    if (size.ws_col > 0) screen.columns = size.ws_col;
    if (size.ws_row > 0) screen.lines = size.ws_row;
  }
  const auto number = [&](const char* name, int& to) {
    const auto value = environment(name);
    const auto parsed = value ? base::parse_int(*value) : std::nullopt;
    if (parsed && *parsed > 0 && *parsed < 100000) to = static_cast<int>(*parsed);
  };
  number("COLUMNS", screen.columns);
  number("LINES", screen.lines);
  return screen;
}

bool use_color(int fd, ColorMode mode, const Environment& environment) {
  if (mode != ColorMode::automatic) return mode == ColorMode::always;
  if (set(environment, "NO_COLOR")) return false;
  if (forced(environment, "CLICOLOR_FORCE") || forced(environment, "FORCE_COLOR")) return true;
  return environment("TERM").value_or("") != "dumb" && is_terminal(fd);
}

std::string Paint::wrap(std::string_view code, std::string_view text) const {
  return on_ ? fmt::format("\x1b[{}m{}\x1b[0m", code, text) : std::string(text);
}

void append_visible(std::string& out, std::string_view text) {
  if (is_plain_ascii(text)) {
    out.append(text);
    return;
  }
  while (!text.empty()) {
    const auto [code, size] = next_character(text);
    if (code < 0) {
      fmt::format_to(std::back_inserter(out), "\\x{:02x}", static_cast<unsigned char>(text.front()));
    } else if (code < 0x20) {
      out.append({'\xE2', '\x90', static_cast<char>(0x80 + code)});  // control pictures, U+2400 on
    } else if (code == 0x7F) {
      out.append("\xE2\x90\xA1");
    } else if (code >= 0x80 && code < 0xA0) {
      fmt::format_to(std::back_inserter(out), "\\x{:02x}", code);
    } else if (is_deceptive(code)) {
      fmt::format_to(std::back_inserter(out), "\\u{:04x}", code);
    } else {
      out.append(text.substr(0, size));
    }
    text.remove_prefix(size);
  }
}

std::string visible(std::string_view text) {
  std::string out;
  append_visible(out, text);
  return out;
}

std::size_t display_width(std::string_view text) {
  if (is_plain_ascii(text)) return text.size();
  std::size_t total = 0;
  each_grapheme(text, [&](std::string_view, std::size_t width) {
    total += width;
    return true;
  });
  return total;
}

std::string_view fit(std::string_view text, std::size_t width) {
  if (is_plain_ascii(text)) return text.substr(0, width);
  std::size_t used = 0;
  std::size_t bytes = 0;
  each_grapheme(text, [&](std::string_view grapheme, std::size_t columns) {
    if (used + columns > width) return false;
    used += columns;
    bytes += grapheme.size();
    return true;
  });
  return text.substr(0, bytes);
}

}  // namespace ringctl::cmd
