#include "db/keys.hpp"

#include <fmt/format.h>

#include <map>

#include "db/samples.hpp"
#include "db/transaction.hpp"
#include "support/catch.hpp"
#include "support/errors.hpp"

using namespace ringctl;
using namespace ringctl::db;
using test::Samples;

namespace {

/// Rows of these labels with an id above `above`, "2=row 2 3=row 3", by id.
std::string found(Connection& connection, std::vector<std::string_view> labels, int above = 0) {
  static const KeyedSelect select(
      "SELECT label, id FROM samples WHERE label = $1 AND id > CAST($2 AS bigint)");
  const KeyedRead read(connection, select, std::move(labels), {above});
  std::map<std::int64_t, std::string> by_id;
  read_together(connection, Scope{}, read.reads(), [&](std::span<Rows> all) {
    for (auto& rows : all)
      while (rows.next()) CHECK(by_id.emplace(rows.integer(1), rows.text(0)).second);
  });
  std::string text;
  for (const auto& [id, label] : by_id) text += fmt::format("{}{}={}", text.empty() ? "" : " ", id, label);
  return text;
}

}  // namespace

TEST_CASE("the rows of several keys are those of each, once", "[db]") {
  Samples samples(GENERATE(from_range(test::engines())));
  samples.fill(5);
  auto& connection = samples.connection();
  for (int time = 0; time < 3; ++time) {
    CHECK(found(connection, {"row 4", "row 2", "row 9", "row 4"}) == "2=row 2 4=row 4");
    CHECK(found(connection, {"row 4", "row 2"}, 3) == "4=row 4");
    CHECK(found(connection, {"row 3"}) == "3=row 3");
    CHECK(found(connection, {"row 3", "row 3"}) == "3=row 3");
    CHECK(found(connection, {"row 8", "row 9"}).empty());
    CHECK(found(connection, {}).empty());
  }
}

TEST_CASE("keys may hold whatever a text can", "[db]") {
  Samples samples(GENERATE(from_range(test::engines())));
  const std::vector<std::string_view> odd{"it's \"so\"", "a\\b", "", "{1,2}", "Zoë\n", "$1"};
  for (std::size_t i = 0; i < odd.size(); ++i) samples.add(static_cast<int>(i) + 1, odd[i]);
  CHECK(found(samples.connection(), odd) == "1=it's \"so\" 2=a\\b 3= 4={1,2} 5=Zo\xc3\xab\n 6=$1");
}

TEST_CASE("a key that no database can hold is refused, and the connection goes on", "[db]") {
  Samples samples(GENERATE(from_range(test::engines())));
  samples.fill(2);
  auto& connection = samples.connection();
  CHECK(test::slug_of([&] { found(connection, {"row 1", std::string_view("a\0b", 3)}); }) == "db.bad_text");
  CHECK(test::slug_of([&] { found(connection, {std::string_view("a\0b", 3)}); }) == "db.bad_text");
  CHECK(found(connection, {"row 1", "row 2"}) == "1=row 1 2=row 2");
}

TEST_CASE("however many keys there are, PostgreSQL is asked once", "[db][postgresql]") {
  Samples samples(Engine::postgresql);
  const KeyedSelect select("SELECT label FROM samples WHERE label = $1 AND id <> $10");
  const auto count = [&](std::vector<std::string_view> keys) {
    return KeyedRead(samples.connection(), select, std::move(keys)).reads().size();
  };
  CHECK(count({}) == 0);
  CHECK(count({"a"}) == 1);
  CHECK(count({"a", "b", "c"}) == 1);
  CHECK(select.of_many().find("label = asked.key AND id <> $10 OFFSET 0") != std::string::npos);
}
