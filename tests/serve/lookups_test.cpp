#include "serve/lookups.hpp"

#include "base/error.hpp"
#include "limits/office.hpp"
#include "support/catch.hpp"

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
