#pragma once
#include <filesystem>

namespace ringctl::net {

/// PEM: the certificate with those between it and the root, and its unencrypted key. The key's file must be
/// no business of others: not readable by them, not writable by its group.
struct TlsFiles {
  std::filesystem::path certificate, key;
};

}  // namespace ringctl::net
