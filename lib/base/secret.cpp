#include "base/secret.hpp"

#include <sodium.h>

#include <algorithm>
#include <cctype>
#include <utility>

namespace ringctl::base {
namespace {

/// Short strings live inside the object, so even a moved-from one still holds the bytes: wipe all of the
/// capacity.
void wipe(std::string& text) {
  text.resize(text.capacity());
  sodium_memzero(text.data(), text.size());
  text.clear();
}

/// Replaces the value of every `name=` parameter in `text` by ***.
void redact_parameter(std::string& text, std::string_view name) {
  for (std::size_t at = text.find(name); at != std::string::npos; at = text.find(name, at + 1)) {
    const auto value = at + name.size();
    if (at > 0 && std::isalnum(static_cast<unsigned char>(text[at - 1])) != 0 &&
        (at < 3 || text.substr(at - 3, 3) != "ssl"))
      continue;
    auto end = text.find_first_of("& \t#", value);
    if (value < text.size() && text[value] == '\'') end = text.find('\'', value + 1);
    if (end == std::string::npos) end = text.size();
    text.replace(value, end - value, "***");
  }
}

/// Half-open range of the password in `url`'s user info; empty if it has none.
std::pair<std::size_t, std::size_t> password_range(std::string_view url) {
  const auto scheme = url.find("://");
  if (scheme == std::string_view::npos) return {0, 0};
  const auto start = scheme + 3;
  const auto path = std::min(url.find_first_of("/?#", start), url.size());
  const auto colon = url.find(':', start);
  if (colon == std::string_view::npos || colon > path) return {0, 0};
  auto at = url.substr(0, path).rfind('@');
  if (at == std::string_view::npos || at < colon) {
    // A password with an unescaped slash: no valid URL, but no reason to print it either. A port is digits
    // only.
    const bool port = std::all_of(url.begin() + static_cast<std::ptrdiff_t>(colon) + 1,
                                  url.begin() + static_cast<std::ptrdiff_t>(path),
                                  [](unsigned char c) { return std::isdigit(c) != 0; });
    at = url.rfind('@');
    if (port || at == std::string_view::npos || at < colon) return {0, 0};
  }
  return {colon + 1, at};
}

}  // namespace

Secret::Secret(std::string value) : value_(std::move(value)) { wipe(value); }

Secret::Secret(Secret&& other) noexcept : value_(std::move(other.value_)) { wipe(other.value_); }

Secret& Secret::operator=(Secret&& other) noexcept {
  if (this != &other) {
    wipe(value_);
    value_ = std::move(other.value_);
    wipe(other.value_);
  }
  return *this;
}

Secret& Secret::operator=(const Secret& other) {
  if (this != &other) {
    wipe(value_);
    value_ = other.value_;
  }
  return *this;
}

Secret::~Secret() { wipe(value_); }

std::string Secret::masked() const {
  constexpr std::size_t k_shortest_shown = 12;
  if (value_.size() < k_shortest_shown) return "****";
  return "****" + value_.substr(value_.size() - 4);
}

std::string redact_url(std::string_view url) {
  std::string text(url);
  const auto [start, end] = password_range(url);
  if (end > start) text.replace(start, end - start, "***");
  redact_parameter(text, "password=");
  return text;
}

}  // namespace ringctl::base
