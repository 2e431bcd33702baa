#include "base/mask.hpp"

#include <algorithm>
#include <cctype>

namespace ringctl::base {
namespace {

constexpr std::size_t k_first = 5, k_last = 4;
/// Shorter ones would be told by what is left of them.
constexpr std::size_t k_shortest = k_first + k_last + 2;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

}  // namespace

std::string masked_party(std::string_view text) {
  if (constexpr std::string_view k_client = "client:"; text.starts_with(k_client)) {
    const auto name = text.substr(k_client.size());
    const bool named = !name.empty() && std::isalpha(static_cast<unsigned char>(name.front())) != 0;
    return std::string(k_client) + (named ? std::string(name) : masked_party(name));
  }
  if (text.starts_with("sip:") || text.starts_with("sips:"))
    return std::string(text.substr(0, text.find(':') + 1)) + "***";
  if (std::ranges::none_of(text, is_digit)) return std::string(text);
  const bool number = text.starts_with('+') && std::ranges::all_of(text.substr(1), is_digit);
  if (!number || text.size() < k_shortest) return "***";
  return std::string(text.substr(0, k_first)) + "***" + std::string(text.substr(text.size() - k_last));
}

}  // namespace ringctl::base
