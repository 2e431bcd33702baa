#pragma once
// X-Twilio-Signature: did this request come from whoever holds the account's auth token? Gives the verdicts
// of Twilio's own helper library (npm `twilio` 6), which a test holds it against; the differences are written
// at verify(). A signature has no time in it, so a captured request verifies for ever: telling a replay from
// news is the caller's work.

#include <array>
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/secret.hpp"
#include "twilio/form.hpp"

namespace ringctl::twilio {

enum class Signed {
  ok,
  missing,        ///< there is no signature
  mismatch,       ///< no token gives this signature for any spelling of the URL
  no_token,       ///< no token to check with
  body_mismatch,  ///< the URL is signed, but its bodySHA256 is not that of the body, or a body has none
};

/// What of a request is signed.
struct Request {
  /// "https://hooks.example.org", with a port and the beginning of a path if they belong to the URL that
  /// Twilio was given. From configuration, never from the request. A user and password in it are not signed.
  std::string_view base;
  std::string_view target;     ///< as received: path and query, still encoded
  std::string_view signature;  ///< the header's value; "" = there was none
  const Form* form = nullptr;  ///< the parameters of a form POST
  std::string_view body = {};  ///< as received; needed without a form, and where the URL holds bodySHA256
};

/// Which of several spellings and tokens it was.
struct Match {
  std::string url;
  std::size_t token = 0;
};

/// What verify() needs beside its request, kept from one to the next so that it allocates nothing of its own
/// once it has seen a request of this size. Belongs to one thread. Holds copies of the tokens.
class Scratch {
 public:
  Scratch();
  ~Scratch();
  Scratch(Scratch&&) noexcept;
  Scratch& operator=(Scratch&&) noexcept;

 private:
  friend class Check;
  struct State;
  std::unique_ptr<State> state_;
};

/// Tries every token for every spelling of the URL that the helper library tries: without its port, with it
/// (or the scheme's own), each also with characters encoded that a URL parser encodes, and with its query
/// written anew. Parameters of a form are sorted by bytes, duplicates count once; a URL that holds
/// `bodySHA256` is signed alone and the body compared with that. Comparing takes the same time whatever the
/// signature. Unlike the helper: a user and password in the base are left out, a body that is no form must
/// have a bodySHA256 (or else nothing would vouch for it), wss has port 443, and bytes that are not UTF-8 are
/// signed as they came. Does not throw on any input; `match` is for explaining and costs an allocation.
Signed verify(const Request&, std::span<const base::Secret> tokens, Scratch&, Match* match = nullptr);

/// The spellings of the URL that verify() tries, in its order, without repetition.
std::vector<std::string> candidate_urls(const Request&);
/// What follows the URL in the signed text: sorted names and values. "" without a form.
std::string signed_parameters(const Request&);

/// The header's value for a POST of `form` to `url`, or of no form (GET, JSON).
std::string sign(std::string_view token, std::string_view url, const Form& form = {});

}  // namespace ringctl::twilio
