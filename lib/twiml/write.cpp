#include "twiml/write.hpp"

#include <array>
#include <charconv>

#include "base/text.hpp"
#include "twiml/limits.hpp"
#include "twiml/schema.hpp"

namespace ringctl::twiml {
namespace {

constexpr std::string_view k_replacement = "\xEF\xBF\xBD";  // U+FFFD

/// Bytes that need a second look: markup, control characters, and the first byte of U+FFFE and U+FFFF.
constexpr auto k_notable = [] {
  std::array<bool, 256> notable{};
  for (std::size_t i = 0; i < 0x20; ++i) notable[i] = true;
  for (const char c : std::string_view("&<>\"'\xEF")) notable[static_cast<unsigned char>(c)] = true;
  return notable;
}();

/// The bytes that stand for the notable one at the front of `text` (valid UTF-8), and how many it takes up.
std::string_view replaced(std::string_view text, bool in_attribute, std::size_t& taken) {
  taken = 1;
  switch (text.front()) {
    case '&':
      return "&amp;";
    case '<':
      return "&lt;";
    case '>':
      return "&gt;";
    case '"':
      return "&quot;";
    case '\'':
      return "&apos;";
    case '\t':  // a reader turns bare white space of an attribute into spaces, and a bare CR into LF
      return in_attribute ? "&#9;" : "\t";
    case '\n':
      return in_attribute ? "&#10;" : "\n";
    case '\r':
      return "&#13;";
    case '\xEF':
      taken = 3;
      return text.starts_with("\xEF\xBF\xBE") || text.starts_with("\xEF\xBF\xBF") ? "" : text.substr(0, 3);
    default:
      return "";
  }
}

/// With each byte that is not UTF-8 replaced.
std::string mended(std::string_view text) {
  std::string out;
  for (;;) {
    const auto bad = base::first_invalid_utf8(text);
    out += text.substr(0, bad.value_or(text.size()));
    if (!bad) return out;
    out += k_replacement;
    text.remove_prefix(*bad + 1);
  }
}

void append_valid(std::string& out, std::string_view text, bool in_attribute) {
  std::size_t at = 0;
  while (at < text.size()) {
    const auto begin = at;
    while (at < text.size() && !k_notable[static_cast<unsigned char>(text[at])]) ++at;
    out += text.substr(begin, at - begin);
    if (at == text.size()) return;
    std::size_t taken = 0;
    out += replaced(text.substr(at), in_attribute, taken);
    at += taken;
  }
}

void append_escaped(std::string& out, std::string_view text, bool in_attribute) {
  if (base::valid_utf8(text)) {
    append_valid(out, text, in_attribute);
  } else {
    append_valid(out, mended(text), in_attribute);
  }
}

void append_number(std::string& out, long value) {
  std::array<char, 24> digits{};
  const auto end = std::to_chars(digits.begin(), digits.end(), value).ptr;
  out.append(digits.begin(), end);
}

void append_value(std::string& out, const std::string& value) { append_escaped(out, value, true); }
void append_value(std::string& out, bool value) { out += value ? "true" : "false"; }
void append_value(std::string& out, int value) { append_number(out, value); }
void append_value(std::string& out, seconds value) { append_number(out, static_cast<long>(value.count())); }
template <typename E, typename = std::enable_if_t<std::is_enum_v<E>>>
void append_value(std::string& out, E value) {
  out += words(value)[static_cast<std::size_t>(value)];
}
template <typename E>
void append_value(std::string& out, const Set<E>& values) {
  constexpr auto k_words = words(E{});
  const auto begin = out.size();
  for (std::size_t i = 0; i < k_words.size(); ++i) {
    if (!values.contains(static_cast<E>(i))) continue;
    if (out.size() > begin) out += ' ';
    out += k_words[i];
  }
}
template <typename T>
void append_value(std::string& out, const std::optional<T>& value) {
  append_value(out, *value);  // an absent one is the default and never written
}

/// A verb as it is when nothing was set.
template <typename V>
const V& untouched() {
  static const V verb{};
  return verb;
}

template <typename V>
void append_attributes(std::string& out, const V& verb) {
  each_attribute<V>([&](const auto& attribute) {
    const auto& value = verb.*attribute.member;
    if (value == untouched<V>().*attribute.member) return;
    out += ' ';
    out += attribute.name;
    out += "=\"";
    append_value(out, value);
    out += '"';
  });
}

template <typename V>
void append_element(std::string& out, const V& verb);

void append_child(std::string& out, std::string_view name, const std::string& text) {
  out += '<';
  out += name;
  out += '>';
  append_escaped(out, text, false);
  out += "</";
  out += name;
  out += '>';
}

template <typename... V>
void append_element(std::string& out, const std::variant<V...>& verb) {
  std::visit([&](const auto& which) { append_element(out, which); }, verb);
}

template <typename V>
void append_elements(std::string& out, const std::vector<V>& verbs) {
  for (const auto& verb : verbs) append_element(out, verb);
}

template <typename V>
void append_content(std::string& out, const V& verb) {
  if constexpr (requires { Element<V>::text; }) append_escaped(out, verb.*Element<V>::text, false);
}
void append_content(std::string& out, const Gather& gather) { append_elements(out, gather.prompts); }
void append_content(std::string& out, const Dial& dial) { append_elements(out, dial.nouns); }
void append_content(std::string& out, const Stream& stream) { append_elements(out, stream.parameters); }
void append_content(std::string& out, const Start& start) { append_element(out, start.what); }
void append_content(std::string& out, const Stop& stop) { append_element(out, stop.what); }
void append_content(std::string& out, const Connect& connect) { append_element(out, connect.stream); }
void append_content(std::string& out, const Client& client) {
  if (client.parameters.empty()) return append_escaped(out, client.identity, false);
  append_child(out, "Identity", client.identity);
  append_elements(out, client.parameters);
}
void append_content(std::string& out, const Message& message) {
  if (!message.body.empty()) append_child(out, "Body", message.body);
  for (const auto& url : message.media) append_child(out, "Media", url);
}

template <typename V>
void append_element(std::string& out, const V& verb) {
  out += '<';
  out += Element<V>::name;
  append_attributes(out, verb);
  out += '>';
  const auto begin = out.size();
  append_content(out, verb);
  if (out.size() == begin) {
    out.insert(begin - 1, 1, '/');
    return;
  }
  out += "</";
  out += Element<V>::name;
  out += '>';
}

}  // namespace

void append(std::string& out, const Response& response) {
  out += R"(<?xml version="1.0" encoding="UTF-8"?>)";
  out += "<Response>";
  append_elements(out, response.verbs);
  out += "</Response>";
}

std::string write(const Response& response) {
  std::string out;
  append(out, response);
  return out;
}

std::optional<std::string> try_write(const Response& response, Problem& problem) {
  if (auto found = find_problem(response)) {
    problem = std::move(*found);
    return std::nullopt;
  }
  auto out = write(response);
  if (out.size() <= k_max_document) return out;
  problem = too_long(out.size());
  return std::nullopt;
}

std::string write_or(const Response& wanted, const Response& safe, Problem& problem) {
  if (auto out = try_write(wanted, problem)) return std::move(*out);
  Problem unused;
  if (auto out = try_write(safe, unused)) return std::move(*out);
  return write({{Hangup{}}});
}

std::string clean(std::string_view text) {
  std::string out = mended(text);
  std::erase_if(out, [](char c) {
    return static_cast<unsigned char>(c) < 0x20 && c != '\t' && c != '\n' && c != '\r';
  });
  for (const std::string_view forbidden : {"\xEF\xBF\xBE", "\xEF\xBF\xBF"})
    for (auto at = out.find(forbidden); at != std::string::npos; at = out.find(forbidden, at))
      out.erase(at, forbidden.size());
  return out;
}

}  // namespace ringctl::twiml
