#include "config/check.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/error.hpp"
#include "base/secret.hpp"
#include "base/sid.hpp"
#include "base/text.hpp"
#include "base/zone.hpp"

namespace ringctl::config {
namespace {

constexpr std::int64_t k_largest = 1'000'000'000;
constexpr std::int64_t k_largest_port = 65535;

std::optional<std::string> check_choice(const KeyInfo& key, std::string_view text, std::string& why) {
  const auto lower = base::ascii_lower(text);
  std::vector<std::string> choices;
  for (const auto choice : base::split(key.choices, '|')) choices.emplace_back(choice);
  if (std::find(choices.begin(), choices.end(), lower) != choices.end()) return lower;
  why = "must be one of " + base::join(choices, ", ");
  return std::nullopt;
}

std::optional<std::string> check_boolean(std::string_view text, std::string& why) {
  const auto lower = base::ascii_lower(text);
  for (const std::string_view yes : {"true", "1", "yes", "on"})
    if (lower == yes) return "true";
  for (const std::string_view no : {"false", "0", "no", "off"})
    if (lower == no) return "false";
  why = "must be true or false";
  return std::nullopt;
}

std::optional<std::string> check_integer(std::string_view text, std::string& why) {
  const auto number = base::parse_int(text);
  if (number && *number >= 0 && *number <= k_largest) return std::to_string(*number);
  why = "must be a whole number, 0 or more";
  return std::nullopt;
}

std::optional<std::string> check_size(std::string_view text, std::string& why) {
  if (base::parse_size(text)) return std::string(text);
  why = "must be a size such as 512MiB or 1GiB";
  return std::nullopt;
}

bool on_loopback(std::string_view http_url) {
  auto host = http_url.substr(std::string_view("http://").size());
  host = host.substr(0, host.find_first_of("/?#"));
  if (host.find('@') != std::string_view::npos) return false;
  for (const std::string_view loopback : {"127.0.0.1", "localhost", "[::1]"})
    if (host == loopback || (host.starts_with(loopback) && host.substr(loopback.size(), 1) == ":"))
      return true;
  return false;
}

std::optional<std::string> check_database(std::string_view text, std::string& why) {
  if (text.starts_with("sqlite::memory:")) {
    why =
        "must be sqlite:PATH or postgresql://...; what is in memory is gone with the command "
        "(a file of that name is sqlite:./:memory:)";
    return std::nullopt;
  }
  for (const std::string_view scheme : {"sqlite:", "postgresql://", "postgres://"})
    if (text.starts_with(scheme) && text.size() > scheme.size()) return std::string(text);
  why = "must be sqlite:PATH or postgresql://...";
  return std::nullopt;
}

/// Nothing behind the host: Twilio's paths stand at its root.
bool is_root(std::string_view url) {
  while (url.ends_with('/')) url.remove_suffix(1);
  const auto scheme = url.find("://");
  return scheme != std::string_view::npos && url.find_first_of("/?#", scheme + 3) == std::string_view::npos;
}

std::optional<std::string> check_url(const KeyInfo& key, std::string_view text, std::string& why) {
  if (key.name == "database") return check_database(text, why);
  if (key.name == "serve.public_url" && text.find("://") != std::string_view::npos && !is_root(text)) {
    why = "must be a host without a path, such as https://pbx.example.com";
    return std::nullopt;
  }
  if (text.starts_with("https://") && text.size() > std::string_view("https://").size())
    return std::string(text);
  if (text.starts_with("http://") && on_loopback(text)) return std::string(text);
  why = "must be an https:// URL (http:// only on loopback)";
  return std::nullopt;
}

std::optional<std::string> check_duration(std::string_view text, std::string& why) {
  try {
    base::parse_duration(text);
    return std::string(text);
  } catch (const Error&) {
    why = "must be a duration such as 90s, 10m or 1h30m";
    return std::nullopt;
  }
}

bool is_number(std::string_view text, std::int64_t most) {
  const auto number = base::parse_int(text);
  return number && *number >= 0 && *number <= most;
}

bool is_listen_address(std::string_view text) {
  constexpr std::string_view k_unix = "unix:", k_fd = "fd:";
  if (text.starts_with(k_unix)) return text.size() > k_unix.size();
  if (text.starts_with(k_fd)) return is_number(text.substr(k_fd.size()), k_largest);
  const auto colon = text.rfind(':');
  return colon != std::string_view::npos && colon > 0 && is_number(text.substr(colon + 1), k_largest_port);
}

/// "10.0.0.0/8", "::1"; "unix" for whoever comes by a Unix socket.
bool is_network(std::string_view text) {
  if (text == "unix") return true;
  const auto slash = text.find('/');
  const std::string address(text.substr(0, slash));
  std::array<unsigned char, sizeof(in6_addr)> parsed{};
  const bool v4 = ::inet_pton(AF_INET, address.c_str(), parsed.data()) == 1;
  if (!v4 && ::inet_pton(AF_INET6, address.c_str(), parsed.data()) != 1) return false;
  return slash == std::string_view::npos || is_number(text.substr(slash + 1), v4 ? 32 : 128);
}

/// "728=US"; whether there are such a code and region is for those who use them to say.
bool is_area_code(std::string_view text) {
  const auto in = [](char c, char low, char high) { return c >= low && c <= high; };
  return text.size() == 6 && in(text[0], '2', '9') && in(text[1], '0', '9') && in(text[2], '0', '9') &&
         text[3] == '=' && in(text[4], 'A', 'Z') && in(text[5], 'A', 'Z');
}

bool are_all(std::string_view list, bool (*is_one)(std::string_view)) {
  const auto all = base::split(list, ',');
  return list.empty() ||
         std::all_of(all.begin(), all.end(), [&](auto one) { return is_one(base::trim(one)); });
}

/// What is wrong with a text that holds no control characters; "" if nothing is.
std::string_view wrong_with(const KeyInfo& key, std::string_view text) {
  if (key.name == "area_codes")
    return are_all(text, is_area_code) ? "" : "must hold area codes and countries such as 728=US";
  if (key.kind == Kind::text_list)
    return are_all(text, is_network) ? "" : "must hold addresses or networks such as 10.0.0.0/8";
  if (key.name == "timezone" && !base::Zone::exists(text))
    return "must be an IANA time zone such as America/New_York";
  if ((key.name == "serve.listen" || key.name == "serve.metrics_listen") && !is_listen_address(text))
    return "must be HOST:PORT, unix:PATH or fd:N";
  if (key.name == "account_sid" && !base::is_sid(text, "AC")) return "must be AC and 32 hex digits";
  // No pager and no text for what is absent are choices as well.
  if (text.empty() && key.name != "null_text" && key.name != "pager") return "must not be empty";
  return {};
}

std::optional<std::string> check_text(const KeyInfo& key, std::string_view text, std::string& why) {
  const auto control = [](unsigned char c) { return c < 0x20 || c == 0x7f; };
  if (std::any_of(text.begin(), text.end(), control)) {
    why = "must not hold control characters";
    return std::nullopt;
  }
  why = wrong_with(key, text);
  if (!why.empty()) return std::nullopt;
  return std::string(text);
}

}  // namespace

std::optional<std::string> check_value(const KeyInfo& key, std::string_view text, std::string& why) {
  if (!base::valid_utf8(text)) {
    why = "must be UTF-8";
    return std::nullopt;
  }
  switch (key.kind) {
    case Kind::choice:
      return check_choice(key, text, why);
    case Kind::boolean:
      return check_boolean(text, why);
    case Kind::integer:
      return check_integer(text, why);
    case Kind::size:
      return check_size(text, why);
    case Kind::url:
      return check_url(key, text, why);
    case Kind::duration:
      return check_duration(text, why);
    case Kind::text:
    case Kind::text_list:
      return check_text(key, text, why);
    case Kind::secret:
      break;
  }
  if (!text.empty()) return std::string(text);
  why = "must not be empty";
  return std::nullopt;
}

bool holds_password(std::string_view url) { return base::redact_url(url) != url; }

}  // namespace ringctl::config
