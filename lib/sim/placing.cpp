#include "sim/placing.hpp"

#include <algorithm>
#include <memory>
#include <utility>

#include "sim/callbacks.hpp"
#include "sim/core.hpp"
#include "sim/pace.hpp"
#include "sim/verbs.hpp"

namespace ringctl::sim {
namespace {

constexpr int k_no_url = 11100;
constexpr int k_no_application = 21218;

/// Where a call's TwiML comes from, and who is told of its end.
struct Source {
  Hook voice = {}, fallback = {}, status = {};
};

Source source_of(const Application& application) {
  return {application.voice_hook, application.voice_fallback, application.status_callback};
}

/// An application goes before the number's own URLs.
Source source_of(const Core& core, const Number& number) {
  const auto& applications = std::as_const(core.account).applications;
  if (const auto* const application = applications.find(number.voice_application_sid))
    return source_of(*application);
  return {number.voice_hook, number.voice_fallback, number.status_callback};
}

void begin(Leg& leg, const Source& source, std::vector<Doing> then) {
  leg.fallback = source.fallback;
  Subscription subscription;
  subscription.hook = source.status;
  leg.subscriptions.push_back(std::move(subscription));
  leg.set_status("ringing");
  leg.limit_time();
  if (source.voice.url.empty()) {
    leg.core.problem(leg.sid(), k_no_url, "nobody says what to do with calls to " + leg.call.to);
    return leg.end("failed");
  }
  Page page;
  page.hook = source.voice;
  leg.start(leg.run(std::move(page)));
  leg.start_person(std::move(then));
}

Leg& add_inbound(Core& core, const std::string& from, const std::string& to) {
  Call call;
  call.from = from;
  call.to = to;
  if (const auto* const number = core.account.find_number(to)) call.phone_number_sid = number->sid;
  return core.add_leg(std::move(call));
}

void come_in(Leg& leg, std::vector<Doing> then) {
  auto& core = leg.core;
  leg.trail.push_back(leg.call.to);
  const auto* const number = core.account.find_number(leg.call.to);
  if (number == nullptr || !number->voice) {
    leg.end("failed");
  } else if (!number->trunk_sid.empty()) {
    leg.runs_script = false;
    core.note(What::did, leg.sid(), "goes to the trunk", {{"who", "network"}, {"trunk", number->trunk_sid}});
    leg.set_status("ringing");
    leg.pick_up();
    leg.start_person(std::move(then));
  } else {
    begin(leg, source_of(core, *number), std::move(then));
  }
}

// --- placed by REST ---

bool is_machine(const std::string& answered_by) {
  return answered_by.starts_with("machine") || answered_by == "fax";
}

std::string answered_by(Leg& leg, const PlacedCall& placed) {
  const auto person = leg.core.people.of(leg.holder());
  auto who = person.answered_by;
  if (person.pickup == Pickup::voicemail && !is_machine(who)) who = "machine_start";
  if (placed.machine_detection == "DetectMessageEnd" && who == "machine_start") who = "machine_end_beep";
  return who;
}

milliseconds detection_time(const std::string& who) {
  return who.starts_with("machine_end") ? k_until_detected + k_until_beep : k_until_detected;
}

void tell_detected(Core& core, const std::string& sid, const Hook& hook, const std::string& who) {
  auto* const leg = core.find_leg(sid);
  if (leg == nullptr || leg->over()) return;
  leg->call.answered_by = who;
  leg->save();
  core.tell("amd", sid, hook,
            {{"CallSid", sid},
             {"AccountSid", core.account.sid},
             {"AnsweredBy", who},
             {"MachineDetectionDuration", std::to_string(detection_time(who).count())}});
}

/// Holds the call up until it is known who answers, unless that is to be told later.
Task<void> detect(Leg& leg, const PlacedCall& placed) {
  if (placed.machine_detection.empty()) co_return;
  auto who = answered_by(leg, placed);
  if (placed.async_amd) {
    leg.core.later(detection_time(who), [&core = leg.core, sid = leg.sid(), hook = placed.async_amd_callback,
                                         who] { tell_detected(core, sid, hook, who); });
    co_return;
  }
  if (!co_await leg.pass(detection_time(who))) co_return;
  leg.call.answered_by = who;
  leg.save();
}

void record(Leg& leg, const PlacedCall& placed) {
  if (!placed.record) return;
  RecordingSetup setup;
  setup.call_sid = leg.sid();
  setup.source = "OutboundAPI";
  setup.channels = placed.recording_channels;
  setup.track = placed.recording_track;
  setup.callback = placed.recording_callback;
  setup.events = placed.recording_events;
  leg.rest_recording = leg.core.recordings.start(setup);
}

/// A call on its way out.
struct Placing {
  PlacedCall placed = {};
  Page page = {};                 ///< what it runs,
  std::optional<Join> join = {};  ///< or the conference that it joins
  Instant slot = {};
};

/// What REST placed, from the queue to its end.
Task<void> be_placed(Leg& leg, std::shared_ptr<const Placing> placing) {
  const auto& placed = placing->placed;
  const auto slot = placing->slot;
  while (!leg.over() && leg.core.now() < slot) co_await leg.next(slot);
  if (leg.over()) co_return;
  leg.call.queue_time = leg.core.now() - leg.call.created_at;
  if (!co_await leg.ring_holder(leg.core.now() + placed.timeout)) co_return;
  record(leg, placed);
  leg.dial_digits(placed.send_digits);
  co_await detect(leg, placed);
  if (leg.over()) co_return;
  if (placing->join && !leg.leaving()) {
    std::optional<Instant> for_ever;
    co_await meet(leg, *placing->join, false, for_ever);
    if (!leg.leaving()) leg.end("completed");
  }
  if (leg.over()) co_return;
  auto page = placing->page;
  co_await leg.run(std::move(page));
}

}  // namespace

std::string call_in(Core& core, const std::string& from, const std::string& to, std::vector<Doing> then,
                    const Parameters& extra) {
  auto& leg = add_inbound(core, from, to);
  leg.own_parameters = extra;
  come_in(leg, std::move(then));
  return leg.sid();
}

void call_number(Leg& leg) {
  auto& other = add_inbound(leg.core, leg.call.from, leg.call.to);
  other.trail = leg.trail;
  other.twin_sid = leg.sid();
  leg.twin_sid = other.sid();
  come_in(other, {});
}

std::string call_from_client(Core& core, const std::string& identity, const std::string& application_sid,
                             const Parameters& own, std::vector<Doing> then) {
  Call call;
  call.from = identity.starts_with("client:") ? identity : "client:" + identity;
  for (const auto& [name, value] : own)
    if (name == "To") call.to = value;
  auto& leg = core.add_leg(std::move(call));
  const auto sid = leg.sid();
  const auto* const application = core.account.applications.find(application_sid);
  if (application == nullptr) {
    core.problem(sid, k_no_application, "there is no such TwiML app: " + application_sid);
    leg.end("failed");
    return sid;
  }
  leg.first_parameters = own;
  set_parameter(leg.first_parameters, "ApplicationSid", application_sid);
  begin(leg, source_of(*application), std::move(then));
  return sid;
}

std::string place(Core& core, const PlacedCall& placed, std::optional<Join> join,
                  std::optional<Refusal>& refusal) {
  Page page;
  page.hook = placed.url;
  page.twiml = placed.twiml;
  auto fallback = placed.fallback;
  Subscription subscription;
  subscription.hook = placed.status_callback;
  subscription.events = placed.status_events;
  if (!placed.application_sid.empty()) {
    const auto* const application = core.account.applications.find(placed.application_sid);
    if (application == nullptr) {
      refusal = Refusal{400, k_no_application, "Invalid ApplicationSid: " + placed.application_sid};
      return {};
    }
    page.hook = application->voice_hook;
    fallback = application->voice_fallback;
    if (subscription.hook.url.empty()) subscription.hook = application->status_callback;
  }
  Call call;
  call.from = placed.from;
  call.to = placed.to;
  call.direction = "outbound-api";
  call.caller_name = placed.caller_name;
  auto& leg = core.add_leg(std::move(call));
  const auto sid = leg.sid();
  leg.fallback = fallback;
  leg.time_limit = placed.time_limit;
  leg.subscriptions.push_back(std::move(subscription));
  auto placing =
      std::make_shared<const Placing>(Placing{placed, std::move(page), std::move(join), core.next_slot()});
  // From a step of its own: whoever asked is told of the call first.
  core.later(milliseconds(0), [&core, sid, placing] {
    auto* const then = core.find_leg(sid);
    if (then != nullptr && !then->over()) then->start(be_placed(*then, placing));
  });
  return sid;
}

}  // namespace ringctl::sim
