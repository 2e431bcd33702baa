#include "sim/core.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "sim/callbacks.hpp"

namespace ringctl::sim {

Core::Core(Agenda& the_agenda, Account& the_account, Web& web, Timeline& timeline, Sids& the_sids)
    : agenda(the_agenda),
      account(the_account),
      sids(the_sids),
      recordings(*this),
      conferences(*this),
      queues(*this),
      sides(*this),
      messages(the_agenda, the_account, web, timeline, the_sids),
      web_(web),
      timeline_(timeline) {}

Core::~Core() = default;

Leg& Core::add_leg(Call call) {
  call.sid = sids.next("CA");
  call.created_at = call.updated_at = now();
  note(What::call, call.sid, call.from + " calls " + call.to,
       {{"from", call.from}, {"to", call.to}, {"direction", call.direction}, {"parent", call.parent_sid}});
  account.calls.add(call);
  const auto sid = call.sid;
  return *legs_.emplace(sid, std::make_unique<Leg>(*this, std::move(call))).first->second;
}

Leg* Core::find_leg(const std::string& sid) {
  const auto at = legs_.find(sid);
  return at == legs_.end() ? nullptr : at->second.get();
}

void Core::bury(const Leg& leg) {
  // Its own script winds up in a step between; what it dialled ends by that, and is told of first.
  later(milliseconds(0), [this, sid = leg.sid(), dialled = !leg.call.parent_sid.empty()] {
    if (dialled) return bury_now(sid);
    later(milliseconds(0), [this, sid] { later(milliseconds(0), [this, sid] { bury_now(sid); }); });
  });
}

void Core::bury_now(const std::string& sid) {
  auto* const leg = find_leg(sid);
  if (leg == nullptr) return;
  conferences.leave(*leg, "participant_hung_up");
  recordings.call_ended(sid);
  sides.call_ended(sid);
  tell_status(*this, *leg, "completed");
  legs_.erase(sid);
}

bool Core::is_on_call(const std::string& address) const {
  return std::any_of(legs_.begin(), legs_.end(), [&](const auto& entry) {
    return entry.second->is_up() && entry.second->holder() == address;
  });
}

void Core::later(milliseconds delay, Agenda::Work work) {
  ++pending_;
  agenda.in(delay, [this, alive = std::weak_ptr(alive_), work = std::move(work)] {
    if (alive.expired()) return;
    --pending_;
    work();
  });
}

void Core::ask(WebRequest request, std::function<void(WebAnswer)> done) {
  web_.ask(std::move(request),
           [this, alive = std::weak_ptr(alive_), done = std::move(done)](WebAnswer answer) {
             if (alive.expired()) return;
             --pending_;
             done(std::move(answer));
           });
  ++pending_;  // never answered from within, and not at all if it throws
}

void Core::tell(const std::string& kind, const std::string& call_sid, const Hook& hook,
                Parameters parameters) {
  if (hook.url.empty()) return;
  WebRequest request;
  request.kind = kind;
  request.call_sid = call_sid;
  request.url = hook.url;
  request.method = hook.method;
  request.parameters = std::move(parameters);
  request.wants_twiml = false;
  ask(std::move(request), [](const WebAnswer&) {});
}

void Core::note(What what, const std::string& call_sid, std::string text, Facts facts) {
  Entry entry;
  entry.at = now();
  entry.what = what;
  entry.call_sid = call_sid;
  entry.text = std::move(text);
  entry.facts = std::move(facts);
  timeline_.add(std::move(entry));
}

void Core::problem(const std::string& call_sid, int code, const std::string& text) {
  note(What::problem, call_sid, fmt::format("{}: {}", code, text), {{"code", std::to_string(code)}});
}

Instant Core::next_slot() {
  const auto slot = std::max(now(), slot_);
  slot_ = slot + std::chrono::seconds(1);
  return slot;
}

}  // namespace ringctl::sim
