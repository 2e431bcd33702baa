#include "net/tls.hpp"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/stat.h>

#include <array>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "net/transports.hpp"

namespace ringctl::net {
namespace {

/// AEAD suites with forward secrecy; those of TLS 1.3 are that already.
constexpr const char* k_ciphers = "ECDHE+AESGCM:ECDHE+CHACHA20";

/// OpenSSL's first complaint, and none left behind for the next caller.
std::string complaint() {
  std::array<char, 256> text{};
  const auto code = ERR_get_error();
  if (code == 0) return "no reason given";
  ERR_error_string_n(code, text.data(), text.size());
  ERR_clear_error();
  const char* const reason = ERR_reason_error_string(code);
  return reason != nullptr ? reason : text.data();
}

Error unusable(const char* what, const std::filesystem::path& path) {
  return {Errc::config, "tls.unusable",
          fmt::format("could not use the {} {}: {}", what, path.string(), complaint())};
}

void require_guarded(const std::filesystem::path& key) {
  struct stat info {};
  if (::stat(key.c_str(), &info) != 0 || (info.st_mode & 027U) == 0) return;  // absent: OpenSSL says so
  throw Error(
      Errc::config, "tls.key_permissions",
      fmt::format("the TLS key {} is open to others (mode {:04o})", key.string(), info.st_mode & 07777U),
      fmt::format("chmod 640 {}", key.string()));
}

/// A client that offers ALPN gets http/1.1 if that is among it, and no answer otherwise.
int choose_protocol(SSL*, const unsigned char** out, unsigned char* out_size, const unsigned char* in,
                    unsigned in_size, void*) {
  static constexpr std::string_view k_ours = "http/1.1";
  for (unsigned at = 0; at < in_size;) {
    const unsigned size = in[at];
    if (size > in_size - at - 1) break;
    const auto* const name = in + at + 1;
    if (std::string_view(reinterpret_cast<const char*>(name), size) == k_ours) {
      *out = name;
      *out_size = static_cast<unsigned char>(size);
      return SSL_TLSEXT_ERR_OK;
    }
    at += size + 1;
  }
  return SSL_TLSEXT_ERR_NOACK;
}

}  // namespace

std::shared_ptr<asio::ssl::context> load_tls(const TlsFiles& files) {
  ERR_clear_error();
  require_guarded(files.key);
  auto context = std::make_shared<asio::ssl::context>(asio::ssl::context::tls_server);
  auto* const native = context->native_handle();
  SSL_CTX_set_min_proto_version(native, TLS1_2_VERSION);
  SSL_CTX_set_options(native,
                      SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE);
  SSL_CTX_set_mode(native, SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_cipher_list(native, k_ciphers);
  SSL_CTX_set_alpn_select_cb(native, choose_protocol, nullptr);
  // A key with a passphrase is an error here, not a question on the terminal.
  SSL_CTX_set_default_passwd_cb(native, [](char*, int, int, void*) { return 0; });
  if (SSL_CTX_use_certificate_chain_file(native, files.certificate.c_str()) != 1)
    throw unusable("TLS certificate", files.certificate);
  if (SSL_CTX_use_PrivateKey_file(native, files.key.c_str(), SSL_FILETYPE_PEM) != 1 ||
      SSL_CTX_check_private_key(native) != 1)
    throw unusable("TLS key", files.key);
  return context;
}

std::optional<base::Instant> expires_at(asio::ssl::context& context) {
  std::tm utc{};
  const auto* const certificate = SSL_CTX_get0_certificate(context.native_handle());
  if (certificate == nullptr || ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &utc) != 1)
    return std::nullopt;
  return base::Instant(std::chrono::seconds(::timegm(&utc)));
}

}  // namespace ringctl::net
