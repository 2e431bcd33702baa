// <Dial> to phones, browsers and SIP phones: they are rung, one is connected, the others are let go. The rung
// legs' own script is here as well.

#include <algorithm>
#include <utility>
#include <vector>

#include "base/text.hpp"
#include "sim/core.hpp"
#include "sim/verbs.hpp"

namespace ringctl::sim {
namespace {

constexpr int k_bad_caller_id = 13214;
constexpr int k_bad_number = 13223;

bool is_number(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  return text.size() >= 3 && text.size() <= 15 && text.find_first_not_of("0123456789") == text.npos;
}

/// What the kinds of parties have in common.
struct Callee {
  std::string to = {};
  Page whisper = {};
  Subscription subscription = {};
  std::string digits = {};  ///< dialled once it answers
  /// That come with the ringing: the Parameters of a browser, the headers of a SIP phone.
  std::vector<std::pair<std::string, std::string>> brings = {};
};

template <class Noun>
Callee callee_of(const Document& document, const Noun& noun, std::string to) {
  Callee callee;
  callee.to = std::move(to);
  callee.whisper.kind = "whisper";
  callee.whisper.hook = hook_of(document, noun.url, noun.method);
  callee.subscription.hook = hook_of(document, noun.status_callback, noun.status_callback_method);
  callee.subscription.events = names_of(noun.status_callback_event);
  return callee;
}

Callee callee_of(const Document& document, const twiml::Noun& noun) {
  if (const auto* const number = std::get_if<twiml::Number>(&noun)) {
    auto callee = callee_of(document, *number, number->number);
    callee.digits = number->send_digits;
    return callee;
  }
  if (const auto* const client = std::get_if<twiml::Client>(&noun)) {
    auto callee = callee_of(document, *client, "client:" + client->identity);
    for (const auto& [name, value] : client->parameters) callee.brings.emplace_back(name, value);
    return callee;
  }
  const auto& sip = std::get<twiml::Sip>(noun);
  const auto mark = sip.uri.find('?');
  auto uri = sip.uri.substr(0, mark);
  if (!uri.starts_with("sip:") && !uri.starts_with("sips:")) uri.insert(0, "sip:");
  auto callee = callee_of(document, sip, uri);
  if (mark == std::string::npos) return callee;
  for (const auto header : base::split(std::string_view(sip.uri).substr(mark + 1), '&')) {
    const auto name = header.substr(0, header.find('='));
    callee.brings.emplace_back(name, header.substr(std::min(header.size(), name.size() + 1)));
  }
  return callee;
}

void note_brought(const Leg& leg, const Callee& callee) {
  for (const auto& [name, value] : callee.brings)
    leg.core.note(What::did, leg.sid(), "the network brings " + name + "=" + value,
                  {{"who", "network"}, {"deed", "brings " + name + "=" + value}});
}

/// A leg that somebody dials.
Task<void> be_dialled(Leg& leg, Page whisper, std::string digits) {
  if (!co_await leg.ring_holder()) co_return;
  leg.dial_digits(digits);
  auto* dialler = leg.core.find_leg(leg.dialler_sid);
  if (dialler != nullptr) dialler->put_other(leg.sid(), "answered");
  bool goes_on = true;
  if (!whisper.hook.url.empty()) goes_on = co_await listen(leg, std::move(whisper));
  dialler = leg.core.find_leg(leg.dialler_sid);
  if (!leg.leaving() && (!goes_on || dialler == nullptr)) leg.end("completed");
  if (!leg.leaving()) dialler->put_other(leg.sid(), "ready");
  while (!leg.leaving()) co_await leg.next();
  if (leg.over()) co_return;
  leg.set_peer({});
  Page page;  // what it was redirected to takes its place
  co_await leg.run(std::move(page));
}

class Dialling {
 public:
  Dialling(const Scene& scene, const twiml::Dial& dial)
      : scene_(scene), leg_(scene.leg), core_(scene.leg.core), dial_(dial) {}

  Task<Flow> run() {
    if (!dial_.answer_on_bridge) leg_.pick_up();
    if (dial_.record == twiml::RecordFrom::ringing || dial_.record == twiml::RecordFrom::ringing_dual)
      record();
    const auto all = dial_.nouns.size();
    const auto wave = dial_.sequential ? std::size_t{1} : all;
    for (std::size_t first = 0; first < all && winner_.empty() && goes_on(); first += wave)
      co_await ring(first, first + wave);
    let_go(winner_);
    if (!winner_.empty() && !leg_.stopping()) co_await connect();
    let_go({});
    if (!recording_.empty()) core_.recordings.finish(recording_);
    auto flow = outcome();
    co_return flow;
  }

 private:
  enum class State { ringing, answered, gone };
  struct Party {
    std::string sid = {};
    State state = State::ringing;
    std::string status = {};  ///< once it is gone
  };

  bool goes_on() const { return !leg_.stopping() && !starred_; }

  // --- ringing ---
  Task<void> ring(std::size_t first, std::size_t last) {
    const auto own = parties_.size();
    for (auto i = first; i < last; ++i) call(dial_.nouns[i]);
    const auto until = core_.now() + dial_.timeout;
    while (goes_on() && winner_.empty()) {
      const auto is = [&](State state) {
        return std::any_of(parties_.begin() + static_cast<std::ptrdiff_t>(own), parties_.end(),
                           [state](const Party& party) { return party.state == state; });
      };
      if (!is(State::ringing) && !is(State::answered)) co_return;
      // Whoever has picked up and listens is not cut off.
      std::optional<Instant> deadline;
      if (is(State::ringing)) deadline = until;
      auto event = co_await leg_.next(deadline);
      if (event.kind == Event::Kind::time_up) stop_ringing();
      if (event.kind == Event::Kind::key && event.text == "*") starred_ = dial_.hangup_on_star;
      if (event.kind == Event::Kind::other) hear_of(event);
    }
  }

  void call(const twiml::Noun& noun) {
    if (std::holds_alternative<twiml::Conference>(noun) || std::holds_alternative<twiml::Queue>(noun)) return;
    auto callee = callee_of(scene_.document, noun);
    if (!is_sound(noun, callee.to)) {
      parties_.push_back({{}, State::gone, "failed"});
      return;
    }
    Call child;
    child.parent_sid = leg_.sid();
    child.from = shown();
    child.to = callee.to;
    child.direction = "outbound-dial";
    auto& leg = core_.add_leg(std::move(child));
    leg.dialler_sid = leg_.sid();
    leg.trail = leg_.trail;
    note_brought(leg, callee);
    leg.subscriptions.push_back(std::move(callee.subscription));
    parties_.push_back({leg.sid(), State::ringing, {}});
    leg.start(be_dialled(leg, std::move(callee.whisper), std::move(callee.digits)));
  }

  std::string shown() const { return dial_.caller_id.empty() ? leg_.call.from : dial_.caller_id; }

  bool is_sound(const twiml::Noun& noun, const std::string& to) {
    const auto* const number = std::get_if<twiml::Number>(&noun);
    if (number != nullptr && !is_number(number->number)) {
      core_.problem(leg_.sid(), k_bad_number, "a number that cannot be dialled: " + to);
      return false;
    }
    if (std::holds_alternative<twiml::Sip>(noun) || may_show(shown(), number != nullptr)) return true;
    core_.problem(leg_.sid(), k_bad_caller_id, "a caller ID that is not ours to show: " + shown());
    return false;
  }

  bool may_show(const std::string& shown, bool to_phone) const {
    if (shown.starts_with("client:")) return !to_phone;
    const auto& call = leg_.call;
    const bool is_theirs = shown == call.from || shown == call.to;
    if (is_theirs && !call.from.starts_with("sip:")) return true;
    if (core_.account.find_number(shown) != nullptr) return true;
    bool verified = false;
    core_.account.caller_ids.each(
        [&](const CallerId& known) { verified = verified || known.phone_number == shown; });
    return verified;
  }

  void hear_of(const Event& event) {
    for (auto& party : parties_) {
      if (party.sid != event.sid || party.state == State::gone) continue;
      if (event.text == "answered") {
        party.state = State::answered;
      } else if (event.text == "ready") {
        if (winner_.empty()) winner_ = party.sid;
      } else {
        party.state = State::gone;
        party.status = event.text == "moved" ? "completed" : event.text;
      }
    }
  }

  void stop_ringing() {
    for (auto& party : parties_)
      if (party.state == State::ringing) drop(party, "no-answer");
  }

  void drop(Party& party, const std::string& status) {
    auto* const leg = core_.find_leg(party.sid);
    party.state = State::gone;
    party.status = status;
    // It was led elsewhere, and is nobody's concern here.
    if (leg == nullptr || leg->dialler_sid != leg_.sid()) return;
    leg->dialler_sid.clear();
    leg->end(status);
  }

  /// Everybody but this one.
  void let_go(const std::string& kept) {
    for (auto& party : parties_)
      if (party.sid != kept && party.state != State::gone) {
        const auto* const leg = core_.find_leg(party.sid);
        const bool is_up = leg != nullptr && leg->is_up();
        drop(party, leg != nullptr && leg->over() ? leg->call.status : is_up ? "completed" : "canceled");
      }
  }

  // --- talking ---
  Task<void> connect() {
    auto* const other = core_.find_leg(winner_);
    if (other == nullptr || other->leaving()) co_return;
    bridged_ = true;
    if (recording_.empty() && dial_.record != twiml::RecordFrom::do_not_record) record();
    const auto answered_at = other->call.answered_at.value_or(core_.now());
    auto how = co_await talk(leg_, winner_, dial_.hangup_on_star, core_.now() + dial_.time_limit);
    moved_ = how == "moved";
    talked_ = std::chrono::duration_cast<seconds>(core_.now() - answered_at);
    for (auto& party : parties_)
      if (party.sid == winner_ && (moved_ || how == "ended")) party.state = State::gone;
  }

  void record() {
    const bool dual =
        dial_.record == twiml::RecordFrom::answer_dual || dial_.record == twiml::RecordFrom::ringing_dual;
    RecordingSetup setup;
    setup.call_sid = leg_.sid();
    setup.source = "DialVerb";
    setup.channels = dual ? 2 : 1;
    setup.track = name_of(dial_.recording_track);
    setup.callback =
        hook_of(scene_.document, dial_.recording_status_callback, dial_.recording_status_callback_method);
    setup.events = names_of(dial_.recording_status_callback_event);
    recording_ = core_.recordings.start(setup);
  }

  // --- afterwards ---
  /// Whose end speaks for all of them.
  const Party* told_of() const {
    for (const auto* const status : {"completed", "no-answer", "busy", "canceled", "failed"})
      for (const auto& party : parties_)
        if (winner_.empty() ? party.status == status : party.sid == winner_) return &party;
    return nullptr;
  }

  Parameters what() const {
    const auto* const party = told_of();
    const auto status = bridged_ ? "completed" : party == nullptr ? "failed" : party->status;
    Parameters parameters{{"DialCallStatus", status.empty() ? "completed" : status},
                          {"DialBridged", bridged_ ? "true" : "false"}};
    if (party != nullptr && !party->sid.empty()) parameters.emplace_back("DialCallSid", party->sid);
    if (bridged_ && !moved_) parameters.emplace_back("DialCallDuration", std::to_string(talked_.count()));
    if (!recording_.empty() && bridged_) {
      parameters.emplace_back("RecordingSid", recording_);
      parameters.emplace_back("RecordingUrl", core_.recordings.url_of(recording_));
      parameters.emplace_back("RecordingDuration", core_.recordings.duration_of(recording_));
    }
    return parameters;
  }

  Flow outcome() const {
    if (leg_.over() && bridged_) tell_action(scene_, "dial", dial_.action, dial_.method, what());
    if (leg_.stopping()) return {};
    return after(scene_, "dial", dial_.action, dial_.method, what());
  }

  const Scene& scene_;
  Leg& leg_;
  Core& core_;
  const twiml::Dial& dial_;
  std::vector<Party> parties_;
  std::string winner_, recording_;
  bool starred_ = false, bridged_ = false, moved_ = false;
  seconds talked_{};
};

Task<Flow> dial_parties(const Scene& scene, const twiml::Dial& dial) {
  Dialling dialling(scene, dial);
  auto flow = co_await dialling.run();
  co_return flow;
}

}  // namespace

Task<std::string> talk(Leg& leg, const std::string& other_sid, bool hangup_on_star,
                       std::optional<Instant> until) {
  std::string how;
  leg.pick_up();
  auto* other = leg.core.find_leg(other_sid);
  if (other == nullptr || other->leaving()) {
    how = "ended";
    co_return how;
  }
  leg.set_peer(other_sid);
  other->set_peer(leg.sid());
  while (how.empty()) {
    auto event = co_await leg.next(until);
    if (event.kind == Event::Kind::time_up) how = "limit";
    if (event.kind == Event::Kind::stop) how = "stop";
    if (event.kind == Event::Kind::key && event.text == "*" && hangup_on_star) how = "star";
    if (event.kind != Event::Kind::other || event.sid != other_sid) continue;
    if (event.text != "ready" && event.text != "answered") how = event.text == "moved" ? "moved" : "ended";
  }
  if (leg.peer() == other_sid) leg.set_peer({});
  other = leg.core.find_leg(other_sid);
  if (other != nullptr && other->peer() == leg.sid()) other->set_peer({});
  co_return how;
}

Task<bool> listen(Leg& leg, Page page) {
  while (!leg.stopping()) {
    auto document = co_await leg.load(page);
    if (leg.stopping()) break;
    if (!document) {
      co_await leg.apologize();
      break;
    }
    auto flow = co_await leg.perform(*document, Place::whisper);
    if (leg.stopping() || flow.kind == Flow::Kind::hang_up) break;
    if (flow.kind != Flow::Kind::turn) co_return true;
    page = std::move(flow.page);
  }
  co_return false;
}

Task<Flow> run_verb(const Scene& scene, const twiml::Dial& dial) {
  // A room or a queue stands alone in its Dial.
  if (!dial.nouns.empty()) {
    if (const auto* const room = std::get_if<twiml::Conference>(&dial.nouns.front()))
      return dial_conference(scene, dial, *room);
    if (const auto* const queue = std::get_if<twiml::Queue>(&dial.nouns.front()))
      return dial_queue(scene, dial, *queue);
  }
  return dial_parties(scene, dial);
}

}  // namespace ringctl::sim
