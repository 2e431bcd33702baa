#pragma once
// Webhooks as Twilio sends them, for trying a server out: each kind with every parameter that is always
// there, and those that tell it from the others.

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "twilio/form.hpp"

namespace ringctl::twilio {

struct WebhookKind {
  std::string_view name;  ///< "inbound-call"
  std::string_view says;  ///< what has happened
  bool wants_twiml;       ///< Twilio does what is answered; else it only wants to hear that it arrived
  std::string_view status_parameter = {};  ///< "CallStatus": what WebhookFacts::status is; "" = nothing
  std::string_view usual_status = {};
};
std::span<const WebhookKind> webhook_kinds();
const WebhookKind* find_webhook_kind(std::string_view name);

struct WebhookFacts {
  std::string account_sid;  ///< AC...
  std::string sid;          ///< of the call or message, CA... or SM...
  std::string leg_sid;      ///< of the leg that an agent was rung by, CA...
  std::string from, to;
  std::string status = {};  ///< "" = the usual one
  base::Instant at;
  /// Put in the place of what would be there, or added, in this order; a name given twice stands there twice.
  std::vector<std::pair<std::string, std::string>> changes = {};
};

/// "SM" for messages, else "CA": what the sid of this kind begins with.
std::string_view sid_prefix(const WebhookKind&);
/// The body of the POST.
Form sample_webhook(const WebhookKind&, const WebhookFacts&);

}  // namespace ringctl::twilio
