#include "net/proxies.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <optional>

#include "base/error.hpp"
#include "base/text.hpp"

namespace ringctl::net {
namespace {

constexpr unsigned k_mapped_bits = 96;

/// IPv4 as it is mapped into IPv6; `mapped` says which it was.
std::optional<in6_addr> parse_address(std::string_view text, bool& mapped) {
  std::array<char, INET6_ADDRSTRLEN> copy{};
  if (text.size() >= copy.size()) return std::nullopt;
  text.copy(copy.data(), text.size());
  in6_addr address{};
  in_addr four{};
  mapped = ::inet_pton(AF_INET, copy.data(), &four) == 1;
  if (!mapped)
    return ::inet_pton(AF_INET6, copy.data(), &address) == 1 ? std::optional(address) : std::nullopt;
  address.s6_addr[10] = address.s6_addr[11] = 0xFF;
  std::memcpy(&address.s6_addr[12], &four, sizeof four);
  return address;
}

bool same_bits(const in6_addr& a, const in6_addr& b, unsigned bits) {
  const auto whole = bits / 8, rest = bits % 8;
  if (std::memcmp(a.s6_addr, b.s6_addr, whole) != 0) return false;
  if (rest == 0) return true;
  const auto mask = 0xFFU << (8U - rest);
  return ((a.s6_addr[whole] ^ b.s6_addr[whole]) & mask & 0xFFU) == 0;
}

Error bad_network(std::string_view text) {
  return {Errc::config, "net.bad_network",
          fmt::format("{} is no address or network such as 10.0.0.0/8", base::in_quotes(text))};
}

/// The entries of every field of that name, in their order.
std::vector<std::string_view> forwarded_for(const Request& request) {
  std::vector<std::string_view> all;
  for (const auto& field : request.fields) {
    if (base::ascii_lower(field.name) != "x-forwarded-for") continue;
    for (const auto entry : base::split(field.value, ',')) all.push_back(base::trim(entry));
  }
  return all;
}

}  // namespace

Networks Networks::parse(std::string_view list) {
  Networks networks;
  for (const auto part : base::split(list, ',')) {
    const auto text = base::trim(part);
    if (text.empty()) continue;
    if (text == "unix") {
      networks.unix_ = true;
      continue;
    }
    const auto slash = text.find('/');
    bool mapped = false;
    const auto address = parse_address(text.substr(0, slash), mapped);
    if (!address) throw bad_network(text);
    const std::int64_t most = mapped ? 32 : 128;
    const auto bits =
        slash == std::string_view::npos ? std::optional(most) : base::parse_int(text.substr(slash + 1));
    if (!bits || *bits < 0 || *bits > most) throw bad_network(text);
    networks.all_.push_back({*address, static_cast<unsigned>(*bits) + (mapped ? k_mapped_bits : 0)});
  }
  return networks;
}

bool Networks::contains(std::string_view address) const noexcept {
  if (address == "unix") return unix_;
  bool mapped = false;
  const auto parsed = parse_address(address, mapped);
  return parsed && std::ranges::any_of(all_, [&](const Network& network) {
           return same_bits(network.address, *parsed, network.bits);
         });
}

std::string client_of(const Request& request, const Networks& trusted) {
  std::string_view client = request.remote;
  if (trusted.empty() || !trusted.contains(client)) return std::string(client);
  const auto entries = forwarded_for(request);
  bool ignored = false;
  for (auto at = entries.rbegin(); at != entries.rend() && trusted.contains(client); ++at) {
    if (!parse_address(*at, ignored)) break;
    client = *at;
  }
  return std::string(client);
}

}  // namespace ringctl::net
