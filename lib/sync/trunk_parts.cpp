#include "sync/trunk_parts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "base/text.hpp"
#include "db/transaction.hpp"
#include "jobs/effects.hpp"
#include "sync/work.hpp"

namespace ringctl::sync {
namespace {

constexpr std::size_t k_most_name = 64;

/// No more than `most` bytes, not within a character, and without a space at the end.
std::string cut(std::string text, std::size_t most) {
  if (text.size() <= most) return text;
  const auto continues = [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; };
  while (most > 0 && continues(text[most])) --most;
  text.resize(most);
  return std::string(base::trim(text));
}

template <class Work>
void transact(Account& account, const Work& work) {
  db::in_transaction(account.session.db, db::Scope::of(account.workspace.id), [&] {
    jobs::Effects effects(account.session.db, account.session.clock, account.workspace.id);
    work(effects);
  });
}

/// It was certainly not carried out.
bool is_refusal(const Error& error) {
  switch (error.errc()) {
    case Errc::auth:
    case Errc::not_found:
    case Errc::conflict:
    case Errc::invalid:
    case Errc::usage:
    case Errc::twilio:
    case Errc::twilio_rate:
    case Errc::twilio_down:
      return true;
    default:
      return false;
  }
}

std::string image_of(std::string_view trunk_sid, std::string_view webhook_status) {
  return nlohmann::json{
      {"trunk_sid", trunk_sid.empty() ? nlohmann::json() : nlohmann::json(std::string(trunk_sid))},
      {"webhook_status", std::string(webhook_status)}}
      .dump();
}

}  // namespace

std::string own_name(const directory::Workspace& workspace, std::string_view more) {
  const std::string begin = "ringctl ", end = more.empty() ? std::string() : fmt::format(" {}", more);
  return begin + cut(workspace.name, k_most_name - begin.size() - end.size()) + end;
}

void settle(Account& account, const Creation& creation, const std::optional<std::string>& sid) {
  transact(account, [&](jobs::Effects& effects) {
    for (const auto& effect : effects.open({})) {
      if (effect.kind != creation.kind || effect.key != creation.key || effect.request != creation.request ||
          effect.account_sid != account.client.account_sid())
        continue;
      if (sid && effect.state != jobs::EffectState::intent)
        effects.done(effect.id, *sid);
      else
        effects.undone(effect.id, "it was looked for: it had not been made");
    }
  });
}

std::string create_once(Account& account, const Creation& creation,
                        const std::function<std::string()>& make) {
  jobs::Effect effect;
  effect.id = account.session.ids.next();
  effect.kind = creation.kind;
  effect.key = creation.key;
  effect.account_sid = account.client.account_sid();
  effect.request = creation.request;
  effect.actor = account.session.actor;
  transact(account, [&](jobs::Effects& effects) {
    effects.insert(effect);
    effects.sent(effect.id);
  });
  std::string sid;
  try {
    sid = make();
  } catch (const Error& error) {
    transact(account, [&](jobs::Effects& effects) {
      if (is_refusal(error))
        effects.refused(effect.id, error.slug(), error.message());
      else
        effects.unknown(effect.id, error.message());
    });
    throw;
  }
  transact(account, [&](jobs::Effects& effects) { effects.done(effect.id, sid); });
  return sid;
}

estate::Number number_on_account(Account& account, std::string_view what) {
  auto number =
      estate::Numbers(account.session, account.workspace.id, account.workspace.default_country.value_or(""))
          .get(what);
  if (number.provider != "twilio")
    throw Error(Errc::invalid, "numbers.not_at_twilio",
                fmt::format("{} is at {}, not at Twilio", number.phone_number, number.provider));
  if (number.sid.empty())
    throw Error(Errc::invalid, "numbers.not_at_twilio",
                fmt::format("{} has no SID here", number.phone_number), "ringctl numbers sync --apply");
  if (!number.account_sid.empty() && number.account_sid != account.client.account_sid())
    throw Error(Errc::conflict, "numbers.other_account",
                fmt::format("{} is account {}'s", number.phone_number, number.account_sid),
                fmt::format("--account {}", number.account_sid));
  return number;
}

twilio::Number fetch_same(Account& account, const estate::Number& row) {
  auto number = twilio::fetch_number(account.client, row.sid);
  if (number.phone_number == row.phone_number) return number;
  throw Error(
      Errc::conflict, "numbers.sid_mismatch",
      fmt::format("{} is the SID of {} at Twilio, not of {}", row.sid, number.phone_number, row.phone_number),
      "ringctl numbers sync --apply");
}

void note_facts(Account& account, const estate::Number& row, const twilio::Number& number,
                const std::optional<Wanted>& wanted, std::string_view action) {
  auto& session = account.session;
  const auto& workspace = account.workspace.id;
  const auto facts = facts_of(number, wanted);
  db::in_transaction(session.db, db::Scope::of(workspace), [&] {
    std::optional<estate::KnownNumber> known;
    const std::string_view phone_number = row.phone_number;
    estate::find_known(
        session.db, workspace, {&phone_number, 1}, [&](const estate::KnownNumber& one) { known = one; },
        [](std::string_view) {});
    if (!known || known->facts.sid != row.sid) return;
    if (known->facts.trunk_sid == facts.trunk_sid && known->facts.webhook_status == facts.webhook_status)
      return;
    const estate::FactsUpdate update{.id = known->id, .version = known->version, .facts = facts};
    if (estate::write_facts(session, workspace, {&update, 1}) == 0)
      throw Error(Errc::conflict, "numbers.stale", fmt::format("{} was changed meanwhile", row.phone_number),
                  "the same command again, or ringctl numbers sync --apply");
    audit::record(session, workspace,
                  {.action = action,
                   .object_type = "number",
                   .object_id = known->id,
                   .object_key = row.phone_number,
                   .before = image_of(known->facts.trunk_sid, known->facts.webhook_status),
                   .after = image_of(facts.trunk_sid, facts.webhook_status)});
  });
}

std::optional<InboundTrunk> find_inbound(const std::vector<InboundTrunk>& all,
                                         const estate::Assistant& assistant, const std::string& name) {
  std::vector<const InboundTrunk*> named;
  for (const auto& trunk : all) {
    if (!assistant.inbound_trunk_id.empty() && trunk.id == assistant.inbound_trunk_id) return trunk;
    if (trunk.name == name) named.push_back(&trunk);
  }
  if (named.size() > 1)
    throw Error(Errc::conflict, "livekit.ambiguous",
                fmt::format("LiveKit has {} inbound trunks called {}", named.size(), base::in_quotes(name)),
                "delete all but one of them");
  return named.empty() ? std::nullopt : std::optional(*named.front());
}

std::optional<DispatchRule> find_rule(const std::vector<DispatchRule>& all,
                                      const estate::Assistant& assistant, const std::string& name,
                                      const std::string& inbound_trunk_id) {
  const auto takes = [&](const DispatchRule& rule) {
    return std::find(rule.trunk_ids.begin(), rule.trunk_ids.end(), inbound_trunk_id) != rule.trunk_ids.end();
  };
  const auto find = [&](const auto& fits) {
    const auto found = std::find_if(all.begin(), all.end(), fits);
    return found == all.end() ? std::nullopt : std::optional(*found);
  };
  if (!assistant.dispatch_rule_id.empty())
    if (auto rule = find([&](const DispatchRule& one) { return one.id == assistant.dispatch_rule_id; }))
      return rule;
  if (auto rule = find([&](const DispatchRule& one) { return one.name == name; })) return rule;
  return inbound_trunk_id.empty() ? std::nullopt : find(takes);
}

}  // namespace ringctl::sync
