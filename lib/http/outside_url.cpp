// What is taken is spelled the plain way: a host is a name of several labels, four decimal numbers, or an
// IPv6 address in brackets. Whatever else some library reads as an address (127.1, 0x7f000001, 017700000001)
// is refused for its spelling, so that nothing depends on who reads it next.
#include "http/outside_url.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <optional>

#include "base/text.hpp"

namespace ringctl::http {
namespace {

constexpr std::size_t k_longest_url = 2048, k_longest_host = 253, k_longest_label = 63;

struct Parts {
  std::string scheme, host, port, fragment;  ///< host in lower case, without a dot at its end
  bool has_user = false, has_port = false, has_fragment = false;
};

/// nullopt: it is not of the form scheme://authority...
std::optional<Parts> split(std::string_view url) {
  const auto colon = url.find("://");
  if (colon == url.npos) return std::nullopt;
  Parts parts;
  parts.scheme = base::ascii_lower(url.substr(0, colon));
  auto rest = url.substr(colon + 3);
  const auto end = std::min(rest.find_first_of("/?#"), rest.size());
  auto authority = rest.substr(0, end);
  if (const auto hash = rest.find('#', end); hash != rest.npos) {
    parts.has_fragment = true;
    parts.fragment = rest.substr(hash + 1);
  }
  if (const auto at = authority.rfind('@'); at != authority.npos) {
    parts.has_user = true;
    authority.remove_prefix(at + 1);
  }
  const auto bracket = authority.rfind(']');
  const auto port = authority.find(':', bracket == authority.npos ? 0 : bracket);
  if (port != authority.npos) {
    parts.has_port = true;
    parts.port = authority.substr(port + 1);
    authority = authority.substr(0, port);
  }
  if (authority.ends_with('.')) authority.remove_suffix(1);
  parts.host = base::ascii_lower(authority);
  return parts;
}

struct Network {
  std::uint32_t address;
  int bits;
};

/// Not for the public: RFC 6890 and its successors.
constexpr std::array k_reserved = {
    Network{0x00000000, 8},  Network{0x0A000000, 8},  Network{0x64400000, 10}, Network{0x7F000000, 8},
    Network{0xA9FE0000, 16}, Network{0xAC100000, 12}, Network{0xC0000000, 24}, Network{0xC0000200, 24},
    Network{0xC0586300, 24}, Network{0xC0A80000, 16}, Network{0xC6120000, 15}, Network{0xC6336400, 24},
    Network{0xCB007100, 24}, Network{0xE0000000, 4},  Network{0xF0000000, 4},
};

bool is_reserved(std::uint32_t address) {
  return std::any_of(k_reserved.begin(), k_reserved.end(), [&](const Network& network) {
    return (address ^ network.address) >> (32 - network.bits) == 0;
  });
}

/// Global unicast, less what carries an IPv4 address or is for documents.
bool is_reserved(const std::array<std::uint8_t, 16>& a) {
  if ((a[0] & 0xE0U) != 0x20) return true;
  if (a[0] == 0x20 && a[1] == 0x01 && a[2] < 0x02) return true;                   // 2001::/23, Teredo
  if (a[0] == 0x20 && a[1] == 0x01 && a[2] == 0x0D && a[3] == 0xB8) return true;  // 2001:db8::/32
  if (a[0] == 0x20 && a[1] == 0x02) return true;                                  // 6to4
  return a[0] == 0x3F && a[1] == 0xFF && (a[2] & 0xF0U) == 0;                     // 3fff::/20
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// Anything that some reader of addresses takes for a number.
bool looks_like_address(std::string_view host) {
  const auto last = host.substr(host.rfind('.') == host.npos ? 0 : host.rfind('.') + 1);
  return last.starts_with("0x") || std::all_of(last.begin(), last.end(), is_digit);
}

bool is_label(std::string_view label) {
  return !label.empty() && label.size() <= k_longest_label && label.front() != '-' && label.back() != '-' &&
         std::all_of(label.begin(), label.end(),
                     [](char c) { return is_digit(c) || (c >= 'a' && c <= 'z') || c == '-'; });
}

/// Names that no public name service answers.
bool is_private_name(std::string_view host) {
  constexpr std::array<std::string_view, 9> k_ends = {".localhost", ".local",     ".localdomain",
                                                      ".internal",  ".home.arpa", ".lan",
                                                      ".intranet",  ".corp",      ".onion"};
  return std::any_of(k_ends.begin(), k_ends.end(), [&](std::string_view end) { return host.ends_with(end); });
}

std::string why_not_v6(std::string_view host, bool local_too) {
  in6_addr parsed{};
  const std::string inside(host.substr(1, host.size() - 2));
  if (host.size() < 4 || ::inet_pton(AF_INET6, inside.c_str(), &parsed) != 1)
    return "its host is no IPv6 address";
  std::array<std::uint8_t, 16> bytes{};
  std::copy(std::begin(parsed.s6_addr), std::end(parsed.s6_addr), bytes.begin());
  std::array<std::uint8_t, 16> loopback{};
  loopback.back() = 1;
  if (local_too && bytes == loopback) return {};
  return is_reserved(bytes) ? "its host is an address that is not public" : "";
}

std::string why_not_v4(const std::string& host, bool local_too) {
  in_addr parsed{};
  if (::inet_pton(AF_INET, host.c_str(), &parsed) != 1)
    return "its host is an address that is not written as four decimal numbers";
  const auto address = ntohl(parsed.s_addr);
  if (local_too && address >> 24U == 127) return {};
  return is_reserved(address) ? "its host is an address that is not public" : "";
}

std::string why_not_host(const std::string& host, bool local_too) {
  if (host.empty()) return "it names no host";
  if (host.front() == '[') return host.back() == ']' ? why_not_v6(host, local_too) : "its host has no end";
  if (host.size() > k_longest_host) return "its host is too long";
  if (looks_like_address(host)) return why_not_v4(host, local_too);
  if (local_too && host == "localhost") return {};
  const auto labels = base::split(host, '.');
  if (!std::all_of(labels.begin(), labels.end(), is_label))
    return "its host holds what no host name does (other scripts are written as xn--)";
  if (labels.size() < 2) return "its host is a single word, which only this network knows";
  return is_private_name(host) ? "its host is not a public name" : "";
}

std::string why_not_port(std::string_view port) {
  const auto number = base::parse_int(port);
  const bool plain = !port.empty() && port.size() <= 5 && std::all_of(port.begin(), port.end(), is_digit);
  return plain && number && *number >= 1 && *number <= 65535 ? "" : "its port is none";
}

/// Connection overrides: "rc=2&rp=ct,5xx".
bool is_override(std::string_view fragment) {
  constexpr std::array<std::string_view, 7> k_names = {"ct", "rt", "tt", "rc", "rp", "sni", "e"};
  const auto pairs = base::split(fragment, '&');
  return std::all_of(pairs.begin(), pairs.end(), [&](std::string_view pair) {
    const auto equals = pair.find('=');
    if (equals == pair.npos || equals + 1 == pair.size()) return false;
    const auto value = pair.substr(equals + 1);
    return std::find(k_names.begin(), k_names.end(), pair.substr(0, equals)) != k_names.end() &&
           std::all_of(value.begin(), value.end(),
                       [](char c) { return is_digit(c) || (c >= 'a' && c <= 'z') || c == ',' || c == '-'; });
  });
}

/// Printable ASCII without what readers of URLs disagree about.
bool is_plain(std::string_view url) {
  constexpr std::string_view k_disputed = "\"<>\\^`{|}";
  return std::all_of(url.begin(), url.end(), [&](char c) {
    return c > ' ' && c < 0x7F && k_disputed.find(c) == std::string_view::npos;
  });
}

}  // namespace

std::string why_not_outside(std::string_view url, bool local_too) {
  if (url.empty()) return "it is empty";
  if (url.size() > k_longest_url) return fmt::format("it is longer than {} characters", k_longest_url);
  if (!is_plain(url)) return "it holds characters that no URL holds";
  const auto parts = split(url);
  if (!parts || (parts->scheme != "https" && parts->scheme != "http")) return "it is no http or https URL";
  if (parts->has_user) return "it names a user, and what it names is stored and shown";
  if (auto why = why_not_host(parts->host, local_too); !why.empty()) return why;
  if (parts->has_port)
    if (auto why = why_not_port(parts->port); !why.empty()) return why;
  if (parts->has_fragment && !is_override(parts->fragment))
    return "what stands after # is not one of Twilio's connection overrides, as rc=2&rp=ct,5xx";
  return {};
}

bool is_outside(const sockaddr& address) {
  if (address.sa_family == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, &address, sizeof v4);
    return !is_reserved(ntohl(v4.sin_addr.s_addr));
  }
  if (address.sa_family != AF_INET6) return false;
  sockaddr_in6 v6{};
  std::memcpy(&v6, &address, sizeof v6);
  std::array<std::uint8_t, 16> bytes{};
  std::copy(std::begin(v6.sin6_addr.s6_addr), std::end(v6.sin6_addr.s6_addr), bytes.begin());
  return !is_reserved(bytes);
}

std::string origin_of(std::string_view url) {
  const auto parts = split(url);
  if (!parts || parts->host.empty() || (parts->scheme != "https" && parts->scheme != "http")) return {};
  const bool usual = !parts->has_port || parts->port == (parts->scheme == "https" ? "443" : "80");
  return parts->scheme + "://" + parts->host + (usual ? "" : ":" + parts->port);
}

}  // namespace ringctl::http
