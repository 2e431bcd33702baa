#include "base/digest.hpp"

#include <sodium.h>

#include <array>

namespace ringctl::base {
namespace {

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());  // the library takes unsigned bytes
}

std::string to_hex(const unsigned char* bytes, std::size_t size) {
  std::string hex(size * 2 + 1, '\0');
  sodium_bin2hex(hex.data(), hex.size(), bytes, size);
  hex.pop_back();
  return hex;
}

std::string finish(crypto_hash_sha256_state state) {
  std::array<unsigned char, crypto_hash_sha256_BYTES> hash{};
  crypto_hash_sha256_final(&state, hash.data());
  return to_hex(hash.data(), hash.size());
}

}  // namespace

struct Digest::State {
  crypto_hash_sha256_state sha;
};

Digest::Digest() : state_(std::make_unique<State>()) { crypto_hash_sha256_init(&state_->sha); }
Digest::~Digest() = default;
Digest::Digest(Digest&&) noexcept = default;
Digest& Digest::operator=(Digest&&) noexcept = default;

Digest& Digest::update(std::string_view data) {
  crypto_hash_sha256_update(&state_->sha, bytes_of(data), data.size());
  return *this;
}

std::string Digest::hex() const { return finish(state_->sha); }

std::string sha256_hex(std::string_view data) {
  std::array<unsigned char, crypto_hash_sha256_BYTES> hash{};
  crypto_hash_sha256(hash.data(), bytes_of(data), data.size());
  return to_hex(hash.data(), hash.size());
}

std::string hmac_sha256_hex(const Secret& key, std::string_view data) {
  const auto& bytes = key.reveal();
  crypto_auth_hmacsha256_state state;
  crypto_auth_hmacsha256_init(&state, bytes_of(bytes), bytes.size());
  crypto_auth_hmacsha256_update(&state, bytes_of(data), data.size());
  std::array<unsigned char, crypto_auth_hmacsha256_BYTES> mac{};
  crypto_auth_hmacsha256_final(&state, mac.data());
  sodium_memzero(&state, sizeof state);
  return to_hex(mac.data(), mac.size());
}

std::string random_hex(std::size_t size) {
  std::string bytes(size, '\0');
  randombytes_buf(bytes.data(), bytes.size());
  return to_hex(bytes_of(bytes), bytes.size());
}

}  // namespace ringctl::base
