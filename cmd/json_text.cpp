#include "cmd/json_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <iterator>

#include "base/text.hpp"

namespace ringctl::cmd {
namespace {

void append_escaped(std::string& out, char c) {
  switch (c) {
    case '"':
      out.append("\\\"");
      return;
    case '\\':
      out.append("\\\\");
      return;
    case '\n':
      out.append("\\n");
      return;
    case '\r':
      out.append("\\r");
      return;
    case '\t':
      out.append("\\t");
      return;
    default:
      fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<unsigned char>(c));
  }
}

/// Bytes that need a second look: escapes, and everything that is not ASCII.
constexpr auto k_special = [] {
  std::array<bool, 256> special{};
  for (std::size_t c = 0; c < special.size(); ++c)
    special[c] = c < 0x20 || c >= 0x7F || c == '"' || c == '\\';
  return special;
}();

/// DEL and the escapes JSON asks for; a terminal must not be driven by JSON either.
bool needs_escape(char c) {
  return static_cast<unsigned char>(c) < 0x20 || c == '"' || c == '\\' || c == 0x7F;
}

void append_valid(std::string& out, std::string_view text) {
  std::size_t plain = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool c1_control =
        text[i] == '\xC2' && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xA0;
    if (!needs_escape(text[i]) && !c1_control) continue;
    out.append(text.substr(plain, i - plain));
    if (c1_control)
      append_escaped(out, text[++i]);
    else
      append_escaped(out, text[i]);
    plain = i + 1;
  }
  out.append(text.substr(plain));
}

}  // namespace

void append_json(std::string& out, std::string_view text) {
  out.push_back('"');
  // Nearly all text there is: plain ASCII, to be copied as it stands.
  if (std::none_of(text.begin(), text.end(),
                   [](char c) { return k_special[static_cast<unsigned char>(c)]; })) {
    out.append(text).push_back('"');
    return;
  }
  while (const auto bad = base::first_invalid_utf8(text)) {
    append_valid(out, text.substr(0, *bad));
    out.append("\xEF\xBF\xBD");
    text.remove_prefix(*bad + 1);
  }
  append_valid(out, text);
  out.push_back('"');
}

void append_json(std::string& out, double value) {
  if (!std::isfinite(value))
    out.append("null");
  else
    fmt::format_to(std::back_inserter(out), "{}", value);
}

void append_integer(std::string& out, std::int64_t value) {
  std::array<char, 24> digits;
  const auto [end, error] = std::to_chars(digits.data(), digits.data() + digits.size(), value);
  out.append(digits.data(), end);
}

}  // namespace ringctl::cmd
