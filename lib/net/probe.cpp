#include "net/probe.hpp"

#include "base/error.hpp"
#include "net/listening_socket.hpp"
#include "net/transports.hpp"

namespace ringctl::net {

base::Instant certificate_expires_at(const TlsFiles& files) {
  if (const auto at = expires_at(*load_tls(files))) return *at;
  throw Error(Errc::config, "tls.unusable",
              "the TLS certificate " + files.certificate.string() + " does not say when it expires");
}

void require_free(const Endpoint& endpoint) { ListeningSocket::require_free(endpoint); }

}  // namespace ringctl::net
