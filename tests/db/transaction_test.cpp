#include "db/transaction.hpp"

#include "base/error.hpp"
#include "db/samples.hpp"
#include "support/catch.hpp"
#include "support/database.hpp"
#include "support/errors.hpp"

using namespace ringctl;
using namespace ringctl::db;
using test::Samples;
using test::slug_of;

namespace {

std::int64_t seen_by_another(Samples& samples) {
  const auto other = samples.database.connect();
  const Transaction transaction(*other, Scope{}, Access::read);
  return other->integer("SELECT count(*) FROM samples").value();
}

}  // namespace

TEST_CASE("what is committed stays, what is not is gone", "[db]") {
  Samples samples(GENERATE(from_range(test::engines())));
  {
    Transaction transaction(samples.connection(), Scope{});
    samples.add(1, "kept");
    CHECK(seen_by_another(samples) == 0);
    transaction.commit();
  }
  CHECK(seen_by_another(samples) == 1);
  {
    const Transaction transaction(samples.connection(), Scope{});
    samples.add(2, "lost");
  }
  CHECK(seen_by_another(samples) == 1);
  CHECK_FALSE(samples.connection().in_transaction());
}

TEST_CASE("a transaction inside another is refused, and the outer goes on", "[db]") {
  Samples samples(GENERATE(from_range(test::engines())));
  Transaction outer(samples.connection(), Scope{});
  samples.add(1, nullptr);
  CHECK(slug_of([&] { Transaction(samples.connection(), Scope{}); }) == "db.nested_transaction");
  outer.commit();
  CHECK(seen_by_another(samples) == 1);
}

TEST_CASE("a savepoint undoes its part alone, nested ones included", "[db]") {
  Samples samples(GENERATE(from_range(test::engines())));
  Transaction transaction(samples.connection(), Scope{});
  samples.add(1, nullptr);
  {
    const Savepoint undone(samples.connection());
    samples.add(2, nullptr);
    Savepoint inner(samples.connection());
    samples.add(3, nullptr);
    inner.release();
  }
  {
    Savepoint kept(samples.connection());
    samples.add(4, nullptr);
    kept.release();
  }
  transaction.commit();
  CHECK(samples.connection().text("SELECT CAST(sum(id) AS text) FROM " +
                                  std::string(samples.database.engine() == Engine::sqlite ? "" : "ringctl.") +
                                  "samples") == "5");
}

TEST_CASE("a failed statement inside a savepoint leaves the transaction usable", "[db]") {
  Samples samples(GENERATE(from_range(test::engines())));
  Transaction transaction(samples.connection(), Scope{});
  samples.add(1, "a");
  try {
    const Savepoint part(samples.connection());
    samples.add(2, "b");
    samples.add(3, "a");
    FAIL("no error");
  } catch (const Error& error) {
    CHECK(error.slug() == "db.unique");
  }
  samples.add(4, "d");
  CHECK(samples.count() == 2);
  transaction.commit();
}

TEST_CASE("a transaction that only reads refuses to write", "[db]") {
  Samples samples(GENERATE(from_range(test::engines())));
  const Transaction transaction(samples.connection(), Scope{}, Access::read);
  CHECK_THROWS_AS(samples.add(1, nullptr), Error);
}

TEST_CASE("a reader sees one state from its first statement to its last", "[db]") {
  Samples samples(GENERATE(from_range(test::engines())));
  const auto other = samples.database.connect();
  const Transaction reading(samples.connection(), Scope{}, Access::read);
  CHECK(samples.count() == 0);
  in_transaction(*other, Scope{}, [&] { other->exec("INSERT INTO samples (id) VALUES (1)"); });
  CHECK(samples.count() == 0);
}

TEST_CASE("a lock that another holds is busy once the time is up", "[db]") {
  Samples samples(GENERATE(from_range(test::engines())));
  in_transaction(samples.connection(), Scope{}, [&] { samples.add(1, nullptr); });
  auto options = test::test_options();
  options.busy_timeout = std::chrono::milliseconds(20);
  const auto other = samples.database.connect(options);
  const Transaction holding(samples.connection(), Scope{});
  samples.connection().exec("UPDATE samples SET label = 'mine' WHERE id = 1");
  try {
    const Transaction waiting(*other, Scope{});
    other->exec("UPDATE samples SET label = 'theirs' WHERE id = 1");
    FAIL("no error");
  } catch (const Error& error) {
    CHECK(error.errc() == Errc::db_busy);
  }
}

TEST_CASE("work that meets a busy database is run again, with growing pauses, and then given up", "[db]") {
  Samples samples(GENERATE(from_range(test::engines())));
  std::vector<std::chrono::milliseconds> pauses;
  RetryOptions options;
  options.attempts = 5;
  options.first_delay = std::chrono::milliseconds(100);
  options.sleep = [&](std::chrono::milliseconds pause) { pauses.push_back(pause); };
  int runs = 0;
  int id = 0;
  const auto work = [&](int failures) {
    runs = 0;
    pauses.clear();
    in_transaction(
        samples.connection(), Scope{},
        [&] {
          samples.add(++id, nullptr);
          if (++runs <= failures) throw Error(Errc::db_busy, "db.busy", "busy");
        },
        options);
  };
  work(2);
  CHECK(runs == 3);
  CHECK(seen_by_another(samples) == 1);
  CHECK(slug_of([&] { work(100); }) == "db.busy");
  CHECK(runs == 5);
  REQUIRE(pauses.size() == 4);
  for (std::size_t i = 0; i < pauses.size(); ++i) {
    const auto longest = std::min<std::int64_t>(100 << i, 500);
    CHECK(pauses[i].count() >= longest / 2);
    CHECK(pauses[i].count() <= longest);
  }
}

TEST_CASE("work is not run again once the patience is used up", "[db]") {
  Samples samples(GENERATE(from_range(test::engines())));
  RetryOptions options;
  options.patience = std::chrono::milliseconds(0);
  options.sleep = [](std::chrono::milliseconds) {};
  int runs = 0;
  const auto work = [&] {
    ++runs;
    throw Error(Errc::db_busy, "db.busy", "busy");
  };
  CHECK(slug_of([&] { in_transaction(samples.connection(), Scope{}, work, options); }) == "db.busy");
  CHECK(runs == 1);
}

TEST_CASE("work that fails for another reason is run once", "[db]") {
  Samples samples(GENERATE(from_range(test::engines())));
  int runs = 0;
  CHECK(slug_of([&] {
          in_transaction(samples.connection(), Scope{}, [&] {
            ++runs;
            throw Error(Errc::conflict, "x.y", "no");
          });
        }) == "x.y");
  CHECK(runs == 1);
}

TEST_CASE("a savepoint outside a transaction is refused on both engines", "[db]") {
  test::TestDatabase database(GENERATE(from_range(test::engines())));
  CHECK(slug_of([&] { const Savepoint part(database.connection()); }) == "db.no_transaction");
}
