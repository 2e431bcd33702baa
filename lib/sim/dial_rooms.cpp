// <Dial> into a conference or to the front of a queue, and <Enqueue>, which waits in one.

#include <utility>

#include "sim/core.hpp"
#include "sim/verbs.hpp"

namespace ringctl::sim {
namespace {

Join join_of(const Document& document, const twiml::Conference& room) {
  Join join;
  join.name = room.name;
  join.beep = name_of(room.beep);
  join.as.label = room.participant_label;
  join.as.muted = room.muted;
  join.as.coaching = !room.coach.empty();
  join.as.call_sid_to_coach = room.coach;
  join.as.start_conference_on_enter = room.start_conference_on_enter;
  join.as.end_conference_on_exit = room.end_conference_on_exit;
  if (room.wait_url) join.wait = hook_of(document, *room.wait_url, room.wait_method);
  join.max_participants = room.max_participants;
  join.record = room.record == twiml::ConferenceRecord::record_from_start;
  join.callback = hook_of(document, room.status_callback, room.status_callback_method);
  join.events = names_of(room.status_callback_event);
  join.recording_callback =
      hook_of(document, room.recording_status_callback, room.recording_status_callback_method);
  join.recording_events = names_of(room.recording_status_callback_event);
  return join;
}

/// An agent who takes the call at the front of a queue, or waits for one.
class QueueDial {
 public:
  QueueDial(const Scene& scene, const twiml::Dial& dial, const twiml::Queue& noun)
      : scene_(scene), leg_(scene.leg), core_(scene.leg.core), dial_(dial), noun_(noun) {}

  Task<Flow> run() {
    leg_.pick_up();
    queue_ = core_.queues.open(noun_.name).sid;
    co_await find_caller();
    if (!caller_.empty()) co_await wait_ready();
    if (ready_) {
      bridged_ = true;
      bridged_at_ = core_.now();
      auto how = co_await talk(leg_, caller_, dial_.hangup_on_star, core_.now() + dial_.time_limit);
      moved_ = how == "moved";
      talked_ = std::chrono::duration_cast<seconds>(core_.now() - bridged_at_);
    }
    release();
    auto flow = outcome();
    co_return flow;
  }

 private:
  Task<void> find_caller() {
    const auto until = core_.now() + dial_.timeout;
    core_.queues.await(queue_, leg_.sid());
    while (!leg_.stopping()) {
      caller_ = core_.queues.take_front(queue_, leg_.sid());
      if (!caller_.empty()) break;
      auto event = co_await leg_.next(until);
      if (event.kind == Event::Kind::time_up) break;
      if (event.kind == Event::Kind::key && event.text == "*" && dial_.hangup_on_star) break;
    }
    core_.queues.stop_waiting(queue_, leg_.sid());
    auto* const waiting = core_.find_leg(caller_);
    if (waiting == nullptr) co_return;
    waiting->dialler_sid = leg_.sid();
    waiting->handed_over = whisper(*waiting);
    waiting->interrupt();
  }

  Page whisper(const Leg& waiting) const {
    Page page;
    page.kind = "whisper";
    page.hook = hook_of(scene_.document, noun_.url, noun_.method);
    page.parameters = core_.queues.parameters(queue_, waiting.sid());
    page.parameters.emplace_back("DequeingCallSid", leg_.sid());  // Twilio's spelling
    return page;
  }

  Task<void> wait_ready() {
    while (true) {
      auto event = co_await leg_.next();
      if (event.kind == Event::Kind::stop) co_return;
      if (event.kind != Event::Kind::other || event.sid != caller_) continue;
      ready_ = event.text == "ready";
      co_return;
    }
  }

  void release() {
    auto* const waiting = core_.find_leg(caller_);
    if (waiting == nullptr || waiting->dialler_sid != leg_.sid()) return;
    waiting->dialler_sid.clear();
    waiting->put_other(leg_.sid(), "released");
  }

  Flow outcome() const {
    Parameters what{{"DialCallStatus", bridged_ ? "completed" : "no-answer"},
                    {"DialBridged", bridged_ ? "true" : "false"}};
    if (!caller_.empty()) what.emplace_back("DialCallSid", caller_);
    if (bridged_ && !moved_) what.emplace_back("DialCallDuration", std::to_string(talked_.count()));
    if (leg_.over() && bridged_) tell_action(scene_, "dial", dial_.action, dial_.method, what);
    if (leg_.stopping()) return {};
    return after(scene_, "dial", dial_.action, dial_.method, what);
  }

  const Scene& scene_;
  Leg& leg_;
  Core& core_;
  const twiml::Dial& dial_;
  const twiml::Queue& noun_;
  std::string queue_, caller_;
  bool ready_ = false, bridged_ = false, moved_ = false;
  Instant bridged_at_ = {};
  seconds talked_{};
};

/// A caller who waits in a queue.
class Waiting {
 public:
  Waiting(const Scene& scene, const twiml::Enqueue& enqueue)
      : scene_(scene), leg_(scene.leg), core_(scene.leg.core), enqueue_(enqueue) {}

  Task<Flow> run() {
    leg_.pick_up();
    auto& queue = core_.queues.open(enqueue_.name);
    queue_ = queue.sid;
    entered_at_ = core_.now();
    leg_.handed_over.reset();
    if (core_.queues.enter(leg_, queue))
      co_await wait();
    else
      result_ = "queue-full";
    auto flow = outcome();
    co_return flow;
  }

 private:
  Task<void> wait() {
    leg_.queue_sid = queue_;
    bool entertained = true;
    if (enqueue_.wait_url && !enqueue_.wait_url->empty()) {
      Page page;
      page.kind = "queue-wait";
      page.hook = hook_of(scene_.document, *enqueue_.wait_url, enqueue_.wait_url_method);
      entertained = co_await leg_.entertain(std::move(page), Place::queue_wait);
    } else {
      while (!leg_.stopping()) co_await leg_.next();
    }
    leg_.queue_sid.clear();
    leg_.clear_interrupt();
    waited_ = std::chrono::duration_cast<seconds>(core_.now() - entered_at_);
    if (leg_.over())
      result_ = "hangup";
    else if (leg_.is_redirected())
      result_ = "redirected";
    else if (leg_.handed_over)
      co_await meet_dialler();
    else
      result_ = entertained ? "leave" : "error";
    core_.queues.leave(queue_, leg_.sid(), result_);
  }

  Task<void> meet_dialler() {
    auto page = *std::exchange(leg_.handed_over, std::nullopt);
    bool goes_on = true;
    if (!page.hook.url.empty()) goes_on = co_await listen(leg_, std::move(page));
    result_ = leg_.is_redirected() ? "redirected" : leg_.over() ? "hangup" : "bridging-in-process";
    auto* const dialler = core_.find_leg(leg_.dialler_sid);
    if (leg_.leaving() || dialler == nullptr) co_return;
    if (!goes_on) {
      leg_.end("completed");
      result_ = "hangup";
      co_return;
    }
    dialler->put_other(leg_.sid(), "ready");
    while (!leg_.leaving() && !leg_.dialler_sid.empty()) co_await leg_.next();
    leg_.set_peer({});
    result_ = leg_.is_redirected() ? "redirected-from-bridged" : "bridged";
  }

  Flow outcome() const {
    const Parameters what{
        {"QueueResult", result_}, {"QueueSid", queue_}, {"QueueTime", std::to_string(waited_.count())}};
    if (leg_.leaving()) tell_action(scene_, "enqueue", enqueue_.action, enqueue_.method, what);
    if (leg_.stopping()) return {};
    return after(scene_, "enqueue", enqueue_.action, enqueue_.method, what);
  }

  const Scene& scene_;
  Leg& leg_;
  Core& core_;
  const twiml::Enqueue& enqueue_;
  std::string queue_, result_;
  Instant entered_at_ = {};
  seconds waited_{};
};

/// Interrupts a leg then, unless what it would interrupt is over before.
class Alarm {
 public:
  Alarm(Leg& leg, std::optional<Instant> at) : agenda_(leg.core.agenda) {
    if (at) entry_ = agenda_.at(*at, [&leg] { leg.interrupt(); });
  }
  Alarm(const Alarm&) = delete;
  Alarm& operator=(const Alarm&) = delete;
  ~Alarm() {
    if (entry_) agenda_.cancel(*entry_);
  }

 private:
  Agenda& agenda_;
  std::optional<Agenda::Entry> entry_ = {};
};

Flow after_conference(const Scene& scene, const twiml::Dial& dial, bool met) {
  const Parameters what{{"DialCallStatus", met ? "answered" : "failed"}};
  if (scene.leg.over() && met) tell_action(scene, "dial", dial.action, dial.method, what);
  if (scene.leg.stopping()) return {};
  return after(scene, "dial", dial.action, dial.method, what);
}

}  // namespace

Task<bool> meet(Leg& leg, const Join& join, bool hangup_on_star, std::optional<Instant> until) {
  auto& conferences = leg.core.conferences;
  if (!conferences.join(leg, join)) co_return false;
  auto sid = leg.conference_sid;
  bool dropped = false;
  const Alarm alarm(leg, until);
  while (leg.conference_sid == sid && !leg.leaving()) {
    leg.clear_interrupt();
    if (until && leg.core.now() >= *until) break;
    if (!conferences.has_begun(sid) && join.wait && !join.wait->url.empty()) {
      Page page;
      page.kind = "conference-wait";
      page.hook = *join.wait;
      const bool entertained = co_await leg.entertain(std::move(page), Place::conference_wait);
      dropped = !entertained;
      if (dropped) break;
      continue;
    }
    auto event = co_await leg.next(until);
    if (event.kind == Event::Kind::time_up) break;
    if (event.kind == Event::Kind::key && event.text == "*" && hangup_on_star) break;
  }
  const bool hung_up = leg.over() || dropped;
  conferences.leave(leg, hung_up               ? "participant_hung_up"
                         : leg.is_redirected() ? "participant_updated_via_api"
                                               : "participant_left");
  leg.clear_interrupt();
  if (dropped && !leg.over()) leg.end("completed");
  co_return true;
}

Task<Flow> dial_conference(const Scene& scene, const twiml::Dial& dial, const twiml::Conference& room) {
  auto& leg = scene.leg;
  leg.pick_up();
  auto join = join_of(scene.document, room);
  const bool met = co_await meet(leg, join, dial.hangup_on_star, leg.core.now() + dial.time_limit);
  auto flow = after_conference(scene, dial, met);
  co_return flow;
}

Task<Flow> dial_queue(const Scene& scene, const twiml::Dial& dial, const twiml::Queue& noun) {
  QueueDial queue_dial(scene, dial, noun);
  auto flow = co_await queue_dial.run();
  co_return flow;
}

Task<Flow> run_verb(const Scene& scene, const twiml::Enqueue& enqueue) {
  Waiting waiting(scene, enqueue);
  auto flow = co_await waiting.run();
  co_return flow;
}

}  // namespace ringctl::sim
