#pragma once
// One attempt: what goes out for an Ask, and what the answer to it means. Internal to this room.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "http/message.hpp"
#include "twilio/client.hpp"

namespace ringctl::twilio {

/// Letters, digits and -_.~ as they are, the rest as %XX: a part of a path, or a name or value.
std::string encoded(std::string_view text);
/// "a=b&c=d", encoded.
std::string encoded(const Fields&);

/// The path that is asked, of its API's base: "/2010-04-01/Accounts/AC.../Calls.json".
std::string path_of(const Ask&, std::string_view account_sid);
std::string_view base_of(const Bases&, Api);
http::Request request_of(const Ask&, const ClientOptions&);

/// What came of an attempt.
struct Attempt {
  enum class Next : std::uint8_t {
    reply,  ///< it is `reply`
    again,  ///< once more, and `failed` if that may not be
    stop,   ///< it is `failed`
  };
  Next next = Next::stop;
  bool too_fast = false;  ///< 429 or 503
  Reply reply = {};
  Failed failed = {};
};
Attempt judge(const Ask&, http::Outcome);

}  // namespace ringctl::twilio
