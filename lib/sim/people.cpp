#include "sim/people.hpp"

#include <fmt/format.h>

#include "sim/core.hpp"
#include "sim/leg.hpp"

namespace ringctl::sim {
namespace {

using namespace std::chrono_literals;

constexpr auto k_key = 100ms;
constexpr auto k_key_pause = 500ms;
constexpr auto k_patience = 60s;

Task<void> wait_up(Leg& leg) {
  while (!leg.over() && !leg.is_up()) co_await leg.ear().wait();
}

/// What was heard counts once: the next of these listens for what comes after it.
Task<void> do_it(Leg& leg, const WaitToHear& wanted) {
  const auto give_up = leg.core.agenda.now() + k_patience;
  while (!leg.over() && leg.core.agenda.now() < give_up) {
    if (const auto at = leg.hearing().take(wanted.text)) {
      const auto wait = *at - leg.core.agenda.now();
      if (wait > 0ms) co_await leg.core.agenda.sleep(wait);
      co_return;
    }
    co_await leg.ear().wait(give_up);
  }
}

Task<void> do_it(Leg& leg, const WaitForSomebody&) {
  while (!leg.over() && !leg.has_somebody()) co_await leg.ear().wait();
}

Task<void> do_it(Leg& leg, const WaitFor& wait) { co_await leg.core.agenda.sleep(wait.time); }

Task<void> do_it(Leg& leg, const Press& press) {
  co_await wait_up(leg);
  if (leg.over()) co_return;
  leg.note_deed("presses " + press.digits);
  for (const char key : press.digits) {
    if (key != 'w') leg.press(key);
    co_await leg.core.agenda.sleep(key == 'w' ? k_key_pause : k_key);
  }
}

Task<void> do_it(Leg& leg, const Speak& speak) {
  co_await wait_up(leg);
  leg.speak(speak.text, speak.takes);
  co_await leg.core.agenda.sleep(speak.takes);
}

Task<void> do_it(Leg& leg, const HangUp&) {
  leg.hang_up();
  co_return;
}

}  // namespace

Behaviour People::of(const std::string& address) const {
  auto at = known_.find(address);
  if (at == known_.end() && address.starts_with("sip:"))
    at = known_.find(address.substr(0, address.find_first_of(";?")));
  if (at != known_.end()) return at->second;
  Behaviour nobody;
  nobody.registered = !address.starts_with("client:");
  return nobody;
}

Task<void> act(Leg& leg, std::vector<Doing> then) {
  for (const auto& doing : then) {
    if (leg.over()) co_return;
    co_await std::visit([&leg](const auto& what) { return do_it(leg, what); }, doing);
  }
}

void do_at_once(Leg& leg, const Doing& doing) {
  if (std::holds_alternative<HangUp>(doing)) return leg.hang_up();
  if (const auto* const speak = std::get_if<Speak>(&doing)) return leg.speak(speak->text, speak->takes);
  const auto* const press = std::get_if<Press>(&doing);
  if (press == nullptr) return;
  leg.note_deed("presses " + press->digits);
  auto at = 0ms;
  for (const char key : press->digits) {
    if (key != 'w')
      leg.core.later(at, [&core = leg.core, sid = leg.sid(), key] {
        if (auto* const then = core.find_leg(sid)) then->press(key);
      });
    at += key == 'w' ? k_key_pause : k_key;
  }
}

}  // namespace ringctl::sim
