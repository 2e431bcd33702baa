#pragma once
// Whose word about the client is believed. Only what X-Forwarded-For says is read, and only for logs: which
// URL was signed is a matter of configuration, never of headers.

#include <netinet/in.h>

#include <string>
#include <string_view>
#include <vector>

#include "net/request.hpp"

namespace ringctl::net {

/// Networks of IPv4 and IPv6 addresses.
class Networks {
 public:
  Networks() = default;
  /// "127.0.0.1/32,10.0.0.0/8,::1": addresses and networks, and unix for whoever comes by a Unix socket.
  /// Throws Errc::config [net.bad_network].
  static Networks parse(std::string_view list);
  /// Of an address as Request::remote has it. What is no address is in none.
  bool contains(std::string_view address) const noexcept;
  bool empty() const { return all_.empty() && !unix_; }

 private:
  struct Network {
    in6_addr address;  ///< IPv4 as ::ffff:a.b.c.d
    unsigned bits;
  };
  std::vector<Network> all_;
  bool unix_ = false;
};

/// The address of whoever asked: the connection's, or, as long as that is a trusted proxy's, the one before
/// it in X-Forwarded-For. Goes no further than the first entry that is no address.
std::string client_of(const Request&, const Networks& trusted);

}  // namespace ringctl::net
