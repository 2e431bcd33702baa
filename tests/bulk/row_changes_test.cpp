#include "bulk/row_changes.hpp"

#include "support/catch.hpp"

using namespace ringctl::bulk;

namespace {

std::vector<RowChange> all_of(RowChanges& changes) {
  std::vector<RowChange> all;
  changes.for_each([&](const RowChange& change) {
    all.push_back(change);
    return true;
  });
  return all;
}

}  // namespace

TEST_CASE("changes come back in the order of their keys, whole, as often as they are asked for", "[bulk]") {
  RowChanges changes;
  changes.add({7, "b", RowAction::activate, {{3, "no", "yes"}, {12, "", "two\nlines|\x1f"}}});
  changes.add({2, "c", RowAction::keep, {}});
  changes.add({9, "a", RowAction::create, {{1, "", "A"}}});
  CHECK(changes.size() == 3);
  CHECK(changes.count(RowAction::activate) == 1);
  CHECK(changes.count(RowAction::change) == 0);
  for (int time = 0; time < 2; ++time) {
    const auto all = all_of(changes);
    REQUIRE(all.size() == 3);
    CHECK(all[0].key + all[1].key + all[2].key == "abc");
    CHECK(all[1].line == 7);
    CHECK(all[1].action == RowAction::activate);
    REQUIRE(all[1].fields.size() == 2);
    CHECK(all[1].fields[0].before == "no");
    CHECK(all[1].fields[1].column == 12);
    CHECK(all[1].fields[1].before.empty());
    CHECK(all[1].fields[1].after == "two\nlines|\x1f");
    CHECK(all[2].fields.empty());
  }
}

TEST_CASE("whoever has seen enough changes is shown no more", "[bulk]") {
  RowChanges changes;
  for (const auto* key : {"a", "b", "c"}) changes.add({1, key, RowAction::change, {}});
  int seen = 0;
  changes.for_each([&](const RowChange&) { return ++seen < 2; });
  CHECK(seen == 2);
}
