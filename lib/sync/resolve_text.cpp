// Messages whose answer never came: a callback may have told since, else they are looked for among what
// Twilio lists between the two numbers around the time. One is it; several are for people to tell apart.

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/digest.hpp"
#include "base/text.hpp"
#include "sync/acts.hpp"
#include "sync/purchase_job.hpp"
#include "sync/text.hpp"
#include "twilio/rest_calls.hpp"

namespace ringctl::sync {
namespace {

using jobs::Effect, jobs::EffectState;

/// So long after a message was asked for Twilio may not show it yet.
constexpr std::chrono::seconds k_shown_after{60};
/// Clocks differ, and a request that is lost may arrive late.
constexpr std::chrono::minutes k_around{5};
/// Where the list has come so far back, what follows is older still.
constexpr std::chrono::hours k_long_before{24};
/// Twilio's own words before what an account on trial sends.
constexpr std::string_view k_trial = "Sent from your Twilio trial account - ";

/// As text.cpp wrote it; nothing of one that was erased.
struct Wanted {
  std::string from, to, sha256;
  std::int64_t media = 0;
};

std::optional<Wanted> wanted_of(const Effect& effect) {
  const auto request = nlohmann::json::parse(effect.request, nullptr, false);
  if (!request.is_object()) return std::nullopt;
  try {
    return Wanted{.from = request.at("from").get<std::string>(),
                  .to = request.at("to").get<std::string>(),
                  .sha256 = request.at("sha256").get<std::string>(),
                  .media = request.at("media").get<std::int64_t>()};
  } catch (const nlohmann::json::exception&) {
    return std::nullopt;
  }
}

/// As it was asked for.
std::string_view own_text(std::string_view body) {
  if (body.starts_with(k_trial)) body.remove_prefix(k_trial.size());
  return base::trim(body);
}

bool is_same(const twilio::Message& message, const Wanted& wanted, base::Instant at) {
  const auto made = message.created_at ? message.created_at : message.sent_at;
  if (!made || *made < at - k_around || *made > at + k_around) return false;
  if (message.direction == "inbound" || message.media.value_or(0) != wanted.media) return false;
  // An account may have Twilio forget its texts at once.
  return message.body.empty() || base::sha256_hex(own_text(message.body)) == wanted.sha256;
}

std::vector<twilio::Message> candidates(Account& account, const Wanted& wanted, base::Instant at) {
  std::vector<twilio::Message> found;
  // Not asked by the day it was sent, which one that still waits has none of. The newest come first.
  twilio::list_messages(account.client, {.to = wanted.to, .from = wanted.from},
                        [&](const twilio::Message& message) {
                          if (is_same(message, wanted, at)) found.push_back(message);
                          return !message.created_at || *message.created_at >= at - k_long_before;
                        });
  std::vector<std::string_view> sids;
  sids.reserve(found.size());
  for (const auto& message : found) sids.emplace_back(message.sid);
  const auto others = reading(
      account, [&](db::Connection& db) { return messages::on_record(db, account.workspace.id, sids); });
  std::erase_if(found, [&](const twilio::Message& message) {
    return std::find(others.begin(), others.end(), message.sid) != others.end();
  });
  return found;
}

EffectRow row(const Effect& effect, EffectState state, std::string sid, std::string message) {
  auto row = row_of(effect);
  row.state = jobs::state_name(state);
  row.sid = std::move(sid);
  row.message = std::move(message);
  return row;
}

/// In one transaction: the effect, and what follows for the message.
void settle(Account& account, const std::function<void(jobs::Effects&)>& work) {
  writing(account, [&] {
    jobs::Effects effects(account.session.db, account.session.clock, account.workspace.id);
    work(effects);
  });
}

EffectRow stays(Account& account, const Effect& effect, const std::string& why) {
  if (effect.state == EffectState::sent)
    settle(account, [&](jobs::Effects& effects) { effects.unknown(effect.id, why); });
  return row(effect, EffectState::unknown, {}, why);
}

EffectRow done(Account& account, const Effect& effect, const std::string& sid) {
  settle(account, [&](jobs::Effects& effects) { effects.done(effect.id, sid); });
  return row(effect, EffectState::done, sid, "it was sent");
}

EffectRow undone(Account& account, const Effect& effect, const std::string& why) {
  settle(account, [&](jobs::Effects& effects) {
    effects.undone(effect.id, why);
    messages::note_refused(account.session, account.workspace.id, effect.id, 0, why);
  });
  return row(effect, EffectState::undone, {}, why);
}

EffectRow found(Account& account, const Effect& effect, const twilio::Message& message) {
  settle(account, [&](jobs::Effects& effects) {
    effects.done(effect.id, message.sid);
    messages::note_sent(account.session, account.workspace.id, effect.id, message.sid, message.status,
                        message.segments, message.error_code);
  });
  return row(effect, EffectState::done, message.sid, "it was sent");
}

}  // namespace

EffectRow resolve_message_effect(Account& account, const Effect& effect) {
  const auto sent = reading(
      account, [&](db::Connection& db) { return messages::find_sent(db, account.workspace.id, effect.id); });
  if (sent && !sent->message_sid.empty()) return done(account, effect, sent->message_sid);
  const auto wanted = wanted_of(effect);
  if (!wanted) return undone(account, effect, "it cannot be looked for: the person it was for was erased");
  // Before it is asked, which takes its time.
  const bool fresh = account.session.clock.now() - effect.created_at < k_shown_after;
  const auto found_there = candidates(account, *wanted, effect.created_at);
  if (found_there.size() == 1) return found(account, effect, found_there.front());
  if (found_there.empty()) {
    if (!fresh) return undone(account, effect, "Twilio has no such message");
    return stays(account, effect, "Twilio shows messages with a delay; ask again in a minute");
  }
  std::string sids;
  for (const auto& message : found_there) sids += (sids.empty() ? "" : " ") + message.sid;
  return stays(account, effect, fmt::format("it is one of several: {}", sids));
}

}  // namespace ringctl::sync
