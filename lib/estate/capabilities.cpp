// There are sixteen sets, so both texts of each are made once and handed out as views: rows by the million
// cost no allocation.

#include "estate/capabilities.hpp"

#include <array>
#include <nlohmann/json.hpp>
#include <string>

#include "base/text.hpp"

namespace ringctl::estate {
namespace {

constexpr std::array<std::string_view, 4> k_words = {"voice", "sms", "mms", "fax"};
constexpr std::size_t k_sets = 16;

struct Texts {
  std::array<std::string, k_sets> text, json;
};

Texts make_texts() {
  Texts texts;
  for (std::size_t set = 1; set < k_sets; ++set) {
    nlohmann::json json;
    for (std::size_t bit = 0; bit < k_words.size(); ++bit) {
      if ((set >> bit & 1U) == 0) continue;
      if (!texts.text[set].empty()) texts.text[set] += '|';
      texts.text[set] += k_words[bit];
      json[std::string(k_words[bit])] = true;
    }
    texts.json[set] = json.dump();
  }
  return texts;
}

const Texts& texts() {
  static const Texts all = make_texts();
  return all;
}

bool equals_ignoring_case(std::string_view text, std::string_view lower) {
  if (text.size() != lower.size()) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i] >= 'A' && text[i] <= 'Z' ? static_cast<char>(text[i] + ('a' - 'A')) : text[i];
    if (c != lower[i]) return false;
  }
  return true;
}

Capabilities bit_of(std::string_view word) {
  for (std::size_t bit = 0; bit < k_words.size(); ++bit)
    if (equals_ignoring_case(word, k_words[bit])) return static_cast<Capabilities>(1U << bit);
  return 0;
}

}  // namespace

std::optional<Capabilities> parse_capabilities(std::string_view text, std::string_view& bad_word) {
  unsigned set = 0;
  if (base::trim(text).empty()) return Capabilities{0};
  for (;;) {
    const auto bar = text.find('|');
    const auto word = base::trim(text.substr(0, bar));
    const auto bit = bit_of(word);
    if (bit == 0) {
      bad_word = word;
      return std::nullopt;
    }
    set |= bit;
    if (bar == std::string_view::npos) return static_cast<Capabilities>(set);
    text.remove_prefix(bar + 1);
  }
}

std::string_view capabilities_text(Capabilities set) { return texts().text[set % k_sets]; }
std::string_view capabilities_json(Capabilities set) { return texts().json[set % k_sets]; }

std::string_view stored_capabilities(std::string_view canonical) {
  std::string_view bad_word;
  return capabilities_json(parse_capabilities(canonical, bad_word).value_or(Capabilities{0}));
}

Capabilities capabilities_from_json(std::string_view json) {
  const auto& known = texts().json;
  for (std::size_t set = 0; set < k_sets; ++set)
    if (known[set] == json) return static_cast<Capabilities>(set);
  const auto value = nlohmann::json::parse(json, nullptr, false);
  unsigned set = 0;
  if (!value.is_object()) return 0;
  for (const auto& [word, enabled] : value.items())
    if (enabled.is_boolean() && enabled.get<bool>()) set |= bit_of(word);
  return static_cast<Capabilities>(set);
}

}  // namespace ringctl::estate
