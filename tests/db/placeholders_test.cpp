#include "db/placeholders.hpp"

#include "support/catch.hpp"

using ringctl::db::number_placeholders;

TEST_CASE("a dollar and digits become a question mark and digits", "[db]") {
  CHECK(number_placeholders("SELECT $1, $2+$10 WHERE a=$1") == "SELECT ?1, ?2+?10 WHERE a=?1");
}

TEST_CASE("strings, quoted names, comments and names keep their dollars", "[db]") {
  for (const auto* sql : {"'$1'", "'it''s $1'", "\"$1\"", R"("a""$1")", "-- $1\n", "-- $1", "/* $1 \n $2 */",
                          "a$1", "é$1", "'open $1", "/* open $1", "$x", "$"})
    CHECK(number_placeholders(sql) == sql);
}

TEST_CASE("a placeholder after a string, a comment or a minus is still one", "[db]") {
  CHECK(number_placeholders("'a'$1") == "'a'?1");
  CHECK(number_placeholders("-- x\n$1") == "-- x\n?1");
  CHECK(number_placeholders("/* x */$1") == "/* x */?1");
  CHECK(number_placeholders("1-$1/$2") == "1-?1/?2");
}
