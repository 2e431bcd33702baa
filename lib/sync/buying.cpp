#include "sync/buying.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.hpp"
#include "db/transaction.hpp"

namespace ringctl::sync {
namespace {

using jobs::Effect;
using jobs::EffectState;
using Kind = twilio::Failed::Kind;

constexpr std::size_t k_window = 16;
constexpr std::size_t k_results = 32;  ///< written together
constexpr int k_not_available = 21422;
constexpr std::string_view k_never_sent = "it was never sent";

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

}  // namespace

Error resumable(const base::Uuid& job, const Error& error) {
  const bool rate = error.errc() == Errc::twilio_rate;
  auto out = error.with_hint(
      fmt::format("ringctl jobs resume {}{}", job.short_id(), rate ? " --concurrency 2" : ""));
  if (!error.hint().empty()) out.detail("hint: " + error.hint());
  out.detail(fmt::format("job {} is saved", job.short_id()));
  return std::move(out).job(job.text());
}

Buying::Buying(Account& account, jobs::Job job, Order order, db::Lease& lease, bool resumed,
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

void Buying::look_up(std::vector<Effect> unsure) {
  effects_ = std::move(unsure);
  std::vector<std::size_t> all;
  for (std::size_t i = 0; i < effects_.size(); ++i) all.push_back(i);
  ask_about(all);
}

void Buying::buy(std::vector<Effect> intents) {
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

BuyReport Buying::finish() {
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

// --- asking ---

void Buying::send_all() {
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

std::size_t Buying::arm(std::size_t from) {
  const auto to = std::min(from + k_window, effects_.size());
  transact([&] {
    auto journal = effects();
    for (auto i = from; i < to; ++i) journal.sent(effects_[i].id);
    lease_.renew();
  });
  for (auto i = from; i < to; ++i) effects_[i].state = EffectState::sent;
  return to;
}

void Buying::settle(std::size_t at, const twilio::Outcome& outcome) {
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

void Buying::settle_failed(Result& result, const twilio::Failed& failed) {
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
void Buying::ask_about(const std::vector<std::size_t>& unsure) {
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

void Buying::learn(std::size_t at, const twilio::Json& page) {
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
EffectState Buying::undone_or_refused(std::size_t at) const {
  return effects_[at].code == std::to_string(k_not_available) ? EffectState::refused : EffectState::undone;
}

/// What was marked and never went out, because the run ended: not bought.
void Buying::wind_up() {
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

template <class Work>
void Buying::transact(Work&& work) {
  db::in_transaction(session_.db, holder_scope(account_), work);
}

void Buying::flush_if_due() {
  if (results_.size() >= k_results || session_.clock.steady() - flushed_at_ >= k_batch_time) flush();
}

void Buying::flush() {
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

void Buying::write_found(Result& result) {
  auto found = settle_found(account_, effects_[result.at], order_, result.number);
  result.state = found.state;
  result.code = std::move(found.code);
  result.message = std::move(found.message);
}

void Buying::write(jobs::Effects& journal, const Result& result) const {
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

void Buying::tell() {
  if (progress_) progress_({.phase = "buying", .done = settled_, .total = effects_.size()});
}

BuyReport Buying::report() {
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

Error Buying::cancelled() const {
  const auto hint = fmt::format("ringctl jobs resume {}", job_.id.short_id());
  try {
    account_.cancel.check(hint.c_str());
  } catch (const Error& error) {
    return Error(error).job(job_.id.text());
  }
  return {Errc::interrupted, "interrupted", "interrupted", hint};
}

}  // namespace ringctl::sync
