#include "sync/purchase_job.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>
#include <set>
#include <variant>

#include "base/error.hpp"
#include "base/shell.hpp"
#include "base/zone.hpp"
#include "directory/workspace_settings.hpp"
#include "sync/work.hpp"

namespace ringctl::sync {
namespace {

using jobs::EffectState;

/// How far this machine's clock, by which effects are dated, may be ahead of Twilio's.
constexpr std::chrono::minutes k_skew{10};

std::string amount(std::int64_t micros, const std::string& unit) {
  return fmt::format("{} {}", twilio::money_text(micros), unit);
}

std::vector<jobs::Effect> open_purchases(Account& account) {
  auto& session = account.session;
  auto open = jobs::Effects(session.db, session.clock, account.workspace.id).open({});
  std::erase_if(open, [](const jobs::Effect& effect) { return effect.kind != k_buy_kind; });
  return open;
}

}  // namespace

std::string to_json(const Order& order) {
  const auto& wanted = order.wanted;
  nlohmann::json json{{"label", order.label},
                      {"address_sid", order.address_sid},
                      {"bundle_sid", order.bundle_sid},
                      {"configure", order.configure},
                      {"voice_url", wanted.voice_url},
                      {"sms_url", wanted.sms_url},
                      {"status_callback", wanted.status_callback},
                      {"voice_fallback_url", wanted.voice_fallback_url},
                      {"sms_fallback_url", wanted.sms_fallback_url}};
  if (order.budget) json["budget"] = twilio::money_text(*order.budget);
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

Order order_of(const jobs::Job& job) {
  const auto json = nlohmann::json::parse(job.options, nullptr, false);
  if (!json.is_object())
    throw Error(Errc::db_corrupt, "jobs.bad_options", "the options of a job cannot be read");
  const auto text = [&](const char* name) { return json.value(name, std::string()); };
  Order order;
  order.label = text("label");
  order.address_sid = text("address_sid");
  order.bundle_sid = text("bundle_sid");
  order.configure = json.value("configure", true);
  order.budget = directory::try_parse_money(text("budget"));
  order.wanted.voice_url = text("voice_url");
  order.wanted.sms_url = text("sms_url");
  order.wanted.status_callback = text("status_callback");
  order.wanted.voice_fallback_url = text("voice_fallback_url");
  order.wanted.sms_fallback_url = text("sms_fallback_url");
  return order;
}

std::set<std::string, std::less<>> on_record(Account& account, std::vector<std::string_view> numbers) {
  std::set<std::string, std::less<>> all;
  std::sort(numbers.begin(), numbers.end());
  estate::find_known(
      account.session.db, account.workspace.id, numbers,
      [&](const estate::KnownNumber& known) { all.insert(known.facts.phone_number); },
      [&](std::string_view number) { all.emplace(number); });
  return all;
}

std::set<std::string, std::less<>> under_way(Account& account) {
  std::set<std::string, std::less<>> all;
  for (auto& effect : open_purchases(account)) all.insert(std::move(effect.key));
  return all;
}

void refuse_under_way(Account& account, const std::vector<std::string_view>& numbers) {
  if (numbers.empty()) return;
  const std::set<std::string_view> wanted(numbers.begin(), numbers.end());
  for (const auto& effect : open_purchases(account)) {
    if (!wanted.contains(effect.key)) continue;
    const auto job = effect.job ? effect.job->short_id() : std::string();
    Error error(
        Errc::conflict, "jobs.effect_under_way",
        effect.job ? fmt::format("{} is being bought already, by job {}", effect.key, job)
                   : fmt::format("{} is being bought already", effect.key),
        effect.job ? fmt::format("ringctl jobs resume {}", job) : std::string("ringctl jobs resolve"));
    throw effect.job ? std::move(error).job(effect.job->text()) : error;
  }
}

twilio::NumberUpdate update_of(const Order& order) {
  auto update = order.configure ? whole_update(order.wanted) : twilio::NumberUpdate{};
  if (!order.label.empty()) update.friendly_name = order.label;
  if (!order.address_sid.empty()) update.address_sid = order.address_sid;
  if (!order.bundle_sid.empty()) update.bundle_sid = order.bundle_sid;
  return update;
}

namespace {

/// One that was ordered with nothing to be seen shows it.
bool shows_order(const twilio::Number& number, const Order& order) {
  const auto sent = update_of(order);
  if (!sent.voice_url && !sent.sms_url && !sent.friendly_name) return true;
  return (sent.voice_url && same_url(*sent.voice_url, number.voice_hook.url)) ||
         (sent.sms_url && same_url(*sent.sms_url, number.sms_hook.url)) ||
         (sent.friendly_name && *sent.friendly_name == number.friendly_name);
}

/// Why a number that the account has is not what was ordered then; "" if it is. One that came since and
/// leads elsewhere may have been pointed there after it was bought: it counts.
std::string_view why_not_ours(const twilio::Number& number, const Order& order, base::Instant ordered_at) {
  if (number.created_at)
    return *number.created_at < ordered_at - k_skew ? "the account had it before this job ordered it" : "";
  return shows_order(number, order) ? "" : "the account has it, and it shows nothing of this job's order";
}

/// They were bought with their webhooks.
void note_webhooks(Account& account, const std::vector<std::string_view>& numbers) {
  std::vector<base::Uuid> configured;
  estate::find_known(
      account.session.db, account.workspace.id, numbers,
      [&](const estate::KnownNumber& known) {
        if (known.facts.webhook_status == "configured") configured.push_back(known.id);
      },
      [](std::string_view) {});
  estate::note_configured(account.session, account.workspace.id, configured);
}

}  // namespace

std::vector<std::string> write_bought(Account& account, const base::Uuid& job, const Order& order,
                                      std::span<const twilio::Number> bought) {
  std::vector<std::string_view> numbers;
  for (const auto& number : bought) numbers.push_back(number.phone_number);
  std::sort(numbers.begin(), numbers.end());
  std::map<std::string, estate::KnownNumber, std::less<>> ours;
  std::vector<std::string> elsewhere;
  estate::find_known(
      account.session.db, account.workspace.id, numbers,
      [&](const estate::KnownNumber& known) { ours.emplace(known.facts.phone_number, known); },
      [&](std::string_view number) { elsewhere.emplace_back(number); });
  const auto wanted = order.configure ? std::optional(order.wanted) : std::nullopt;
  std::vector<estate::FactsUpdate> updates;
  std::vector<estate::AccountFacts> facts;
  std::vector<std::string> labels;
  for (const auto& number : bought) {
    if (std::find(elsewhere.begin(), elsewhere.end(), number.phone_number) != elsewhere.end()) continue;
    auto side = facts_of(number, wanted);
    side.account_sid = account.client.account_sid();
    if (const auto row = ours.find(number.phone_number); row != ours.end()) {
      updates.push_back({.id = row->second.id, .version = row->second.version, .facts = std::move(side)});
      continue;
    }
    facts.push_back(std::move(side));
    labels.push_back(order.label);
  }
  estate::write_facts(account.session, account.workspace.id, updates);
  if (!facts.empty()) estate::insert_adopted(account.session, account.workspace.id, job, facts, labels);
  note_webhooks(account, numbers);
  return elsewhere;
}

Found settle_found(Account& account, const jobs::Effect& effect, const Order& order,
                   const twilio::Number& number) {
  auto& session = account.session;
  jobs::Effects effects(session.db, session.clock, account.workspace.id);
  const auto why = why_not_ours(number, order, effect.created_at);
  auto called = order;
  if (!why.empty()) called.label = label_of(number);
  const bool foreign = !write_bought(account, *effect.job, called, {&number, 1}).empty();
  Found found;
  if (why.empty()) {
    if (foreign) found.message = "another workspace has the number on record";
    effects.done(effect.id, number.sid);
    return found;
  }
  found.state = EffectState::refused;
  found.code = foreign ? k_foreign : k_in_account;
  found.message = fmt::format("{}{}", why, foreign ? ", and another workspace has it on record" : "");
  effects.refused(effect.id, found.code, found.message);
  return found;
}

std::optional<twilio::Price> Prices::of(const std::string& country, const std::string& type, bool must_know) {
  if (type.empty()) return std::nullopt;
  auto at = known_.find({country, type});
  if (at == known_.end()) at = known_.emplace(std::pair(country, type), ask(country, type, must_know)).first;
  return at->second;
}

std::optional<twilio::Price> Prices::of(const jobs::Effect& effect, bool must_know) {
  const auto request = nlohmann::json::parse(effect.request, nullptr, false);
  if (!request.is_object()) return std::nullopt;
  return of(request.value("country", std::string()), request.value("type", std::string()), must_know);
}

std::optional<twilio::Price> Prices::ask(const std::string& country, const std::string& type,
                                         bool must_know) {
  constexpr int k_not_taken = 401;
  auto answer = twilio::try_number_price(account_.client, country, type);
  if (auto* const price = std::get_if<std::optional<twilio::Price>>(&answer)) return std::move(*price);
  account_.cancel.check();
  const auto& failed = std::get<twilio::Failed>(answer);
  if (must_know || failed.status == k_not_taken) throw to_error(failed);
  return std::nullopt;
}

bool has_day_budget(const Account& account) {
  return directory::try_parse_money(account.workspace.setting("buy_budget")).has_value();
}

std::map<std::string, jobs::Effect> newest_effects(db::Connection& db, const base::Clock& clock,
                                                   const base::Uuid& workspace, const base::Uuid& job) {
  std::map<std::string, jobs::Effect> newest;
  jobs::Effects(db, clock, workspace).for_each(job, [&](const jobs::Effect& effect) {
    newest.insert_or_assign(effect.key, effect);  // in the order of lines
  });
  return newest;
}

void settle_job(Account& account, jobs::Job& job) {
  auto& session = account.session;
  const auto newest = newest_effects(session.db, session.clock, account.workspace.id, job.id);
  const auto count = [&](EffectState state) {
    return std::count_if(newest.begin(), newest.end(),
                         [&](const auto& one) { return one.second.state == state; });
  };
  job.counts = {};
  job.counts.rows = std::ssize(newest);
  job.counts.created = count(EffectState::done);
  job.counts.invalid = count(EffectState::refused);
  if (job.state == jobs::State::running && job.counts.created + job.counts.invalid == job.counts.rows) {
    job.state = jobs::State::finished;
    job.finished_at = session.clock.now();
  }
  jobs::Journal(session.db, session.clock, account.workspace.id).save(job);
}

void hold_budget(Account& account, const std::optional<std::int64_t>& monthly, const std::string& unit) {
  const auto budget = directory::try_parse_money(account.workspace.setting("buy_budget"));
  if (!budget) return;
  if (!monthly)
    throw Error(
        Errc::invalid, "numbers.price_unknown",
        "Twilio does not tell what these numbers cost, and the workspace has a buy_budget",
        fmt::format("ringctl workspaces update {} --buy-budget -", base::for_shell(account.workspace.name)));
  const auto zone = base::Zone::parse(account.workspace.timezone);
  const auto& clock = account.session.clock;
  const auto spent = jobs::Effects(account.session.db, clock, account.workspace.id)
                         .spent_since(zone.start_of(zone.day_of(clock.now())), unit);
  if (spent + *monthly <= *budget) return;
  Error error(Errc::invalid, "numbers.over_budget",
              fmt::format("these numbers cost {} a month, and {} of today's buy_budget of {} is left",
                          amount(*monthly, unit), amount(std::max<std::int64_t>(*budget - spent, 0), unit),
                          amount(*budget, unit)),
              fmt::format("ringctl workspaces update {} --buy-budget {}",
                          base::for_shell(account.workspace.name), twilio::money_text(spent + *monthly)));
  throw error.detail(fmt::format("bought today: {} a month", amount(spent, unit)));
}

EffectRow row_of(const jobs::Effect& effect) {
  return {.object = effect.key,
          .kind = effect.kind,
          .state = std::string(jobs::state_name(effect.state)),
          .sid = effect.sid,
          .code = effect.code,
          .message = effect.message};
}

}  // namespace ringctl::sync
