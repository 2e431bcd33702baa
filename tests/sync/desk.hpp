#pragma once
// A workspace on either engine, and the simulated Twilio that its account is at.

#include <string>
#include <vector>

#include "directory/workspaces.hpp"
#include "estate/numbers.hpp"
#include "jobs/effects.hpp"
#include "support/errors.hpp"
#include "support/session.hpp"
#include "support/twilio_box.hpp"
#include "sync/purchase.hpp"

namespace ringctl::test {

struct NumberDesk : Estate {
  explicit NumberDesk(db::Engine engine, BoxOptions options = {})
      : Estate(engine), box(std::move(options)), client(box.options(), clock) {
    reload();
  }

  /// The workspace with its settings as they are now.
  void reload() {
    place = directory::Workspaces(session()).get("main");
    account.emplace(sync::Account{.session = session(),
                                  .workspace = place,
                                  .client = client,
                                  .cancel = cancel,
                                  .public_url = "https://pbx.example.com"});
  }
  void decide(std::string_view setting, const std::string& text) {
    directory::WorkspaceChange change;
    change.settings.push_back({setting, text});
    directory::Workspaces(session()).update("main", change);
    reload();
  }

  estate::Numbers numbers() { return {session(), workspace}; }
  void add(const std::string& number, const estate::NumberChange& change = {}) {
    numbers().add(phone::E164::parse(number), change);
  }
  /// In another workspace.
  void add_elsewhere(const std::string& number) {
    const auto other = database.add_workspace("other");
    estate::Numbers(session(), other).add(phone::E164::parse(number), {});
  }
  estate::Number row(const std::string& number) { return numbers().get(number); }

  /// Ann calls from it.
  void assign(const std::string& number) {
    const auto id = row(number).id;
    const auto agent = alice.ids.next(), assignment = alice.ids.next();
    write([&] {
      db().exec(
          "INSERT INTO users (id, workspace_id, email, role, ring_on, availability, is_active, created_at, "
          "updated_at) VALUES ($1, $2, 'ann@example.com', 'agent', 'client', 'online', TRUE, $3, $3)",
          {agent, workspace, clock.now()});
      db().exec(
          "INSERT INTO agent_phone_numbers (id, workspace_id, agent_id, phone_number_id, voice, is_active, "
          "created_at, updated_at) VALUES ($1, $2, $3, $4, TRUE, TRUE, $5, $5)",
          {assignment, workspace, agent, id, clock.now()});
    });
  }

  /// What the account has.
  sim::Number there(const std::string& number) {
    sim::Number found;
    box.with([&](sim::Account& at, sim::Network&) {
      if (const auto* one = at.numbers.find_by_phone(number)) found = *one;
    });
    return found;
  }
  /// Changed behind ringctl's back.
  void tamper(const std::string& number, const std::function<void(sim::Number&)>& change) {
    box.with([&](sim::Account& at, sim::Network&) {
      if (auto* one = at.numbers.find_by_phone(number)) change(*one);
    });
  }
  /// How often the box carried out what begins so.
  int times(const std::string& begin) {
    int all = 0;
    for (const auto& [what, count] : box.ledger())
      if (what.starts_with(begin)) all += count;
    return all;
  }
  std::vector<jobs::Effect> open_effects() {
    return read([&] { return jobs::Effects(db(), clock, workspace).open({}); });
  }
  sync::Wanted wanted(const std::string& fallback = {}) {
    return sync::wanted_of(*account, {.voice = {}, .sms = {}, .fallback = fallback});
  }

  TwilioBox box;
  base::CancelToken cancel;
  twilio::Client client;
  directory::Workspace place;
  std::optional<sync::Account> account;
};

/// At the time of the box, for what is held against when a number came into the account.
struct DatedDesk : NumberDesk {
  explicit DatedDesk(db::Engine engine, BoxOptions options = {}) : NumberDesk(engine, std::move(options)) {
    clock.set(base::SystemClock().now());
  }
};

}  // namespace ringctl::test
