#pragma once
// Keys and certificates, made on the spot. Only for tests that link OpenSSL.

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>

namespace ringctl::test {

template <auto Free>
struct Freed {
  template <typename T>
  void operator()(T* thing) const {
    Free(thing);
  }
};
using Key = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Freed<X509_free>>;

struct CertificateOptions {
  std::string name = "localhost";  ///< the one name it is for
  std::chrono::seconds from = std::chrono::hours(-1), until = std::chrono::hours(24);  ///< from now
};

/// A new key and a certificate of it that it signed itself: DIR/certificate.pem and DIR/key.pem.
inline void make_certificate(const std::filesystem::path& dir, const CertificateOptions& options = {}) {
  using File = std::unique_ptr<std::FILE, Freed<std::fclose>>;
  const Key key(EVP_EC_gen("P-256"));
  const Certificate certificate(X509_new());
  X509_set_version(certificate.get(), 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), options.from.count());
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), options.until.count());
  X509_set_pubkey(certificate.get(), key.get());
  auto* const subject = X509_get_subject_name(certificate.get());
  X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(options.name.c_str()), -1, -1, 0);
  X509_set_issuer_name(certificate.get(), subject);
  const auto names = "DNS:" + options.name;
  const std::unique_ptr<X509_EXTENSION, Freed<X509_EXTENSION_free>> alternative(
      X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, names.c_str()));
  X509_add_ext(certificate.get(), alternative.get(), -1);
  X509_sign(certificate.get(), key.get(), EVP_sha256());
  PEM_write_X509(File(std::fopen((dir / "certificate.pem").c_str(), "w")).get(), certificate.get());
  PEM_write_PrivateKey(File(std::fopen((dir / "key.pem").c_str(), "w")).get(), key.get(), nullptr, nullptr, 0,
                       nullptr, nullptr);
  ::chmod((dir / "key.pem").c_str(), 0600);
}

}  // namespace ringctl::test
