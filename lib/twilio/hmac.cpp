#include "twilio/hmac.hpp"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <algorithm>

#include "base/error.hpp"

namespace ringctl::twilio {
namespace {

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

void require(bool succeeded) {
  if (!succeeded) throw Error(Errc::failure, "twilio.no_hmac", "OpenSSL offers no HMAC with this hash");
}

/// Looked up once; it lives as long as the process.
EVP_MAC* hmac() {
  static EVP_MAC* const mac = EVP_MAC_fetch(nullptr, "HMAC", nullptr);
  require(mac != nullptr);
  return mac;
}

/// Room for the padding and the NUL that EVP_EncodeBlock writes.
void encode(std::string_view bytes, unsigned char* out) {
  EVP_EncodeBlock(out, bytes_of(bytes), static_cast<int>(bytes.size()));
}

}  // namespace

void Hmac::Free::operator()(evp_mac_ctx_st* context) const { EVP_MAC_CTX_free(context); }

Hmac::Hmac(Hash hash, std::string_view key) : context_(EVP_MAC_CTX_new(hmac())) {
  require(context_ != nullptr);
  std::string name = hash == Hash::sha1 ? "SHA1" : "SHA256";
  const std::array<OSSL_PARAM, 2> parameters{
      OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, name.data(), 0), OSSL_PARAM_construct_end()};
  require(EVP_MAC_init(context_.get(), bytes_of(key), key.size(), parameters.data()) == 1);
}
Hmac::~Hmac() = default;
Hmac::Hmac(Hmac&&) noexcept = default;
Hmac& Hmac::operator=(Hmac&&) noexcept = default;

void Hmac::start() { require(EVP_MAC_init(context_.get(), nullptr, 0, nullptr) == 1); }

void Hmac::update(std::string_view text) {
  require(EVP_MAC_update(context_.get(), bytes_of(text), text.size()) == 1);
}

std::string_view Hmac::finish() {
  std::size_t size = 0;
  require(EVP_MAC_final(context_.get(), reinterpret_cast<unsigned char*>(bytes_.data()), &size,
                        bytes_.size()) == 1);
  return {bytes_.data(), size};
}

std::string base64(std::string_view bytes) {
  std::string out((bytes.size() + 2) / 3 * 4 + 1, '\0');
  encode(bytes, reinterpret_cast<unsigned char*>(out.data()));
  out.pop_back();
  return out;
}

std::string base64_url(std::string_view bytes) {
  auto out = base64(bytes);
  std::ranges::replace(out, '+', '-');
  std::ranges::replace(out, '/', '_');
  while (out.ends_with('=')) out.pop_back();
  return out;
}

SignatureText signature_text(std::string_view sha1) {
  std::array<unsigned char, 29> encoded{};
  encode(sha1.substr(0, 20), encoded.data());
  SignatureText out{};
  std::copy_n(encoded.begin(), out.size(), out.begin());
  return out;
}

bool equal_in_constant_time(std::string_view one, std::string_view other) {
  return one.size() == other.size() && CRYPTO_memcmp(one.data(), other.data(), one.size()) == 0;
}

}  // namespace ringctl::twilio
