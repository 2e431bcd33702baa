#include "serve/lookups.hpp"

#include <atomic>
#include <future>

#include "base/error.hpp"
#include "directory/contacts.hpp"
#include "limits/office.hpp"
#include "serve/service_site.hpp"

using namespace ringctl;
using namespace ringctl::serve;
using test::Door;

namespace {

const std::string k_called = "+12025550100", k_caller = "+16265550101";
const std::string k_call = "CA0123456789abcdef0123456789abcdef";

/// A workspace with one number, one contact and one call that was decided.
struct Site : test::Estate {
  explicit Site(db::Engine engine) : Estate(engine), number(alice.ids.next()) {
    write([&] {
      db().exec(
          "INSERT INTO phone_numbers (id, workspace_id, phone_number, provider, status, created_at, updated_at) "
          "VALUES ($1, $2, $3, 'twilio', 'active', $4, $4)",
          {number, workspace, k_called, clock.now()});
      db().exec(
          "INSERT INTO calls (id, workspace_id, call_sid, direction, status, from_number, to_number, plan, "
          "started_at, created_at, updated_at) VALUES ($1, $2, $3, 'inbound', 'ringing', $4, $5, $6, $7, $7, $7)",
          {alice.ids.next(), workspace, k_call, k_caller, k_called, R"({"steps":[]})", clock.now()});
    });
    records::Records(session(), workspace, directory::contacts_noun())
        .add({{directory::k_contact_phone_number, k_caller}, {directory::k_contact_name, "Lin Park"}});
  }

  Question question() const {
    return {.workspace = workspace, .from = k_caller, .to = k_called, .now = clock.now()};
  }
  Lookups::Options options() const {
    return {.threads = test::threads_for(database.engine()), .rest = std::chrono::milliseconds(0)};
  }

  base::Uuid number;
  Door door{database};
};

bool still_wanted() { return true; }

Found ask(Lookups& lookups, Question question) {
  std::promise<Found> answer;
  lookups.find(std::move(question), still_wanted, [&](Found found) { answer.set_value(std::move(found)); });
  return answer.get_future().get();
}

}  // namespace

TEST_CASE("a look-up finds the number called and the contact who calls", "[serve]") {
  Site site(GENERATE(from_range(test::engines())));
  Lookups lookups(site.door.opener(), site.options());
  const auto found = ask(lookups, site.question());
  CHECK_FALSE(found.away);
  CHECK(found.workspace == site.workspace);
  REQUIRE(found.facts.number);
  CHECK(found.facts.number->id == site.number);
  REQUIRE(found.facts.contact);
  CHECK(found.facts.contact->name == "Lin Park");
  CHECK(found.facts.from == k_caller);
  CHECK(found.facts.to == k_called);
  CHECK(found.facts.now == site.clock.now());
  CHECK(found.plan.empty());
}

TEST_CASE("a number tells its workspace, and one that is nobody's tells none", "[serve]") {
  Site site(GENERATE(from_range(test::engines())));
  Lookups lookups(site.door.opener(), site.options());
  auto question = site.question();
  question.workspace.reset();
  CHECK(ask(lookups, question).workspace == site.workspace);
  question.to = "+12025550177";
  const auto unknown = ask(lookups, question);
  CHECK_FALSE(unknown.away);
  CHECK_FALSE(unknown.workspace);
  CHECK_FALSE(unknown.facts.number);
}

TEST_CASE("what another workspace has is not found", "[serve]") {
  Site site(GENERATE(from_range(test::engines())));
  Lookups lookups(site.door.opener(), site.options());
  auto question = site.question();
  question.workspace = site.database.add_workspace("other");
  question.call_sid = k_call;
  const auto found = ask(lookups, question);
  CHECK_FALSE(found.away);
  CHECK_FALSE(found.facts.number);
  CHECK_FALSE(found.facts.contact);
  CHECK(found.plan.empty());
}

TEST_CASE("the plan of a call that was decided is found", "[serve]") {
  Site site(GENERATE(from_range(test::engines())));
  Lookups lookups(site.door.opener(), site.options());
  auto question = site.question();
  question.call_sid = k_call;
  CHECK(ask(lookups, question).plan == R"({"steps":[]})");
  question.call_sid.back() = '0';
  CHECK(ask(lookups, question).plan.empty());
}

TEST_CASE("while the database is away what the webhook says itself is all there is", "[serve]") {
  Site site(GENERATE(from_range(test::engines())));
  Lookups lookups(site.door.opener(), site.options());
  site.door.set(Door::State::away);
  const auto away = ask(lookups, site.question());
  CHECK(away.away);
  CHECK(away.workspace == site.workspace);
  CHECK(away.facts.from == k_caller);
  CHECK(away.facts.to == k_called);
  CHECK(away.facts.now == site.clock.now());
  CHECK_FALSE(away.facts.number);
  site.door.set(Door::State::open);
  CHECK_FALSE(ask(lookups, site.question()).away);
}

TEST_CASE("a connection that failed is not asked again", "[serve]") {
  Site site(GENERATE(from_range(test::engines())));
  Lookups lookups(site.door.opener(), site.options());
  CHECK_FALSE(ask(lookups, site.question()).away);
  site.write([&] { site.db().exec("ALTER TABLE contact_phones RENAME TO phones_gone"); });
  CHECK(ask(lookups, site.question()).away);
  site.write([&] { site.db().exec("ALTER TABLE phones_gone RENAME TO contact_phones"); });
  site.door.set(Door::State::away);
  CHECK(ask(lookups, site.question()).away);
  site.door.set(Door::State::open);
  CHECK_FALSE(ask(lookups, site.question()).away);
}

TEST_CASE("look-ups without threads are done by whoever asks, others never", "[serve]") {
  Site site(db::Engine::sqlite);
  for (const unsigned threads : {0U, 2U}) {
    Lookups lookups(site.door.opener(), {.threads = threads});
    std::promise<std::thread::id> done;
    lookups.find(site.question(), still_wanted,
                 [&](const Found&) { done.set_value(std::this_thread::get_id()); });
    CHECK((done.get_future().get() == std::this_thread::get_id()) == (threads == 0));
  }
}

TEST_CASE("a database that hangs holds up no more than may wait, and each is answered once", "[serve]") {
  Site site(GENERATE(from_range(test::engines())));
  std::atomic<int> found = 0, away = 0;
  const auto count = [&](const Found& answer) { ++(answer.away ? away : found); };
  Lookups lookups(site.door.opener(), {.threads = 1, .max_queue = 2});
  site.door.set(Door::State::hanging);
  lookups.find(site.question(), still_wanted, count);
  REQUIRE(test::eventually([&] { return site.door.waiting() == 1; }));
  for (int i = 0; i < 5; ++i) lookups.find(site.question(), still_wanted, count);
  CHECK(found == 0);
  CHECK(away == 3);  // at once
  site.door.set(Door::State::open);
  lookups.stop();
  CHECK(found == 3);
  CHECK(away == 3);
  lookups.find(site.question(), still_wanted, count);
  CHECK(away == 4);
}

namespace ringctl::serve {
namespace {

struct Desk : test::Office {
  explicit Desk(db::Engine engine) : Office(engine), number_id(number()) {}

  Found find(bool wanted = true) {
    Found result;
    answers = 0;
    lookups.find(
        {.workspace = workspace, .from = test::k_to, .to = test::k_from, .now = clock.now()},
        [wanted] { return wanted; },
        [&](Found found) {
          result = std::move(found);
          ++answers;
        });
    return result;
  }

  base::Uuid number_id;
  bool away = false;
  int opened = 0, answers = 0;
  Lookups lookups{[this] {
                    ++opened;
                    if (away) throw Error(Errc::db_down, "db.unreachable", "nobody listens");
                    return database.connect();
                  },
                  {.threads = 0, .rest = std::chrono::milliseconds(0)}};
};

TEST_CASE("a call's number is found, and without the database what the call itself says", "[serve]") {
  Desk f(GENERATE(from_range(test::engines())));
  f.away = true;
  const auto nothing = f.find();
  CHECK(f.answers == 1);
  CHECK(nothing.away);
  CHECK(nothing.workspace == f.workspace);
  CHECK_FALSE(nothing.facts.number);
  CHECK(nothing.facts.from == test::k_to);
  CHECK(nothing.facts.to == test::k_from);
  CHECK(nothing.facts.now == f.clock.now());

  f.away = false;
  const auto found = f.find();
  CHECK_FALSE(found.away);
  REQUIRE(found.facts.number);
  CHECK(found.facts.number->id == f.number_id);
}

TEST_CASE("a connection that was lost meanwhile is replaced before anybody is told that the database is away",
          "[serve]") {
  Desk f(db::Engine::postgresql);
  CHECK_FALSE(f.find().away);
  f.db().query(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() "
      "AND pid <> pg_backend_pid()");
  CHECK_FALSE(f.find().away);
  CHECK(f.opened == 2);
}

TEST_CASE("what nobody waits for any more is not asked", "[serve]") {
  Desk f(db::Engine::sqlite);
  f.find(false);
  CHECK(f.answers == 0);
  CHECK(f.opened == 0);
}

}  // namespace
}  // namespace ringctl::serve
