// A sealed text is "v1:" and the Base64 of nonce and ciphertext. The nonce is 24 random bytes, so that no
// count has to be kept; what the secret belongs to is authenticated along with it and not stored.
#include "base/seal.hpp"

#include <fmt/format.h>
#include <sodium.h>

#include <array>
#include <optional>
#include <vector>

#include "base/error.hpp"
#include "base/text.hpp"

namespace ringctl::base {
namespace {

constexpr std::string_view k_version = "v1:";
constexpr std::size_t k_key = crypto_aead_xchacha20poly1305_ietf_KEYBYTES;
constexpr std::size_t k_nonce = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;
constexpr std::size_t k_tag = crypto_aead_xchacha20poly1305_ietf_ABYTES;
constexpr int k_base64 = sodium_base64_VARIANT_ORIGINAL;

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());  // the library takes unsigned bytes
}

unsigned char* bytes_of(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }

void wipe(std::string& text) { sodium_memzero(text.data(), text.size()); }

std::string base64(std::string_view bytes) {
  std::string text(sodium_base64_ENCODED_LEN(bytes.size(), k_base64), '\0');
  sodium_bin2base64(text.data(), text.size(), bytes_of(bytes), bytes.size(), k_base64);
  text.pop_back();  // its NUL
  return text;
}

std::optional<std::string> from_base64(std::string_view text) {
  std::string bytes(text.size() / 4 * 3 + 3, '\0');
  std::size_t size = 0;
  const char* end = nullptr;
  if (sodium_base642bin(bytes_of(bytes), bytes.size(), text.data(), text.size(), nullptr, &size, &end,
                        k_base64) != 0 ||
      end != text.data() + text.size())
    return std::nullopt;
  bytes.resize(size);
  return bytes;
}

void start_library() {
  static const bool k_started = sodium_init() >= 0;
  if (!k_started) throw Error(Errc::failure, "seal.no_library", "libsodium cannot be initialised");
}

Secret key_from(const Secret& hex) {
  start_library();
  const auto text = trim(hex.reveal());
  std::string key(k_key, '\0');
  std::size_t size = 0;
  const char* end = nullptr;
  const bool read =
      text.size() == 2 * k_key &&
      sodium_hex2bin(bytes_of(key), key.size(), text.data(), text.size(), nullptr, &size, &end) == 0 &&
      size == k_key && end == text.data() + text.size();
  if (!read) {
    wipe(key);
    throw Error(Errc::config, "seal.bad_key",
                fmt::format("the key that secrets are sealed with is not {} hex digits", 2 * k_key),
                "head -c 32 /dev/urandom | od -An -vtx1 | tr -d ' \\n'");
  }
  return Secret(std::move(key));
}

/// A digest of a purpose of its own: what is shown says nothing about what is sealed.
std::string id_of(const Secret& key) {
  constexpr std::string_view k_purpose = "ringctl: which key";
  std::array<unsigned char, crypto_generichash_BYTES> hash{};
  crypto_generichash(hash.data(), hash.size(), bytes_of(k_purpose), k_purpose.size(),
                     bytes_of(std::string_view(key.reveal())), key.reveal().size());
  return fmt::format("{:02x}{:02x}{:02x}{:02x}", hash[0], hash[1], hash[2], hash[3]);
}

Error wrong_key(const std::string& id) {
  return {Errc::auth, "seal.wrong_key",
          fmt::format("the key {} does not open what is sealed in the database", id),
          "set RINGCTL_SECRETS_KEY_FILE to the key that it was sealed with"};
}

}  // namespace

SealKey::SealKey(const Secret& hex) : key_(key_from(hex)), id_(id_of(key_)) {}

Secret SealKey::generate() {
  start_library();
  std::array<unsigned char, k_key> key{};
  randombytes_buf(key.data(), key.size());
  std::string hex(2 * k_key + 1, '\0');
  sodium_bin2hex(hex.data(), hex.size(), key.data(), key.size());
  sodium_memzero(key.data(), key.size());
  hex.pop_back();
  return Secret(std::move(hex));
}

std::string SealKey::seal(const Secret& plain, std::string_view about) const {
  const std::string_view text = plain.reveal();
  std::string sealed(k_nonce + text.size() + k_tag, '\0');
  auto* const nonce = bytes_of(sealed);
  randombytes_buf(nonce, k_nonce);
  unsigned long long size = 0;
  crypto_aead_xchacha20poly1305_ietf_encrypt(nonce + k_nonce, &size, bytes_of(text), text.size(),
                                             bytes_of(about), about.size(), nullptr, nonce,
                                             bytes_of(std::string_view(key_.reveal())));
  return std::string(k_version) + base64(sealed);
}

Secret SealKey::open(std::string_view sealed, std::string_view about) const {
  if (!sealed.starts_with(k_version)) throw wrong_key(id_);
  const auto bytes = from_base64(sealed.substr(k_version.size()));
  if (!bytes || bytes->size() < k_nonce + k_tag) throw wrong_key(id_);
  std::string plain(bytes->size() - k_nonce - k_tag, '\0');
  const auto* const nonce = bytes_of(std::string_view(*bytes));
  unsigned long long size = 0;
  if (crypto_aead_xchacha20poly1305_ietf_decrypt(bytes_of(plain), &size, nullptr, nonce + k_nonce,
                                                 bytes->size() - k_nonce, bytes_of(about), about.size(),
                                                 nonce, bytes_of(std::string_view(key_.reveal()))) != 0)
    throw wrong_key(id_);
  return Secret(std::move(plain));
}

}  // namespace ringctl::base
