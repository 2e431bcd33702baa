#include "sim/urls.hpp"

#include <algorithm>
#include <vector>

#include "base/text.hpp"
#include "net/hex.hpp"

namespace ringctl::sim {
namespace {

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_scheme_character(char c) {
  return is_letter(c) || (c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.';
}

/// Views of one URL; the marks belong to the parts but for the ':' of the scheme.
struct Parts {
  std::string_view scheme;     ///< "https"
  std::string_view authority;  ///< "//pbx.example.com:8443"
  std::string_view path;       ///< "/voice"
  std::string_view query;      ///< "?a=b"
};

Parts parts_of(std::string_view url) {
  url = without_fragment(url);
  Parts parts;
  if (const auto query = url.find('?'); query != std::string_view::npos) {
    parts.query = url.substr(query);
    url = url.substr(0, query);
  }
  if (has_scheme(url)) {
    const auto colon = url.find(':');
    parts.scheme = url.substr(0, colon);
    url.remove_prefix(colon + 1);
  }
  if (url.starts_with("//")) {
    parts.authority = url.substr(0, url.find('/', 2));
    url.remove_prefix(parts.authority.size());
  }
  parts.path = url;
  return parts;
}

/// "/a/b/../c/./d" is "/a/c/d" (RFC 3986, 5.2.4, of a path that begins with '/').
std::string without_dots(std::string_view path) {
  std::vector<std::string_view> kept;
  const auto segments = base::split(path.substr(1), '/');
  for (std::size_t i = 0; i < segments.size(); ++i) {
    const auto segment = segments[i];
    const bool last = i + 1 == segments.size();
    if (segment == ".." && !kept.empty()) kept.pop_back();
    if (segment != "." && segment != "..")
      kept.push_back(segment);
    else if (last)
      kept.emplace_back();  // "/a/." is the folder "/a/"
  }
  std::string text;
  for (const auto segment : kept) text.append("/").append(segment);
  return text.empty() ? "/" : text;
}

std::string merged_path(const Parts& base, std::string_view path) {
  if (path.starts_with('/')) return without_dots(path);
  const auto folder = base.path.substr(0, base.path.rfind('/') + 1);  // npos + 1 is 0
  const auto merged = std::string(folder.empty() ? "/" : folder).append(path);
  return without_dots(merged.starts_with('/') ? merged : "/" + merged);
}

}  // namespace

std::string_view without_fragment(std::string_view url) { return url.substr(0, url.find('#')); }

std::string_view fragment_of(std::string_view url) {
  const auto mark = url.find('#');
  return mark == std::string_view::npos ? std::string_view() : url.substr(mark + 1);
}

std::string percent_decoded(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool is_coded = text[i] == '%' && i + 2 < text.size() && net::hex_value(text[i + 1]) >= 0 &&
                          net::hex_value(text[i + 2]) >= 0;
    out += is_coded ? static_cast<char>(net::hex_value(text[i + 1]) * 16 + net::hex_value(text[i + 2]))
                    : text[i];
    if (is_coded) i += 2;
  }
  return out;
}

std::string without_passwords(std::string_view text) {
  constexpr std::string_view k_host = "://", k_attribute = "password=", k_hidden = "***";
  std::string out;
  while (!text.empty()) {
    const auto host = text.find(k_host), attribute = text.find(k_attribute);
    const bool is_host = host < attribute;
    const auto at = is_host ? host : attribute;
    if (at == std::string_view::npos) break;
    const auto begin = at + (is_host ? k_host.size() : k_attribute.size());
    out.append(text.substr(0, begin));
    text.remove_prefix(begin);
    if (is_host) {
      const auto authority = text.substr(0, text.find_first_of("/?#<>\"' \t\r\n"));
      const auto end = authority.rfind('@');
      if (end == std::string_view::npos) continue;
      out.append(k_hidden);
      text.remove_prefix(end);
    } else if (!text.empty() && (text.front() == '"' || text.front() == '\'')) {
      const auto end = text.find(text.front(), 1);
      out.append(1, text.front()).append(k_hidden);
      text.remove_prefix(std::min(end, text.size()));
    }
  }
  return out.append(text);
}

bool has_scheme(std::string_view url) {
  const auto end = std::ranges::find_if_not(url, is_scheme_character);
  return end != url.begin() && end != url.end() && *end == ':' && is_letter(url.front());
}

std::string resolve_url(std::string_view base, std::string_view reference) {
  if (has_scheme(reference) || !has_scheme(base)) return std::string(reference);
  const auto from = parts_of(base), to = parts_of(reference);
  auto text = std::string(from.scheme).append(":");
  if (!to.authority.empty())
    text.append(to.authority).append(to.path).append(to.query);
  else if (!to.path.empty())
    text.append(from.authority).append(merged_path(from, to.path)).append(to.query);
  else
    text.append(from.authority).append(from.path).append(to.query.empty() ? from.query : to.query);
  return text.append(reference.substr(without_fragment(reference).size()));
}

}  // namespace ringctl::sim
