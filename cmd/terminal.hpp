#pragma once
// What the terminal is like, and what may be sent to it: size, colour, printable text and its width.

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace ringctl::cmd {

/// getenv, injected.
using Environment = std::function<std::optional<std::string>(const std::string&)>;

bool is_terminal(int fd);

struct Screen {
  int columns, lines;
};
/// COLUMNS wins over the terminal's own answer; 80 x 24 if neither knows.
Screen screen_of(int fd, const Environment&);

enum class ColorMode { automatic, always, never };
/// One answer per stream. Order: --color, NO_COLOR, CLICOLOR_FORCE and FORCE_COLOR, TERM=dumb, whether it is
/// a terminal.
bool use_color(int fd, ColorMode, const Environment&);

/// Text in colour where that is on.
class Paint {
 public:
  explicit Paint(bool on) : on_(on) {}
  std::string bold(std::string_view text) const { return wrap("1", text); }
  std::string red(std::string_view text) const { return wrap("1;31", text); }
  std::string yellow(std::string_view text) const { return wrap("33", text); }
  std::string dim(std::string_view text) const { return wrap("2", text); }

 private:
  std::string wrap(std::string_view code, std::string_view text) const;
  bool on_;
};

/// Appends text that cannot drive a terminal: control characters, escape sequences, bidirectional marks and
/// bytes that are not UTF-8 are shown as what they are (U+241B for ESC, \x9b, \u202e).
void append_visible(std::string& out, std::string_view text);
std::string visible(std::string_view text);

/// Columns the text takes: wide East-Asian characters and emoji two, combining marks none. Visible text only.
std::size_t display_width(std::string_view visible_text);
/// The longest beginning of the text, whole characters only, that takes at most `width` columns.
std::string_view fit(std::string_view visible_text, std::size_t width);

}  // namespace ringctl::cmd
