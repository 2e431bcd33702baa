#pragma once
// Secrets at rest: sealed with a key that lies outside the database, so that a copy of the database gives
// none of them away. libsodium's XChaCha20-Poly1305; each text has a nonce of its own.

#include <string>
#include <string_view>

#include "base/secret.hpp"

namespace ringctl::base {

class SealKey {
 public:
  /// 64 hex digits, as generate() makes them; spaces around do not count. Throws Errc::config
  /// [seal.bad_key]; no message holds a byte of it.
  explicit SealKey(const Secret& hex);
  static Secret generate();

  /// Eight hex digits that tell keys apart and give nothing of them away.
  const std::string& id() const { return id_; }
  /// "v1:" and Base64. `about`: what the secret belongs to ("accounts/UUID/AC..."); opens with nothing else.
  std::string seal(const Secret& plain, std::string_view about) const;
  /// Throws Errc::auth [seal.wrong_key] if another key sealed it, or it was changed, or is another's.
  Secret open(std::string_view sealed, std::string_view about) const;

 private:
  Secret key_;  ///< 32 bytes
  std::string id_;
};

}  // namespace ringctl::base
