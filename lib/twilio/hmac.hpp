#pragma once
// Keyed hashes through OpenSSL, and their text. Internal to this room.

#include <array>
#include <memory>
#include <string>
#include <string_view>

struct evp_mac_ctx_st;

namespace ringctl::twilio {

enum class Hash { sha1, sha256 };

/// An HMAC whose key was taken in once: start(), update() any number of times, finish(), and again.
class Hmac {
 public:
  Hmac(Hash hash, std::string_view key);
  ~Hmac();
  Hmac(Hmac&&) noexcept;
  Hmac& operator=(Hmac&&) noexcept;

  void start();
  void update(std::string_view);
  /// The bytes, valid until the next start().
  std::string_view finish();

 private:
  struct Free {
    void operator()(evp_mac_ctx_st*) const;
  };
  std::unique_ptr<evp_mac_ctx_st, Free> context_;
  std::array<char, 32> bytes_{};
};

/// Standard alphabet, padded.
std::string base64(std::string_view bytes);
/// URL alphabet, unpadded, as in a JWT.
std::string base64_url(std::string_view bytes);

/// Base64 of 20 bytes without allocating.
using SignatureText = std::array<char, 28>;
SignatureText signature_text(std::string_view sha1);

/// In time that depends on the lengths alone.
bool equal_in_constant_time(std::string_view, std::string_view);

}  // namespace ringctl::twilio
