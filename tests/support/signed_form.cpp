#include "support/signed_form.hpp"

#include <fmt/format.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include <algorithm>
#include <array>
#include <stdexcept>

namespace ringctl::test {
namespace {

void require(bool fine) {
  if (!fine) throw std::runtime_error("OpenSSL has no HMAC-SHA1");
}

}  // namespace

std::string encode_component(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                       c == '-' || c == '.' || c == '_';
    if (plain)
      out.push_back(c);
    else if (c == ' ')
      out.push_back('+');
    else
      fmt::format_to(std::back_inserter(out), "%{:02X}", static_cast<unsigned char>(c));
  }
  return out;
}

std::string encode_form(const Form& form) {
  std::string body;
  for (const auto& [name, value] : form)
    body.append(body.empty() ? "" : "&")
        .append(encode_component(name))
        .append("=")
        .append(encode_component(value));
  return body;
}

void Signer::Free::operator()(evp_mac_st* mac) const { EVP_MAC_free(mac); }
void Signer::Free::operator()(evp_mac_ctx_st* context) const { EVP_MAC_CTX_free(context); }

Signer::Signer(std::string_view token) : mac_(EVP_MAC_fetch(nullptr, "HMAC", nullptr)) {
  require(mac_ != nullptr);
  context_.reset(EVP_MAC_CTX_new(mac_.get()));
  std::string digest = "SHA1";
  const std::array<OSSL_PARAM, 2> parameters = {
      OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest.data(), 0), OSSL_PARAM_construct_end()};
  require(context_ && EVP_MAC_init(context_.get(), reinterpret_cast<const unsigned char*>(token.data()),
                                   token.size(), parameters.data()) == 1);
}

std::string Signer::sign(std::string_view text) {
  std::array<unsigned char, 20> digest{};
  std::array<unsigned char, 29> base64{};
  std::size_t size = 0;
  // Without a key the one given first is taken again.
  require(EVP_MAC_init(context_.get(), nullptr, 0, nullptr) == 1 &&
          EVP_MAC_update(context_.get(), reinterpret_cast<const unsigned char*>(text.data()), text.size()) ==
              1 &&
          EVP_MAC_final(context_.get(), digest.data(), &size, digest.size()) == 1);
  const auto length = EVP_EncodeBlock(base64.data(), digest.data(), static_cast<int>(size));
  return {base64.begin(), base64.begin() + length};
}

std::string signature(std::string_view token, std::string_view url, Form form) {
  std::sort(form.begin(), form.end());
  form.erase(std::unique(form.begin(), form.end()), form.end());
  std::string text(url);
  for (const auto& [name, value] : form) text.append(name).append(value);
  return Signer(token).sign(text);
}

}  // namespace ringctl::test
