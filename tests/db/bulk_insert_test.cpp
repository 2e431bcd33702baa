#include "db/bulk_insert.hpp"

#include <array>

#include "base/error.hpp"
#include "db/bulk_mode.hpp"
#include "db/copy_text.hpp"
#include "db/samples.hpp"
#include "db/transaction.hpp"
#include "support/catch.hpp"
#include "support/clock.hpp"
#include "support/errors.hpp"

using namespace ringctl;
using namespace ringctl::db;
using test::Samples;
using test::slug_of;

namespace {

std::vector<BulkColumn> sample_columns() {
  return {{"id", "bigint"},      {"label", "text"}, {"flag", "boolean"}, {"ratio", "double precision"},
          {"at", "timestamptz"}, {"owner", "uuid"}};
}

void add(BulkInsert& bulk, std::int64_t id, Param label) {
  const std::array<Param, 6> row{id, label, nullptr, nullptr, nullptr, nullptr};
  bulk.add(row);
}

}  // namespace

TEST_CASE("what is the same in every bulk row is given once", "[db]") {
  Samples samples(GENERATE(from_range(test::engines())));
  const Transaction transaction(samples.connection(), Scope{});
  const test::FixedClock clock;
  const auto owner = base::UuidGenerator(clock).next();
  BulkInsert bulk(samples.connection(), "samples",
                  {{"owner", "uuid", owner.text()},
                   {"id", "bigint"},
                   {"at", "timestamptz", base::format_utc(clock.now())},
                   {"label", "text"}});
  for (std::int64_t id = 1; id <= 5000; ++id) bulk.add(std::array<Param, 2>{id, nullptr});
  bulk.flush();
  CHECK(samples.count() == 5000);
  bulk.add(std::array<Param, 2>{std::int64_t{5001}, nullptr});
  bulk.flush();
  CHECK(samples.connection().integer("SELECT count(*) FROM samples WHERE owner = $1 AND at = $2",
                                     {owner, clock.now()}) == 5001);
  CHECK(slug_of([&] { bulk.add(std::array<Param, 1>{std::int64_t{9}}); }) == "db.parameters");
}

TEST_CASE("bulk rows hold every type, and awkward text byte for byte", "[db]") {
  Samples samples(GENERATE(from_range(test::engines())));
  const Transaction transaction(samples.connection(), Scope{});
  const test::FixedClock clock;
  const auto owner = base::UuidGenerator(clock).next();
  const std::array<std::string, 8> texts{
      "plain", "", "a\tb\nc\rd\\e", "\\N", "\\.", "it's \"x\" \U0001F4DE", "naïve 東京", " "};
  BulkInsert bulk(samples.connection(), "samples", sample_columns());
  std::int64_t id = 0;
  for (const auto& text : texts) {
    const std::array<Param, 6> row{++id, text, true, 0.25, clock.now() + std::chrono::milliseconds(id),
                                   owner};
    bulk.add(row);
  }
  add(bulk, ++id, nullptr);
  bulk.flush();
  CHECK(samples.count() == 9);
  auto rows = samples.connection().query("SELECT label, flag, ratio, at, owner FROM samples ORDER BY id");
  for (std::size_t i = 0; i < texts.size(); ++i) {
    REQUIRE(rows.next());
    CHECK_FALSE(rows.is_null(0));
    CHECK(rows.text(0) == texts[i]);
    CHECK(rows.boolean(1));
    CHECK(rows.text(2) == "0.25");
    CHECK(rows.instant(3) == clock.now() + std::chrono::milliseconds(i + 1));
    CHECK(rows.uuid(4) == owner);
  }
  REQUIRE(rows.next());
  for (int column = 0; column < 5; ++column) CHECK(rows.is_null(column));
}

TEST_CASE("a row whose key is taken fails, be it by an older row or by one of the same insert", "[db]") {
  Samples samples(GENERATE(from_range(test::engines())));
  const Transaction transaction(samples.connection(), Scope{});
  samples.add(1, "one");
  BulkInsert bulk(samples.connection(), "samples", sample_columns());
  add(bulk, 2, "two");
  bulk.flush();
  const auto taken = GENERATE(std::int64_t{1}, std::int64_t{2}, std::int64_t{3});
  if (taken == 3) add(bulk, 3, "three");
  add(bulk, taken, "other");
  CHECK(slug_of([&] { bulk.flush(); }) == "db.unique");
}

TEST_CASE("a hundred thousand rows go in, in order, while other statements run", "[db]") {
  Samples samples(GENERATE(from_range(test::engines())));
  auto& connection = samples.connection();
  const BulkMode bulk_mode(connection);
  Transaction transaction(connection, Scope{});
  BulkInsert bulk(connection, "samples", sample_columns());
  const std::string padding(100, 'x');
  for (int i = 1; i <= 100000; ++i) {
    add(bulk, i, padding + std::to_string(i));
    // In the middle of a chunk, and whether or not it has been sent.
    if (i % 33333 == 0) CHECK(connection.integer("SELECT 1") == 1);
  }
  bulk.flush();
  CHECK(samples.count() == 100000);
  transaction.commit();
  if (connection.engine() == Engine::postgresql)
    CHECK(
        connection.integer(
            "SELECT count(*) FROM (SELECT id - lag(id) OVER (ORDER BY ctid) AS step FROM ringctl.samples) s "
            "WHERE step <> 1") == 0);
}

TEST_CASE("two bulk inserts of one transaction take turns", "[db]") {
  Samples samples(GENERATE(from_range(test::engines())));
  const Transaction transaction(samples.connection(), Scope{});
  BulkInsert odd(samples.connection(), "samples", sample_columns());
  BulkInsert even(samples.connection(), "samples", sample_columns());
  const std::string padding(1000, 'x');
  for (int i = 0; i < 2000; ++i) add(i % 2 == 0 ? even : odd, i, padding + std::to_string(i));
  odd.flush();
  even.flush();
  CHECK(samples.count() == 2000);
}

TEST_CASE("a bad bulk row fails by the flush at the latest, and the transaction can be given up", "[db]") {
  Samples samples(GENERATE(from_range(test::engines())));
  {
    const Transaction transaction(samples.connection(), Scope{});
    BulkInsert bulk(samples.connection(), "samples", sample_columns());
    add(bulk, 1, "fine");
    const std::array<Param, 6> bad{2, "x", nullptr, "not a number", nullptr, nullptr};
    const auto add_and_flush = [&] {
      bulk.add(bad);
      bulk.flush();
    };
    CHECK_THROWS_AS(add_and_flush(), Error);
  }
  const Transaction transaction(samples.connection(), Scope{});
  CHECK(samples.count() == 0);
}

TEST_CASE("a bulk insert that is left unflushed leaves the connection usable", "[db]") {
  Samples samples(GENERATE(from_range(test::engines())));
  {
    const Transaction transaction(samples.connection(), Scope{});
    BulkInsert bulk(samples.connection(), "samples", sample_columns());
    const std::string padding(1000, 'x');
    for (int i = 0; i < 1000; ++i) add(bulk, i, padding + std::to_string(i));
  }
  const Transaction transaction(samples.connection(), Scope{});
  CHECK(samples.count() == 0);
}

TEST_CASE("a bulk row with a NUL byte or of the wrong length is refused", "[db]") {
  Samples samples(GENERATE(from_range(test::engines())));
  const Transaction transaction(samples.connection(), Scope{});
  BulkInsert bulk(samples.connection(), "samples", sample_columns());
  CHECK(slug_of([&] { add(bulk, 1, std::string_view("a\0b", 3)); }) == "db.bad_text");
  const std::array<Param, 2> narrow{1, "x"};
  CHECK(slug_of([&] { bulk.add(narrow); }) == "db.parameters");
  add(bulk, 2, "after both");
  bulk.flush();
  CHECK(samples.count() == 1);
}

TEST_CASE("a bulk insert outside a transaction is refused", "[db]") {
  Samples samples(GENERATE(from_range(test::engines())));
  CHECK(slug_of([&] { BulkInsert(samples.connection(), "samples", sample_columns()); }) ==
        "db.no_transaction");
}

TEST_CASE("COPY text escapes what ends a value or a line", "[db]") {
  CopyText text;
  const std::array<Param, 5> row{"a\tb\\c\nd\re", nullptr, true, -5, 0.5};
  text.add(row);
  CHECK(text.buffer() == "a\\tb\\\\c\\nd\\re\t\\N\tt\t-5\t0.5\n");
}

TEST_CASE("bulk mode gives back the cache it took", "[db]") {
  test::TestDatabase database(Engine::sqlite);
  const auto before = database.connection().integer("PRAGMA cache_size");
  {
    const BulkMode bulk_mode(database.connection());
    CHECK(database.connection().integer("PRAGMA cache_size") != before);
  }
  CHECK(database.connection().integer("PRAGMA cache_size") == before);
}
