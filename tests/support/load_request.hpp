#pragma once
// The webhooks that the load driver posts: a call or a text comes in, as Twilio says it, signed.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "support/signed_form.hpp"

namespace ringctl::test {

struct RequestOptions {
  std::string public_url = {};  ///< "https://pbx.example.com": what is signed, with the path
  std::string host = {};        ///< of the Host header
  std::string path = {};
  std::string token = {};
  std::string account_sid = {};
  std::string to = {};
  std::vector<std::string> callers = {};  ///< E.164, taken in turn; not empty
  Form fields = {};                       ///< beside the usual ones, or in their place
  bool texts = false;                     ///< texts, in the place of calls
  bool close = false;                     ///< ask for the end of the connection
};

/// Writes one request after the other, each with a CallSid, or MessageSid, that no other run has.
class Requests {
 public:
  explicit Requests(RequestOptions);
  /// Replaces `out` by the bytes of the next request; returns its SID, valid until the next call.
  std::string_view next(std::string& out);

 private:
  struct Field {
    std::string name, value, encoded;  ///< both names and values as they are signed; `encoded` in the body
    enum { fixed, caller, sid } kind = fixed;
  };
  void add_call();
  void add_text();
  void add_place(const std::string& whose, const std::string& city, const std::string& state,
                 const std::string& zip);
  void add(std::string name, std::string value);

  RequestOptions options_;
  Signer signer_;
  std::vector<Field> fields_;  ///< ordered by name
  std::vector<std::string> encoded_callers_;
  std::string run_, sid_, signed_, body_;
  std::uint64_t count_ = 0;
};

}  // namespace ringctl::test
