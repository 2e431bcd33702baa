// The network's face: who calls in, what REST asks for, and what it refuses.

#include "sim/network.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/text.hpp"
#include "sim/core.hpp"
#include "sim/placing.hpp"

namespace ringctl::sim {
namespace {

constexpr int k_wrong_state = 21220;
constexpr int k_not_found = 20404;

Refusal not_found(const std::string& what) {
  return {404, k_not_found, fmt::format("The requested resource {} was not found", what)};
}

Refusal wrong_state(std::string why) { return {400, k_wrong_state, std::move(why)}; }

Page page_of(const CallChange& change) {
  Page page;
  page.kind = "update";
  if (change.url) page.hook = *change.url;
  if (change.twiml) page.twiml = *change.twiml;
  return page;
}

}  // namespace

struct Network::Impl {
  Impl(Agenda& agenda, Account& account, Web& web, Timeline& timeline, Sids& sids)
      : core(agenda, account, web, timeline, sids) {}

  /// A leg that lives, or a refusal.
  Leg* find_live(const std::string& call_sid, std::optional<Refusal>& refusal) {
    auto* const leg = core.find_leg(call_sid);
    if (leg != nullptr && !leg->over()) return leg;
    const bool known = leg != nullptr || core.account.calls.find(call_sid) != nullptr;
    refusal = known ? wrong_state("Call is not in-progress. Cannot change it.") : not_found(call_sid);
    return nullptr;
  }

  Leg* find_up(const std::string& call_sid, std::optional<Refusal>& refusal) {
    auto* const leg = find_live(call_sid, refusal);
    if (leg == nullptr || leg->is_up()) return leg;
    refusal = wrong_state("Call is not in-progress.");
    return nullptr;
  }

  Conference* find_live_conference(const std::string& sid, std::optional<Refusal>& refusal) {
    auto* const conference = core.conferences.find(sid);
    if (conference != nullptr && conference->status != "completed") return conference;
    refusal = not_found(sid);
    return nullptr;
  }

  void change_status(Leg& leg, const std::string& status, std::optional<Refusal>& refusal) {
    if (status != "completed" && status != "canceled") {
      refusal = Refusal{400, 20001, "Invalid status: " + status};
    } else if (leg.is_up() && status == "canceled") {
      refusal = wrong_state("Call is not queued or ringing. Cannot cancel.");
    } else if (leg.is_up()) {
      leg.end("completed");
    } else {
      leg.end(leg.call.direction == "inbound" && status == "completed" ? "no-answer" : "canceled");
    }
  }

  Core core;
};

Network::Network(Agenda& agenda, Account& account, Web& web, Timeline& timeline, Sids& sids)
    : impl_(std::make_unique<Impl>(agenda, account, web, timeline, sids)) {}
Network::~Network() = default;

// --- people ---

void Network::set_behaviour(const std::string& address, Behaviour behaviour) {
  if (address.starts_with('+'))
    impl_->core.messages.set_reachable(address, behaviour.pickup != Pickup::unreachable);
  impl_->core.people.set(address, std::move(behaviour));
}

std::string Network::call_in(const std::string& from, const std::string& to, std::vector<Doing> then,
                             const Parameters& extra) {
  return sim::call_in(impl_->core, from, to, std::move(then), extra);
}

std::string Network::call_from_client(const std::string& identity, const std::string& application_sid,
                                      const Parameters& own, std::vector<Doing> then) {
  return sim::call_from_client(impl_->core, identity, application_sid, own, std::move(then));
}

std::string Network::text_in(const std::string& from, const std::string& to, const std::string& body,
                             const std::vector<std::string>& media, const Parameters& extra) {
  return impl_->core.messages.text_in(from, to, body, media, extra);
}

bool Network::do_now(const std::string& call_sid, const Doing& doing) {
  auto* const leg = impl_->core.find_leg(call_sid);
  if (leg == nullptr || leg->over()) return false;
  if (!leg->is_up() && !std::holds_alternative<HangUp>(doing)) return false;
  do_at_once(*leg, doing);
  return true;
}

// --- calls ---

std::string Network::place_call(const PlacedCall& placed, std::optional<Refusal>& refusal) {
  return place(impl_->core, placed, std::nullopt, refusal);
}

void Network::change_call(const std::string& call_sid, const CallChange& change,
                          std::optional<Refusal>& refusal) {
  auto* const leg = impl_->find_live(call_sid, refusal);
  if (leg == nullptr) return;
  if (change.url || change.twiml) {
    const bool can_run = leg->runs_script && (leg->is_up() || leg->call.direction == "inbound");
    if (!can_run) {
      refusal = wrong_state("Call is not in-progress. Cannot redirect.");
      return;
    }
  }
  if (!change.status.empty()) impl_->change_status(*leg, change.status, refusal);
  if (refusal) return;
  if (change.fallback) leg->fallback = *change.fallback;
  if (change.status_callback) {
    Subscription subscription;
    subscription.hook = *change.status_callback;
    leg->subscriptions = {subscription};
  }
  if (!leg->over() && (change.url || change.twiml)) leg->redirect(page_of(change));
}

// --- conferences ---

std::string Network::add_participant(const std::string& conference, const NewParticipant& wanted,
                                     std::optional<Refusal>& refusal) {
  Join join;
  const auto* const known = impl_->core.conferences.find(conference);
  join.name = known == nullptr ? conference : known->friendly_name;
  join.as = wanted.as;
  if (wanted.wait_url) join.wait = Hook{*wanted.wait_url, "POST"};
  join.beep = wanted.beep;
  join.record = wanted.record_conference;
  join.callback = wanted.conference_status_callback;
  for (const auto& events : wanted.conference_events)
    for (const auto event : base::split(events, ' ')) join.events.emplace_back(event);
  return place(impl_->core, wanted.call, std::move(join), refusal);
}

void Network::change_participant(const std::string& conference_sid, const std::string& call_sid,
                                 const ParticipantChange& change, std::optional<Refusal>& refusal) {
  auto* const conference = impl_->find_live_conference(conference_sid, refusal);
  if (conference == nullptr) return;
  auto* const participant = impl_->core.conferences.find_participant(*conference, call_sid);
  if (participant == nullptr) {
    refusal = not_found(call_sid);
    return;
  }
  impl_->core.conferences.change(*conference, *participant, change);
}

void Network::remove_participant(const std::string& conference_sid, const std::string& call_sid,
                                 std::optional<Refusal>& refusal) {
  auto* const conference = impl_->find_live_conference(conference_sid, refusal);
  if (conference == nullptr) return;
  const auto* const participant = impl_->core.conferences.find_participant(*conference, call_sid);
  if (participant == nullptr) {
    refusal = not_found(call_sid);
    return;
  }
  const auto gone = participant->call_sid;
  impl_->core.conferences.kick(*conference, gone);
}

void Network::end_conference(const std::string& conference_sid) {
  if (auto* const conference = impl_->core.conferences.find(conference_sid))
    impl_->core.conferences.end(*conference, "conference-ended-via-api", nullptr);
}

void Network::announce(const std::string& conference_sid, const Hook& hook) {
  if (auto* const conference = impl_->core.conferences.find(conference_sid))
    impl_->core.conferences.announce(*conference, hook);
}

// --- queues ---

std::string Network::dequeue(const std::string& queue_sid, const std::string& member, const Hook& hook,
                             std::optional<Refusal>& refusal) {
  auto& core = impl_->core;
  const auto* const queue = core.account.queues.find(queue_sid);
  const bool is_empty = queue == nullptr || queue->members.empty();
  auto sid = member != "Front" ? member : is_empty ? std::string() : queue->members.front();
  auto* const leg = core.find_leg(sid);
  if (leg == nullptr || leg->leaving() || !core.queues.is_in(queue_sid, sid)) {
    refusal = not_found(member);
    return {};
  }
  core.queues.leave(queue_sid, sid, "dequeued");
  Page page;
  page.kind = "dequeue";
  page.hook = hook;
  leg->redirect(std::move(page));
  return sid;
}

// --- recordings ---

std::string Network::start_conference_recording(const std::string& conference_sid, const NewRecording& wanted,
                                                std::optional<Refusal>& refusal) {
  const auto* const conference = impl_->find_live_conference(conference_sid, refusal);
  if (conference == nullptr) return {};
  if (conference->status != "in-progress") {
    refusal = wrong_state("Requested resource is not eligible for recording");
    return {};
  }
  RecordingSetup setup;
  setup.conference_sid = conference->sid;
  setup.source = "StartConferenceRecordingAPI";
  setup.callback = wanted.callback;
  setup.events = wanted.events;
  return impl_->core.recordings.start(setup);
}

std::string Network::start_recording(const std::string& call_sid, const NewRecording& wanted,
                                     std::optional<Refusal>& refusal) {
  auto* const leg = impl_->find_live(call_sid, refusal);
  if (leg == nullptr) return {};
  if (!leg->is_up()) {
    refusal = wrong_state("Requested resource is not eligible for recording");
    return {};
  }
  RecordingSetup setup;
  setup.call_sid = call_sid;
  setup.source = "StartCallRecordingAPI";
  setup.track = wanted.track;
  setup.channels = wanted.channels;
  setup.callback = wanted.callback;
  setup.events = wanted.events;
  return impl_->core.recordings.start(setup);
}

void Network::change_recording(const std::string& recording_sid, const std::string& status, bool skip_silence,
                               std::optional<Refusal>& refusal) {
  if (impl_->core.account.recordings.find(recording_sid) == nullptr)
    refusal = not_found(recording_sid);
  else if (!impl_->core.recordings.change(recording_sid, status, skip_silence))
    refusal = wrong_state("Recording is not in progress. Cannot change it.");
}

// --- beside a call ---

std::string Network::start_stream(const std::string& call_sid, const twiml::Stream& stream,
                                  std::optional<Refusal>& refusal) {
  return impl_->find_up(call_sid, refusal) == nullptr ? "" : impl_->core.sides.start(call_sid, stream);
}

std::string Network::start_transcription(const std::string& call_sid,
                                         const twiml::Transcription& transcription,
                                         std::optional<Refusal>& refusal) {
  return impl_->find_up(call_sid, refusal) == nullptr ? "" : impl_->core.sides.start(call_sid, transcription);
}

void Network::stop_side(const std::string& sid) { impl_->core.sides.stop(sid); }

// --- messages ---

std::string Network::send_message(const NewMessage& message, std::optional<Refusal>& refusal) {
  return impl_->core.messages.send_message(message, refusal);
}

void Network::cancel_message(const std::string& message_sid, std::optional<Refusal>& refusal) {
  impl_->core.messages.cancel_message(message_sid, refusal);
}

bool Network::idle() const { return impl_->core.idle(); }

}  // namespace ringctl::sim
