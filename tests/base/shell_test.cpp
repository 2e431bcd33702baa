#include "base/shell.hpp"

#include "support/catch.hpp"

using ringctl::base::for_shell;

TEST_CASE("a word is quoted for a shell only where it must be") {
  CHECK(for_shell("+12025550100") == "+12025550100");
  CHECK(for_shell("ann@example.com") == "ann@example.com");
  CHECK(for_shell("") == "''");
  CHECK(for_shell("two words") == "'two words'");
  CHECK(for_shell("US|CA") == "'US|CA'");
  CHECK(for_shell("it's") == R"('it'\''s')");
}
