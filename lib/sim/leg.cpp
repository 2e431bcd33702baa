#include "sim/leg.hpp"

#include <algorithm>
#include <exception>
#include <utility>

#include "sim/callbacks.hpp"
#include "sim/core.hpp"
#include "sim/pace.hpp"

namespace ringctl::sim {
namespace {

constexpr std::size_t k_most_heard = 1000;
constexpr int k_broken = 20500;

}  // namespace

std::optional<Instant> Hearing::take(std::string_view text) {
  while (heard_.size() > k_most_heard) heard_.pop_front();
  for (std::size_t i = 0; i < heard_.size(); ++i) {
    const auto at = heard_[i].text.find(text);
    if (at == std::string::npos) continue;
    const auto last_word = heard_[i].at + k_character * static_cast<int>(at + text.size());
    heard_.erase(heard_.begin(), heard_.begin() + static_cast<std::ptrdiff_t>(i) + 1);
    return last_word;
  }
  return std::nullopt;
}

Leg::Leg(Core& the_core, Call the_call)
    : core(the_core), call(std::move(the_call)), bell_(the_core.agenda), ear_(the_core.agenda) {}

Leg::~Leg() {
  if (limit_) core.agenda.cancel(*limit_);
}

void Leg::save() {
  call.updated_at = core.now();
  auto* const kept = core.account.calls.find(sid());
  if (kept == nullptr) return;
  const bool deleted = kept->deleted;
  *kept = call;
  kept->deleted = deleted;
}

void Leg::set_status(const std::string& status) {
  if (over()) return;
  call.status = status;
  save();
  core.note(What::status, sid(), status, {{"status", status}});
  tell_status(core, *this, status == "in-progress" ? "answered" : status);
}

void Leg::limit_time() {
  if (limit_) core.agenda.cancel(*limit_);
  limit_ = core.agenda.in(time_limit, [this] {
    limit_.reset();
    end(is_up() ? "completed" : "no-answer");
  });
}

void Leg::pick_up() {
  if (over() || call.answered_at) return;
  call.answered_at = core.now();
  limit_time();
  set_status("in-progress");
  ear_.ring();
  auto* const twin = core.find_leg(twin_sid);
  if (twin == nullptr || twin->is_up()) return;
  twin->pick_up();
  twin->put_other(sid(), "answered");
}

void Leg::end(const std::string& status) {
  if (over()) return;
  if (call.status == "queued") subscriptions.clear();  // as if it had never been
  if (limit_) core.agenda.cancel(*std::exchange(limit_, std::nullopt));
  call.status = status;
  call.ended_at = core.now();
  save();
  core.note(What::status, sid(), status, {{"status", status}});
  set_peer({});
  bell_.ring();
  if (auto* const dialler = core.find_leg(dialler_sid)) dialler->put_other(sid(), status);
  end_twin(status);
  core.bury(*this);
}

/// Whoever called a number gives up; a number that is not answered tells whoever rings it why.
void Leg::end_twin(const std::string& status) {
  auto* const twin = core.find_leg(twin_sid);
  if (twin == nullptr || twin->over()) return;
  if (twin->is_up()) return twin->end("completed");
  twin->end(twin->call.direction == "inbound" ? "no-answer" : status);
}

void Leg::hang_up() {
  if (over()) return;
  note_deed("hangs up");
  if (is_up()) return end("completed");
  end(call.direction == "inbound" ? "no-answer" : "busy");
}

Task<Event> Leg::next(std::optional<Instant> until) {
  Event event;
  while (true) {
    if (stopping()) {
      event.kind = Event::Kind::stop;
      co_return event;
    }
    if (!events_.empty()) {
      event = std::move(events_.front());
      events_.pop_front();
      co_return event;
    }
    if (until && core.now() >= *until) co_return event;
    co_await bell_.wait(until);
  }
}

void Leg::put(Event event) {
  if (over() || !runs_script) return;
  events_.push_back(std::move(event));
  bell_.ring();
}

void Leg::put_other(const std::string& other, const std::string& text) {
  Event event;
  event.kind = Event::Kind::other;
  event.sid = other;
  event.text = text;
  put(std::move(event));
}

void Leg::interrupt() {
  interrupted_ = true;
  bell_.ring();
}

void Leg::redirect(Page page) {
  redirect_ = std::move(page);
  // At once, so that it is not taken down with what it leaves.
  if (auto* const dialler = core.find_leg(dialler_sid)) dialler->put_other(sid(), "moved");
  dialler_sid.clear();
  bell_.ring();
}

Task<bool> Leg::pass(milliseconds time) {
  const auto until = core.now() + time;
  while (!stopping() && core.now() < until) co_await next(until);
  co_return !stopping();
}

void Leg::start(Task<void> script) {
  script_ = Script(guard(std::move(script)));
  script_.start();
}

void Leg::start_person(std::vector<Doing> then) {
  person_ = Script(guard(act(*this, std::move(then))));
  person_.start();
}

Task<void> Leg::guard(Task<void> script) {
  std::string trouble;
  try {
    co_await script;
  } catch (const std::exception& error) {
    trouble = std::string("the network itself fails over this call: ") + error.what();
  } catch (...) {
    trouble = "the network itself fails over this call";
  }
  if (trouble.empty()) co_return;
  core.problem(sid(), k_broken, trouble);
  end("failed");
}

void Leg::finish() {
  pick_up();  // a document without a word is a call that was answered, too
  end("completed");
}

void Leg::hear(std::string_view verb, const std::string& text) {
  if (over()) return;
  core.note(What::heard, sid(), std::string(verb) + ": " + text,
            {{"verb", std::string(verb)}, {"text", text}});
  hearing_.add(core.now(), text);
  ear_.ring();
  const bool is_speech = verb == "Say" || verb == "Talk";
  if (is_speech) core.sides.said(sid(), text, twiml::StreamTrack::outbound_track);
  // A line that comes round to itself, by a conference with both of its ends, echoes once.
  auto* const twin = core.find_leg(twin_sid);
  if (twin == nullptr || passes_on_ || !is_up()) return;
  passes_on_ = true;
  twin->utter(verb, text, is_speech ? k_character * static_cast<int>(text.size()) : milliseconds(0));
  passes_on_ = false;
}

void Leg::press(char key) {
  if (!is_up()) return;
  Event event;
  event.kind = Event::Kind::key;
  event.text.assign(1, key);
  put(std::move(event));
  // Tones go through a bridge, to a menu behind it.
  const auto* const other = core.find_leg(peer_);
  auto* const behind = other == nullptr ? nullptr : core.find_leg(other->twin_sid);
  if (behind != nullptr) behind->press(key);
}

void Leg::dial_digits(const std::string& digits) {
  if (digits.empty() || over()) return;
  core.note(What::did, sid(), "the network dials " + digits,
            {{"who", "network"}, {"deed", "dials " + digits}});
  sound_tones(digits);
}

void Leg::sound_tones(const std::string& digits) {
  if (twin_sid.empty()) return;
  auto at = milliseconds(0);
  for (const char key : digits) {
    if (key != 'w' && key != 'W')
      core.later(at, [&the_core = core, twin = twin_sid, key] {
        if (auto* const then = the_core.find_leg(twin)) then->press(key);
      });
    at += key == 'w' ? k_tone_pause : key == 'W' ? k_long_tone_pause : k_tone;
  }
}

void Leg::speak(const std::string& text, milliseconds takes) {
  if (!is_up()) return;
  note_deed("says " + text);
  utter("Talk", text, takes);
}

void Leg::utter(std::string_view verb, const std::string& text, milliseconds takes) {
  if (!is_up()) return;
  if (verb == "Say" || verb == "Talk") {
    Event event;
    event.kind = Event::Kind::speech;
    event.text = text;
    event.takes = takes;
    put(std::move(event));
    core.sides.said(sid(), text, twiml::StreamTrack::inbound_track);
  }
  auto hearers = core.conferences.hearers_of(conference_sid, sid());
  if (!peer_.empty()) hearers.push_back(peer_);
  if (hearers.empty() && !twin_sid.empty()) {
    std::erase_if(unheard_, [&](const Unheard& one) { return core.now() - one.at >= k_tone; });
    unheard_.push_back({core.now(), std::string(verb), text});
  }
  for (const auto& hearer : hearers)
    if (auto* const other = core.find_leg(hearer)) other->hear(verb, text);
}

void Leg::note_deed(const std::string& deed) {
  if (!over()) core.note(What::did, sid(), deed, {{"who", holder()}, {"deed", deed}});
}

bool Leg::has_somebody() const {
  return !over() && (!peer_.empty() || core.conferences.has_company(conference_sid));
}

void Leg::set_peer(const std::string& other) {
  peer_ = other;
  ear_.ring();
  const auto unheard = std::exchange(unheard_, {});
  auto* const hearer = core.find_leg(other);
  if (hearer == nullptr) return;
  for (const auto& one : unheard)
    if (core.now() - one.at < k_tone) hearer->hear(one.verb, one.text);
}

}  // namespace ringctl::sim
