#pragma once
#include <sys/socket.h>

#include <string>
#include <string_view>

namespace ringctl::http {

/// Why Twilio cannot, or must not, be given this URL as a webhook: "" = it can. It takes http and https with
/// a public host: no user info, no host of this machine or a private, link-local, shared, multicast or
/// unspecified address in any spelling (decimal, octal, IPv4 in IPv6), no single word, no underscore, no port
/// 0. A fragment of Twilio's connection overrides (#rc=2&rp=ct,5xx) is allowed, another is not. Nothing is
/// looked up. `local_too`: for a simulator on this machine.
std::string why_not_outside(std::string_view url, bool local_too = false);

/// Whether an address, as connecting takes it, is one that why_not_outside() lets pass in a URL. Others than
/// IPv4 and IPv6 are not.
bool is_outside(const sockaddr& address);

/// "https://pbx.example.com": scheme, host in lower case and port of a URL, for comparing hosts; "" if it is
/// none.
std::string origin_of(std::string_view url);

}  // namespace ringctl::http
