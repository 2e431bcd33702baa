// Lines are taken as they come, so that a mistake is answered at once and not when the header time is over.
#include "net/gate.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <span>

#include "net/path.hpp"

namespace ringctl::net {
namespace {

enum Class : unsigned char {
  k_token = 1,   ///< RFC 9110 tchar
  k_value = 2,   ///< field value: HTAB, SP, visible ASCII, obs-text
  k_target = 4,  ///< visible ASCII without '#'
  k_path = 8,    ///< k_target without what RFC 3986 never allows: " < > \ ^ ` { | }
  k_host = 16,   ///< host[:port], IPv6 literals
};

constexpr bool is_one_of(char c, std::string_view set) { return set.find(c) != std::string_view::npos; }

constexpr std::array<unsigned char, 256> make_classes() {
  std::array<unsigned char, 256> classes{};
  for (int i = 0; i < 256; ++i) {
    const char c = static_cast<char>(i);
    const bool alnum = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    const bool visible = i > 0x20 && i < 0x7f;
    unsigned char bits = 0;
    if (alnum || is_one_of(c, "!#$%&'*+-.^_`|~")) bits |= k_token;
    if (visible || i == 0x20 || i == 0x09 || i >= 0x80) bits |= k_value;
    if (visible && c != '#') bits |= k_target;
    if (visible && !is_one_of(c, "#\"<>\\^`{|}")) bits |= k_path;
    if (alnum || is_one_of(c, "-._:[]")) bits |= k_host;
    classes[static_cast<std::size_t>(i)] = bits;
  }
  return classes;
}
constexpr auto k_classes = make_classes();

bool all(std::string_view text, Class of) noexcept {
  return std::all_of(text.begin(), text.end(),
                     [of](char c) { return (k_classes[static_cast<unsigned char>(c)] & of) != 0; });
}

char lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

bool white(char c) noexcept { return c == ' ' || c == '\t'; }

std::string_view trimmed(std::string_view text) noexcept {
  while (!text.empty() && white(text.front())) text.remove_prefix(1);
  while (!text.empty() && white(text.back())) text.remove_suffix(1);
  return text;
}

constexpr std::string_view k_methods[] = {"POST", "GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"};
constexpr std::string_view k_refused_methods[] = {"TRACE", "CONNECT"};

bool contains(std::span<const std::string_view> list, std::string_view word) noexcept {
  return std::find(list.begin(), list.end(), word) != list.end();
}

/// `name` is `known` but for case, and for '_' in place of '-': what a server that makes variables of fields
/// mixes up.
bool reads_like(std::string_view name, std::string_view known) noexcept {
  return name.size() == known.size() &&
         std::equal(name.begin(), name.end(), known.begin(),
                    [](char a, char b) { return (a == '_' ? '-' : lower(a)) == b; });
}

/// Fields that decide what a request is. A proxy that takes them off because Connection names them would hand
/// on another request than the one it judged.
constexpr std::string_view k_framing_fields[] = {"host", "content-length", "transfer-encoding", "connection",
                                                 "expect"};

bool names_end_to_end(std::string_view option) noexcept {
  return std::any_of(std::begin(k_framing_fields), std::end(k_framing_fields),
                     [&](std::string_view known) { return reads_like(option, known); }) ||
         same_name(option, "x-twilio-signature") || same_name(option, "authorization");
}

/// One to 19 digits, no sign, no leading zero. 19 digits fit; more are too large anyway, and said to be so.
Refusal read_length(std::string_view text, std::uint64_t& length) noexcept {
  constexpr std::size_t k_most_digits = 19;
  if (text.empty() || !std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; }))
    return Refusal::content_length;
  if (text.size() > 1 && text.front() == '0') return Refusal::content_length;
  if (text.size() > k_most_digits) return Refusal::body_too_large;
  length = 0;
  for (const char c : text) length = length * 10 + static_cast<std::uint64_t>(c - '0');
  return Refusal::none;
}

Refusal read_version(std::string_view text, bool& http_1_0) noexcept {
  const auto digit = [](char c) { return c >= '0' && c <= '9'; };
  http_1_0 = text == "HTTP/1.0";
  if (http_1_0 || text == "HTTP/1.1") return Refusal::none;
  const bool well_formed =
      text.size() == 8 && text.starts_with("HTTP/") && digit(text[5]) && text[6] == '.' && digit(text[7]);
  return well_formed ? Refusal::version : Refusal::request_line;
}

}  // namespace

bool same_name(std::string_view a, std::string_view b) noexcept {
  return a.size() == b.size() &&
         std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) { return lower(x) == lower(y); });
}

bool is_token(std::string_view text) noexcept { return !text.empty() && all(text, k_token); }
bool is_field_value(std::string_view text) noexcept { return all(text, k_value); }

bool read_field(std::string_view line, Field& field) noexcept {
  const auto colon = line.find(':');
  if (colon == std::string_view::npos || colon == 0) return false;
  field.name = line.substr(0, colon);
  field.value = trimmed(line.substr(colon + 1));
  // A name with white space before its colon, or a folded line, fails here: SP and HTAB are no token.
  return is_token(field.name) && is_field_value(field.value);
}

void HeadReader::reset() {
  head_.fields.clear();
  head_.method = head_.target = head_.path = head_.query = {};
  head_.framing = Framing::none;
  head_.length = 0;
  head_.size = 0;
  head_.http_1_0 = head_.close = head_.expects_continue = false;
  refusal_ = Refusal::none;
  next_ = seen_ = 0;
  hosts_ = lengths_ = encodings_ = 0;
}

Progress HeadReader::refuse(Refusal refusal) {
  refusal_ = refusal;
  return Progress::refused;
}

Progress HeadReader::read(std::string_view bytes) {
  for (;;) {
    const auto* const end =
        static_cast<const char*>(std::memchr(bytes.data() + seen_, '\n', bytes.size() - seen_));
    const auto reached = end == nullptr ? bytes.size() : static_cast<std::size_t>(end - bytes.data()) + 1;
    if (reached > limits_.header)
      return refuse(at_start() ? Refusal::target_too_long : Refusal::header_too_large);
    seen_ = reached;
    if (end == nullptr) return Progress::more;
    if (reached - next_ < 2 || bytes[reached - 2] != '\r') return refuse(Refusal::line_end);
    const auto text = bytes.substr(next_, reached - next_ - 2);
    if (text.empty() && !at_start()) {
      head_.size = reached;
      const auto refusal = finish();
      return refusal == Refusal::none ? Progress::done : refuse(refusal);
    }
    if (const auto refusal = line(text); refusal != Refusal::none) return refuse(refusal);
    next_ = reached;
  }
}

void HeadReader::moved(const char* from, const char* to) {
  const auto move = [&](std::string_view& view) {
    if (view.data() != nullptr) view = {to + (view.data() - from), view.size()};
  };
  move(head_.method);
  move(head_.target);
  move(head_.path);
  move(head_.query);
  for (auto& field : head_.fields) {
    move(field.name);
    move(field.value);
  }
}

Refusal HeadReader::line(std::string_view text) {
  if (text.find('\r') != std::string_view::npos) return Refusal::line_end;
  return at_start() ? request_line(text) : field_line(text);
}

Refusal HeadReader::request_line(std::string_view text) {
  const auto first = text.find(' '), last = text.rfind(' ');
  if (first == std::string_view::npos || first == 0 || first == last) return Refusal::request_line;
  head_.method = text.substr(0, first);
  if (!is_token(head_.method)) return Refusal::request_line;
  if (const auto refusal = read_version(text.substr(last + 1), head_.http_1_0); refusal != Refusal::none)
    return refusal;
  if (contains(k_refused_methods, head_.method)) return Refusal::method_refused;
  if (!contains(k_methods, head_.method)) return Refusal::method_unknown;
  head_.close = head_.http_1_0;
  return target(text.substr(first + 1, last - first - 1));
}

Refusal HeadReader::target(std::string_view text) {
  if (text.size() > limits_.target) return Refusal::target_too_long;
  if (text.find(' ') != std::string_view::npos) return Refusal::request_line;
  if (!all(text, k_target)) return Refusal::target_bytes;
  if (text.empty() || text.front() != '/') return Refusal::target_form;
  const auto mark = text.find('?');
  head_.target = text;
  head_.path = text.substr(0, mark);
  head_.query = mark == std::string_view::npos ? std::string_view() : text.substr(mark + 1);
  if (!all(head_.path, k_path)) return Refusal::target_bytes;
  return canonical_path(head_.path) ? Refusal::none : Refusal::path;
}

Refusal HeadReader::field_line(std::string_view text) {
  if (head_.fields.size() >= limits_.fields) return Refusal::too_many_fields;
  Field field;
  if (!read_field(text, field)) return Refusal::field;
  head_.fields.push_back(field);
  const auto* const known = std::find_if(std::begin(k_framing_fields), std::end(k_framing_fields),
                                         [&](std::string_view name) { return reads_like(field.name, name); });
  if (known == std::end(k_framing_fields)) return Refusal::none;
  if (field.name.find('_') != std::string_view::npos) return Refusal::field;
  return known_field(field);
}

Refusal HeadReader::known_field(const Field& field) {
  switch (lower(field.name[0])) {
    case 'h':
      if (++hosts_ > 1 || field.value.empty() || !all(field.value, k_host)) return Refusal::host;
      return Refusal::none;
    case 't':
      if (++encodings_ > 1 || field.value != "chunked") return Refusal::transfer_encoding;
      head_.framing = Framing::chunked;
      return Refusal::none;
    case 'e':
      if (!same_name(field.value, "100-continue")) return Refusal::expectation;
      head_.expects_continue = true;
      return Refusal::none;
    default:
      break;
  }
  if (same_name(field.name, "content-length")) {
    if (++lengths_ > 1) return Refusal::content_length;
    if (encodings_ == 0) head_.framing = Framing::length;
    return read_length(field.value, head_.length);
  }
  for (auto rest = field.value; !rest.empty();) {
    const auto comma = std::min(rest.find(','), rest.size());
    const auto option = trimmed(rest.substr(0, comma));
    rest.remove_prefix(std::min(comma + 1, rest.size()));
    if (names_end_to_end(option)) return Refusal::connection;
    head_.close = head_.close || same_name(option, "close");
  }
  return Refusal::none;
}

Refusal HeadReader::finish() {
  if (hosts_ == 0 && !head_.http_1_0) return Refusal::host;
  if (encodings_ > 0 && (lengths_ > 0 || head_.http_1_0)) return Refusal::transfer_encoding;
  if (head_.framing == Framing::length && head_.length > limits_.body) return Refusal::body_too_large;
  if (head_.http_1_0) head_.expects_continue = false;
  return Refusal::none;
}

}  // namespace ringctl::net
