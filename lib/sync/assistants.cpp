// LiveKit first, the number last: its calls move once there is something to take them. Back the other way
// round.
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "base/shell.hpp"
#include "base/text.hpp"
#include "db/transaction.hpp"
#include "estate/number_account.hpp"
#include "sync/trunk_parts.hpp"
#include "sync/work.hpp"

namespace ringctl::sync {
namespace {

estate::Assistants assistants_of(Account& account) { return {account.session, account.workspace.id}; }

std::optional<estate::Assistant> assistant_with(Account& account, const std::string& id) {
  for (auto& assistant : assistants_of(account).list())
    if (assistant.id.view() == id) return std::move(assistant);
  return std::nullopt;
}

/// "ringctl WORKSPACE ASSISTANT": two assistants of one project are told apart by it.
std::string name_at_livekit(const Account& account, const estate::Assistant& assistant) {
  return own_name(account.workspace, assistant.name);
}

// --- the trunk that leads there ---

/// The main trunk can be made to lead there.
void require_usable(const Account& account, const estate::Trunk& main, const std::string& url) {
  const auto add = fmt::format("ringctl trunks add NAME --origination-url {}", base::for_shell(url));
  const auto name = base::in_quotes(main.name);
  if (main.account_sid != account.client.account_sid())
    throw Error(Errc::conflict, "trunks.other_account",
                fmt::format("the main trunk {} is account {}'s", name, main.account_sid), add);
  if (!main.is_active)
    throw Error(Errc::conflict, "trunks.inactive", fmt::format("the main trunk {} is not active", name),
                fmt::format("ringctl trunks update {} --is-active yes", base::for_shell(main.name)));
  if (!main.origination_url.empty())
    throw Error(Errc::conflict, "trunks.leads_elsewhere",
                fmt::format("the main trunk {} leads to {}, not to {}", name, main.origination_url, url),
                add);
}

/// One that leads to the assistant already, else the main one, if it leads nowhere yet.
estate::TrunkChange trunk_for(Account& account, const estate::Assistant& assistant) {
  const auto url = estate::sip_url_of(assistant);
  const auto all = estate::Trunks(account.session, account.workspace.id).list();
  estate::TrunkChange change;
  change.origination_url = url;
  for (const auto& trunk : all) {
    if (!trunk.is_active || trunk.account_sid != account.client.account_sid()) continue;
    if (trunk.origination_url != url) continue;
    change.name = trunk.name;
    return change;
  }
  const bool has_main = !all.empty() && all.front().is_main;
  if (has_main) require_usable(account, all.front(), url);
  change.name = has_main ? all.front().name : own_name(account.workspace);
  change.is_main = true;
  return change;
}

// --- LiveKit's side ---

void require_free(const std::vector<InboundTrunk>& all, const std::optional<InboundTrunk>& ours,
                  const std::string& number) {
  for (const auto& trunk : all) {
    if (ours && trunk.id == ours->id) continue;
    if (std::find(trunk.numbers.begin(), trunk.numbers.end(), number) == trunk.numbers.end()) continue;
    throw Error(Errc::conflict, "livekit.number_taken",
                fmt::format("{} is in another inbound trunk of LiveKit, {} ({})", number,
                            base::in_quotes(trunk.name), trunk.id),
                "take it out there");
  }
}

Creation creation_at_livekit(const Account& account, const estate::Assistant& assistant,
                             std::string_view kind) {
  return {std::string(kind), name_at_livekit(account, assistant),
          nlohmann::json{{"assistant", assistant.id.view()}}.dump()};
}

/// The inbound trunk with the number in it; its ID, "" of one that would be made.
std::string ensure_inbound(Account& account, Livekit& livekit, const estate::Assistant& assistant,
                           const std::string& number, bool write, std::vector<std::string>& steps) {
  const auto all = livekit.list_trunks();
  const auto creation = creation_at_livekit(account, assistant, "livekit.trunk");
  auto trunk = find_inbound(all, assistant, creation.key);
  require_free(all, trunk, number);
  if (write) settle(account, creation, trunk ? std::optional(trunk->id) : std::nullopt);
  if (!trunk) {
    steps.emplace_back("inbound_trunk");
    if (!write) return {};
    InboundTrunk fresh;
    fresh.name = creation.key;
    fresh.numbers = {number};
    return create_once(account, creation, [&] { return livekit.create_trunk(fresh).id; });
  }
  if (std::find(trunk->numbers.begin(), trunk->numbers.end(), number) == trunk->numbers.end()) {
    steps.emplace_back("inbound_trunk");
    trunk->numbers.push_back(number);
    if (write) livekit.update_trunk(*trunk);
  }
  return trunk->id;
}

bool takes(const DispatchRule& rule, const std::string& inbound_trunk_id) {
  return rule.trunk_ids.empty() ||
         std::find(rule.trunk_ids.begin(), rule.trunk_ids.end(), inbound_trunk_id) != rule.trunk_ids.end();
}

/// Made for this assistant, or for its trunk alone: nobody else's calls go by it.
bool is_own(const DispatchRule& rule, const std::string& name, const std::string& inbound_trunk_id) {
  return rule.name == name || rule.trunk_ids == std::vector{inbound_trunk_id};
}

/// A rule that takes the calls of the inbound trunk; its ID, "" of one that would be made.
std::string ensure_rule(Account& account, Livekit& livekit, const estate::Assistant& assistant,
                        const std::string& inbound_trunk_id, bool write, std::vector<std::string>& steps) {
  const auto creation = creation_at_livekit(account, assistant, "livekit.rule");
  auto rule = find_rule(livekit.list_rules(), assistant, creation.key, inbound_trunk_id);
  const bool good = rule && takes(*rule, inbound_trunk_id) && rule->room_prefix == assistant.room_prefix &&
                    rule->agent_name == assistant.agent_name;
  if (write) settle(account, creation, rule ? std::optional(rule->id) : std::nullopt);
  if (good) return rule->id;
  if (rule && !is_own(*rule, creation.key, inbound_trunk_id))
    throw Error(Errc::conflict, "livekit.rule_taken",
                fmt::format("the dispatch rule {} ({}) of LiveKit takes these calls, and others'",
                            base::in_quotes(rule->name), rule->id),
                "take the inbound trunk out of it there");
  steps.emplace_back("dispatch_rule");
  if (!write) return rule ? rule->id : std::string();
  // A rule is not changed but made anew: LiveKit refuses a second one for the same trunk.
  if (rule) livekit.delete_rule(rule->id);
  DispatchRule fresh;
  fresh.name = creation.key;
  fresh.room_prefix = assistant.room_prefix;
  fresh.agent_name = assistant.agent_name;
  fresh.trunk_ids = {inbound_trunk_id};
  return create_once(account, creation, [&] { return livekit.create_rule(fresh).id; });
}

void note_ids(Account& account, const estate::Assistant& assistant, const std::string& inbound_trunk_id,
              const std::string& dispatch_rule_id) {
  estate::AssistantChange change;
  change.name = assistant.name;
  change.inbound_trunk_id = inbound_trunk_id;
  change.dispatch_rule_id = dispatch_rule_id;
  assistants_of(account).save(change, nullptr);
}

// --- the row ---

void note_assistant(Account& account, const estate::Number& number, const estate::Assistant& assistant,
                    bool attached) {
  auto& session = account.session;
  const auto& workspace = account.workspace.id;
  const auto image =
      nlohmann::json{{"assistant", assistant.name}, {"assistant_id", assistant.id.view()}}.dump();
  db::in_transaction(session.db, db::Scope::of(workspace), [&] {
    estate::set_assistant(session, workspace, number.id,
                          attached ? std::optional(assistant.id) : std::nullopt);
    audit::record(session, workspace,
                  {.action = attached ? "assistants.attach" : "assistants.detach",
                   .object_type = "number",
                   .object_id = number.id,
                   .object_key = number.phone_number,
                   .before = attached ? std::nullopt : std::optional(image),
                   .after = attached ? std::optional(image) : std::nullopt});
  });
}

void require_attachable(Account& account, const estate::Number& number, const estate::Assistant& assistant) {
  if (!assistant.is_active)
    throw Error(Errc::conflict, "assistants.inactive",
                fmt::format("the assistant {} is not active", base::in_quotes(assistant.name)),
                fmt::format("ringctl assistants update {} --is-active yes", base::for_shell(assistant.name)));
  if (number.assistant_id.empty() || number.assistant_id == assistant.id.view()) return;
  const auto other = assistant_with(account, number.assistant_id);
  throw Error(Errc::conflict, "assistants.has_number",
              fmt::format("{} is handed to {}", number.phone_number,
                          other ? base::in_quotes(other->name) : std::string("another assistant")),
              fmt::format("ringctl assistants detach {}", number.phone_number));
}

/// Out of the inbound trunk, which goes with its last number, as does its rule.
void leave_livekit(Account& account, Livekit& livekit, const estate::Assistant& assistant,
                   const std::string& number, bool write, Handed& handed) {
  const auto name = name_at_livekit(account, assistant);
  auto trunk = find_inbound(livekit.list_trunks(), assistant, name);
  if (!trunk) {
    if (write) note_ids(account, assistant, "", "");
    return;
  }
  handed.inbound_trunk_id = trunk->id;
  if (std::erase(trunk->numbers, number) == 0) return;
  handed.steps.emplace_back("inbound_trunk");
  if (!trunk->numbers.empty()) {
    if (write) livekit.update_trunk(*trunk);
    return;
  }
  // A trunk without numbers would take every call.
  auto rule = find_rule(livekit.list_rules(), assistant, name, trunk->id);
  if (rule && !is_own(*rule, name, trunk->id)) rule.reset();
  if (rule) handed.dispatch_rule_id = rule->id;
  if (rule) handed.steps.emplace_back("dispatch_rule");
  if (!write) return;
  if (rule) livekit.delete_rule(rule->id);
  livekit.delete_trunk(trunk->id);
  note_ids(account, assistant, "", "");
}

}  // namespace

Handed attach_assistant(Account& account, Livekit& livekit, std::string_view what, std::string_view name,
                        bool write) {
  std::optional<db::Lease> lease;
  if (write) lease.emplace(take_lease(account));
  const auto assistant = assistants_of(account).get(name);
  const auto number = number_on_account(account, what);
  require_attachable(account, number, assistant);
  Handed handed;
  handed.phone_number = number.phone_number;
  handed.assistant = assistant.name;

  const auto change = trunk_for(account, assistant);
  const auto plan = save_trunk_now(account, change, false);
  // A number that is on another trunk is refused before anything is made.
  handed.losses = attach_now(account, number, plan.trunk, false).losses;
  if (plan.created) handed.steps.emplace_back("trunk");
  if (plan.changed) handed.steps.emplace_back("origination_url");
  const auto trunk = write ? save_trunk_now(account, change, true).trunk : plan.trunk;
  handed.trunk_sid = trunk.sid;

  handed.inbound_trunk_id =
      ensure_inbound(account, livekit, assistant, number.phone_number, write, handed.steps);
  if (write) note_ids(account, assistant, handed.inbound_trunk_id, assistant.dispatch_rule_id);
  handed.dispatch_rule_id =
      ensure_rule(account, livekit, assistant, handed.inbound_trunk_id, write, handed.steps);
  if (write) note_ids(account, assistant, handed.inbound_trunk_id, handed.dispatch_rule_id);

  if (attach_now(account, number, trunk, write).changed) handed.steps.emplace_back("number");
  if (number.assistant_id != assistant.id.view()) {
    handed.steps.emplace_back("assistant");
    if (write) note_assistant(account, number, assistant, true);
  }
  return handed;
}

Handed detach_assistant(Account& account, Livekit& livekit, std::string_view what,
                        const std::optional<Wanted>& wanted, bool write) {
  std::optional<db::Lease> lease;
  if (write) lease.emplace(take_lease(account));
  const auto number = number_on_account(account, what);
  const auto assistant = assistant_with(account, number.assistant_id);
  if (!assistant)
    throw Error(Errc::conflict, "assistants.not_handed",
                fmt::format("{} is handed to no assistant", number.phone_number));
  Handed handed;
  handed.phone_number = number.phone_number;
  handed.assistant = assistant->name;
  const auto detached = detach_now(account, number, wanted, write);
  handed.trunk_sid = detached.trunk_sid;
  if (detached.changed) handed.steps.emplace_back("number");
  if (!detached.configured.empty()) handed.steps.emplace_back("webhooks");
  leave_livekit(account, livekit, *assistant, number.phone_number, write, handed);
  handed.steps.emplace_back("assistant");
  if (write) note_assistant(account, number, *assistant, false);
  return handed;
}

}  // namespace ringctl::sync
