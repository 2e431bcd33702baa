// Written down before Twilio is asked, marked as it goes out, and again with what came of it. A window of
// purchases is marked together: whoever is killed leaves at most that many to be looked up.

#include "sync/purchase.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "base/error.hpp"
#include "base/text.hpp"
#include "db/transaction.hpp"
#include "sync/purchase_job.hpp"
#include "sync/work.hpp"

namespace ringctl::sync {
namespace {

using jobs::Effect;
using jobs::EffectState;
using Kind = twilio::Failed::Kind;

constexpr std::size_t k_window = 16;
constexpr std::size_t k_results = 32;  ///< written together
constexpr int k_not_available = 21422;
constexpr std::string_view k_never_sent = "it was never sent";

/// What became of one of the effects.
struct Result {
  std::size_t at = 0;
  EffectState state = EffectState::unknown;
  std::string code = {}, message = {};
  twilio::Number number = {};
  bool found = false;  ///< the account has it, when it was asked: settle_found() says whose it is
};

Error resumable(const base::Uuid& job, const Error& error) {
  const bool rate = error.errc() == Errc::twilio_rate;
  Error out(error.errc(), error.slug(), error.message(),
            fmt::format("ringctl jobs resume {}{}", job.short_id(), rate ? " --concurrency 2" : ""));
  for (const auto& line : error.details()) out.detail(line);
  if (!error.hint().empty()) out.detail("hint: " + error.hint());
  out.detail(fmt::format("job {} is saved", job.short_id()));
  return std::move(out).job(job.text());
}

twilio::Ask look_ask(const std::string& number) {
  twilio::Ask ask;
  ask.path = "/IncomingPhoneNumbers.json";
  ask.query = {{"PhoneNumber", number}};
  return ask;
}

/// Exactly this number; `good` false: the answer is none.
std::optional<twilio::Number> own_number(const twilio::Json& page, const std::string& number, bool& good) {
  const auto* list = page.find("incoming_phone_numbers");
  good = list != nullptr && list->is_list();
  if (!good) return std::nullopt;
  for (const auto& item : list->items())
    if (auto found = twilio::number_from(item); found && found->phone_number == number) return found;
  return std::nullopt;
}

class Buying {
 public:
  Buying(Account& account, jobs::Job job, Order order, db::Lease& lease, bool resumed,
         const ProgressFn& progress)
      : account_(account),
        session_(account.session),
        job_(std::move(job)),
        order_(std::move(order)),
        lease_(lease),
        resumed_(resumed),
        progress_(progress),
        update_(update_of(order_)),
        flushed_at_(session_.clock.steady()) {}

  /// Effects that were sent once, or may have been.
  void look_up(std::vector<Effect> unsure) {
    effects_ = std::move(unsure);
    std::vector<std::size_t> all;
    for (std::size_t i = 0; i < effects_.size(); ++i) all.push_back(i);
    ask_about(all);
  }

  /// Intents.
  void buy(std::vector<Effect> intents) {
    effects_ = std::move(intents);
    asked_.assign(effects_.size(), false);
    try {
      send_all();
    } catch (const Error& error) {
      wind_up();
      if (account_.cancel.cancelled()) return;  // finish() tells
      throw resumable(job_.id, error);
    }
    wind_up();
    if (!stopped_ && !account_.cancel.cancelled()) ask_about(unsure_);
  }

  BuyReport finish() {
    bool ended = false;
    transact([&] {
      auto job = job_;
      settle_job(account_, job);
      ended = job.state != jobs::State::running;
      audit::record(session_, account_.workspace.id,
                    {.action = "numbers.buy",
                     .object_type = "job",
                     .object_id = job.id,
                     .object_key = job.id.short_id(),
                     .after = jobs::to_json(job.counts),
                     .job_id = job.id});
    });
    if (stopped_) throw resumable(job_.id, to_error(*stopped_));
    auto all = report();
    if (account_.cancel.cancelled() && !ended) all.stopped = cancelled();
    return all;
  }

 private:
  // --- asking ---

  void send_all() {
    std::size_t next = 0, armed = 0;
    account_.client.run(
        [&]() -> std::optional<twilio::Task> {
          if (stops() || next == effects_.size()) return std::nullopt;
          if (next == armed) armed = arm(next);
          const auto tag = next++;
          auto ask = twilio::buy_number_ask(effects_[tag].key, update_);
          ask.repeat = twilio::Repeat::never;
          ask.awaited = true;
          return twilio::Task{.tag = tag, .ask = std::move(ask)};
        },
        [&](std::size_t tag) { asked_[tag] = true; },
        [&](std::size_t tag, const twilio::Outcome& outcome) {
          settle(tag, outcome);
          ++settled_;
          tell();
          flush_if_due();
        });
  }

  bool stops() const { return stopped_.has_value() || account_.cancel.cancelled(); }

  std::size_t arm(std::size_t from) {
    const auto to = std::min(from + k_window, effects_.size());
    transact([&] {
      auto journal = effects();
      for (auto i = from; i < to; ++i) journal.sent(effects_[i].id);
      lease_.renew();
    });
    for (auto i = from; i < to; ++i) effects_[i].state = EffectState::sent;
    return to;
  }

  void settle(std::size_t at, const twilio::Outcome& outcome) {
    asked_[at] = true;
    Result result{.at = at};
    if (const auto* failed = std::get_if<twilio::Failed>(&outcome)) {
      settle_failed(result, *failed);
    } else if (auto number = twilio::number_from(std::get<twilio::Reply>(outcome).json);
               number && number->phone_number == effects_[at].key) {
      result.state = EffectState::done;
      result.number = *std::move(number);
    } else {
      result.message = "the answer did not show the number";
    }
    const bool owned_maybe = resumed_ && result.code == std::to_string(k_not_available);
    if (result.state == EffectState::unknown || owned_maybe) unsure_.push_back(at);
    if (owned_maybe) result.state = EffectState::unknown;
    results_.push_back(std::move(result));
  }

  void settle_failed(Result& result, const twilio::Failed& failed) {
    result.code = code_of(failed);
    result.message = failed.message;
    if (failed.kind == Kind::unknown || failed.maybe_executed) return;
    switch (failed.kind) {
      case Kind::rate:
      case Kind::down:
        if (!stopped_ && !account_.cancel.cancelled()) stopped_ = failed;
        [[fallthrough]];
      case Kind::cancelled:
      case Kind::auth:
        result.state = EffectState::undone;
        return;
      default:
        result.state = EffectState::refused;
    }
  }

  /// Which of them the account has: bought. The others were not.
  void ask_about(const std::vector<std::size_t>& unsure) {
    std::size_t next = 0;
    try {
      account_.client.run(
          [&]() -> std::optional<twilio::Task> {
            if (next == unsure.size() || account_.cancel.cancelled()) return std::nullopt;
            const auto at = unsure[next++];
            return twilio::Task{.tag = at, .ask = look_ask(effects_[at].key)};
          },
          {},
          [&](std::size_t at, const twilio::Outcome& outcome) {
            if (const auto* reply = std::get_if<twilio::Reply>(&outcome)) learn(at, reply->json);
            flush_if_due();
          });
    } catch (const Error& error) {
      flush();
      if (account_.cancel.cancelled()) return;
      throw resumable(job_.id, error);
    }
    flush();
  }

  void learn(std::size_t at, const twilio::Json& page) {
    bool good = false;
    auto number = own_number(page, effects_[at].key, good);
    if (!good) return;  // it stays unknown
    Result result{.at = at};
    result.state = number ? EffectState::done : undone_or_refused(at);
    result.code = effects_[at].code;
    result.message = number ? std::string() : "Twilio was asked: it was not bought";
    result.found = number.has_value();
    if (number) result.number = *std::move(number);
    results_.push_back(std::move(result));
  }

  /// Somebody else has it, where Twilio said that it is not available.
  EffectState undone_or_refused(std::size_t at) const {
    return effects_[at].code == std::to_string(k_not_available) ? EffectState::refused : EffectState::undone;
  }

  /// What was marked and never went out, because the run ended: not bought.
  void wind_up() {
    for (std::size_t i = 0; i < effects_.size(); ++i) {
      if (effects_[i].state != EffectState::sent || asked_[i]) continue;
      Result result{.at = i};
      result.state = EffectState::undone;
      result.message = k_never_sent;
      results_.push_back(std::move(result));
    }
    flush();
  }

  // --- writing ---

  jobs::Effects effects() { return {session_.db, session_.clock, account_.workspace.id}; }

  template <class Work>
  void transact(Work&& work) {
    db::in_transaction(session_.db, holder_scope(account_), work);
  }

  void flush_if_due() {
    if (results_.size() >= k_results || session_.clock.steady() - flushed_at_ >= k_batch_time) flush();
  }

  void flush() {
    flushed_at_ = session_.clock.steady();
    if (results_.empty()) return;
    transact([&] {
      auto journal = effects();
      std::vector<twilio::Number> bought;
      for (auto& result : results_) {
        if (result.found) {
          write_found(result);
          continue;
        }
        write(journal, result);
        if (result.state == EffectState::done) bought.push_back(result.number);
      }
      write_bought(account_, job_.id, order_, bought);
      lease_.renew();
    });
    for (const auto& result : results_) {
      auto& effect = effects_[result.at];
      effect.state = result.state;
      effect.code = result.code;
      if (result.found && result.state == EffectState::refused) found_.insert(effect.key);
    }
    results_.clear();
  }

  void write_found(Result& result) {
    auto found = settle_found(account_, effects_[result.at], order_, result.number);
    result.state = found.state;
    result.code = std::move(found.code);
    result.message = std::move(found.message);
  }

  void write(jobs::Effects& journal, const Result& result) const {
    const auto& id = effects_[result.at].id;
    switch (result.state) {
      case EffectState::done:
        return journal.done(id, result.number.sid);
      case EffectState::refused:
        return journal.refused(id, result.code, result.message);
      case EffectState::undone:
        return journal.undone(id, result.message);
      default:
        return journal.unknown(id, result.message);
    }
  }

  // --- telling ---

  void tell() {
    if (progress_) progress_({.phase = "buying", .done = settled_, .total = effects_.size()});
  }

  BuyReport report() {
    BuyReport report;
    report.job = job_.id;
    db::Transaction transaction(session_.db, db::Scope::of(account_.workspace.id), db::Access::read);
    const auto newest = newest_effects(session_.db, session_.clock, account_.workspace.id, job_.id);
    transaction.commit();
    for (const auto& [number, effect] : newest) {
      if (effect.state == EffectState::done) ++report.bought;
      if (effect.state == EffectState::refused) ++report.refused;
      if (effect.state == EffectState::unknown || effect.state == EffectState::sent) ++report.unknown;
      report.rows.push_back(row_of(effect));
      if (found_.contains(number)) report.found.push_back(report.rows.back());
      if (effect.state != EffectState::intent) continue;
      report.rows.back().state = jobs::state_name(EffectState::undone);
      report.rows.back().message = k_never_sent;
    }
    return report;
  }

  Error cancelled() const {
    const auto hint = fmt::format("ringctl jobs resume {}", job_.id.short_id());
    try {
      account_.cancel.check(hint.c_str());
    } catch (const Error& error) {
      return Error(error).job(job_.id.text());
    }
    return {Errc::interrupted, "interrupted", "interrupted", hint};
  }

  Account& account_;
  audit::Session& session_;
  jobs::Job job_;
  Order order_;
  db::Lease& lease_;
  bool resumed_;
  const ProgressFn& progress_;
  twilio::NumberUpdate update_;
  std::vector<Effect> effects_;
  std::vector<bool> asked_;
  std::vector<std::size_t> unsure_;
  std::vector<Result> results_;
  std::set<std::string, std::less<>> found_;  ///< by this run, in the account: not the job's
  std::uint64_t settled_ = 0;
  std::chrono::steady_clock::time_point flushed_at_;
  std::optional<twilio::Failed> stopped_;
};

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
