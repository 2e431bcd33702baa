#pragma once
// What a server would find, looked at before there is one. Nothing is changed, and no connection of another
// server that runs already comes here.

#include "base/clock.hpp"
#include "net/endpoint.hpp"
#include "net/tls.hpp"

namespace ringctl::net {

/// When the certificate expires. Reads both files as a server does, and throws as it does: Errc::config
/// [tls.unusable] (the key of another certificate included), [tls.key_permissions].
base::Instant certificate_expires_at(const TlsFiles&);

/// Whether it can be listened on; throws Errc::config [net.listen_failed], or [net.in_use] if somebody does
/// who shares it with nobody.
void require_free(const Endpoint&);

}  // namespace ringctl::net
