// Going on with a purchase: what is unsure is looked up, what was never bought is written down anew.

#include <fmt/format.h>

#include <algorithm>

#include "base/error.hpp"
#include "db/transaction.hpp"
#include "sync/buying.hpp"

namespace ringctl::sync {
namespace {

using jobs::Effect;
using jobs::EffectState;

/// Once more what was not bought, at what it cost then (if anybody knew).
Effect intent_again(Account& account, const Effect& before, std::int64_t line) {
  Effect effect = before;
  effect.id = account.session.ids.next();
  effect.line = line;
  effect.state = EffectState::intent;
  effect.sid.clear();
  effect.code.clear();
  effect.message.clear();
  effect.actor = account.session.actor;
  return effect;
}

/// What a job left to be bought: not sent at all, or not carried out. Who has a number by now that is on
/// record does not buy it here: `elsewhere`. Throws refuse_under_way(). Inside a transaction of
/// holder_scope().
struct Left {
  std::vector<Effect> intents, undone, elsewhere;
};
Left left_of(Account& account, const base::Uuid& job) {
  auto& session = account.session;
  const auto newest = newest_effects(session.db, session.clock, account.workspace.id, job);
  std::vector<std::string_view> numbers;
  for (const auto& [number, effect] : newest)
    if (effect.state == EffectState::intent || effect.state == EffectState::undone) numbers.push_back(number);
  const auto known = on_record(account, std::move(numbers));
  Left left;
  for (const auto& [number, effect] : newest) {
    if (effect.state != EffectState::intent && effect.state != EffectState::undone) continue;
    auto& to = known.contains(number)                ? left.elsewhere
               : effect.state == EffectState::intent ? left.intents
                                                     : left.undone;
    to.push_back(effect);
  }
  std::vector<std::string_view> again;
  for (const auto& effect : left.undone) again.push_back(effect.key);
  refuse_under_way(account, again);
  return left;
}

bool is_to_be_bought(const Effect& effect) {
  return effect.state == EffectState::intent || effect.state == EffectState::undone;
}

/// What numbers cost now whose price nobody knew when they were ordered: those that are `known`, and those
/// that Twilio tells. Where it tells none, and there is a buy_budget, what is to be bought throws with the
/// job; what was or may have been bought already waits for nothing.
KnownPrices ask_prices(Account& account, const base::Uuid& job, KnownPrices known) {
  auto& session = account.session;
  db::Transaction transaction(session.db, db::Scope::of(account.workspace.id), db::Access::read);
  const auto newest = newest_effects(session.db, session.clock, account.workspace.id, job);
  transaction.commit();
  const bool budget = has_day_budget(account);
  Prices prices(account);
  try {
    for (const bool to_buy : {true, false})
      for (const auto& [number, effect] : newest) {
        if (effect.price_micros || effect.state == EffectState::refused || known.contains(number)) continue;
        if (is_to_be_bought(effect) != to_buy) continue;
        if (auto price = prices.of(effect, to_buy && budget)) known.emplace(number, *std::move(price));
      }
  } catch (const Error& error) {
    throw resumable(job, error);
  }
  return known;
}

std::optional<twilio::Price> price_of(const Effect& effect, const KnownPrices& asked) {
  if (effect.price_micros) return twilio::Price{*effect.price_micros, effect.price_unit};
  const auto at = asked.find(effect.key);
  return at == asked.end() ? std::nullopt : std::optional(at->second);
}

/// Has its price from now on, if anybody knows it.
void set_price(Effect& effect, const KnownPrices& asked) {
  const auto price = price_of(effect, asked);
  if (!price) return;
  effect.price_micros = price->micros;
  effect.price_unit = price->unit;
}

/// What no budget has counted yet: what is to be sent once more, and what had no price.
MonthlySum anew_of(const Left& left, const KnownPrices& asked) {
  MonthlySum sum;
  for (const auto& effect : left.undone) sum.add(price_of(effect, asked));
  for (const auto& effect : left.intents)
    if (!effect.price_micros) sum.add(price_of(effect, asked));
  return sum;
}

void hold_anew(Account& account, const MonthlySum& anew) {
  if (anew.count > 0) hold_budget(account, anew.micros, anew.unit);
}

/// What is to be sent once more, written down; the budget is held again.
std::vector<Effect> plan_again(Account& account, const base::Uuid& job, const KnownPrices& asked) {
  auto& session = account.session;
  std::vector<Effect> intents;
  db::in_transaction(session.db, holder_scope(account), [&] {
    jobs::Effects effects(session.db, session.clock, account.workspace.id);
    std::int64_t last = 0;
    effects.for_each(job, [&](const Effect& effect) { last = std::max(last, effect.line); });
    auto left = left_of(account, job);
    hold_anew(account, anew_of(left, asked));
    for (auto& effect : left.intents) {
      if (effect.price_micros || !asked.contains(effect.key)) {
        intents.push_back(std::move(effect));
        continue;
      }
      // What it costs counts on the day on which it is bought.
      effects.undone(effect.id, "written down anew, with its price");
      left.undone.push_back(std::move(effect));
    }
    for (const auto& before : left.undone) {
      auto effect = intent_again(account, before, ++last);
      set_price(effect, asked);
      effects.insert(effect);
      intents.push_back(std::move(effect));
    }
    for (auto effect : left.elsewhere) {
      if (effect.state == EffectState::undone) {
        effect = intent_again(account, effect, ++last);
        effects.insert(effect);
      }
      effects.sent(effect.id);
      effects.refused(effect.id, "numbers.exists", "it is on record already: this purchase did not buy it");
    }
  });
  return intents;
}

std::vector<Effect> unsure_of(Account& account, const base::Uuid& job) {
  auto& session = account.session;
  db::Transaction transaction(session.db, db::Scope::of(account.workspace.id), db::Access::read);
  auto open = jobs::Effects(session.db, session.clock, account.workspace.id).open(job);
  transaction.commit();
  std::erase_if(open, [](const Effect& effect) { return effect.state == EffectState::intent; });
  return open;
}

/// Of those that were bought, or may have been: they count on the day on which they were ordered.
void write_prices(Account& account, const base::Uuid& job, const KnownPrices& asked) {
  if (asked.empty()) return;
  auto& session = account.session;
  db::in_transaction(session.db, db::Scope::of(account.workspace.id), [&] {
    jobs::Effects effects(session.db, session.clock, account.workspace.id);
    for (const auto& [number, effect] :
         newest_effects(session.db, session.clock, account.workspace.id, job)) {
      if (effect.state == EffectState::refused || is_to_be_bought(effect)) continue;
      if (const auto at = asked.find(number); at != asked.end())
        effects.priced(effect.id, at->second.micros, at->second.unit);
    }
  });
}

jobs::Job unfinished(Account& account, const base::Uuid& id) {
  auto& session = account.session;
  db::Transaction transaction(session.db, db::Scope::of(account.workspace.id), db::Access::read);
  auto job = jobs::Journal(session.db, session.clock, account.workspace.id).get(id.view());
  transaction.commit();
  if (job.state == jobs::State::running) return job;
  throw Error(Errc::conflict, "jobs.not_unfinished",
              fmt::format("job {} is {}; only an unfinished one goes on", job.id.short_id(),
                          jobs::state_name(job.state)));
}

}  // namespace

ResumePlan plan_resume(Account& account, const base::Uuid& id) {
  unfinished(account, id);
  ResumePlan plan;
  plan.asked = ask_prices(account, id, {});
  const auto& asked = plan.asked;
  const auto unsure = unsure_of(account, id);
  db::Transaction transaction(account.session.db, holder_scope(account), db::Access::read);
  auto left = left_of(account, id);
  transaction.commit();
  plan.anew = anew_of(left, asked);
  for (const auto& effect : unsure) {
    plan.unsure.push_back(effect.key);
    if (!effect.price_micros && asked.contains(effect.key)) plan.anew.add(price_of(effect, asked));
  }
  for (const auto& effect : left.elsewhere) plan.elsewhere.push_back(effect.key);
  auto& all = left.intents;
  all.insert(all.end(), left.undone.begin(), left.undone.end());
  MonthlySum sum;
  for (const auto& effect : all) {
    Purchase purchase{.phone_number = effect.key, .type = {}, .country = {}};
    purchase.price = price_of(effect, asked);
    sum.add(purchase.price);
    plan.left.numbers.push_back(std::move(purchase));
  }
  plan.left.monthly_micros = sum.micros;
  plan.left.unit = sum.unit;
  return plan;
}

void hold_resume(Account& account, const ResumePlan& plan) {
  auto& db = account.session.db;
  db::Transaction transaction(db, db::Scope::of(account.workspace.id), db::Access::read);
  hold_anew(account, plan.anew);
  transaction.commit();
}

BuyReport resume_buy(Account& account, const base::Uuid& id, const ProgressFn& progress,
                     const KnownPrices& known) {
  auto lease = take_lease(account);
  auto job = unfinished(account, id);
  const auto order = order_of(job);
  Buying buying(account, job, order, lease, true, progress);
  if (auto unsure = unsure_of(account, id); !unsure.empty()) buying.look_up(std::move(unsure));
  if (!account.cancel.cancelled()) {
    std::vector<Effect> intents;
    try {
      const auto asked = ask_prices(account, id, known);
      write_prices(account, id, asked);
      intents = plan_again(account, id, asked);
    } catch (const Error&) {
      buying.finish();  // what was looked up is told of the job
      throw;
    }
    if (!intents.empty()) buying.buy(std::move(intents));
  }
  auto report = buying.finish();
  lease.release();
  return report;
}

}  // namespace ringctl::sync
