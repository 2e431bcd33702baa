#pragma once
// The two transports over Asio, and what TLS needs to know.

#include <boost/asio/ssl/context.hpp>
#include <memory>
#include <optional>

#include "base/clock.hpp"
#include "net/asio.hpp"
#include "net/tls.hpp"
#include "net/transport.hpp"

namespace ringctl::net {

/// Bytes wait in the kernel.
bool has_input(Socket&);

std::unique_ptr<Transport> plain_transport(Socket);
std::unique_ptr<Transport> tls_transport(Socket, asio::ssl::context&);

/// Throws Errc::config [tls.unusable] or [tls.key_permissions] naming the file.
std::shared_ptr<asio::ssl::context> load_tls(const TlsFiles&);
/// Of its certificate; nullopt if there is none.
std::optional<base::Instant> expires_at(asio::ssl::context&);

}  // namespace ringctl::net
