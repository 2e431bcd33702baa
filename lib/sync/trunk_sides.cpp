// What is here, at Twilio and at LiveKit, next to each other. One look at each, from which both the rows and
// what is taken over follow.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "db/transaction.hpp"
#include "estate/number_account.hpp"
#include "sync/trunk_parts.hpp"
#include "sync/work.hpp"
#include "twilio/rest_trunking.hpp"

namespace ringctl::sync {
namespace {

struct TrunkSides {
  std::optional<estate::Trunk> here;
  std::optional<twilio::Trunk> there;
  std::vector<twilio::OriginationUrl> urls = {};
  std::vector<std::string> numbers = {};  ///< SIDs, at Twilio
};

struct AssistantLook {
  const estate::Assistant* assistant;
  std::string name;  ///< at LiveKit
  std::optional<InboundTrunk> inbound;
  std::optional<DispatchRule> rule;
};

struct Look {
  std::vector<TrunkSides> trunks;
  std::map<std::string, estate::KnownNumber> numbers;  ///< of the account, by SID
  std::map<std::string, std::string> handed;           ///< assistant's ID by number
  std::vector<AssistantLook> assistants;
};

void look_at_numbers(Account& account, Look& look) {
  auto& db = account.session.db;
  {
    db::Transaction transaction(db, db::Scope::of(account.workspace.id), db::Access::read);
    estate::for_each_at_twilio(db, account.workspace.id, [&](const estate::KnownNumber& number) {
      const auto& owner = number.facts.account_sid;
      if (!number.facts.sid.empty() && (owner.empty() || owner == account.client.account_sid()))
        look.numbers.emplace(number.facts.sid, number);
    });
    transaction.commit();
  }
  for (const auto& assistant : estate::Assistants(account.session, account.workspace.id).list()) {
    estate::NumberFilter filter;
    filter.assistant = assistant.id;
    estate::Numbers(account.session, account.workspace.id)
        .for_each(filter, {}, 0, [&](const estate::Number& number) {
          look.handed.emplace(number.phone_number, assistant.id.text());
        });
  }
}

void look_at_trunks(Account& account, Look& look) {
  for (auto& row : estate::Trunks(account.session, account.workspace.id).list())
    if (row.account_sid == account.client.account_sid()) look.trunks.push_back({std::move(row), {}});
  for (auto& trunk : twilio::list_trunks(account.client)) {
    const auto row = std::find_if(look.trunks.begin(), look.trunks.end(), [&](const TrunkSides& one) {
      return one.here && one.here->sid == trunk.sid;
    });
    auto& sides = row == look.trunks.end() ? look.trunks.emplace_back() : *row;
    sides.urls = twilio::list_origination_urls(account.client, trunk.sid);
    sides.numbers = twilio::list_trunk_numbers(account.client, trunk.sid);
    sides.there = std::move(trunk);
  }
}

Look look_at_all(Account& account, std::span<const AssistantSide> assistants) {
  Look look;
  look_at_numbers(account, look);
  look_at_trunks(account, look);
  for (const auto& [assistant, livekit] : assistants) {
    auto& one = look.assistants.emplace_back();
    one.assistant = &assistant;
    one.name = own_name(account.workspace, assistant.name);
    one.inbound = find_inbound(livekit->list_trunks(), assistant, one.name);
    one.rule = find_rule(livekit->list_rules(), assistant, one.name, one.inbound ? one.inbound->id : "");
  }
  return look;
}

// --- rows ---

bool has(const std::vector<std::string>& all, std::string_view one) {
  return std::find(all.begin(), all.end(), one) != all.end();
}

bool leads_to(const TrunkSides& sides, std::string_view sip_url) {
  return std::any_of(sides.urls.begin(), sides.urls.end(),
                     [&](const auto& url) { return url.sip_url == sip_url && url.enabled; });
}

std::string name_of(const TrunkSides& sides) {
  if (sides.here) return sides.here->name;
  return sides.there->friendly_name.empty() ? sides.there->sid : sides.there->friendly_name;
}

SideRow row_of(std::string_view kind, std::string object, bool here, bool twilio) {
  return {.kind = std::string(kind), .object = std::move(object), .here = here, .twilio = twilio};
}

void add_urls(const TrunkSides& sides, std::vector<SideRow>& rows) {
  const auto wanted = sides.here ? sides.here->origination_url : std::string();
  const bool found = !wanted.empty() && leads_to(sides, wanted);
  if (!wanted.empty()) {
    auto& row = rows.emplace_back(row_of("origination_url", wanted, true, found));
    if (!found) row.differs = fmt::format("the trunk {} does not lead there", name_of(sides));
  }
  for (const auto& url : sides.urls) {
    if (url.sip_url == wanted) continue;
    auto& row = rows.emplace_back(row_of("origination_url", url.sip_url, false, true));
    // A trunk may lead to several addresses; of ours one is known here.
    if (url.enabled && !found) row.differs = fmt::format("the trunk {} leads there", name_of(sides));
  }
}

void add_trunk(const TrunkSides& sides, std::vector<SideRow>& rows) {
  auto& row =
      rows.emplace_back(row_of("trunk", name_of(sides), sides.here.has_value(), sides.there.has_value()));
  if (!sides.there) row.differs = sides.here->sid.empty() ? "not made at Twilio" : "gone at Twilio";
  if (!sides.here) row.differs = "not known here";
  add_urls(sides, rows);
}

/// Which trunk each number is on, at Twilio.
std::map<std::string, std::string> trunks_of_numbers(const Look& look) {
  std::map<std::string, std::string> trunks;
  for (const auto& sides : look.trunks)
    for (const auto& sid : sides.numbers) trunks.emplace(sid, sides.there->sid);
  return trunks;
}

std::optional<bool> in_livekit(const Look& look, const std::string& number) {
  const auto handed = look.handed.find(number);
  if (handed == look.handed.end()) return std::nullopt;
  for (const auto& one : look.assistants)
    if (one.assistant->id.view() == handed->second) return one.inbound && has(one.inbound->numbers, number);
  return std::nullopt;
}

std::string number_differs(const std::string& here, const std::string& there, const SideRow& row) {
  if (here != there)
    return there.empty()  ? fmt::format("not on {}, as it says here", here)
           : here.empty() ? fmt::format("on {}, which is not known here", there)
                          : fmt::format("on {}, not on {}", there, here);
  if (row.livekit && there.empty()) return "handed to an assistant, and on no trunk";
  if (row.livekit && !*row.livekit) return "not in LiveKit's inbound trunk";
  return {};
}

void add_numbers(const Look& look, std::vector<SideRow>& rows) {
  auto there = trunks_of_numbers(look);
  for (const auto& [sid, number] : look.numbers) {
    const auto found = there.find(sid);
    const auto trunk = found == there.end() ? std::string() : found->second;
    if (found != there.end()) there.erase(found);
    const auto& phone_number = number.facts.phone_number;
    const auto livekit = in_livekit(look, phone_number);
    if (trunk.empty() && number.facts.trunk_sid.empty() && !livekit) continue;
    auto row = row_of("number", phone_number, !number.facts.trunk_sid.empty(), !trunk.empty());
    row.livekit = livekit;
    row.differs = number_differs(number.facts.trunk_sid, trunk, row);
    rows.push_back(std::move(row));
  }
  for (const auto& [sid, trunk] : there) {
    auto& row = rows.emplace_back(row_of("number", sid, false, true));
    row.differs = fmt::format("on {}; `ringctl numbers sync` does not know it yet", trunk);
  }
}

void add_assistant(const AssistantLook& one, std::vector<SideRow>& rows) {
  const auto add = [&](std::string_view kind, const std::string& here,
                       const std::optional<std::string>& there) {
    if (here.empty() && !there) return;
    SideRow row;
    row.kind = kind;
    row.object = one.name;
    row.here = !here.empty();
    row.livekit = there.has_value();
    if (here != there.value_or(""))
      row.differs = !there ? "gone at LiveKit" : here.empty() ? "not known here" : "another one at LiveKit";
    rows.push_back(std::move(row));
  };
  add("inbound_trunk", one.assistant->inbound_trunk_id,
      one.inbound ? std::optional(one.inbound->id) : std::nullopt);
  add("dispatch_rule", one.assistant->dispatch_rule_id,
      one.rule ? std::optional(one.rule->id) : std::nullopt);
}

SideReport report_of(const Look& look) {
  SideReport report;
  for (const auto& sides : look.trunks) add_trunk(sides, report.rows);
  add_numbers(look, report.rows);
  for (const auto& one : look.assistants) add_assistant(one, report.rows);
  return report;
}

// --- what is taken over ---

std::string first_url(const TrunkSides& sides) {
  const twilio::OriginationUrl* first = nullptr;
  for (const auto& url : sides.urls)
    if (url.enabled && (first == nullptr || url.priority < first->priority)) first = &url;
  return first == nullptr ? std::string() : first->sip_url;
}

/// As it is called there, if it can be: Twilio takes any name, none at all, and one name for several.
std::string new_name(const Account& account, estate::Trunks& trunks, const twilio::Trunk& trunk) {
  estate::TrunkChange change;
  change.name = trunk.friendly_name;
  change.sid = trunk.sid;
  change.account_sid = account.client.account_sid();
  try {
    if (!trunks.find(change.name)) {
      trunks.save(change, false);
      return change.name;
    }
  } catch (const Error& error) {
    if (error.errc() != Errc::invalid) throw;
  }
  return "trunk " + trunk.sid;
}

void take_over_trunk(Account& account, estate::Trunks& trunks, const TrunkSides& sides) {
  if (!sides.there) return;
  estate::TrunkChange change;
  change.name = sides.here ? sides.here->name : new_name(account, trunks, *sides.there);
  change.sid = sides.there->sid;
  change.account_sid = account.client.account_sid();
  const bool leads = sides.here && leads_to(sides, sides.here->origination_url);
  if (!leads) change.origination_url = first_url(sides);
  trunks.save(change);
}

/// Numbers first: what is on none may be forgotten then.
void take_over_numbers(Account& account, const Look& look) {
  const auto there = trunks_of_numbers(look);
  auto& session = account.session;
  const auto& workspace = account.workspace.id;
  for (const auto& [sid, number] : look.numbers) {
    const auto found = there.find(sid);
    const auto trunk = found == there.end() ? std::string() : found->second;
    if (trunk == number.facts.trunk_sid) continue;
    db::in_transaction(session.db, db::Scope::of(workspace), [&, &at = number] {
      estate::set_trunk(session, workspace, at.id, trunk);
      audit::record(session, workspace,
                    {.action = "trunks.sync",
                     .object_type = "number",
                     .object_id = at.id,
                     .object_key = at.facts.phone_number,
                     .before = nlohmann::json{{"trunk_sid", at.facts.trunk_sid}}.dump(),
                     .after = nlohmann::json{{"trunk_sid", trunk}}.dump()});
    });
  }
}

void take_over(Account& account, const Look& look) {
  estate::Trunks trunks(account.session, account.workspace.id);
  take_over_numbers(account, look);
  // Those that are gone first: another may have the name of one.
  for (const auto& sides : look.trunks)
    if (!sides.there) trunks.remove(sides.here->name);
  for (const auto& sides : look.trunks) take_over_trunk(account, trunks, sides);
  estate::Assistants assistants(account.session, account.workspace.id);
  for (const auto& one : look.assistants) {
    estate::AssistantChange change;
    change.name = one.assistant->name;
    change.inbound_trunk_id = one.inbound ? one.inbound->id : std::string();
    change.dispatch_rule_id = one.rule ? one.rule->id : std::string();
    assistants.save(change, nullptr);
  }
}

}  // namespace

bool SideReport::agree() const {
  return std::all_of(rows.begin(), rows.end(), [](const SideRow& row) { return row.differs.empty(); });
}

SideReport compare_trunks(Account& account, std::span<const AssistantSide> assistants) {
  return report_of(look_at_all(account, assistants));
}

SideReport apply_trunks(Account& account, std::span<const AssistantSide> assistants) {
  auto lease = take_lease(account);
  take_over(account, look_at_all(account, assistants));
  note_main(account);
  std::vector<AssistantSide> now;
  for (const auto& [assistant, livekit] : assistants)
    now.push_back({estate::Assistants(account.session, account.workspace.id).get(assistant.name), livekit});
  return compare_trunks(account, now);
}

}  // namespace ringctl::sync
