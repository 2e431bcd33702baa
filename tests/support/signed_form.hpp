#pragma once
// The form of a webhook and its signature, as Twilio makes them. Apart from lib/twilio on purpose: what
// checks signatures is not what made them.

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

struct evp_mac_st;
struct evp_mac_ctx_st;

namespace ringctl::test {

/// Names and values as they are meant, in the order of the body; a name may stand there twice.
using Form = std::vector<std::pair<std::string, std::string>>;

/// application/x-www-form-urlencoded
std::string encode_component(std::string_view);
std::string encode_form(const Form&);

/// HMAC-SHA1 with one key, in Base64: what stands in X-Twilio-Signature.
class Signer {
 public:
  explicit Signer(std::string_view token);
  std::string sign(std::string_view text);

 private:
  struct Free {
    void operator()(evp_mac_st*) const;
    void operator()(evp_mac_ctx_st*) const;
  };
  std::unique_ptr<evp_mac_st, Free> mac_;
  std::unique_ptr<evp_mac_ctx_st, Free> context_;
};

/// The signature of a form that is posted to a URL: names sorted by byte, what stands there twice alike once.
std::string signature(std::string_view token, std::string_view url, Form);

}  // namespace ringctl::test
