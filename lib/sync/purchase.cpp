#include "sync/purchase.hpp"

#include <nlohmann/json.hpp>

#include "db/transaction.hpp"
#include "sync/buying.hpp"

namespace ringctl::sync {
namespace {

using jobs::Effect;

Effect intent_of(Account& account, const base::Uuid& job, std::int64_t line, const Purchase& purchase) {
  Effect effect;
  effect.id = account.session.ids.next();
  effect.job = job;
  effect.line = line;
  effect.kind = k_buy_kind;
  effect.key = purchase.phone_number;
  effect.account_sid = account.client.account_sid();
  effect.request =
      nlohmann::json{
          {"phone_number", purchase.phone_number}, {"type", purchase.type}, {"country", purchase.country}}
          .dump();
  if (purchase.price) {
    effect.price_micros = purchase.price->micros;
    effect.price_unit = purchase.price->unit;
  }
  effect.actor = account.session.actor;
  return effect;
}

jobs::Job new_job(Account& account, const BuyPlan& plan, const Order& order) {
  jobs::Job job;
  job.id = account.session.ids.next();
  job.kind = "numbers.buy";
  job.actor = account.session.actor;
  job.input_name = account.client.account_sid();
  job.options = to_json(order);
  job.counts.rows = std::ssize(plan.numbers);
  return job;
}

}  // namespace

BuyReport apply_buy(Account& account, const BuyPlan& plan, const BuyOptions& options,
                    const ProgressFn& progress) {
  auto& session = account.session;
  const Order order{.label = options.label,
                    .address_sid = options.address_sid,
                    .bundle_sid = options.bundle_sid,
                    .configure = options.configure,
                    .budget = options.budget,
                    .wanted = options.wanted};
  auto lease = take_lease(account);
  auto job = new_job(account, plan, order);
  std::vector<Effect> intents;
  for (const auto& purchase : plan.numbers)
    intents.push_back(intent_of(account, job.id, std::ssize(intents) + 1, purchase));
  std::vector<std::string_view> numbers;
  for (const auto& purchase : plan.numbers) numbers.push_back(purchase.phone_number);
  db::in_transaction(session.db, db::Scope::of(account.workspace.id), [&] {
    refuse_under_way(account, numbers);
    hold_budget(account, plan.monthly_micros, plan.unit);
    jobs::Journal(session.db, session.clock, account.workspace.id).insert(job);
    jobs::Effects effects(session.db, session.clock, account.workspace.id);
    for (auto& effect : intents) effects.insert(effect);
  });
  Buying buying(account, job, order, lease, false, progress);
  buying.buy(std::move(intents));
  auto report = buying.finish();
  lease.release();
  return report;
}

}  // namespace ringctl::sync
