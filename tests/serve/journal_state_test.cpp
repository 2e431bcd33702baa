#include "serve/journal_state.hpp"

#include "serve/journal_site.hpp"
#include "support/catch.hpp"

namespace ringctl::serve {
namespace {

const std::string k_prod = "postgresql://db1:5432/prod", k_test = "postgresql://db1:5432/test";

TEST_CASE("a server of another database takes nobody's journal, and hears what waits in it", "[serve]") {
  test::JournalSite site;
  const auto prod = make_state_of(site.folder.path(), k_prod),
             other = make_state_of(site.folder.path(), k_test);
  CHECK(prod != other);
  CHECK(prod == state_of(site.folder.path(), k_prod));
  CHECK(make_state_of(site.folder.path(), k_prod) == prod);
  {
    const auto journal = Journal::open(prod / "journal", site.options, site.clock);
    test::append_all(*journal, {"one", "two"});
    // It is being served: what waits is on its way.
    CHECK(left_behind(site.folder.path(), k_test, site.clock).empty());
  }
  const auto left = left_behind(site.folder.path(), k_test, site.clock);
  REQUIRE(left.size() == 1);
  CHECK(left.front().database == k_prod);
  CHECK(left.front().records == 2);
  CHECK(left_behind(site.folder.path(), k_prod, site.clock).empty());

  const auto of_test = Journal::open(other / "journal", site.options, site.clock);
  CHECK(test::fetch_all(*of_test).empty());
  const auto of_prod = Journal::open(prod / "journal", site.options, site.clock);
  CHECK(test::fetch_all(*of_prod, true) == std::vector<std::string>{"one", "two"});
}

TEST_CASE("where no other database was ever served nothing is left behind", "[serve]") {
  test::JournalSite site;
  CHECK(left_behind(site.folder / "none", k_prod, site.clock).empty());
  make_state_of(site.folder.path(), k_prod);
  CHECK(left_behind(site.folder.path(), k_test, site.clock).empty());
}

}  // namespace
}  // namespace ringctl::serve
