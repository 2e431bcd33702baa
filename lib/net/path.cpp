#include "net/path.hpp"

#include <cstddef>

#include "net/hex.hpp"

namespace ringctl::net {
namespace {

bool separates(char c) noexcept { return c == '/' || c == '\\' || c == '%' || c == '\0'; }

/// Reads one character of `path` at `at`, decoded; false if the encoding is broken or hides what separates.
bool next(std::string_view path, std::size_t& at, char& c) noexcept {
  c = path[at++];
  if (c != '%') return c != '\\';
  if (path.size() - at < 2) return false;
  const int high = hex_value(path[at]), low = hex_value(path[at + 1]);
  if (high < 0 || low < 0) return false;
  at += 2;
  c = static_cast<char>(high * 16 + low);
  return !separates(c);
}

}  // namespace

bool canonical_path(std::string_view path) noexcept {
  if (path.empty() || path.front() != '/') return false;
  std::size_t at = 1;
  while (at < path.size()) {
    std::size_t dots = 0, others = 0;
    bool parameters = false;
    while (at < path.size() && path[at] != '/') {
      char c = 0;
      if (!next(path, at, c)) return false;
      parameters = parameters || c == ';';
      if (!parameters) ++(c == '.' ? dots : others);
    }
    if (others == 0 && dots <= 2) return false;  // "", ".", "..", ";x"
    if (at < path.size()) ++at;
  }
  return true;
}

}  // namespace ringctl::net
