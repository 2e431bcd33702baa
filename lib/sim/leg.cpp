#include "sim/leg.hpp"

#include <utility>

#include "sim/callbacks.hpp"
#include "sim/core.hpp"
#include "sim/pace.hpp"

namespace ringctl::sim {
namespace {

constexpr std::size_t k_most_heard = 1000;

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

void Leg::pick_up() {
  if (over() || call.answered_at) return;
  call.answered_at = core.now();
  limit_ = core.agenda.in(time_limit, [this] {
    limit_.reset();
    end("completed");
  });
  set_status("in-progress");
  ear_.ring();
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
  core.bury(*this);
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
  script_ = Script(std::move(script));
  script_.start();
}

void Leg::start_person(std::vector<Doing> then) {
  person_ = Script(act(*this, std::move(then)));
  person_.start();
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
}

void Leg::press(char key) {
  if (!is_up()) return;
  Event event;
  event.kind = Event::Kind::key;
  event.text.assign(1, key);
  put(std::move(event));
}

void Leg::speak(const std::string& text, milliseconds takes) {
  if (!is_up()) return;
  note_deed("says " + text);
  Event event;
  event.kind = Event::Kind::speech;
  event.text = text;
  event.takes = takes;
  put(std::move(event));
  core.sides.said(sid(), text);
  auto hearers = core.conferences.hearers_of(conference_sid, sid());
  if (!peer_.empty()) hearers.push_back(peer_);
  for (const auto& hearer : hearers)
    if (auto* const other = core.find_leg(hearer)) other->hear("Talk", text);
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
}

}  // namespace ringctl::sim
