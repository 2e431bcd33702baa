#pragma once
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "base/secret.hpp"

namespace ringctl::base {

/// Running SHA-256.
class Digest {
 public:
  Digest();
  ~Digest();
  Digest(Digest&&) noexcept;
  Digest& operator=(Digest&&) noexcept;
  Digest& update(std::string_view);
  /// 64 lower-case hex digits of all that came so far; the digest may go on after.
  std::string hex() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

std::string sha256_hex(std::string_view);
/// HMAC-SHA256 as 64 lower-case hex digits.
std::string hmac_sha256_hex(const Secret& key, std::string_view);
/// `bytes` from the system's random source, as lower-case hex.
std::string random_hex(std::size_t bytes);

}  // namespace ringctl::base
