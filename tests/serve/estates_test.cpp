#include "serve/estates.hpp"

#include <fmt/format.h>

#include "base/error.hpp"
#include "directory/people.hpp"
#include "directory/workspaces.hpp"
#include "limits/office.hpp"
#include "routing/rules.hpp"
#include "serve/service_site.hpp"
#include "support/catch.hpp"

using namespace ringctl;
using namespace ringctl::serve;
using test::Door;

namespace {

/// A workspace with Ann, whose estates are read when a test says so.
struct Site : test::Estate {
  explicit Site(db::Engine engine) : Estate(engine) { add("ann@example.com"); }

  std::unique_ptr<Estates> open(std::chrono::milliseconds every = std::chrono::hours(1)) {
    return std::make_unique<Estates>(door.opener(), clock, Estates::Options{every});
  }
  void add(const std::string& email) {
    records::Records(session(), workspace, directory::users_noun()).add({{directory::k_user_email, email}});
  }
  void decide(const directory::WorkspaceChange& change) {
    directory::Workspaces(session()).update("main", change);
  }
  /// As if somebody else were at work on the database.
  void rename(std::string_view from, std::string_view to) {
    write([&] { db().exec(fmt::format("ALTER TABLE {} RENAME TO {}", from, to)); });
  }

  Door door{database};
};

std::size_t agents_of(const Estates& estates, const base::Uuid& workspace) {
  const auto estate = estates.find(workspace);
  REQUIRE(estate);
  REQUIRE(estate->snapshot);
  REQUIRE(estate->presence);
  return estate->snapshot->agents.size();
}

}  // namespace

TEST_CASE("the estates are there as soon as they were opened, each workspace with its own", "[serve]") {
  Site site(GENERATE(from_range(test::engines())));
  const auto other = site.database.add_workspace("other");
  const auto estates = site.open();
  CHECK(estates->ready());
  CHECK(estates->database_up());
  CHECK(agents_of(*estates, site.workspace) == 1);
  CHECK(agents_of(*estates, other) == 0);
  const auto estate = *estates->find(site.workspace);
  CHECK(estate.snapshot->workspace == site.workspace);
  CHECK(estate.snapshot->agents.front().email == "ann@example.com");
  CHECK(estate.when_away == limits::WhenAway::refuse);
}

TEST_CASE("a workspace that is not there, or is inactive, has no estate", "[serve]") {
  Site site(GENERATE(from_range(test::engines())));
  const auto other = site.database.add_workspace("other");
  const auto estates = site.open();
  CHECK_FALSE(estates->find(site.alice.ids.next()));
  site.decide({.is_active = false});
  CHECK(estates->find(site.workspace));
  estates->refresh();
  CHECK_FALSE(estates->find(site.workspace));
  CHECK(estates->find(other));
  site.decide({.is_active = true});
  estates->refresh();
  CHECK(agents_of(*estates, site.workspace) == 1);
}

TEST_CASE("what changed is read anew, and what did not is kept", "[serve]") {
  Site site(GENERATE(from_range(test::engines())));
  const auto other = site.database.add_workspace("other");
  const auto estates = site.open();
  const auto before = *estates->find(site.workspace), elsewhere = *estates->find(other);
  estates->refresh();
  CHECK(estates->find(site.workspace)->snapshot == before.snapshot);
  site.add("bob@example.com");
  estates->refresh();
  CHECK(agents_of(*estates, site.workspace) == 2);
  CHECK(before.snapshot->agents.size() == 1);  // whoever decides by it goes on undisturbed
  CHECK(estates->find(other)->snapshot == elsewhere.snapshot);

  records::Records rules(site.session(), site.workspace, routing::rules_noun());
  rules.add({{routing::k_rule_name, "VIP"},
             {routing::k_rule_position, "1"},
             {routing::k_rule_ring, R"([{"user":"bob@example.com"}])"}});
  estates->refresh();
  CHECK(estates->find(site.workspace)->snapshot->rules.size() == 1);
}

TEST_CASE("what agents do is read each time, also when the estate is the same", "[serve]") {
  Site site(GENERATE(from_range(test::engines())));
  const auto estates = site.open();
  const auto before = *estates->find(site.workspace);
  site.write([&] {
    const auto user = before.snapshot->agents.front().id, call = site.alice.ids.next();
    site.db().exec(
        "INSERT INTO calls (id, workspace_id, call_sid, direction, status, from_number, to_number, user_id, "
        "started_at, answered_at, created_at, updated_at) VALUES ($1, $2, 'CA1', 'outbound', 'in-progress', "
        "'+12025550100', '+12025550150', $3, $4, $4, $4, $4)",
        {call, site.workspace, user, site.clock.now()});
  });
  estates->refresh();
  const auto after = *estates->find(site.workspace);
  CHECK(after.snapshot == before.snapshot);
  CHECK(before.presence->on_call.empty());
  CHECK(after.presence->on_call ==
        std::vector<calls::Busy>{{before.snapshot->agents.front().id, "CA1", site.clock.now()}});
}

TEST_CASE(
    "what was heard half a minute ago has reached the database, but not what was heard while it was away",
    "[serve]") {
  using std::chrono::seconds;
  Site site(db::Engine::sqlite);
  const auto estates = site.open();
  const auto began = site.clock.now();
  const auto heard_until = [&] { return estates->find(site.workspace)->heard_until - began; };
  const auto after = [&](seconds time) {
    site.clock.advance(time);
    estates->refresh();
    return heard_until();
  };
  CHECK(heard_until() == seconds(-30));
  for (int i = 1; i <= 5; ++i) CHECK(after(seconds(5)) == seconds(-30));  // nothing was heard before
  CHECK(after(seconds(5)) == seconds(0));
  CHECK(after(seconds(5)) == seconds(5));
  site.rename("routing_rules", "rules_gone");
  site.door.set(Door::State::away);
  CHECK(after(std::chrono::hours(1)) == seconds(5));
  site.rename("rules_gone", "routing_rules");
  site.door.set(Door::State::open);
  for (int i = 0; i <= 5; ++i) CHECK(after(seconds(5)) == seconds(5));  // the journal is on its way
  CHECK(after(seconds(5)) == std::chrono::hours(1) + seconds(40));
}

TEST_CASE("what a workspace lets agents do without the database is known before it is away", "[serve]") {
  Site site(GENERATE(from_range(test::engines())));
  const auto estates = site.open();
  site.decide({.settings = {{"limits_unavailable", "allow"}}});
  estates->refresh();
  CHECK(estates->find(site.workspace)->when_away == limits::WhenAway::allow);
}

TEST_CASE("changes are looked for without being asked", "[serve]") {
  Site site(GENERATE(from_range(test::engines())));
  const auto estates = site.open(std::chrono::milliseconds(2));
  site.add("bob@example.com");
  CHECK(test::eventually([&] { return agents_of(*estates, site.workspace) == 2; }));
}

TEST_CASE("a database that is away at the start is waited for", "[serve]") {
  Site site(GENERATE(from_range(test::engines())));
  site.door.set(Door::State::away);
  const auto estates = site.open();
  CHECK_FALSE(estates->ready());
  CHECK_FALSE(estates->database_up());
  CHECK_FALSE(estates->find(site.workspace));
  estates->refresh();
  CHECK_FALSE(estates->ready());
  site.door.set(Door::State::open);
  estates->refresh();
  CHECK(estates->ready());
  CHECK(estates->database_up());
  CHECK(agents_of(*estates, site.workspace) == 1);
}

TEST_CASE("while the database is away the last that was read stays in force, and grows old", "[serve]") {
  Site site(GENERATE(from_range(test::engines())));
  const auto estates = site.open();
  const auto before = *estates->find(site.workspace);
  CHECK(estates->age() == std::chrono::milliseconds(0));
  site.rename("routing_rules", "rules_gone");
  site.door.set(Door::State::away);
  site.clock.advance(std::chrono::seconds(5));
  estates->refresh();
  CHECK_FALSE(estates->database_up());
  CHECK(estates->ready());
  CHECK(estates->age() == std::chrono::seconds(5));
  CHECK(estates->find(site.workspace)->snapshot == before.snapshot);

  site.rename("rules_gone", "routing_rules");
  estates->refresh();  // the connection that failed is not used again
  CHECK_FALSE(estates->database_up());
  site.door.set(Door::State::open);
  site.add("bob@example.com");
  estates->refresh();
  CHECK(estates->database_up());
  CHECK(estates->age() == std::chrono::milliseconds(0));
  CHECK(agents_of(*estates, site.workspace) == 2);
}

namespace ringctl::serve {
namespace {

using test::Office;

void move_to(Office& office, std::string_view zone) {
  office.exec("UPDATE workspaces SET timezone = $2, version = version + 1 WHERE id = $1",
              {office.workspace, zone});
}

/// The estates of an office's database, which can be taken away from them.
struct Read {
  explicit Read(Office& office)
      : estates(
            [this, &office] {
              if (away) throw Error(Errc::db_down, "db.unreachable", "nobody listens");
              return office.database.connect();
            },
            office.clock, {.every = std::chrono::hours(1), .numbers_every = std::chrono::hours(1)}) {}
  bool away = false;
  Estates estates;
};

TEST_CASE("a workspace that cannot be read keeps what was read of it, and holds no other one up", "[serve]") {
  Office office(GENERATE(from_range(test::engines())));
  office.ann();
  const auto other = office.database.add_workspace("other");
  Read read(office);
  REQUIRE(read.estates.find(office.workspace));
  CHECK(read.estates.broken() == 0);

  move_to(office, "Mars/Olympus");
  const auto third = office.database.add_workspace("third");
  read.estates.refresh();
  CHECK(read.estates.broken() == 1);
  CHECK(read.estates.database_up());
  REQUIRE(read.estates.find(office.workspace));
  CHECK(read.estates.find(office.workspace)->snapshot->agents.size() == 1);
  CHECK(read.estates.find(other));
  CHECK(read.estates.find(third));

  move_to(office, "Europe/Zurich");
  read.estates.refresh();
  CHECK(read.estates.broken() == 0);
  CHECK(read.estates.find(office.workspace)->snapshot->zone.name() == "Europe/Zurich");
}

TEST_CASE("a server starts for all workspaces but the one that cannot be read", "[serve]") {
  Office office(GENERATE(from_range(test::engines())));
  move_to(office, "Mars/Olympus");
  const auto other = office.database.add_workspace("other");
  Read read(office);
  CHECK(read.estates.ready());
  CHECK(read.estates.broken() == 1);
  CHECK(read.estates.find(other));
  CHECK_FALSE(read.estates.find(office.workspace));
}

TEST_CASE("whose a number is, and which one an agent calls from, is known while the database is away",
          "[serve]") {
  Office office(GENERATE(from_range(test::engines())));
  const auto ann = office.agent(), ben = office.agent("ben@example.com");
  const auto first = office.number("+12025550100");
  const auto second = office.number("+12025550107");
  office.assign(ann, second);
  office.exec("UPDATE phone_numbers SET status = 'inactive' WHERE id = $1", {first});
  office.number("+12025550103");
  Read read(office);
  read.away = true;
  CHECK(read.estates.find_by_number("+12025550107") == office.workspace);
  CHECK_FALSE(read.estates.find_by_number("+12025550100"));  // not in use
  CHECK_FALSE(read.estates.find_by_number("+12025550199"));
  CHECK_FALSE(read.estates.find_by_number("client:agent_1"));
  CHECK(read.estates.find_by_user(ann) == office.workspace);
  CHECK_FALSE(read.estates.find_by_user(office.workspace));
  const auto numbers = read.estates.find(office.workspace)->numbers;
  CHECK(numbers->of(ann) == "+12025550107");
  CHECK(numbers->of(ben) == "+12025550103");
  CHECK(numbers->is_of(ann, "+12025550107"));
  CHECK_FALSE(numbers->is_of(ann, "+12025550103"));
  CHECK_FALSE(numbers->is_of(ben, "+12025550103"));
}

TEST_CASE("an account tells its workspace where only one takes it", "[serve]") {
  Office office(GENERATE(from_range(test::engines())));
  const std::string account = "AC0123456789abcdef0123456789abcdef";
  const auto take_only = [&](const base::Uuid& workspace, const std::string& accounts) {
    db::in_transaction(office.db(), db::Scope::of(workspace), [&] {
      office.db().exec("UPDATE workspaces SET twilio_accounts = $2, version = version + 1 WHERE id = $1",
                       {workspace, accounts});
    });
  };
  const auto other = office.database.add_workspace("other");
  Read read(office);
  auto& estates = read.estates;
  CHECK_FALSE(estates.find_sole_by_account(account, true));  // both take the one that serve has
  CHECK_FALSE(estates.find_sole_by_account(account, false));
  take_only(other, R"(["AC0123456789abcdef0123456789abcdef"])");
  estates.refresh();
  CHECK(estates.find_sole_by_account(account, false) == other);
  CHECK_FALSE(estates.find_sole_by_account(account, true));  // now one has it by name, one by default
  CHECK(estates.find_sole_by_account("ACfedcba9876543210fedcba9876543210", true) == office.workspace);
  CHECK_FALSE(estates.find_sole_by_account("ACfedcba9876543210fedcba9876543210", false));
  read.away = true;
  CHECK(estates.find_sole_by_account(account, false) == other);
  read.away = false;
  take_only(office.workspace, R"(["AC0123456789abcdef0123456789abcdef"])");
  estates.refresh();
  CHECK_FALSE(estates.find_sole_by_account(account, false));
}

TEST_CASE("a number that another provider holds is ours, and nobody calls from it", "[serve]") {
  Office office(GENERATE(from_range(test::engines())));
  const auto ann = office.agent();
  const auto telnyx = office.number("+12025550100"), second = office.number("+12025550101"),
             third = office.number("+12025550102");
  for (const auto& number : {telnyx, second, third}) office.assign(ann, number);
  office.exec("UPDATE phone_numbers SET provider = 'telnyx' WHERE id = $1", {telnyx});
  office.exec("UPDATE agent_phone_numbers SET agent_default = TRUE WHERE phone_number_id = $1", {third});
  const Read read(office);
  CHECK(read.estates.find_by_number("+12025550100") == office.workspace);
  const auto numbers = read.estates.find(office.workspace)->numbers;
  CHECK_FALSE(numbers->can_call_from("+12025550100"));
  CHECK(numbers->can_call_from("+12025550101"));
  CHECK_FALSE(numbers->can_call_from("+12025550199"));
  CHECK(numbers->first == "+12025550101");
  CHECK(numbers->of(ann) == "+12025550102");
  CHECK_FALSE(numbers->is_of(ann, "+12025550100"));
  CHECK(numbers->is_of(ann, "+12025550101"));
}

TEST_CASE("whether a number has a record policy of its own is known while the database is away", "[serve]") {
  Office office(GENERATE(from_range(test::engines())));
  office.number("+12025550100");
  const std::vector<std::pair<std::string, std::string>> policies{{"+12025550101", "never"},
                                                                  {"+12025550102", "always"},
                                                                  {"+12025550103", "inbound"},
                                                                  {"+12025550104", "outbound"}};
  for (const auto& [number, policy] : policies)
    office.exec("UPDATE phone_numbers SET record_policy = $2 WHERE id = $1", {office.number(number), policy});
  const Read read(office);
  const auto numbers = read.estates.find(office.workspace)->numbers;
  for (const auto& [number, policy] : policies) CHECK(numbers->record_policy(number) == policy);
  CHECK(numbers->record_policy("+12025550100") == std::string());
  CHECK_FALSE(numbers->record_policy("+12025550199"));
  CHECK_FALSE(numbers->record_policy("anonymous"));
  CHECK_FALSE(numbers->holds("+12025550100000000"));
}

TEST_CASE("numbers are read anew when their time has come and they, or who calls from them, changed",
          "[serve]") {
  Office office(GENERATE(from_range(test::engines())));
  const auto ann = office.agent();
  const auto first = office.number("+12025550100");
  Read read(office);
  const auto numbers = [&] { return read.estates.find(office.workspace)->numbers; };
  const auto on_time = [&] {
    office.clock.advance(std::chrono::hours(1));
    read.estates.refresh();
    return numbers();
  };
  const auto before = numbers();
  office.agent("bob@example.com");  // of the estate, not of them
  read.estates.refresh();
  CHECK(numbers() == before);
  CHECK(on_time() == before);

  const auto second = office.number("+12025550101");
  read.estates.refresh();
  CHECK(numbers() == before);
  CHECK(on_time()->holds("+12025550101"));
  office.assign(ann, second);
  CHECK(on_time()->of(ann) == "+12025550101");
  office.exec("UPDATE phone_numbers SET status = 'inactive', version = version + 1 WHERE id = $1", {first});
  CHECK_FALSE(on_time()->holds("+12025550100"));
  office.exec("DELETE FROM phone_numbers WHERE id = $1", {first});
  const auto last = on_time();
  CHECK(on_time() == last);
}

/// A clock that says when it is asked.
struct WatchedClock final : base::Clock {
  explicit WatchedClock(const base::Clock& given) : clock(given) {}
  base::Instant now() const override {
    if (asked) asked();
    return clock.now();
  }
  std::chrono::steady_clock::time_point steady() const override { return clock.steady(); }
  const base::Clock& clock;
  std::function<void()> asked;
};

TEST_CASE("what was read of one workspace is in force while the next one is read", "[serve]") {
  Office office(GENERATE(from_range(test::engines())));
  // They are read in the order of their ids: until one comes after the first.
  for (int i = 0; office.database.add_workspace(fmt::format("w{}", i)) < office.workspace; ++i) {
  }
  WatchedClock clock(office.clock);
  Estates estates([&] { return office.database.connect(); }, clock, {.every = std::chrono::hours(1)});
  const auto agents = [&] { return estates.find(office.workspace)->snapshot->agents.size(); };
  std::vector<std::size_t> seen;
  office.agent();
  clock.asked = [&] { seen.push_back(agents()); };
  estates.refresh();
  clock.asked = nullptr;
  REQUIRE(seen.size() > 1);
  CHECK(seen.front() == 0);
  CHECK(seen.back() == 1);
}

}  // namespace
}  // namespace ringctl::serve
