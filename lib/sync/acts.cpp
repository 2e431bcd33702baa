#include "sync/acts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <thread>

#include "base/error.hpp"
#include "base/text.hpp"
#include "directory/people.hpp"
#include "phone/e164.hpp"

namespace ringctl::sync {
namespace {

constexpr int k_not_in_progress = 21220;  // the call is not in a state to be changed
constexpr std::chrono::milliseconds k_between{250}, k_first_between{20};
/// Beyond what a call is waited for: requests take their time.
constexpr std::chrono::minutes k_lock_spare{2};

Target client_of(const calls::Person& person) {
  return {.party = {.device = routing::Device::client, .user = person.id},
          .address = "client:" + directory::identity_of(person.id)};
}

Target phone_of(const calls::Person& person, const std::string& number) {
  return {.party = {.device = routing::Device::phone, .user = person.id, .address = number},
          .address = number};
}

std::optional<phone::E164> number_in(Account& account, std::string_view text) {
  std::error_code none;
  return phone::try_parse_typed(text, account.workspace.default_country.value_or(""), none);
}

/// The answer that decided what became of it, as the journal has it.
void mark_failed(Account& account, const base::Uuid& id, const twilio::Failed& failed) {
  if (failed.maybe_executed) return note_unknown(account, id, failed.message);
  writing(account, [&] {
    jobs::Effects(account.session.db, account.session.clock, account.workspace.id)
        .refused(id, std::to_string(failed.code), failed.message);
  });
}

/// A leg that rings, and of which nothing could be written here: nobody is to pick it up.
void take_back_leg(Account& account, const base::Uuid& effect, const std::string& sid) noexcept {
  take_back(account, [&](Account& calm) { end_leg(calm, sid); });
  take_back(account, [&](Account& calm) {  // else it stays as sent, and jobs resolve finds it
    writing(calm,
            [&] { jobs::Effects(calm.session.db, calm.session.clock, calm.workspace.id).done(effect, sid); });
  });
}

Error unknown_outcome(const Ringing& ringing, std::string_view why) {
  return Error(Errc::unknown_outcome, "calls.unknown_outcome",
               fmt::format("{} may be ringing: {}", ringing.key, why), "ringctl jobs resolve")
      .detail("jobs resolve asks Twilio, and calls nobody");
}

}  // namespace

ActingAs::ActingAs(Account& account, const calls::Person& person)
    : session_(account.session), before_(account.session.actor) {
  session_.actor = "user:" + person.email;
}

ActingAs::~ActingAs() { session_.actor = before_; }

db::Lease lock_call(Account& account, const calls::Call& call, std::chrono::milliseconds patience) {
  return db::Lease::acquire(account.session.db, account.session.clock, "call " + call.call_sid,
                            account.workspace.id, patience + k_lock_spare,
                            std::max(account.lock_wait, patience), &account.cancel);
}

Target target_of(const calls::Person& person, std::string_view on) {
  if (!person.is_active)
    throw Error(Errc::conflict, "users.inactive", fmt::format("{} takes part no more", person.email));
  if (on.starts_with('+')) return phone_of(person, phone::E164::parse(on).text());
  if (!on.empty() && on != "client" && on != "phone")
    throw Error(Errc::usage, "usage.bad_value", fmt::format("{} cannot be rung", base::in_quotes(on)),
                "client, phone, or a number like +12025550143");
  const auto device = on.empty() ? std::string_view(person.ring_on) : on;
  if (device != "phone") return client_of(person);
  if (person.phone_number.empty())
    throw Error(Errc::conflict, "users.no_phone", fmt::format("{} has no telephone", person.email),
                fmt::format("ringctl users update {} --phone-number +12025550143", person.email));
  return phone_of(person, person.phone_number);
}

Target find_target(Account& account, std::string_view to) {
  if (!to.starts_with('+')) {
    const auto person = reading(
        account, [&](db::Connection& db) { return calls::find_person(db, account.workspace.id, to); });
    if (person) return target_of(*person, {});
  }
  const auto number = number_in(account, to);
  if (!number)
    throw Error(Errc::not_found, "users.unknown",
                fmt::format("{} is no user, no extension and no number", base::in_quotes(to)),
                "ringctl users list");
  return {.party = {.device = routing::Device::number, .address = number->text()},
          .address = number->text(),
          .outside = true};
}

void require_live(const calls::Call& call) {
  if (!call.ended_at) return;
  throw Error(Errc::conflict, "calls.over", fmt::format("call {} is over", call.call_sid),
              "ringctl calls active");
}

const std::string& own_number(const calls::Call& call) {
  if (!call.number.empty()) return call.number;
  return call.direction == "inbound" ? call.to_number : call.from_number;
}

void require_other_number(const std::string& rung, const std::string& from, std::string hint) {
  if (rung != from) return;
  throw Error(Errc::conflict, "calls.same_number",
              fmt::format("{} is the number it would be called from", rung), std::move(hint));
}

Sides sides_of(Account& account, const calls::Call& call, const std::optional<calls::Room>& room) {
  require_live(call);
  if (room && !room->agent_sid.empty() && !room->customer_sid.empty())
    return {room->agent_sid, room->customer_sid};
  const auto details = reading(account, [&](db::Connection& db) {
    return calls::get_details(db, account.workspace.id, call.call_sid);
  });
  const bool inbound = call.direction == "inbound";
  // Who of ours answered comes before an outside party that did.
  const calls::Attempt* other = nullptr;
  for (const auto& attempt : details.attempts)
    if (!attempt.ended_at && attempt.status == "in-progress" &&
        (other == nullptr || (other->user_email.empty() && !attempt.user_email.empty())))
      other = &attempt;
  if (other == nullptr)
    throw Error(Errc::conflict, "calls.not_connected",
                fmt::format("call {} has no two parties on the line", call.call_sid),
                fmt::format("ringctl calls show {}", call.call_sid));
  return inbound ? Sides{other->leg_sid, call.call_sid} : Sides{call.call_sid, other->leg_sid};
}

std::string ring(Account& account, const Ringing& ringing, const twilio::Ask& ask,
                 const std::function<void(const std::string& sid)>& then) {
  jobs::Effect effect;
  effect.kind = ringing.kind;
  effect.key = ringing.key;
  effect.request = ringing.request;
  writing(account, [&] {
    effect.id = account.session.ids.next();
    note_asked(account, effect);
  });
  auto outcome = account.client.try_send(ask);
  if (const auto* const failed = std::get_if<twilio::Failed>(&outcome)) {
    mark_failed(account, effect.id, *failed);
    throw failed->maybe_executed ? unknown_outcome(ringing, failed->message) : twilio::to_error(*failed);
  }
  auto sid = std::get<twilio::Reply>(outcome).json.text(ringing.sid_member);
  if (sid.empty()) {
    constexpr std::string_view k_no_sid = "Twilio's answer names no call";
    note_unknown(account, effect.id, k_no_sid);
    throw unknown_outcome(ringing, k_no_sid);
  }
  try {
    writing(account, [&] {
      jobs::Effects(account.session.db, account.session.clock, account.workspace.id).done(effect.id, sid);
      if (then) then(sid);
    });
  } catch (...) {
    take_back_leg(account, effect.id, sid);
    throw;
  }
  return sid;
}

void note_asked(Account& account, jobs::Effect& effect) {
  effect.account_sid = account.client.account_sid();
  if (effect.actor.empty()) effect.actor = account.session.actor;
  jobs::Effects effects(account.session.db, account.session.clock, account.workspace.id);
  effects.insert(effect);
  effects.sent(effect.id);
}

void note_unknown(Account& account, const base::Uuid& effect, std::string_view why) {
  try {
    writing(account, [&] {
      jobs::Effects(account.session.db, account.session.clock, account.workspace.id).unknown(effect, why);
    });
  } catch (const Error&) {  // as far as it could be
  }
}

void record_act(Account& account, const calls::Call& call, std::string_view action,
                const std::optional<std::string>& before, const std::optional<std::string>& after) {
  writing(account, [&] {
    audit::record(account.session, account.workspace.id,
                  {.action = action,
                   .object_type = "call",
                   .object_id = call.id,
                   .object_key = call.call_sid,
                   .before = before,
                   .after = after});
  });
}

bool wait_until(const base::CancelToken& cancel, std::chrono::milliseconds patience,
                const std::function<bool()>& done) {
  auto between = std::min(k_first_between, patience);
  // Counted by what was waited, not by a clock: each question takes its own time besides.
  for (std::chrono::milliseconds waited{0};; between = std::min(between * 2, k_between)) {
    cancel.check();
    if (done()) return true;
    if (waited >= patience) return false;
    std::this_thread::sleep_for(between);
    waited += std::max(between, std::chrono::milliseconds(1));
  }
}

bool is_in(const std::optional<twilio::Participant>& one) {
  return one && (one->status.empty() || one->status == "connected");
}

bool end_leg(Account& account, std::string_view sid) {
  auto outcome = account.client.try_send(twilio::end_call_ask(sid));
  const auto* const failed = std::get_if<twilio::Failed>(&outcome);
  if (failed == nullptr) return true;
  if (failed->code == k_not_in_progress) return false;
  throw twilio::to_error(*failed);
}

void take_back(Account& account, const std::function<void(Account&)>& work) noexcept {
  try {
    const base::CancelToken none;
    const auto client = account.client.uncancelled();
    Account calm{.session = account.session,
                 .workspace = account.workspace,
                 .client = *client,
                 .cancel = none,
                 .public_url = account.public_url,
                 .lock_wait = account.lock_wait,
                 .local_too = account.local_too};
    work(calm);
  } catch (const std::exception&) {  // as far as it could be
  }
}

}  // namespace ringctl::sync
