#pragma once
// What Twilio says of a leg when it asks a URL for TwiML or tells one of a status.

#include <string>

#include "sim/web.hpp"

namespace ringctl::sim {

class Core;
class Leg;

/// Sets the value of a name, in its place if it is there.
void set_parameter(Parameters& parameters, const std::string& name, const std::string& value);
/// CallSid, From, To, CallStatus and the others that come with every request about a leg.
Parameters call_parameters(const Core& core, const Leg& leg);
/// Tells those who subscribed to it: initiated ringing answered completed.
void tell_status(Core& core, Leg& leg, const std::string& event);

}  // namespace ringctl::sim
