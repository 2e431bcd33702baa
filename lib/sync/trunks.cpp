// Twilio first, then the row: what was made there and is not known here is found by its name the next time.
#include "sync/trunks.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "base/secret.hpp"
#include "base/sid.hpp"
#include "base/text.hpp"
#include "db/transaction.hpp"
#include "directory/accounts.hpp"
#include "jobs/effects.hpp"
#include "routing/snapshot.hpp"
#include "sync/trunk_parts.hpp"
#include "sync/work.hpp"
#include "twilio/rest_trunking.hpp"

namespace ringctl::sync {
namespace {

constexpr std::string_view k_make_trunk = "trunk.create", k_make_url = "url.create";
constexpr std::string_view k_url_name = "ringctl";

estate::Trunks trunks_of(Account& account) { return {account.session, account.workspace.id}; }

void require_ours(const Account& account, const estate::Trunk& trunk) {
  if (trunk.account_sid == account.client.account_sid()) return;
  throw Error(Errc::conflict, "trunks.other_account",
              fmt::format("the trunk {} is account {}'s", base::in_quotes(trunk.name), trunk.account_sid),
              fmt::format("--account {}", trunk.account_sid));
}

/// What Twilio was asked to make, and which SID it said.
std::string send_creation(Account& account, const twilio::Ask& ask, std::string_view kind) {
  const auto reply = account.client.send(ask);
  auto sid = reply.json.text("sid");
  if (base::is_sid(sid, kind)) return sid;
  throw Error(Errc::unknown_outcome, "twilio.unknown_outcome",
              fmt::format("Twilio's answer to {} {} has no SID", ask.method, ask.path),
              "ringctl jobs resolve");
}

// --- a trunk ---

std::vector<twilio::Trunk> trunks_named(Account& account, std::string_view name) {
  auto all = twilio::list_trunks(account.client);
  std::erase_if(all, [&](const twilio::Trunk& trunk) { return trunk.friendly_name != name; });
  return all;
}

std::optional<std::string> find_named(Account& account, const std::string& name) {
  const auto named = trunks_named(account, name);
  if (named.empty()) return std::nullopt;
  if (named.size() == 1) return named.front().sid;
  Error error(Errc::conflict, "trunks.ambiguous",
              fmt::format("Twilio has {} trunks called {}", named.size(), base::in_quotes(name)),
              "--sid TK... says which");
  for (const auto& trunk : named) error.detail(trunk.sid);
  throw std::move(error);
}

Creation creation_of(const std::string& name, bool is_main) {
  return {std::string(k_make_trunk), name, nlohmann::json{{"name", name}, {"is_main", is_main}}.dump()};
}

/// Its SID at Twilio; nullopt: it is still to be made.
std::optional<std::string> find_there(Account& account, const estate::TrunkChange& change,
                                      const std::optional<estate::Trunk>& row) {
  const auto sid = change.sid.value_or(row ? row->sid : std::string());
  if (!sid.empty() && twilio::find_trunk(account.client, sid)) return sid;
  if (change.sid && !sid.empty())
    throw Error(Errc::not_found, "trunks.not_there", fmt::format("Twilio has no trunk {}", sid),
                "ringctl trunks sync");
  return find_named(account, row ? row->name : change.name);
}

// --- where it leads ---

const twilio::OriginationUrl* find_url(const std::vector<twilio::OriginationUrl>& all,
                                       std::string_view sip_url) {
  const auto found =
      std::find_if(all.begin(), all.end(), [&](const auto& url) { return url.sip_url == sip_url; });
  return sip_url.empty() || found == all.end() ? nullptr : &*found;
}

Creation url_creation(const std::string& trunk, const std::string& sip_url) {
  return {std::string(k_make_url), sip_url, nlohmann::json{{"trunk", trunk}}.dump()};
}

void make_url(Account& account, const std::string& trunk, const std::string& sip_url) {
  twilio::OriginationUrl url;
  url.friendly_name = k_url_name;
  url.sip_url = sip_url;
  create_once(account, url_creation(trunk, sip_url),
              [&] { return send_creation(account, twilio::create_origination_url_ask(trunk, url), "OU"); });
}

/// From `old` ("" = nowhere that we know of) to `wanted`. Other addresses of the trunk are left alone. True
/// if something differed.
bool lead(Account& account, const std::string& trunk, const std::string& old, const std::string& wanted,
          bool write) {
  const auto urls = twilio::list_origination_urls(account.client, trunk);
  const auto* const there = find_url(urls, wanted);
  const auto* const before = old == wanted ? nullptr : find_url(urls, old);
  if (write && !wanted.empty())
    settle(account, url_creation(trunk, wanted), there == nullptr ? std::nullopt : std::optional(there->sid));
  const bool changes = before != nullptr || (!wanted.empty() && (there == nullptr || !there->enabled));
  if (!write || !changes) return changes;
  if (there != nullptr || wanted.empty()) {
    if (before != nullptr) twilio::delete_origination_url(account.client, trunk, before->sid);
    if (there == nullptr || there->enabled) return true;
  } else if (before == nullptr) {
    make_url(account, trunk, wanted);
    return true;
  }
  auto url = there != nullptr ? *there : *before;
  url.sip_url = wanted;
  url.enabled = true;
  twilio::update_origination_url(account.client, trunk, url);
  return true;
}

// --- the login that it belongs to ---

void note_trunk(Account& account, const std::string& sid) {
  directory::Accounts accounts(account.session, account.workspace.id);
  const auto& owner = account.client.account_sid();
  const auto all = accounts.list();
  if (std::any_of(all.begin(), all.end(), [&](const auto& one) { return one.account_sid == owner; }))
    accounts.note_trunk(owner, sid);
}

/// The row as it would be.
estate::Trunk planned(const Account& account, const estate::TrunkChange& change,
                      const std::optional<estate::Trunk>& row, const std::string& sid) {
  auto trunk = row.value_or(estate::Trunk{});
  trunk.name = change.new_name.value_or(row ? row->name : change.name);
  trunk.sid = sid;
  trunk.account_sid = account.client.account_sid();
  trunk.origination_url = change.origination_url.value_or(trunk.origination_url);
  trunk.is_main = trunk.is_main || change.is_main.value_or(false);
  trunk.is_active = change.is_active.value_or(trunk.is_active);
  return trunk;
}

estate::TrunkChange change_of_main(Account& account) {
  const auto main = trunks_of(account).find_main();
  estate::TrunkChange change;
  change.name = main ? main->name : own_name(account.workspace);
  change.is_main = true;
  return change;
}

}  // namespace

void note_main(Account& account) {
  const auto main = trunks_of(account).find_main();
  note_trunk(account, main && main->account_sid == account.client.account_sid() ? main->sid : std::string());
}

TrunkReport save_trunk_now(Account& account, const estate::TrunkChange& asked, bool write) {
  auto trunks = trunks_of(account);
  const auto row = trunks.find(asked.name);
  if (row) require_ours(account, *row);
  auto change = asked;
  change.account_sid = account.client.account_sid();
  trunks.save(change, false);  // what is refused here is not asked of Twilio
  auto sid = find_there(account, change, row);
  const auto creation = creation_of(row ? row->name : change.name, change.is_main.value_or(false));
  TrunkReport report;
  report.created = report.changed = !sid;
  const auto old_url = row ? row->origination_url : std::string();
  const auto url = change.origination_url.value_or(old_url);
  if (!write) {
    change.sid = sid.value_or("");
    report.trunk = planned(account, change, row, *change.sid);
    report.changed =
        report.changed || trunks.save(change, false) || (sid && lead(account, *sid, old_url, url, false));
    return report;
  }
  settle(account, creation, sid);
  if (!sid)
    sid = create_once(account, creation,
                      [&] { return send_creation(account, twilio::create_trunk_ask(creation.key), "TK"); });
  // Where it leads is written down once it does: until then the old address is needed to find it there.
  change.sid = *sid;
  change.origination_url.reset();
  report.changed = trunks.save(change) || report.changed;
  report.changed = lead(account, *sid, old_url, url, true) || report.changed;
  estate::TrunkChange leads;
  leads.name = *sid;
  leads.origination_url = url;
  report.changed = trunks.save(leads) || report.changed;
  report.trunk = trunks.get(*sid);
  note_main(account);
  return report;
}

TrunkReport ensure_main_now(Account& account, bool write) {
  return save_trunk_now(account, change_of_main(account), write);
}

TrunkReport ensure_main_trunk(Account& account, bool write) {
  if (!write) return ensure_main_now(account, false);
  auto lease = take_lease(account);
  return ensure_main_now(account, true);
}

TrunkReport save_trunk(Account& account, const estate::TrunkChange& change, bool write) {
  if (!write) return save_trunk_now(account, change, false);
  auto lease = take_lease(account);
  return save_trunk_now(account, change, true);
}

void remove_trunk(Account& account, std::string_view what, bool write) {
  std::optional<db::Lease> lease;
  if (write) lease.emplace(take_lease(account));
  auto trunks = trunks_of(account);
  const auto trunk = trunks.get(what);
  require_ours(account, trunk);
  trunks.remove(trunk.name, false);
  if (!trunk.sid.empty() && twilio::find_trunk(account.client, trunk.sid)) {
    const auto numbers = twilio::list_trunk_numbers(account.client, trunk.sid).size();
    if (numbers > 0)
      throw Error(Errc::conflict, "trunks.in_use",
                  fmt::format("Twilio has {} {} on the trunk {}", numbers,
                              numbers == 1 ? "number" : "numbers", base::in_quotes(trunk.name)),
                  "ringctl trunks sync");
    if (write) twilio::delete_trunk(account.client, trunk.sid);
  }
  if (!write) return;
  trunks.remove(trunk.name);
  note_main(account);
}

// --- numbers ---

namespace {

void add_loss(std::vector<Loss>& losses, std::string_view what, const std::string& value) {
  if (!value.empty()) losses.push_back({std::string(what), value});
}

std::string count_text(std::int64_t count) { return count == 0 ? std::string() : std::to_string(count); }

std::vector<Loss> losses_of(Account& account, const estate::Number& row, const twilio::Number& number) {
  std::vector<Loss> losses;
  add_loss(losses, "voice_url", base::redact_url(number.voice_hook.url));
  add_loss(losses, "voice_application", number.voice_application_sid);
  add_loss(losses, "status_callback", base::redact_url(number.status_callback.url));
  add_loss(losses, "owner", row.assigned_to);
  std::int64_t extensions = 0;
  auto& db = account.session.db;
  db::Transaction transaction(db, db::Scope::of(account.workspace.id), db::Access::read);
  const std::string_view phone_number = row.phone_number;
  estate::find_used(
      db, account.workspace.id, {&phone_number, 1},
      [&](const estate::UsedNumber& known) { extensions = known.extensions; }, [](std::string_view) {});
  transaction.commit();
  add_loss(losses, "extensions", count_text(extensions));
  add_loss(losses, "rules", count_text(std::ssize(routing::load_snapshot(db, account.workspace.id).rules)));
  return losses;
}

/// Of the trunk that is named, else of the main one; at Twilio if `write`.
estate::Trunk trunk_named(Account& account, std::string_view what, bool write) {
  if (what.empty()) return ensure_main_now(account, write).trunk;
  auto trunk = trunks_of(account).get(what);
  require_ours(account, trunk);
  if (!trunk.sid.empty()) return trunk;
  estate::TrunkChange change;
  change.name = trunk.name;
  return save_trunk_now(account, change, write).trunk;
}

}  // namespace

Attached attach_now(Account& account, const estate::Number& row, const estate::Trunk& trunk, bool write) {
  auto number = fetch_same(account, row);
  if (!number.trunk_sid.empty() && number.trunk_sid != trunk.sid) {
    const auto other = trunks_of(account).find(number.trunk_sid);
    throw Error(Errc::conflict, "trunks.other_trunk",
                fmt::format("{} is on the trunk {}", row.phone_number,
                            other ? base::in_quotes(other->name) : number.trunk_sid),
                fmt::format("ringctl trunks detach {}", row.phone_number));
  }
  Attached attached{.phone_number = row.phone_number, .trunk_sid = trunk.sid};
  attached.changed = number.trunk_sid.empty();
  if (attached.changed) attached.losses = losses_of(account, row, number);
  if (!write) return attached;
  if (attached.changed) {
    account.client.send(twilio::attach_number_ask(trunk.sid, row.sid));
    number.trunk_sid = trunk.sid;
  }
  note_facts(account, row, number, std::nullopt, "trunks.attach");
  return attached;
}

Attached attach(Account& account, std::string_view what, std::string_view trunk, bool write) {
  std::optional<db::Lease> lease;
  if (write) lease.emplace(take_lease(account));
  const auto row = number_on_account(account, what);
  return attach_now(account, row, trunk_named(account, trunk, write), write);
}

Attached detach_now(Account& account, const estate::Number& row, const std::optional<Wanted>& wanted,
                    bool write) {
  auto number = fetch_same(account, row);
  Attached detached{.phone_number = row.phone_number, .trunk_sid = number.trunk_sid};
  detached.changed = !number.trunk_sid.empty();
  number.trunk_sid.clear();
  // A detach that was interrupted goes on: its row says the trunk until everything is done.
  const bool goes_on = detached.changed || !row.trunk_sid.empty();
  const auto update = goes_on && wanted ? update_for(number, *wanted) : twilio::NumberUpdate();
  detached.configured = field_names(update);
  if (!write) return detached;
  if (detached.changed) {
    const auto outcome = account.client.try_send(twilio::detach_number_ask(detached.trunk_sid, row.sid));
    if (const auto* const failed = std::get_if<twilio::Failed>(&outcome);
        failed != nullptr && failed->kind != twilio::Failed::Kind::not_found)
      throw to_error(*failed);
  }
  if (!update.empty()) account.client.send(twilio::update_number_ask(row.sid, update));
  if (goes_on) number = fetch_same(account, row);
  note_facts(account, row, number, wanted, "trunks.detach");
  return detached;
}

Attached detach(Account& account, std::string_view what, const std::optional<Wanted>& wanted, bool write) {
  std::optional<db::Lease> lease;
  if (write) lease.emplace(take_lease(account));
  const auto row = number_on_account(account, what);
  if (!row.assistant_id.empty())
    throw Error(Errc::conflict, "assistants.has_number",
                fmt::format("{} is handed to an assistant", row.phone_number),
                fmt::format("ringctl assistants detach {}", row.phone_number));
  return detach_now(account, row, wanted, write);
}

// --- what nobody knows the outcome of ---

namespace {

EffectRow row_of(const jobs::Effect& effect, std::string state, std::string sid, std::string message) {
  return {.object = effect.key,
          .kind = effect.kind,
          .state = std::move(state),
          .sid = std::move(sid),
          .message = std::move(message)};
}

EffectRow settle_effect(Account& account, const jobs::Effect& effect, const std::optional<std::string>& sid) {
  db::in_transaction(account.session.db, db::Scope::of(account.workspace.id), [&] {
    jobs::Effects effects(account.session.db, account.session.clock, account.workspace.id);
    if (sid)
      effects.done(effect.id, *sid);
    else
      effects.undone(effect.id, "Twilio was asked: it was not made");
  });
  return sid ? row_of(effect, "done", *sid, "it was made")
             : row_of(effect, "undone", {}, "Twilio was asked: it was not made");
}

/// The row that should have followed.
void keep_trunk(Account& account, const jobs::Effect& effect, const std::string& sid) {
  auto trunks = trunks_of(account);
  if (trunks.find(sid)) return;
  const auto request = nlohmann::json::parse(effect.request, nullptr, false);
  estate::TrunkChange change;
  change.name = effect.key;
  change.sid = sid;
  change.account_sid = account.client.account_sid();
  if (request.is_object() && request.value("is_main", false)) change.is_main = true;
  trunks.save(change);
  note_main(account);
}

EffectRow resolve_trunk(Account& account, const jobs::Effect& effect) {
  const auto named = trunks_named(account, effect.key);
  if (named.size() > 1)
    return row_of(effect, "unknown", {},
                  fmt::format("there are {} trunks of this name: delete all but one", named.size()));
  if (named.empty()) return settle_effect(account, effect, std::nullopt);
  keep_trunk(account, effect, named.front().sid);
  return settle_effect(account, effect, named.front().sid);
}

EffectRow resolve_url(Account& account, const jobs::Effect& effect) {
  const auto request = nlohmann::json::parse(effect.request, nullptr, false);
  const auto trunk = request.is_object() ? request.value("trunk", std::string()) : std::string();
  std::vector<twilio::OriginationUrl> urls;
  if (base::is_sid(trunk, "TK") && twilio::find_trunk(account.client, trunk))
    urls = twilio::list_origination_urls(account.client, trunk);
  const auto* const there = find_url(urls, effect.key);
  return settle_effect(account, effect, there == nullptr ? std::nullopt : std::optional(there->sid));
}

/// With it went the login to ask LiveKit with.
bool has_assistant(Account& account, const jobs::Effect& effect) {
  const auto request = nlohmann::json::parse(effect.request, nullptr, false);
  const auto id = request.is_object() ? request.value("assistant", std::string()) : std::string();
  const auto all = estate::Assistants(account.session, account.workspace.id).list();
  return std::any_of(all.begin(), all.end(), [&](const auto& one) { return one.id.view() == id; });
}

}  // namespace

EffectRow resolve_trunk_effect(Account& account, const jobs::Effect& effect) {
  if (effect.kind == k_make_trunk) return resolve_trunk(account, effect);
  if (effect.kind == k_make_url) return resolve_url(account, effect);
  if (!has_assistant(account, effect)) {
    const std::string why = "its assistant was removed: what is called so at LiveKit is to be deleted there";
    db::in_transaction(account.session.db, db::Scope::of(account.workspace.id), [&] {
      jobs::Effects(account.session.db, account.session.clock, account.workspace.id).undone(effect.id, why);
    });
    return row_of(effect, "undone", {}, why);
  }
  return row_of(effect, "unknown", effect.sid,
                "it was asked of LiveKit: the same `ringctl assistants attach` again looks, and goes on");
}

}  // namespace ringctl::sync
