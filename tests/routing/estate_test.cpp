// Rules as rows, and what is read of a workspace, on both engines.

#include <fmt/format.h>

#include <algorithm>

#include "records/records.hpp"
#include "routing/replay.hpp"
#include "routing/rules.hpp"
#include "support/catch.hpp"
#include "support/errors.hpp"
#include "support/session.hpp"

using namespace ringctl;
using namespace ringctl::routing;

namespace {

struct Office : test::Estate {
  explicit Office(db::Engine engine) : Estate(engine) {
    team = alice.ids.next();
    exec(
        "INSERT INTO teams (id, workspace_id, name, is_active, created_at, updated_at) VALUES ($1, $2, 'Sales', TRUE, $3, $3)",
        {team, workspace, clock.now()});
    ann = user("ann@example.com", team), bob = user("bob@example.com", {});
    number = alice.ids.next();
    exec(
        "INSERT INTO phone_numbers (id, workspace_id, phone_number, provider, status, created_at, updated_at) "
        "VALUES ($1, $2, '+12025550123', 'twilio', 'active', $3, $3)",
        {number, workspace, clock.now()});
  }
  void exec(std::string_view sql, std::initializer_list<db::Param> params = {}) {
    write([&] { db().exec(sql, params); });
  }
  base::Uuid user(const std::string& email, std::optional<base::Uuid> of_team) {
    const auto id = alice.ids.next();
    exec(
        "INSERT INTO users (id, workspace_id, email, role, team_id, ring_on, skills, availability, is_active, created_at, "
        "updated_at) VALUES ($1, $2, $3, 'agent', $5, 'client', '[\"German\"]', 'online', TRUE, $4, $4)",
        {id, workspace, email, clock.now(), of_team});
    return id;
  }
  records::Records rules() { return {session(), workspace, rules_noun(), {}}; }
  records::Plan add(const std::string& name, const std::string& position, const std::string& when,
                    const std::string& ring) {
    return rules().add(
        {{k_rule_name, name}, {k_rule_position, position}, {k_rule_when, when}, {k_rule_ring, ring}});
  }
  std::string order() {
    std::string names;
    rules().for_each({}, {"position", false}, 0, [&](const records::Record& rule) {
      names += fmt::format("{} {}; ", rule.cells[k_rule_name], rule.cells[k_rule_position]);
    });
    return names;
  }
  base::Uuid team, ann, bob, number;
};

const std::string k_team = R"([{"team":"Sales"}])";

}  // namespace

TEST_CASE("a rule is added, changed and read back in its canonical text", "[routing]") {
  Office office(GENERATE(from_range(test::engines())));
  office.add("VIP", "10", R"({"contact": {"tags": "vip"}})", k_team);
  const auto held = office.rules().get("VIP");
  CHECK(held.cells == std::vector<std::string>{"VIP", "10", "yes", R"({"contact":{"tags":["vip"]}})", k_team,
                                               "ring_all", ""});
  CHECK(office.add("VIP", "10", R"({"contact":{"tags":["vip"]}})", k_team).changed.empty());
  office.rules().update("VIP", {{k_rule_ring_timeout, "20"}, {k_rule_strategy, "Longest_Idle"}});
  CHECK(office.rules().get("VIP").cells[k_rule_strategy] == "longest_idle");
  office.rules().remove("VIP");
  CHECK_FALSE(office.rules().find("VIP"));
}

TEST_CASE("what a rule names must be there", "[routing]") {
  Office office(GENERATE(from_range(test::engines())));
  const auto refusal = [&](const std::string& when, const std::string& ring) {
    const auto error = test::error_of([&] { office.add("r", "10", when, ring); });
    return error ? error->slug() + " " + error->what() : std::string();
  };
  CHECK(refusal("{}", R"([{"team":"Sales"},{"user":"eve@example.com"}])") ==
        "rules.unknown_user ring: /ring/1/user: \"eve@example.com\" is no user of this workspace");
  CHECK(refusal("{}", R"([{"team":"Nobody"}])") ==
        "rules.unknown_team ring: /ring/0/team: \"Nobody\" is no team of this workspace");
  CHECK(refusal("{}", R"([{"extension":"101"}])") ==
        "rules.unknown_extension ring: /ring/0/extension: \"101\" is no extension that is in use");
  CHECK(refusal("{}", R"([{"skill":"french"}])") ==
        "rules.rings_nobody ring: /ring: nobody who is active has the skill \"french\"");
  CHECK(
      refusal("{}", R"([{"number":"+12025550123"}])") ==
      "rules.rings_itself ring: /ring/0/number: +12025550123 is a number of ours: the call would come back");
  CHECK(refusal(R"({"not":{"called":"+12025550199"}})", k_team) ==
        "rules.unknown_number when: /when/called: +12025550199 is no number of this workspace");
  CHECK(refusal("{}", R"([{"skill":"GERMAN"},{"number":"+12025550177"}])").empty());
  CHECK(test::slug_of([&] { office.add("s", "10", R"({"hours":{"from":"8"}})", k_team); }) ==
        "rules.invalid");
  CHECK(test::slug_of([&] { office.add("s", "0", "{}", k_team); }) == "rules.invalid");
  CHECK(test::slug_of([&] { office.add("s", "10", "{}", ""); }) == "rules.invalid");
  office.rules().remove("r");
  office.exec("UPDATE users SET is_active = FALSE WHERE id = $1", {office.bob});
  CHECK(refusal("{}", R"([{"user":"bob@example.com"}])") ==
        "rules.agent_inactive ring: /ring/0/user: bob@example.com is not active");
}

TEST_CASE("a rule moves among the others, and all are numbered anew", "[routing]") {
  Office office(GENERATE(from_range(test::engines())));
  for (const auto* name : {"a", "b", "c", "d"}) office.add(name, "7", "{}", k_team);
  using Where = NewPlace::Where;
  const auto move = [&](const std::string& name, const NewPlace& place, bool write = true) {
    return move_rule(office.session(), office.workspace, name, place, write);
  };
  CHECK(move("d", {Where::before, "b", 0}, false).to == 2);
  CHECK(office.order() == "a 7; b 7; c 7; d 7; ");
  const auto moved = move("d", {Where::before, "b", 0});
  CHECK(moved.from == 4);
  CHECK(moved.changed == 4);
  CHECK(office.order() == "a 10; d 20; b 30; c 40; ");
  move("a", {Where::after, "c", 0});
  CHECK(office.order() == "d 10; b 20; c 30; a 40; ");
  move("c", {Where::to, {}, 1});
  CHECK(office.order() == "c 10; d 20; b 30; a 40; ");
  move("c", {Where::to, {}, 99});
  CHECK(office.order() == "d 10; b 20; a 30; c 40; ");
  CHECK(move("c", {Where::to, {}, 4}).changed == 0);
  CHECK(test::slug_of([&] { move("x", {Where::to, {}, 1}); }) == "rules.unknown");
  CHECK(test::slug_of([&] { move("a", {Where::before, "x", 0}); }) == "rules.unknown");
  CHECK(test::slug_of([&] { move("a", {Where::before, "a", 0}); }) == "usage.bad_value");
  CHECK(next_position(office.db(), office.workspace) == 50);
  const auto moves = office.read([&] {
    return office.db().integer(
        "SELECT count(*) FROM audit_log WHERE workspace_id = $1 AND action = 'rules.move'",
        {office.workspace});
  });
  CHECK(moves.value_or(0) == 4 + 4 + 3 + 4);
}

TEST_CASE("a snapshot holds the workspace, and its version tells every change of it", "[routing]") {
  Office office(GENERATE(from_range(test::engines())));
  office.add("second", "20", "{}", k_team);
  office.add("first", "10", R"({"called":"+12025550123"})", R"([{"user":"bob@example.com"}])");
  office.add("off", "5", "{}", k_team);
  office.rules().update("off", {{k_rule_enabled, "no"}});
  const auto snapshot = load_snapshot(office.db(), office.workspace);
  CHECK(snapshot.name == "main");
  REQUIRE(snapshot.rules.size() == 2);
  CHECK(snapshot.rules[0].name == "first");
  CHECK(snapshot.everyone.size() == 2);
  CHECK(snapshot.version == snapshot_version(office.db(), snapshot));
  auto version = snapshot.version;
  const auto changes = [&](std::string_view sql, std::initializer_list<db::Param> params) {
    office.clock.advance(std::chrono::milliseconds(1));
    office.exec(sql, params);
    const auto now = snapshot_version(office.db(), snapshot);
    const bool differs = now != version;
    version = now;
    return differs;
  };
  CHECK(changes("DELETE FROM routing_rules WHERE workspace_id = $1 AND name = 'first'", {office.workspace}));
  CHECK(changes("UPDATE users SET availability = 'busy', version = version + 1 WHERE id = $1", {office.ann}));
  CHECK(changes("UPDATE teams SET name = 'Sellers', version = version + 1 WHERE id = $1", {office.team}));
  CHECK(changes("UPDATE workspaces SET ring_timeout_s = 20, version = version + 1 WHERE id = $1",
                {office.workspace}));
  CHECK(changes("UPDATE users SET phone_number = '+12025550123' WHERE id = $1", {office.ann}));
  CHECK_FALSE(
      changes("UPDATE users SET last_call_ended_at = $2 WHERE id = $1", {office.ann, office.clock.now()}));
  const auto direct = [&](const char* number, const char* sql) {
    office.exec(
        "INSERT INTO phone_numbers (id, workspace_id, phone_number, provider, status, created_at, updated_at) "
        "VALUES ($1, $2, $3, 'twilio', 'active', $4, $4)",
        {office.alice.ids.next(), office.workspace, number, office.clock.now()});
    return changes(sql, {office.workspace});
  };
  office.exec("UPDATE users SET phone_number = '+12025550124', version = version + 1 WHERE id = $1",
              {office.bob});
  CHECK(changes("UPDATE users SET version = version + 1 WHERE id = $1", {office.bob}));
  // One number for another, between two looks.
  CHECK(direct("+12025550124",
               "DELETE FROM phone_numbers WHERE workspace_id = $1 AND phone_number = '+12025550123'"));
  CHECK(test::slug_of([&] { load_snapshot(office.db(), office.alice.ids.next()); }) == "workspaces.unknown");
}

TEST_CASE("an extension whose number goes is a change, though nobody touched it", "[routing]") {
  Office office(GENERATE(from_range(test::engines())));
  office.exec(
      "INSERT INTO user_extensions (id, workspace_id, user_id, extension, number_id, is_active, created_at, updated_at) "
      "VALUES ($1, $2, $3, '101', $4, TRUE, $5, $5)",
      {office.alice.ids.next(), office.workspace, office.ann, office.number, office.clock.now()});
  const auto before = load_snapshot(office.db(), office.workspace);
  CHECK(before.extensions.at(0).number == office.number);
  office.exec("DELETE FROM phone_numbers WHERE id = $1", {office.number});
  CHECK(snapshot_version(office.db(), before) != before.version);
  CHECK_FALSE(load_snapshot(office.db(), office.workspace).extensions.at(0).number);
}

TEST_CASE("an outside number that becomes ours is not rung any more, wherever its calls come to us",
          "[routing]") {
  Office office(GENERATE(from_range(test::engines())));
  const std::string outside = "+12025550177";
  office.add("r", "10", "{}", R"([{"number":")" + outside + R"("},{"voicemail":true}])");
  const auto before = load_snapshot(office.db(), office.workspace);
  const auto text = [&](const Snapshot& snapshot) {
    Facts facts{.from = "+16265550101", .to = "+12025550123", .now = office.clock.now()};
    facts.number.emplace().id = office.number;
    return summary_of(snapshot, decide(snapshot, facts));
  };
  CHECK(text(before) == "rule \"r\": ring +12025550177; then voicemail");
  const auto set = [&](const char* provider, std::string_view trunk) {
    office.exec("DELETE FROM phone_numbers WHERE phone_number = $1", {outside});
    office.exec(
        "INSERT INTO phone_numbers (id, workspace_id, phone_number, provider, trunk_sid, status, created_at, updated_at) "
        "VALUES ($1, $2, $3, $4, $5, 'active', $6, $6)",
        {office.alice.ids.next(), office.workspace, outside, provider, db::or_null(trunk),
         office.clock.now()});
    const auto changed = snapshot_version(office.db(), before) != before.version;
    CHECK(changed == (text(load_snapshot(office.db(), office.workspace)) != text(before)));
    return changed;
  };
  CHECK_FALSE(set("telnyx", ""));
  CHECK_FALSE(set("twilio", "TK0123456789abcdef0123456789abcdef"));
  CHECK(set("twilio", ""));
  CHECK(text(load_snapshot(office.db(), office.workspace)) == "rule \"r\": voicemail");
  Trace trace;
  Facts facts{.from = "+16265550101", .to = "+12025550123", .now = office.clock.now()};
  facts.number.emplace().id = office.number;
  decide(load_snapshot(office.db(), office.workspace), facts, &trace);
  CHECK(std::any_of(trace.begin(), trace.end(), [&](const auto& line) {
    return line.why.starts_with(outside + " is a number of ours");
  }));
}

TEST_CASE("the facts of a call are its number, its contact, and who is on a call", "[routing]") {
  Office office(GENERATE(from_range(test::engines())));
  const auto contact = office.alice.ids.next();
  const auto now = office.clock.now();
  office.exec(
      "INSERT INTO contacts (id, workspace_id, name, lead_status, country, tags, created_at, updated_at) "
      "VALUES ($1, $2, 'Lin', 'New', 'US', '[\"VIP\",\"web\"]', $3, $3)",
      {contact, office.workspace, now});
  office.exec(
      "INSERT INTO contact_phones (workspace_id, phone_number, contact_id, position) VALUES ($1, '+16265550101', $2, 0)",
      {office.workspace, contact});
  for (const auto& [user, status] : {std::pair(office.ann, "active"), std::pair(office.bob, "inactive")})
    office.exec(
        "INSERT INTO contact_assignments (contact_id, user_id, workspace_id, status, created_at, updated_at) "
        "VALUES ($1, $2, $3, $4, $5, $5)",
        {contact, user, office.workspace, status, now});
  office.exec(
      "INSERT INTO agent_phone_numbers (id, workspace_id, agent_id, phone_number_id, voice, is_active, daily_limit, "
      "created_at, updated_at) VALUES ($1, $2, $3, $4, TRUE, TRUE, 100, $5, $5)",
      {office.alice.ids.next(), office.workspace, office.bob, office.number, now});
  const auto facts = read_facts(office.db(), office.workspace, "+16265550101", "+12025550123", now);
  REQUIRE(facts.number);
  CHECK(facts.number->owner == office.bob);
  CHECK(facts.caller_country == "US");
  REQUIRE(facts.contact);
  CHECK(facts.contact->lead_status == "new");
  CHECK(facts.contact->tags == std::vector<std::string>{"vip", "web"});
  CHECK(facts.contact->agents == std::vector<base::Uuid>{office.ann});
  const auto holders =
      find_workspaces_of(office.db(), {"+12025550124", "+12025550123", "anonymous", "+12025550123"});
  REQUIRE(holders.size() == 4);
  CHECK_FALSE(holders[0]);
  CHECK(holders[1] == office.workspace);
  CHECK_FALSE(holders[2]);
  CHECK(holders[3] == office.workspace);
  CHECK(find_workspaces_of(office.db(), {"sip:a@example.com"}) ==
        std::vector<std::optional<base::Uuid>>{std::nullopt});
  for (const auto* from : {"anonymous", "sip:a@example.com", "", "a\0b"}) {
    const auto other = read_facts(office.db(), office.workspace, from, "not a number", now);
    CHECK_FALSE(other.number);
    CHECK_FALSE(other.contact);
  }
  const auto call = office.alice.ids.next();
  office.exec(
      "INSERT INTO calls (id, workspace_id, call_sid, direction, status, from_number, to_number, started_at, ended_at, "
      "created_at, updated_at) VALUES ($1, $2, 'CA1', 'inbound', 'completed', '', '', $3, $3, $3, $3)",
      {call, office.workspace, now});
  office.exec(
      "INSERT INTO call_attempts (id, workspace_id, call_id, leg_sid, user_id, party, status, started_at, "
      "answered_at, ended_at, updated_at) VALUES ($1, $2, $3, 'CA2', $4, '', 'completed', $5, $5, $5, $5)",
      {office.alice.ids.next(), office.workspace, call, office.ann, now});
  const auto presence = [&](bool usage) {
    return read_presence(office.db(), office.workspace, now, now, usage);
  };
  CHECK(presence(true).on_call.empty());
  REQUIRE(presence(true).used.size() == 1);
  CHECK(presence(true).used.front().calls_today == 1);
  CHECK(presence(false).used.empty());
}

TEST_CASE("the facts of calls that are asked about together are those of each", "[routing]") {
  Office office(GENERATE(from_range(test::engines())));
  const auto now = office.clock.now();
  const auto contact = [&](const char* name, const char* phone, std::initializer_list<base::Uuid> agents) {
    const auto id = office.alice.ids.next();
    office.exec(
        "INSERT INTO contacts (id, workspace_id, name, tags, created_at, updated_at) VALUES ($1, $2, $3, "
        "'[\"VIP\"]', $4, $4)",
        {id, office.workspace, name, now});
    office.exec(
        "INSERT INTO contact_phones (workspace_id, phone_number, contact_id, position) VALUES ($1, $2, $3, 0)",
        {office.workspace, phone, id});
    for (const auto& agent : agents)
      office.exec(
          "INSERT INTO contact_assignments (contact_id, user_id, workspace_id, status, created_at, updated_at) "
          "VALUES ($1, $2, $3, 'active', $4, $4)",
          {id, agent, office.workspace, now});
  };
  contact("Lin", "+16265550101", {office.bob, office.ann});
  contact("Mo", "+16265550102", {});
  const std::vector<Incoming> calls{{"+16265550101", "+12025550123", now},
                                    {"+16265550102", "+12025550123", now},
                                    {"+16265550103", "+12025550124", now + std::chrono::seconds(1)},
                                    {"+16265550101", "+12025550123", now},
                                    {"anonymous", "sip:a@example.com", now}};
  const FactsRead read(office.db(), office.workspace, calls);
  std::vector<Facts> together;
  db::read_together(office.db(), db::Scope::of(office.workspace), read.reads(),
                    [&](std::span<db::Rows> rows) { together = read.take(rows); });
  REQUIRE(together.size() == calls.size());
  for (std::size_t i = 0; i < calls.size(); ++i) {
    const auto& [from, to, at] = calls[i];
    const auto alone = read_facts(office.db(), office.workspace, from, to, at);
    const auto& facts = together[i];
    INFO(i);
    CHECK(facts.from == from);
    CHECK(facts.to == to);
    CHECK(facts.now == at);
    CHECK(facts.caller_country == alone.caller_country);
    REQUIRE(facts.number.has_value() == alone.number.has_value());
    if (facts.number) CHECK(facts.number->id == alone.number->id);
    REQUIRE(facts.contact.has_value() == alone.contact.has_value());
    if (!facts.contact) continue;
    CHECK(facts.contact->id == alone.contact->id);
    CHECK(facts.contact->name == alone.contact->name);
    CHECK(facts.contact->tags == std::vector<std::string>{"vip"});
    CHECK(facts.contact->agents == alone.contact->agents);
  }
  CHECK(together[0].number->id == office.number);
  CHECK_FALSE(together[2].number);
  CHECK(together[1].contact->name == "Mo");
  CHECK(together[1].contact->agents.empty());
  auto both = std::vector{office.ann, office.bob};
  std::sort(both.begin(), both.end());
  CHECK(together[3].contact->agents == both);
}
