#include "cmd/terminal.hpp"

#include <map>

#include "support/catch.hpp"

using namespace ringctl::cmd;

namespace {

Environment with(std::map<std::string, std::string> values) {
  return [values = std::move(values)](const std::string& name) -> std::optional<std::string> {
    const auto it = values.find(name);
    return it == values.end() ? std::nullopt : std::optional(it->second);
  };
}

constexpr int k_no_terminal = -1;

}  // namespace

TEST_CASE("colour follows the flag, then the environment, then the stream", "[cmd]") {
  CHECK_FALSE(use_color(k_no_terminal, ColorMode::automatic, with({})));
  CHECK(use_color(k_no_terminal, ColorMode::always, with({{"NO_COLOR", "1"}})));
  CHECK_FALSE(use_color(k_no_terminal, ColorMode::never, with({{"CLICOLOR_FORCE", "1"}})));
  CHECK(use_color(k_no_terminal, ColorMode::automatic, with({{"CLICOLOR_FORCE", "1"}})));
  CHECK(use_color(k_no_terminal, ColorMode::automatic, with({{"FORCE_COLOR", "1"}})));
  CHECK_FALSE(use_color(k_no_terminal, ColorMode::automatic, with({{"FORCE_COLOR", "0"}})));
  CHECK_FALSE(
      use_color(k_no_terminal, ColorMode::automatic, with({{"CLICOLOR_FORCE", "1"}, {"NO_COLOR", "1"}})));
  CHECK(use_color(k_no_terminal, ColorMode::automatic, with({{"CLICOLOR_FORCE", "1"}, {"NO_COLOR", ""}})));
}

TEST_CASE("paint is only put on where it is wanted", "[cmd]") {
  CHECK(Paint(true).red("x") == "\x1b[1;31mx\x1b[0m");
  CHECK(Paint(false).red("x") == "x");
}

TEST_CASE("COLUMNS wins over what the terminal says", "[cmd]") {
  CHECK(screen_of(k_no_terminal, with({{"COLUMNS", "123"}})).columns == 123);
  CHECK(screen_of(k_no_terminal, with({{"COLUMNS", "wide"}})).columns == 80);
  CHECK(screen_of(k_no_terminal, with({{"COLUMNS", "-4"}})).columns == 80);
  CHECK(screen_of(k_no_terminal, with({{"LINES", "9"}})).lines == 9);
}

TEST_CASE("every control character is made visible", "[cmd]") {
  for (int c = 0; c < 0x20; ++c) {
    const auto text = visible(std::string(1, static_cast<char>(c)));
    CHECK(text.size() == 3);
    CHECK(display_width(text) == 1);
  }
  CHECK(visible("\x1b[31m") == "␛[31m");
}

TEST_CASE("width counts columns, not bytes", "[cmd]") {
  CHECK(display_width("abc") == 3);
  CHECK(display_width("日本") == 4);
  CHECK(display_width("e\xCC\x81") == 1);
  CHECK(display_width("\xEF\xBC\xA1") == 2);  // full-width A
  CHECK(display_width("") == 0);
  CHECK(display_width("שלום") == 4);
}

TEST_CASE("fit keeps whole characters", "[cmd]") {
  CHECK(fit("abc", 2) == "ab");
  CHECK(fit("日本", 3) == "日");
  CHECK(fit("e\xCC\x81x", 1) == "e\xCC\x81");
  CHECK(fit("日", 1).empty());
}
