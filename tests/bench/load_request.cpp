#include "bench/load_request.hpp"

#include <fmt/format.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include <algorithm>
#include <array>
#include <random>
#include <stdexcept>

namespace ringctl::bench {
namespace {

/// application/x-www-form-urlencoded, as Twilio writes it.
std::string encode(std::string_view text) {
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

void require(bool fine) {
  if (!fine) throw std::runtime_error("OpenSSL has no HMAC-SHA1");
}

}  // namespace

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

Requests::Requests(RequestOptions options) : options_(std::move(options)), signer_(options_.token) {
  std::random_device random;
  run_ = fmt::format("{:08x}{:08x}", random(), random());
  add("AccountSid", options_.account_sid);
  add("ApiVersion", "2010-04-01");
  add("CallSid", "");
  add("CallStatus", "ringing");
  add("CallerCity", "WASHINGTON");
  add("CallerCountry", "US");
  add("CallerState", "DC");
  add("CallerZip", "20004");
  add("CalledCity", "NEW YORK");
  add("CalledCountry", "US");
  add("CalledState", "NY");
  add("CalledZip", "10001");
  add("Called", options_.to);
  add("Caller", "");
  add("Direction", "inbound");
  add("From", "");
  add("FromCity", "WASHINGTON");
  add("FromCountry", "US");
  add("FromState", "DC");
  add("FromZip", "20004");
  add("To", options_.to);
  add("ToCity", "NEW YORK");
  add("ToCountry", "US");
  add("ToState", "NY");
  add("ToZip", "10001");
  for (const auto& [name, value] : options_.fields) add(name, value);
  std::sort(fields_.begin(), fields_.end(), [](const Field& a, const Field& b) { return a.name < b.name; });
  for (const auto& caller : options_.callers) encoded_callers_.push_back(encode(caller));
}

void Requests::add(std::string name, std::string value) {
  Field field{.name = name, .value = std::move(value), .encoded = {}};
  field.encoded = encode(field.value);
  if (field.value.empty() && (name == "From" || name == "Caller")) field.kind = Field::caller;
  if (field.value.empty() && name == "CallSid") field.kind = Field::call_sid;
  const auto known =
      std::find_if(fields_.begin(), fields_.end(), [&](const Field& f) { return f.name == name; });
  if (known != fields_.end())
    *known = std::move(field);
  else
    fields_.push_back(std::move(field));
}

std::string_view Requests::next(std::string& out) {
  const auto turn = count_ % options_.callers.size();
  call_sid_ = fmt::format("CA{}{:016x}", run_, count_++);
  signed_.assign(options_.public_url).append(options_.path);
  body_.clear();
  for (const auto& field : fields_) {
    std::string_view value = field.value, encoded = field.encoded;
    if (field.kind == Field::caller) value = options_.callers[turn], encoded = encoded_callers_[turn];
    if (field.kind == Field::call_sid) value = encoded = call_sid_;
    signed_.append(field.name).append(value);
    body_.append(body_.empty() ? "" : "&").append(field.name).append("=").append(encoded);
  }
  out.clear();
  fmt::format_to(std::back_inserter(out),
                 "POST {} HTTP/1.1\r\nHost: {}\r\nUser-Agent: TwilioProxy/1.1\r\nAccept: */*\r\n"
                 "Content-Type: application/x-www-form-urlencoded; charset=UTF-8\r\nContent-Length: {}\r\n"
                 "I-Twilio-Idempotency-Token: {}\r\nX-Twilio-Signature: {}\r\n{}\r\n",
                 options_.path, options_.host, body_.size(), call_sid_, signer_.sign(signed_),
                 options_.close ? "Connection: close\r\n" : "");
  out.append(body_);
  return call_sid_;
}

}  // namespace ringctl::bench
