#include "sim/callbacks.hpp"

#include <algorithm>

#include "sim/core.hpp"
#include "sim/rest_json.hpp"

namespace ringctl::sim {
namespace {

/// Of how the other side said it.
std::string sip_code_of(const std::string& status) {
  if (status == "completed") return "200";
  if (status == "busy") return "486";
  if (status == "failed") return "404";
  return status == "canceled" ? "487" : "480";
}

void add_end(const Core& core, const Leg& leg, Parameters& parameters) {
  const auto talked = leg.call.duration(core.agenda.now()).count();
  set_parameter(parameters, "CallDuration", std::to_string(talked));
  set_parameter(parameters, "SipResponseCode", sip_code_of(leg.call.status));
  if (leg.call.status != "completed") return;
  set_parameter(parameters, "Duration", std::to_string((talked + 59) / 60));
  if (leg.rest_recording.empty()) return;
  set_parameter(parameters, "RecordingSid", leg.rest_recording);
  set_parameter(parameters, "RecordingUrl", core.recordings.url_of(leg.rest_recording));
  set_parameter(parameters, "RecordingDuration", core.recordings.duration_of(leg.rest_recording));
}

}  // namespace

void set_parameter(Parameters& parameters, const std::string& name, const std::string& value) {
  const auto at = std::find_if(parameters.begin(), parameters.end(),
                               [&](const auto& parameter) { return parameter.first == name; });
  if (at == parameters.end())
    parameters.emplace_back(name, value);
  else
    at->second = value;
}

Parameters call_parameters(const Core& core, const Leg& leg) {
  const auto& call = leg.call;
  Parameters parameters{{"CallSid", call.sid},        {"AccountSid", core.account.sid},
                        {"From", call.from},          {"To", call.to},
                        {"Caller", call.from},        {"Called", call.to},
                        {"CallStatus", call.status},  {"ApiVersion", "2010-04-01"},
                        {"Direction", call.direction}};
  if (!call.parent_sid.empty()) parameters.emplace_back("ParentCallSid", call.parent_sid);
  if (!call.caller_name.empty()) parameters.emplace_back("CallerName", call.caller_name);
  if (!call.forwarded_from.empty()) parameters.emplace_back("ForwardedFrom", call.forwarded_from);
  if (!call.answered_by.empty()) parameters.emplace_back("AnsweredBy", call.answered_by);
  return parameters;
}

void tell_status(Core& core, Leg& leg, const std::string& event) {
  bool counted = false;
  for (const auto& subscription : leg.subscriptions) {
    const auto& events = subscription.events;
    if (subscription.hook.url.empty() || std::find(events.begin(), events.end(), event) == events.end())
      continue;
    auto parameters = call_parameters(core, leg);
    for (const auto& [name, value] : leg.own_parameters) set_parameter(parameters, name, value);
    if (leg.over()) add_end(core, leg, parameters);
    set_parameter(parameters, "Timestamp", rfc2822(core.now()));
    set_parameter(parameters, "CallbackSource", "call-progress-events");
    set_parameter(parameters, "SequenceNumber", std::to_string(leg.sequence));
    counted = true;
    core.tell("status", leg.sid(), subscription.hook, std::move(parameters));
  }
  if (counted) ++leg.sequence;
}

}  // namespace ringctl::sim
