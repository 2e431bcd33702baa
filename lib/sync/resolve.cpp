// What nobody knows the outcome of, asked about. Nothing but GETs goes out.

#include <fmt/format.h>

#include <set>

#include "base/error.hpp"
#include "db/transaction.hpp"
#include "sync/purchase_job.hpp"
#include "sync/release_effect.hpp"
#include "sync/work.hpp"
#include "twilio/rest_account.hpp"

namespace ringctl::sync {
namespace {

using jobs::Effect;
using jobs::EffectState;

/// A call or a trunk of another process may be on its way this very moment; after that nobody waits for it.
constexpr std::chrono::seconds k_under_way{60};

jobs::Effects effects_of(Account& account) {
  return {account.session.db, account.session.clock, account.workspace.id};
}

template <class Work>
void transact(Account& account, Work&& work) {
  db::in_transaction(account.session.db, holder_scope(account), work);
}

EffectRow settled(const Effect& effect, EffectState state, std::string sid, std::string message) {
  auto row = row_of(effect);
  row.state = state_name(state);
  row.sid = std::move(sid);
  row.message = std::move(message);
  if (state == EffectState::done) row.code.clear();
  return row;
}

EffectRow still_unknown(const Effect& effect, std::string why) {
  return settled(effect, EffectState::unknown, effect.sid, std::move(why));
}

EffectRow undone(Account& account, const Effect& effect, std::string why) {
  transact(account, [&] { effects_of(account).undone(effect.id, why); });
  return settled(effect, EffectState::undone, {}, std::move(why));
}

jobs::Job job_of(Account& account, const base::Uuid& id) {
  return jobs::Journal(account.session.db, account.session.clock, account.workspace.id).get(id.view());
}

EffectRow resolve_purchase(Account& account, const Effect& effect) {
  const auto number = twilio::find_number(account.client, effect.key);
  if (!number) return undone(account, effect, "Twilio was asked: it was not bought");
  // What nobody knew the price of when it was ordered counts as well.
  std::optional<twilio::Price> price;
  if (!effect.price_micros) price = Prices(account).of(effect, false);
  Found found;
  transact(account, [&] {
    found = {};
    if (effect.job)
      found = settle_found(account, effect, order_of(job_of(account, *effect.job)), *number);
    else
      effects_of(account).done(effect.id, number->sid);
    if (price && found.state == EffectState::done)
      effects_of(account).priced(effect.id, price->micros, price->unit);
  });
  if (found.state == EffectState::done)
    return settled(effect, EffectState::done, number->sid,
                   found.message.empty() ? "it was bought" : found.message);
  auto row = settled(effect, found.state, {}, found.message);
  row.code = found.code;
  return row;
}

EffectRow resolve_release(Account& account, const Effect& effect) {
  try {
    const auto number = twilio::fetch_number(account.client, effect.sid);
    return undone(account, effect, fmt::format("the account still has {}", number.phone_number));
  } catch (const Error& error) {
    if (error.errc() != Errc::not_found) throw;
  }
  finish_release(account, effect);
  return settled(effect, EffectState::done, effect.sid, "it was given back");
}

EffectRow resolve_application(Account& account, const Effect& effect) {
  const auto named = twilio::find_applications(account.client, effect.key);
  if (named.empty()) return undone(account, effect, "Twilio was asked: it was not made");
  if (named.size() > 1)
    return still_unknown(effect,
                         fmt::format("there are {} apps of this name: delete all but one", named.size()));
  const auto& sid = named.front().sid;
  transact(account, [&] { effects_of(account).done(effect.id, sid); });
  keep_app(account, sid);
  return settled(effect, EffectState::done, sid, "it was made");
}

bool is_of_numbers(const Effect& effect) {
  return effect.kind.starts_with("number.") || effect.kind.starts_with("application.");
}

bool may_be_under_way(const Account& account, const Effect& effect) {
  return !is_of_numbers(effect) && account.session.clock.now() - effect.updated_at < k_under_way;
}

EffectRow resolve_one(Account& account, const Effect& effect) {
  if (effect.account_sid != account.client.account_sid())
    return still_unknown(effect, fmt::format("it was asked of account {}: --account {}", effect.account_sid,
                                             effect.account_sid));
  if (may_be_under_way(account, effect) && effect.state != EffectState::unknown)
    return still_unknown(effect, "it may be under way this moment: ask again in a minute");
  if (effect.state == EffectState::intent) return undone(account, effect, "it was never sent");
  if (is_of_numbers(effect)) return resolve_number_effect(account, effect);
  if (effect.kind.starts_with("call.") || effect.kind.starts_with("participant."))
    return resolve_call_effect(account, effect);
  if (effect.kind.starts_with("message.")) return resolve_message_effect(account, effect);
  return resolve_trunk_effect(account, effect);
}

/// Where Twilio does not answer now, it may the next time; the others are asked about all the same.
EffectRow try_resolve(Account& account, const Effect& effect) {
  try {
    return resolve_one(account, effect);
  } catch (const Error& error) {
    if (error.errc() != Errc::twilio_down && error.errc() != Errc::twilio_garbage) throw;
    return still_unknown(effect, error.message());
  }
}

void settle_jobs(Account& account, const std::set<std::string>& jobs) {
  for (const auto& id : jobs)
    transact(account, [&] {
      auto job = job_of(account, base::Uuid::parse(id));
      if (job.kind == "numbers.buy" && job.state == jobs::State::running) settle_job(account, job);
    });
}

}  // namespace

EffectRow resolve_number_effect(Account& account, const Effect& effect) {
  if (effect.kind == k_buy_kind) return resolve_purchase(account, effect);
  if (effect.kind == k_release_kind) return resolve_release(account, effect);
  return resolve_application(account, effect);
}

ResolveReport resolve(Account& account, const std::optional<base::Uuid>& job) {
  auto& session = account.session;
  // Not while a run is at it: what it has just sent is no riddle.
  auto lease = take_lease(account);
  db::Transaction transaction(session.db, db::Scope::of(account.workspace.id), db::Access::read);
  const auto open = effects_of(account).open(job);
  transaction.commit();
  ResolveReport report;
  std::set<std::string> touched;
  for (const auto& effect : open) {
    account.cancel.check("ringctl jobs resolve");
    auto row = try_resolve(account, effect);
    ++(row.state == "done"                               ? report.done
       : row.state == "undone" || row.state == "refused" ? report.undone
                                                         : report.unknown);
    if (effect.job) touched.insert(effect.job->text());
    report.rows.push_back(std::move(row));
    if (report.rows.size() % k_batch == 0) lease.renew();
  }
  settle_jobs(account, touched);
  lease.release();
  return report;
}

}  // namespace ringctl::sync
