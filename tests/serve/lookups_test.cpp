#include "serve/lookups.hpp"

#include <fmt/format.h>

#include <atomic>
#include <future>
#include <memory>
#include <thread>
#include <utility>

#include "base/error.hpp"
#include "directory/contacts.hpp"
#include "limits/office.hpp"
#include "serve/service_site.hpp"
#include "support/catch.hpp"

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
  /// Somebody who is known to a workspace.
  void add_contact(const base::Uuid& of, const std::string& phone, const std::string& name) {
    records::Records(session(), of, directory::contacts_noun())
        .add({{directory::k_contact_phone_number, phone}, {directory::k_contact_name, name}});
  }
  /// Another workspace, with a number of its own.
  base::Uuid add_workspace(const std::string& name, const std::string& with_number) {
    const auto other = database.add_workspace(name);
    db::in_transaction(db(), db::Scope::of(other), [&] {
      db().exec(
          "INSERT INTO phone_numbers (id, workspace_id, phone_number, provider, status, created_at, updated_at) "
          "VALUES ($1, $2, $3, 'twilio', 'active', $4, $4)",
          {alice.ids.next(), other, with_number, clock.now()});
    });
    return other;
  }
  Lookups::Options options() const {
    return {.threads = test::threads_for(database.engine()), .rest = std::chrono::milliseconds(0)};
  }

  base::Uuid number;
  Door door{database};
};

bool still_wanted() { return true; }

Found ask(Lookups& lookups, Question question) {
  const auto answer = std::make_shared<std::promise<Found>>();
  lookups.find(std::move(question), still_wanted,
               [answer](Found found) { answer->set_value(std::move(found)); });
  return answer->get_future().get();
}

/// Lets a thread stand at the closed door with a question, so that those after it gather.
void hold_up(Site& site, Lookups& lookups) {
  site.door.set(Door::State::hanging);
  lookups.find(site.question(), still_wanted, [](const Found&) {});
  REQUIRE(test::eventually([&] { return site.door.waiting() == 1; }));
}

/// The answers to questions that were asked at once.
std::vector<Found> ask_together(Site& site, const std::vector<Question>& questions) {
  std::vector<Found> found(questions.size());
  Lookups lookups(site.door.opener(), {.threads = 1, .rest = std::chrono::milliseconds(0)});
  hold_up(site, lookups);
  std::size_t answered = 0;  // by one thread, which ends
  for (std::size_t i = 0; i < questions.size(); ++i)
    lookups.find(questions[i], still_wanted, [&, i](Found one) {
      found[i] = std::move(one);
      ++answered;
    });
  site.door.set(Door::State::open);
  lookups.stop();
  CHECK(answered == questions.size());
  return found;
}

std::string text_of(const Found& found) {
  const auto id_of = [](const auto& thing) { return thing ? thing->id.text() : std::string("none"); };
  const auto& facts = found.facts;
  return fmt::format("{}{} from {} to {} at {} country {} number {} contact {} {} plan {}",
                     found.away ? "away " : "", found.workspace ? found.workspace->text() : "nobody's",
                     facts.from, facts.to, base::format_utc(facts.now), facts.caller_country,
                     id_of(facts.number), id_of(facts.contact), facts.contact ? facts.contact->name : "",
                     found.plan);
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

TEST_CASE("of a message nothing is looked up but whose the number is", "[serve]") {
  Site site(GENERATE(from_range(test::engines())));
  Lookups lookups(site.door.opener(), site.options());
  auto question = site.question();
  question.workspace.reset();
  question.call_sid = k_call;
  question.workspace_only = true;
  const auto found = ask(lookups, question);
  CHECK_FALSE(found.away);
  CHECK(found.workspace == site.workspace);
  CHECK_FALSE(found.facts.number);
  CHECK_FALSE(found.facts.contact);
  CHECK(found.plan.empty());
  question.to = "+12025550177";
  CHECK_FALSE(ask(lookups, question).workspace);
  // A number that is out of use is somebody's all the same.
  site.write([&] { site.db().exec("UPDATE phone_numbers SET status = 'inactive'"); });
  question.to = k_called;
  CHECK(ask(lookups, question).workspace == site.workspace);
}

TEST_CASE("messages and calls that are asked about together get what each gets alone", "[serve]") {
  Site site(GENERATE(from_range(test::engines())));
  const std::string others_number = "+12025550160";
  const auto other = site.add_workspace("other", others_number);
  const auto now = site.clock.now();
  const std::vector<Question> questions{
      {.from = k_caller, .to = k_called, .now = now, .workspace_only = true},
      {.from = k_caller, .to = k_called, .call_sid = k_call, .now = now},
      {.from = k_caller, .to = others_number, .now = now, .workspace_only = true},
      {.from = k_caller, .to = "+12025550177", .now = now, .workspace_only = true}};
  const auto together = ask_together(site, questions);
  CHECK(together[0].workspace == site.workspace);
  CHECK_FALSE(together[0].facts.contact);
  CHECK(together[1].facts.contact->name == "Lin Park");
  CHECK(together[1].plan == R"({"steps":[]})");
  CHECK(together[2].workspace == other);
  CHECK_FALSE(together[3].workspace);
  for (const auto& found : together) CHECK_FALSE(found.away);
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

TEST_CASE("questions that are asked together get what each gets alone", "[serve]") {
  Site site(GENERATE(from_range(test::engines())));
  const std::string others_number = "+12025550160", unknown = "+12025550177";
  const auto other = site.add_workspace("other", others_number);
  site.add_contact(other, k_caller, "Lin at work");
  site.add_contact(site.workspace, "+16265550102", "Mo Reyes");
  auto other_call = k_call;
  other_call.back() = '0';
  const auto now = site.clock.now();
  const std::vector<Question> questions{
      {.workspace = site.workspace, .from = k_caller, .to = k_called, .call_sid = k_call, .now = now},
      {.from = k_caller, .to = k_called, .now = now},
      {.from = k_caller, .to = others_number, .call_sid = k_call, .now = now},
      {.from = "+16265550102", .to = k_called, .call_sid = other_call, .now = now + std::chrono::seconds(1)},
      {.workspace = other, .from = k_caller, .to = k_called, .call_sid = k_call, .now = now},
      {.from = k_caller, .to = unknown, .now = now},
      {.workspace = site.workspace, .from = "anonymous", .to = unknown, .now = now},
      {.workspace = site.workspace, .from = k_caller, .to = k_called, .call_sid = k_call, .now = now},
      {.workspace = other, .from = "sip:desk@example.com", .to = "sip:a@example.com", .now = now},
      {.from = "", .to = "", .now = now}};
  const auto together = ask_together(site, questions);
  Lookups lookups(site.door.opener(), site.options());
  for (std::size_t i = 0; i < questions.size(); ++i) {
    INFO(i);
    CHECK(text_of(together[i]) == text_of(ask(lookups, questions[i])));
    CHECK_FALSE(together[i].away);
  }
  CHECK(together[0].plan == R"({"steps":[]})");
  CHECK(together[0].facts.contact->name == "Lin Park");
  CHECK(together[1].facts.number->id == site.number);
  CHECK(together[2].workspace == other);
  CHECK(together[2].facts.contact->name == "Lin at work");
  CHECK(together[2].plan.empty());
  CHECK(together[3].facts.contact->name == "Mo Reyes");
  CHECK_FALSE(together[4].facts.number);
  CHECK_FALSE(together[5].workspace);
}

TEST_CASE("a question that cannot be asked takes nobody's answer along", "[serve]") {
  Site site(GENERATE(from_range(test::engines())));
  std::vector<Question> questions(9, site.question());
  for (auto& question : questions) question.call_sid = k_call;
  const auto bad = GENERATE(std::size_t{0}, std::size_t{5}, std::size_t{8});
  questions[bad].call_sid = std::string("CA\0", 3);
  const auto together = ask_together(site, questions);
  for (std::size_t i = 0; i < questions.size(); ++i) {
    INFO(i);
    CHECK(together[i].away == (i == bad));
    CHECK(together[i].workspace == site.workspace);
    CHECK(together[i].facts.from == k_caller);
    CHECK(together[i].plan == (i == bad ? "" : R"({"steps":[]})"));
  }
}

TEST_CASE("a database that is away is away for all that are asked together, and is not asked for each",
          "[serve]") {
  Site site(GENERATE(from_range(test::engines())));
  int away = 0;
  Lookups lookups(site.door.opener(), {.threads = 1, .rest = std::chrono::hours(1)});
  hold_up(site, lookups);
  for (int i = 0; i < 10; ++i)
    lookups.find(site.question(), still_wanted, [&](const Found& found) { away += found.away ? 1 : 0; });
  site.door.set(Door::State::away);
  lookups.stop();
  CHECK(away == 10);
  CHECK(site.door.waiting() == 0);
}

TEST_CASE("no more are asked together than may be, and all that wait are, as long as somebody wants it",
          "[serve]") {
  Site site(GENERATE(from_range(test::engines())));
  Lookups lookups(site.door.opener(), {.threads = 1});
  hold_up(site, lookups);
  constexpr int k_asked = 150;
  // All by one thread: it looks who still wants to know before it asks, and answers when it has.
  std::vector<std::size_t> batches;
  std::vector<bool> looked(k_asked);
  bool answering = true;
  int answered = 0;
  for (int i = 0; i < k_asked; ++i)
    lookups.find(
        site.question(),
        [&, i] {
          const auto at = static_cast<std::size_t>(i);
          if (looked[at]) return true;
          looked[at] = true;
          if (std::exchange(answering, false)) batches.push_back(0);
          ++batches.back();
          return i != 70;
        },
        [&](const Found& found) {
          answering = true;
          answered += found.away ? 0 : 1;
        });
  site.door.set(Door::State::open);
  lookups.stop();
  CHECK(answered == k_asked - 1);
  CHECK(batches == std::vector<std::size_t>{Lookups::k_most_together, Lookups::k_most_together,
                                            k_asked - 2 * Lookups::k_most_together});
}

TEST_CASE("of many who ask at the same time each gets an answer of their own", "[serve]") {
  Site site(GENERATE(from_range(test::engines())));
  constexpr int k_callers = 20, k_rounds = 10;
  const auto phone = [](int caller) { return fmt::format("+16265550{:03}", 150 + caller); };
  for (int caller = 0; caller < k_callers; ++caller)
    site.add_contact(site.workspace, phone(caller), fmt::format("Caller {}", caller));
  Lookups lookups(site.door.opener(), {.threads = 2});
  std::atomic<int> right = 0;
  std::vector<std::thread> callers;
  for (int caller = 0; caller < k_callers; ++caller)
    callers.emplace_back([&, caller] {
      for (int round = 0; round < k_rounds; ++round) {
        auto question = site.question();
        question.from = phone(caller);
        if (round % 2 == 1) question.workspace.reset();
        const auto found = ask(lookups, question);
        const auto& contact = found.facts.contact;
        if (!found.away && contact && contact->name == fmt::format("Caller {}", caller) &&
            found.facts.from == question.from && found.workspace == site.workspace)
          ++right;
      }
    });
  for (auto& caller : callers) caller.join();
  CHECK(right == k_callers * k_rounds);
}

TEST_CASE("behind one that waits too long for the database another thread goes on", "[serve]") {
  Site site(GENERATE(from_range(test::engines())));
  std::atomic<int> answered = 0;
  Lookups lookups(site.door.opener(), {.threads = 2});
  hold_up(site, lookups);
  CHECK(test::eventually([&] {
    lookups.find(site.question(), still_wanted, [&](const Found&) { ++answered; });
    return site.door.waiting() == 2;
  }));
  site.door.set(Door::State::open);
  lookups.stop();
  CHECK(answered > 0);
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
          "[serve][postgresql]") {
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
