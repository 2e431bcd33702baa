#include "estate/numbers.hpp"

#include <atomic>
#include <future>
#include <thread>

#include "directory/people.hpp"
#include "estate/assignments.hpp"
#include "estate/number_account.hpp"
#include "estate/number_rows.hpp"
#include "records/records.hpp"
#include "records/rows.hpp"
#include "support/catch.hpp"
#include "support/errors.hpp"
#include "support/eventually.hpp"
#include "support/session.hpp"

using namespace ringctl;
using estate::Numbers;
using phone::E164;

namespace {

const E164 k_number = E164::parse("+12025550123");
constexpr auto* k_sid = "PN0123456789abcdef0123456789abcdef";

struct Fixture : test::Estate {
  explicit Fixture(db::Engine engine) : Estate(engine), numbers(session(), workspace) {}

  std::vector<std::string> actions() {
    return read([&] {
      std::vector<std::string> found;
      audit::for_each(db(), workspace, {}, false, 0,
                      [&](const audit::Entry& e) { found.emplace_back(e.action); });
      if (!found.empty()) CHECK_FALSE(audit::verify(db(), workspace).broken_at);
      return found;
    });
  }
  base::Uuid other_workspace() { return database.add_workspace("other"); }

  Numbers numbers;
};

estate::NumberChange sales() {
  estate::NumberChange change;
  change.label = "Sales";
  change.capabilities = "sms|voice";
  change.sid = k_sid;
  return change;
}

}  // namespace

TEST_CASE("a number that was added holds what was said, and defaults for the rest", "[estate]") {
  Fixture f(GENERATE(from_range(test::engines())));
  CHECK(f.numbers.add(k_number, sales()));

  const auto number = f.numbers.get("+12025550123");

  CHECK(number.phone_number == "+12025550123");
  CHECK(number.label == "Sales");
  CHECK(number.capabilities == "voice|sms");
  CHECK(number.sid == k_sid);
  CHECK(number.provider == "twilio");
  CHECK(number.status == "active");
  CHECK(number.country_code == "US");
  CHECK(number.webhook_status == "configured");
  CHECK(number.sms_mode == "notify_all");
  CHECK(number.version == 1);
  CHECK(number.created_at == f.clock.now());
  CHECK(number.job_id.empty());
  CHECK(f.actions() == std::vector<std::string>{"numbers.add"});
}

TEST_CASE("adding a number again with the same values changes nothing", "[estate]") {
  Fixture f(GENERATE(from_range(test::engines())));
  f.numbers.add(k_number, sales());
  CHECK_FALSE(f.numbers.add(k_number, sales()));
  CHECK_FALSE(f.numbers.add(k_number, {}));
  CHECK(f.actions().size() == 1);
}

TEST_CASE("adding a number again with other values is a conflict that names them", "[estate]") {
  Fixture f(GENERATE(from_range(test::engines())));
  f.numbers.add(k_number, sales());
  auto other = sales();
  other.label = "Support";
  const auto error = test::error_of([&] { f.numbers.add(k_number, other); });
  REQUIRE(error);
  CHECK(error->slug() == "numbers.exists");
  CHECK(error->errc() == Errc::conflict);
  CHECK(error->details() == std::vector<std::string>{R"(label: "Sales", not "Support")"});
  CHECK(error->hint() == "ringctl numbers update +12025550123 --label Support");
  CHECK(f.numbers.get("+12025550123").label == "Sales");
}

TEST_CASE("adding a number that was taken out of use says how to bring it back", "[estate]") {
  Fixture f(GENERATE(from_range(test::engines())));
  estate::NumberChange inactive;
  inactive.status = "inactive";
  f.numbers.add(k_number, inactive);
  for (const bool write : {false, true}) {
    const auto error = test::error_of(
        [&] { write ? void(f.numbers.add(k_number, {})) : void(f.numbers.plan_add(k_number, {})); });
    REQUIRE(error);
    CHECK(error->slug() == "numbers.exists");
    CHECK(error->message() == "+12025550123 exists already, but is not active");
    CHECK(error->hint() == "ringctl numbers update +12025550123 --status active");
  }
  CHECK_FALSE(f.numbers.add(k_number, inactive));
}

TEST_CASE("a number of another workspace is a conflict that does not name the holder", "[estate]") {
  Fixture f(GENERATE(from_range(test::engines())));
  const auto other = f.other_workspace();
  f.numbers.add(k_number, sales());
  Numbers theirs(f.session(), other);
  const auto error = test::error_of([&] { theirs.add(k_number, {}); });
  REQUIRE(error);
  CHECK(error->slug() == "numbers.held_elsewhere");
  CHECK(error->errc() == Errc::conflict);
  const auto said = error->message() + error->hint();
  CHECK(error->details().empty());
  CHECK(said.find("main") == std::string::npos);
  CHECK(said.find("Sales") == std::string::npos);
  CHECK(test::slug_of([&] { theirs.plan_add(k_number, {}); }) == "numbers.held_elsewhere");
}

TEST_CASE("a SID belongs to one number", "[estate]") {
  Fixture f(GENERATE(from_range(test::engines())));
  const auto other = f.other_workspace();
  const auto second = E164::parse("+12025550124");
  f.numbers.add(k_number, sales());
  CHECK(test::slug_of([&] { f.numbers.add(second, sales()); }) == "numbers.sid_taken");
  CHECK(test::slug_of([&] { f.numbers.plan_add(second, sales()); }) == "numbers.sid_taken");
  CHECK(test::slug_of([&] { Numbers(f.session(), other).add(second, sales()); }) == "numbers.sid_taken");
  f.numbers.add(second, {});
  estate::NumberChange take;
  take.sid = k_sid;
  CHECK(test::slug_of([&] { f.numbers.update(second, take); }) == "numbers.sid_taken");
  CHECK(f.actions().size() == 2);
}

TEST_CASE("every bad value is named, and nothing is written", "[estate]") {
  Fixture f(GENERATE(from_range(test::engines())));
  estate::NumberChange bad;
  bad.status = "sleeping";
  const auto one = test::error_of([&] { f.numbers.add(k_number, bad); });
  REQUIRE(one);
  CHECK(one->slug() == "numbers.invalid");
  CHECK(one->errc() == Errc::invalid);
  CHECK(one->message().find("sleeping") != std::string::npos);

  bad.provider = "Not A Word";
  CHECK(test::error_of([&] { f.numbers.add(k_number, bad); })->details().size() == 2);
  CHECK(f.numbers.count({}) == 0);
  CHECK(f.actions().empty());
}

TEST_CASE("a country that is not the number's is refused on add and on update", "[estate]") {
  Fixture f(GENERATE(from_range(test::engines())));
  estate::NumberChange canada;
  canada.country_code = "CA";
  CHECK(test::slug_of([&] { f.numbers.add(k_number, canada); }) == "numbers.invalid");
  f.numbers.add(k_number, {});
  CHECK(test::slug_of([&] { f.numbers.update(k_number, canada); }) == "numbers.invalid");
}

TEST_CASE("an update changes what is named, counts the version and is audited", "[estate]") {
  Fixture f(GENERATE(from_range(test::engines())));
  f.numbers.add(k_number, sales());
  f.clock.advance(std::chrono::minutes(1));
  estate::NumberChange change;
  change.label = "Support";
  change.status = "Inactive";
  CHECK(f.numbers.update(k_number, change));

  const auto number = f.numbers.get("+12025550123");
  CHECK(number.label == "Support");
  CHECK(number.status == "inactive");
  CHECK(number.capabilities == "voice|sms");
  CHECK(number.version == 2);
  CHECK(number.updated_at == f.clock.now());
  CHECK(number.created_at < number.updated_at);

  CHECK_FALSE(f.numbers.update(k_number, change));
  CHECK(f.actions() == std::vector<std::string>{"numbers.add", "numbers.update"});
}

TEST_CASE("how a number deals its messages out is set, kept by other changes, and cleared", "[estate]") {
  Fixture f(GENERATE(from_range(test::engines())));
  f.numbers.add(k_number, sales());
  estate::NumberChange change;
  change.sms_mode = "Round_Robin";
  CHECK(f.numbers.plan_update(k_number, change).changed_fields() ==
        std::vector<std::string_view>{"sms_mode"});
  CHECK(f.numbers.update(k_number, change));
  CHECK_FALSE(f.numbers.update(k_number, change));
  CHECK(f.numbers.get("+12025550123").sms_mode == "round_robin");
  CHECK(f.numbers.get("+12025550123").version == 2);
  CHECK_FALSE(f.numbers.add(k_number, sales()));
  estate::NumberChange label;
  label.label = "Support";
  f.numbers.update(k_number, label);
  CHECK(f.numbers.get("+12025550123").sms_mode == "round_robin");
  change.sms_mode = "whoever";
  CHECK(test::slug_of([&] { f.numbers.update(k_number, change); }) == "numbers.invalid");
  change.sms_mode = "-";
  CHECK(f.numbers.update(k_number, change));
  CHECK(f.numbers.get("+12025550123").sms_mode == "notify_all");
}

TEST_CASE("clearing a field lets it fall back to what it holds when nothing is said", "[estate]") {
  Fixture f(GENERATE(from_range(test::engines())));
  auto change = sales();
  change.provider = "telnyx";
  change.status = "inactive";
  f.numbers.add(k_number, change);
  const auto* clear = GENERATE("-", "");
  f.numbers.update(k_number, {clear, clear, clear, clear, clear, clear});

  const auto number = f.numbers.get("+12025550123");
  CHECK(number.provider == "twilio");
  CHECK(number.country_code == "US");
  CHECK(number.label.empty());
  CHECK(number.status == "active");
  CHECK(number.capabilities.empty());
  CHECK(number.sid.empty());
}

TEST_CASE("an update of a row that moved on is refused", "[estate]") {
  Fixture f(GENERATE(from_range(test::engines())));
  f.numbers.add(k_number, {});
  estate::NumberChange change;
  change.label = "Sales";
  f.numbers.update(k_number, change, 1);
  change.label = "Support";
  CHECK(test::slug_of([&] { f.numbers.update(k_number, change, 1); }) == "numbers.stale");
  CHECK(f.numbers.get("+12025550123").label == "Sales");
}

TEST_CASE("a number that is not there can be neither changed nor removed", "[estate]") {
  Fixture f(GENERATE(from_range(test::engines())));
  CHECK(test::slug_of([&] { f.numbers.update(k_number, sales()); }) == "numbers.unknown");
  CHECK(test::slug_of([&] { f.numbers.plan_update(k_number, sales()); }) == "numbers.unknown");
  CHECK(test::slug_of([&] { f.numbers.remove(k_number); }) == "numbers.unknown");
  CHECK(test::slug_of([&] { f.numbers.get("+12025550123"); }) == "numbers.unknown");
}

TEST_CASE("a number that was removed can be added anew, and its history remains", "[estate]") {
  Fixture f(GENERATE(from_range(test::engines())));
  f.numbers.add(k_number, sales());
  f.numbers.remove(k_number);
  CHECK_FALSE(f.numbers.find("+12025550123"));
  CHECK(f.numbers.add(k_number, sales()));
  CHECK(f.actions() == std::vector<std::string>{"numbers.add", "numbers.delete", "numbers.add"});
}

TEST_CASE("of several numbers all are removed, or where one cannot go, none", "[estate]") {
  Fixture f(GENERATE(from_range(test::engines())));
  const auto second = phone::E164::parse("+12025550124"), missing = phone::E164::parse("+12025550125");
  f.numbers.add(k_number, {});
  f.numbers.add(second, {});
  CHECK(test::slug_of([&] {
          f.numbers.remove(std::vector{k_number, second, missing}, estate::History::keeps);
        }) == "numbers.unknown");
  CHECK(f.numbers.count({}) == 2);
  f.numbers.remove(std::vector{k_number, second}, estate::History::keeps, false);
  CHECK(f.numbers.count({}) == 2);
  CHECK(f.actions().size() == 2);
  f.numbers.remove(std::vector{k_number, second}, estate::History::keeps);
  CHECK(f.numbers.count({}) == 0);
  CHECK(f.actions() ==
        std::vector<std::string>{"numbers.add", "numbers.add", "numbers.delete", "numbers.delete"});
}

TEST_CASE("the numbers of another workspace can be neither seen nor changed", "[estate]") {
  Fixture f(GENERATE(from_range(test::engines())));
  const auto other = f.other_workspace();
  f.numbers.add(k_number, sales());
  Numbers theirs(f.session(), other);
  CHECK(theirs.count({}) == 0);
  CHECK_FALSE(theirs.find("+12025550123"));
  CHECK_FALSE(theirs.find(k_sid));
  CHECK_FALSE(theirs.find("Sales"));
  CHECK(test::slug_of([&] { theirs.update(k_number, sales()); }) == "numbers.unknown");
  CHECK(test::slug_of([&] { theirs.remove(k_number); }) == "numbers.unknown");
  CHECK(f.numbers.get("+12025550123").version == 1);
}

TEST_CASE("a plan says what would change and writes nothing", "[estate]") {
  Fixture f(GENERATE(from_range(test::engines())));
  const auto add = f.numbers.plan_add(k_number, sales());
  CHECK_FALSE(add.before);
  CHECK(add.changed_fields() ==
        std::vector<std::string_view>{"provider", "country_code", "label", "status", "capabilities", "sid"});
  CHECK(f.numbers.count({}) == 0);

  f.numbers.add(k_number, sales());
  estate::NumberChange change;
  change.label = "Support";
  change.provider = "twilio";
  CHECK(f.numbers.plan_update(k_number, change).changed_fields() == std::vector<std::string_view>{"label"});
  CHECK(f.numbers.get("+12025550123").label == "Sales");
  CHECK(test::slug_of([&] { f.numbers.plan_add(k_number, change); }) == "numbers.exists");
}

TEST_CASE("a value that is accepted with a warning is warned about", "[estate]") {
  estate::NumberChange change;
  change.country_code = "UK";
  const auto warnings = estate::warnings_of(E164::parse("+442079460123"), change);
  REQUIRE(warnings.size() == 1);
  CHECK(warnings[0].code == "country_alias");
}

TEST_CASE("of two connections adding the same number one wins and the other hears that it is there",
          "[estate]") {
  Fixture f(GENERATE(from_range(test::engines())));
  constexpr int k_rounds = 20;
  const auto number = [](int i) { return E164::parse("+1202555010" + std::to_string(i % 10)); };
  int added[2] = {0, 0}, told[2] = {0, 0};
  const auto work = [&](int who) {
    test::Actor actor(f.database.connect(), f.clock, who == 0 ? "os:bob" : "os:carol");
    Numbers mine(actor.session, f.workspace);
    for (int i = 0; i < k_rounds; ++i) mine.add(number(i), {}) ? ++added[who] : ++told[who];
  };
  std::thread bob(work, 0);
  work(1);
  bob.join();
  CHECK(added[0] + added[1] == 10);
  CHECK(told[0] + told[1] == 2 * k_rounds - 10);
  CHECK(f.actions().size() == 10);
}

TEST_CASE("concurrent updates of one number are all counted", "[estate]") {
  Fixture f(GENERATE(from_range(test::engines())));
  f.numbers.add(k_number, {});
  constexpr int k_each = 15;
  const auto work = [&](const std::string& who) {
    test::Actor actor(f.database.connect(), f.clock, who);
    Numbers mine(actor.session, f.workspace);
    for (int i = 0; i < k_each; ++i) {
      estate::NumberChange change;
      change.label = who + std::to_string(i);
      mine.update(k_number, change);
    }
  };
  std::thread bob(work, "bob");
  work("carol");
  bob.join();
  CHECK(f.numbers.get("+12025550123").version == 1 + 2 * k_each);
}

TEST_CASE("a number that an agent has says so, is found by it, and is not deleted", "[estate]") {
  Fixture f(GENERATE(from_range(test::engines())));
  const auto other = E164::parse("+12025550124");
  f.numbers.add(k_number, {});
  f.numbers.add(other, {});
  records::Records(f.session(), f.workspace, directory::users_noun()).add({{0, "ann@example.com"}});
  records::Records assignments(f.session(), f.workspace, estate::assignments_noun());
  assignments.put({{0, k_number.text()}, {1, "ann@example.com"}});
  CHECK(f.numbers.get("+12025550123").assigned_to == "ann@example.com");
  CHECK(f.numbers.count({.assigned = true}) == 1);
  CHECK(f.numbers.count({.assigned = false}) == 1);
  CHECK(test::slug_of([&] { f.numbers.remove(k_number); }) == "numbers.assigned");
  CHECK(test::slug_of([&] { f.numbers.remove(k_number, false); }) == "numbers.assigned");
  assignments.update("+12025550123 ann@example.com", {{estate::k_assignment_is_active, "no"}});
  f.numbers.remove(k_number, false);
  CHECK(f.numbers.find("+12025550123"));
  f.numbers.remove(k_number);
  CHECK_FALSE(f.numbers.find("+12025550123"));
  CHECK(f.read([&] { return f.db().integer("SELECT count(*) FROM agent_phone_numbers"); }) == 1);
}

TEST_CASE("a number is not deleted while an extension works on it alone, or somebody receives its messages",
          "[estate]") {
  Fixture f(GENERATE(from_range(test::engines())));
  f.numbers.add(k_number, {});
  records::Records(f.session(), f.workspace, directory::users_noun()).add({{0, "ann@example.com"}});
  records::Records extensions(f.session(), f.workspace, estate::extensions_noun());
  records::Records pool(f.session(), f.workspace, estate::pools_noun());
  extensions.add({{estate::k_extension, "101"},
                  {estate::k_extension_user, "ann@example.com"},
                  {estate::k_extension_number, k_number.text()}});
  pool.put({{estate::k_pool_number, k_number.text()}, {estate::k_pool_user, "ann@example.com"}});
  CHECK(test::slug_of([&] { f.numbers.remove(k_number, false); }) == "numbers.has_extension");
  CHECK(test::slug_of([&] { f.numbers.remove(k_number); }) == "numbers.has_extension");
  extensions.update("101", {{estate::k_extension_is_active, "no"}});
  CHECK(test::slug_of([&] { f.numbers.remove(k_number); }) == "numbers.in_pool");
  pool.update("+12025550123 ann@example.com", {{estate::k_pool_sms_access_enabled, "no"}});
  f.numbers.remove(k_number);
  CHECK_FALSE(f.numbers.find("+12025550123"));
  CHECK(extensions.get("101").cells[estate::k_extension_is_active] == "no");
}

TEST_CASE("a number that calls are on record of is deleted only where they may lose it, and by no undo",
          "[estate]") {
  Fixture f(GENERATE(from_range(test::engines())));
  f.numbers.add(k_number, {});
  const auto id = f.numbers.get(k_number.view()).id;
  const auto job = f.session().ids.next();
  f.write([&] {
    f.db().exec("UPDATE phone_numbers SET job_id = $1 WHERE id = $2", {job, id});
    f.db().exec(
        "INSERT INTO calls (id, workspace_id, call_sid, direction, status, from_number, to_number, number_id, started_at, "
        "created_at, updated_at) VALUES ($1, $2, 'CA0123456789abcdef0123456789abcdef', 'inbound', 'completed', "
        "'+16265550101', $3, $4, $5, $5, $5)",
        {job, f.workspace, k_number.view(), id, f.clock.now()});
  });
  CHECK(test::slug_of([&] { f.numbers.remove(k_number); }) == "numbers.has_history");
  std::vector<std::string> kept;
  db::in_transaction(f.db(), db::Scope::of(f.workspace), [&] {
    const auto keep = [&](std::string_view number, bool in_use) {
      kept.push_back(fmt::format("{} {}", number, in_use));
    };
    CHECK(estate::delete_made_by(f.db(), f.workspace, job, keep) == 0);
  });
  CHECK(kept == std::vector<std::string>{"+12025550123 true"});
  f.numbers.remove({&k_number, 1}, estate::History::may_lose);
  CHECK_FALSE(f.numbers.find(k_number.view()));
}

namespace {

/// A number that an import made, on PostgreSQL, where others write at the same time; and how it is deleted.
struct Deletion : Fixture {
  explicit Deletion(std::string by) : Fixture(db::Engine::postgresql), how(std::move(by)) {
    numbers.add(k_number, {});
    id = numbers.get(k_number.view()).id;
    write([&] { db().exec("UPDATE phone_numbers SET job_id = $1 WHERE id = $2", {job, id}); });
    records::Records(session(), workspace, directory::users_noun()).add({{0, "ann@example.com"}});
  }

  void run(audit::Session& session) {
    if (how == "by hand") return Numbers(session, workspace).remove(k_number);
    db::in_transaction(session.db, db::Scope::of(workspace), [&] {
      if (how == "released") return estate::forget_released(session, workspace, id);
      estate::delete_made_by(session.db, workspace, job, [](std::string_view, bool in_use) {
        if (in_use) throw Error(Errc::conflict, "numbers.assigned", "it was kept");
      });
    });
  }

  using Work = std::function<void(db::Connection&)>;
  /// What the deletion says that begins between the two, which are one transaction: it must wait for its end.
  std::string between(const Work& before, const Work& after) {
    test::Actor other(database.connect(), clock), deleting(database.connect(), clock);
    std::atomic<bool> done = false;
    std::future<std::string> slug;
    db::in_transaction(*other.connection, db::Scope::of(workspace), [&] {
      before(*other.connection);
      slug = std::async(std::launch::async, [&] {
        auto said = test::slug_of([&] { run(deleting.session); });
        done = true;
        return said;
      });
      const auto waits = [&] {
        return *db().integer(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'");
      };
      CHECK(test::eventually([&] { return done || read(waits) > 0; }));
      CHECK_FALSE(done);
      after(*other.connection);
    });
    return slug.get();
  }

  std::string how;
  base::Uuid id, job = alice.ids.next();
};

}  // namespace

TEST_CASE("a number is not deleted while webhooks about it are applied", "[estate][postgresql]") {
  Deletion f(GENERATE(as<std::string>(), "by hand", "released", "undone"));
  const auto log_counter = [&](db::Connection& db) {
    db.exec("INSERT INTO call_counters (workspace_id, closed_seq) VALUES ($1, 0)", {f.workspace});
  };
  const auto write_call = [&](db::Connection& db) {
    db.exec(
        "INSERT INTO calls (id, workspace_id, call_sid, direction, status, from_number, to_number, number_id, started_at, "
        "created_at, updated_at) VALUES ($1, $2, 'CA0123456789abcdef0123456789abcdef', 'inbound', 'ringing', "
        "'+16265550101', $3, $4, $5, $5, $5)",
        {f.job, f.workspace, k_number.view(), f.id, f.clock.now()});
  };
  const bool goes = f.how == "released";
  CHECK(f.between(log_counter, write_call).empty() == goes);
  CHECK(f.numbers.find(k_number.view()).has_value() != goes);
  CHECK(f.read([&] { return f.db().integer("SELECT count(*) FROM calls WHERE number_id IS NULL"); }) ==
        (goes ? 1 : 0));
}

TEST_CASE("a number is not deleted while a text to it is kept", "[estate][postgresql]") {
  Deletion f(GENERATE(as<std::string>(), "by hand", "released", "undone"));
  const auto text_counter = [&](db::Connection& db) {
    db.exec("INSERT INTO message_counters (workspace_id) VALUES ($1)", {f.workspace});
  };
  const auto write_thread = [&](db::Connection& db) {
    db.exec(
        "INSERT INTO message_threads (id, workspace_id, our_number, party_number, number_id, last_message_at, created_at, "
        "updated_at) VALUES ($1, $2, $3, '+16265550101', $4, $5, $5, $5)",
        {f.job, f.workspace, k_number.view(), f.id, f.clock.now()});
  };
  CHECK(f.between(text_counter, write_thread).empty());
  CHECK_FALSE(f.numbers.find(k_number.view()));
}

TEST_CASE("a number that is just being given to an agent is not deleted", "[estate][postgresql]") {
  Deletion f(GENERATE(as<std::string>(), "by hand", "released", "undone"));
  // As an assignment is made: the number is looked at, and held, then it is written.
  const auto look = [&](db::Connection& db) {
    CHECK(records::keys_failing(db, f.workspace, estate::number_target(), {k_number.text()},
                                "status = 'active'")
              .empty());
  };
  const auto assign = [&](db::Connection& db) {
    db.exec(
        "INSERT INTO agent_phone_numbers (id, workspace_id, agent_id, phone_number_id, voice, is_active, created_at, "
        "updated_at) SELECT $1, $2, u.id, $3, TRUE, TRUE, CAST($4 AS timestamptz), $4 FROM users u",
        {f.job, f.workspace, f.id, f.clock.now()});
  };
  CHECK(f.between(look, assign) == "numbers.assigned");
  CHECK(f.numbers.get(k_number.view()).assigned_to == "ann@example.com");
}

TEST_CASE("a number on which an extension begins to work this moment is not deleted",
          "[estate][postgresql]") {
  Deletion f(GENERATE(as<std::string>(), "by hand", "released", "undone"));
  f.write([&] {
    f.db().exec(
        "INSERT INTO user_extensions (id, workspace_id, user_id, extension, number_id, is_active, created_at, "
        "updated_at) SELECT $1, $2, u.id, '101', $3, FALSE, CAST($4 AS timestamptz), $4 FROM users u",
        {f.job, f.workspace, f.id, f.clock.now()});
  });
  const auto switch_on = [](db::Connection& db) { db.exec("UPDATE user_extensions SET is_active = TRUE"); };
  CHECK_FALSE(f.between(switch_on, [](db::Connection&) {}).empty());
  CHECK(f.numbers.find(k_number.view()));
  CHECK(f.read([&] { return f.db().integer("SELECT count(number_id) FROM user_extensions"); }) == 1);
}
