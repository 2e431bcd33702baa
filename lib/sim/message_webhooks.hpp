#pragma once
// Where the network asks about a message, and what it says of it.

#include <optional>
#include <string>

#include "sim/resources.hpp"
#include "sim/web.hpp"

namespace ringctl::sim {

/// The webhooks of what comes in to a number. Empty: nobody is asked. Absent: the number's service drops it.
struct InboundHooks {
  Hook hook = {}, fallback = {};
};
/// Messaging service, unless it leaves it to the number; then TwiML app; then the number itself.
std::optional<InboundHooks> find_inbound_hooks(const Account&, const Number&);

Parameters inbound_parameters(const Account&, const Message&);
/// `done_at`: when the other network answered, where it did.
Parameters status_parameters(const Account&, const Message&, std::optional<Instant> done_at);

/// What a picture's URL says it is: "image/jpeg" where it says nothing.
std::string media_type(std::string_view url);

}  // namespace ringctl::sim
