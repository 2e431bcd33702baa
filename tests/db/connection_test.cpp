// One suite for both engines: what a caller may rely on whichever database is behind.

#include "db/connection.hpp"

#include <array>

#include "base/error.hpp"
#include "db/samples.hpp"
#include "db/transaction.hpp"
#include "support/catch.hpp"
#include "support/clock.hpp"
#include "support/database.hpp"
#include "support/errors.hpp"

using namespace ringctl;
using namespace ringctl::db;
using test::Samples;
using test::slug_of;
using test::TestDatabase;

TEST_CASE("a value of every type comes back as it was bound", "[db]") {
  Samples samples(GENERATE(from_range(test::engines())));
  const test::FixedClock clock;
  const auto owner = base::UuidGenerator(clock).next();
  const auto at = base::parse_utc("2026-03-08T07:59:58.123Z");
  const Transaction transaction(samples.connection(), Scope{});
  samples.connection().exec(
      "INSERT INTO samples (id, label, flag, ratio, at, owner) VALUES ($1, $2, $3, $4, $5, $6)",
      {std::int64_t{9007199254740993}, "abc", true, 0.1, at, owner});
  auto rows =
      samples.connection().query("SELECT id, label, flag, ratio, at, owner FROM samples WHERE flag = TRUE");
  REQUIRE(rows.next());
  CHECK(rows.columns() == 6);
  CHECK(rows.integer(0) == 9007199254740993);
  CHECK(rows.text(1) == "abc");
  CHECK(rows.boolean(2));
  CHECK(rows.text(3) == "0.1");
  CHECK(rows.instant(4) == at);
  CHECK(rows.uuid(5) == owner);
  CHECK_FALSE(rows.next());
}

TEST_CASE("NULL and the empty text are two things", "[db]") {
  Samples samples(GENERATE(from_range(test::engines())));
  const Transaction transaction(samples.connection(), Scope{});
  // One unique label each, so the empty text may stand once.
  samples.add(1, nullptr);
  samples.add(2, std::string_view());
  samples.add(3, std::optional<std::string>());
  auto rows = samples.connection().query("SELECT label, at FROM samples ORDER BY id");
  std::string seen;
  while (rows.next()) {
    seen += rows.is_null(0) ? 'n' : 'e';
    CHECK(rows.text(0).empty());
    CHECK(rows.maybe_text(0).has_value() == !rows.is_null(0));
    CHECK_FALSE(rows.maybe_instant(1));
  }
  CHECK(seen == "nen");
}

TEST_CASE("text of any script, with quotes and line breaks, is stored byte for byte", "[db]") {
  Samples samples(GENERATE(from_range(test::engines())));
  const Transaction transaction(samples.connection(), Scope{});
  const std::array<std::string, 6> texts{"O'Brien \"Bo\"", "tab\tline\r\nend\\N",  "naïve 東京 \U0001F4DE",
                                         "$1 ?1 %s --",    std::string(2000, 'x'), "\u202Ertl"};
  int id = 0;
  for (const auto& text : texts) samples.add(++id, text);
  auto rows = samples.connection().query("SELECT label FROM samples ORDER BY id");
  for (const auto& text : texts) {
    REQUIRE(rows.next());
    CHECK(rows.text(0) == text);
  }
}

TEST_CASE("a text with a NUL byte is refused", "[db]") {
  Samples samples(GENERATE(from_range(test::engines())));
  const Transaction transaction(samples.connection(), Scope{});
  CHECK(slug_of([&] { samples.add(1, std::string_view("a\0b", 3)); }) == "db.bad_text");
}

TEST_CASE("placeholders may stand in any order, twice, and beside text that looks like one", "[db]") {
  Samples samples(GENERATE(from_range(test::engines())));
  const Transaction transaction(samples.connection(), Scope{});
  samples.add(7, "seven");
  CHECK(samples.connection().text(
            "SELECT '$1' || label FROM samples WHERE label = $2 AND id = $1 AND id = $1 -- $3",
            {7, "seven"}) == "$1seven");
}

TEST_CASE("exec tells how many rows it changed", "[db]") {
  Samples samples(GENERATE(from_range(test::engines())));
  auto& connection = samples.connection();
  const Transaction transaction(connection, Scope{});
  CHECK(connection.exec("INSERT INTO samples (id) VALUES (1), (2), (3)") == 3);
  CHECK(connection.exec("UPDATE samples SET label = 'x' || CAST(id AS text) WHERE id > 1") == 2);
  CHECK(connection.exec("UPDATE samples SET label = NULL WHERE id > 100") == 0);
  CHECK(connection.exec("SELECT id FROM samples") == 0);
  CHECK(connection.exec("DELETE FROM samples") == 3);
}

TEST_CASE("RETURNING changes the row whether or not it is read", "[db]") {
  Samples samples(GENERATE(from_range(test::engines())));
  const Transaction transaction(samples.connection(), Scope{});
  samples.connection().query("INSERT INTO samples (id, label) VALUES (1, 'a') RETURNING id");
  CHECK(samples.connection().integer("INSERT INTO samples (id, label) VALUES (2, 'b') RETURNING id") == 2);
  CHECK(samples.count() == 2);
}

TEST_CASE("a second row under a unique key is a conflict that quotes no value", "[db]") {
  Samples samples(GENERATE(from_range(test::engines())));
  const Transaction transaction(samples.connection(), Scope{});
  samples.add(1, "secret-label");
  try {
    samples.add(2, "secret-label");
    FAIL("no error");
  } catch (const Error& error) {
    CHECK(error.errc() == Errc::conflict);
    CHECK(error.slug() == "db.unique");
    CHECK(error.message().find("secret-label") == std::string::npos);
  }
}

TEST_CASE("a value of the wrong form is invalid and not quoted", "[db]") {
  Samples samples(GENERATE(from_range(test::engines())));
  const Transaction transaction(samples.connection(), Scope{});
  try {
    samples.connection().exec("INSERT INTO samples (id, ratio) VALUES (1, $1)", {"secret"});
    FAIL("no error");
  } catch (const Error& error) {
    CHECK(error.errc() == Errc::invalid);
    CHECK(error.message().find("secret") == std::string::npos);
  }
}

TEST_CASE("a missing table or column is a schema error", "[db]") {
  TestDatabase database(GENERATE(from_range(test::engines())));
  const auto* const sql =
      GENERATE("SELECT 1 FROM nowhere", "SELECT newer FROM workspaces", "UPDATE workspaces SET newer = 1",
               "INSERT INTO workspaces (newer) VALUES (1)");
  const Transaction transaction(database.connection(), Scope{});
  INFO(engine_name(database.engine()) << ": " << sql);
  CHECK(slug_of([&] { database.connection().query(sql); }) == "schema.missing_table");
}

TEST_CASE("the wrong number of parameters is an error", "[db]") {
  TestDatabase database(GENERATE(from_range(test::engines())));
  const Transaction transaction(database.connection(), Scope{});
  const auto ask = [&] {
    database.connection().query("SELECT 1 WHERE CAST($1 AS text) = CAST($2 AS text)", {"a"});
  };
  CHECK_THROWS_AS(ask(), Error);
}

TEST_CASE("an empty URL, a foreign scheme and a host for SQLite are refused", "[db]") {
  for (const auto* url :
       {"", "mysql://example.com/x", "ringctl.db", "sqlite:", "sqlite://ringctl.db", "sqlite:/tmp/"})
    CHECK(slug_of([&] { Connection::open(url); }) == "db.bad_url");
}

TEST_CASE("a URL that cannot be read is refused without any part of its password", "[db]") {
  const std::string url = GENERATE("postgresql://u:k4n4r1%zz@h/db", "postgresql://u:k4n/4r1@h/db",
                                   "postgresql://u:k4n@4r1@h/db", "postgresql://u:x@h:k4n/4r1");
  const auto error = test::error_of([&] { Connection::open(url); });
  REQUIRE(error);
  CHECK(error->errc() == Errc::usage);
  CHECK(error->slug() == "db.bad_url");
  if (url.find("k4n4r1") != std::string::npos) CHECK(error->message().find("k4n") == std::string::npos);
  CHECK(error->message().find("4r1%") == std::string::npos);
}

TEST_CASE("a JSON array of texts unpacks into rows", "[db]") {
  Samples samples(GENERATE(from_range(test::engines())));
  const Transaction transaction(samples.connection(), Scope{});
  samples.add(1, "a");
  samples.add(2, "it's \"b\"");
  samples.add(3, "c");
  const auto sql = "SELECT count(*) FROM samples WHERE label IN (SELECT value FROM " +
                   samples.connection().text_array("$1") + ")";
  CHECK(samples.connection().integer(sql, {R"(["a", "it's \"b\"", "d"])"}) == 2);
  CHECK(samples.connection().integer(sql, {"[]"}) == 0);
}

TEST_CASE("two streams of fifty thousand rows are read side by side", "[db]") {
  Samples samples(GENERATE(from_range(test::engines())));
  auto& connection = samples.connection();
  const Transaction transaction(connection, Scope{});
  samples.fill(50000);
  auto up = connection.stream("SELECT id, label FROM samples WHERE id > $1 ORDER BY id", {0});
  auto down = connection.stream("SELECT id FROM samples WHERE id <= $1 ORDER BY id DESC", {50000});
  std::int64_t rows = 0;
  while (up.next()) {
    REQUIRE(down.next());
    ++rows;
    REQUIRE(up.integer(0) == rows);
    REQUIRE(down.integer(0) == 50001 - rows);
    if (rows % 10000 == 0) CHECK(samples.count() == 50000);
  }
  CHECK(rows == 50000);
  CHECK_FALSE(down.next());
}

TEST_CASE("a stream may be left before its end, and may be empty", "[db]") {
  Samples samples(GENERATE(from_range(test::engines())));
  auto& connection = samples.connection();
  const Transaction transaction(connection, Scope{});
  samples.fill(5000);
  {
    auto left = connection.stream("SELECT id FROM samples");
    REQUIRE(left.next());
  }
  auto none = connection.stream("SELECT id FROM samples WHERE id < 0");
  CHECK_FALSE(none.next());
  auto exact = connection.stream("SELECT id FROM samples WHERE id <= 2000");
  int rows = 0;
  while (exact.next()) ++rows;
  CHECK(rows == 2000);
  CHECK(samples.count() == 5000);
}

TEST_CASE("a stream that other statements interrupt keeps its rows, however many and however large", "[db]") {
  Samples samples(GENERATE(from_range(test::engines())));
  auto& connection = samples.connection();
  const Transaction transaction(connection, Scope{});
  samples.fill(200);
  const std::string large(100000, 'y');
  auto rows = connection.stream("SELECT id, $1 || CAST(id AS text), label FROM samples ORDER BY id", {large});
  for (int id = 1; id <= 200; ++id) {
    REQUIRE(rows.next());
    if (id == 3) CHECK(connection.exec("UPDATE samples SET label = NULL WHERE id > 100") == 100);
    REQUIRE(rows.integer(0) == id);
    REQUIRE(rows.text(1) == large + std::to_string(id));
    // Rows of a running query may or may not be seen as changed on SQLite; PostgreSQL gives those of its
    // beginning.
    if (connection.engine() == Engine::postgresql) REQUIRE(rows.text(2) == "row " + std::to_string(id));
  }
  CHECK_FALSE(rows.next());
  CHECK_FALSE(rows.next());
}

TEST_CASE("a stream that an exception leaves ends with its transaction", "[db]") {
  Samples samples(GENERATE(from_range(test::engines())));
  auto& connection = samples.connection();
  in_transaction(connection, Scope{}, [&] { samples.fill(50000); });
  CHECK(slug_of([&] {
          const Transaction transaction(connection, Scope{}, Access::read);
          auto rows = connection.stream("SELECT id, label FROM samples ORDER BY label");
          rows.next();
          throw Error(Errc::interrupted, "x.y", "stop");
        }) == "x.y");
  const Transaction transaction(connection, Scope{}, Access::read);
  CHECK(samples.count() == 50000);
}

TEST_CASE("a stream that is stopped is not read to its end", "[db]") {
  Samples samples(GENERATE(from_range(test::engines())));
  auto& connection = samples.connection();
  const auto* without_end =
      connection.engine() == Engine::postgresql
          ? "SELECT generate_series(1, 100000000000)"
          : "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n";
  {
    const Transaction transaction(connection, Scope{}, Access::read);
    auto rows = connection.stream(without_end);
    REQUIRE(rows.next());
    CHECK(rows.integer(0) == 1);
    rows.stop();
  }
  const Transaction transaction(connection, Scope{}, Access::read);
  CHECK(samples.count() == 0);
}

TEST_CASE("a stream fails where its statement does", "[db]") {
  Samples samples(GENERATE(from_range(test::engines())));
  const Transaction transaction(samples.connection(), Scope{});
  CHECK(slug_of([&] { samples.connection().stream("SELECT id FROM nowhere"); }) == "schema.missing_table");
}

TEST_CASE("a stream outside a transaction is refused", "[db]") {
  Samples samples(GENERATE(from_range(test::engines())));
  CHECK(slug_of([&] { samples.connection().stream("SELECT id FROM samples"); }) == "db.no_transaction");
}

TEST_CASE("more statements than the cache holds, each run three times, all answer", "[db]") {
  TestDatabase database(GENERATE(from_range(test::engines())));
  const Transaction transaction(database.connection(), Scope{});
  for (int round = 0; round < 3; ++round)
    for (int i = 0; i < 300; ++i)
      REQUIRE(database.connection().integer("SELECT " + std::to_string(i) + " + CAST($1 AS bigint)",
                                            {round}) == i + round);
}

TEST_CASE("the same statement runs while its earlier rows are still being read", "[db]") {
  Samples samples(GENERATE(from_range(test::engines())));
  const Transaction transaction(samples.connection(), Scope{});
  samples.fill(3);
  int pairs = 0;
  auto outer = samples.connection().query("SELECT id FROM samples ORDER BY id");
  while (outer.next()) {
    auto inner = samples.connection().query("SELECT id FROM samples ORDER BY id");
    while (inner.next()) ++pairs;
  }
  CHECK(pairs == 9);
}

TEST_CASE("statements work without names, as a pooler needs", "[db]") {
  Samples samples(GENERATE(from_range(test::engines())));
  auto options = test::test_options();
  options.named_statements = false;
  const auto connection = samples.database.connect(options);
  const Transaction transaction(*connection, Scope{});
  for (int i = 0; i < 5; ++i) connection->exec("INSERT INTO samples (id) VALUES ($1)", {i});
  CHECK(connection->integer("SELECT count(*) FROM samples") == 5);
  if (connection->engine() == Engine::postgresql)
    CHECK(connection->integer("SELECT count(*) FROM pg_prepared_statements") == 0);
}
