#include "serve/refusal.hpp"

#include <new>
#include <vector>

#include "base/error.hpp"
#include "support/catch.hpp"
#include "support/errors.hpp"

using namespace ringctl;
using namespace ringctl::serve;

namespace {

using Numbers = std::vector<int>;

constexpr int k_bad = 13, k_bug = 14, k_down = 15, k_stop = 16;

/// Takes numbers but for those above, and keeps what came of each.
struct Taker {
  bool run(const Numbers& batch) {
    return take_in_halves(
        std::span<const int>(batch),
        [&](std::span<const int> some) {
          ++asked;
          for (const int one : some) {
            if (one == k_bad) throw Error(Errc::invalid, "test.bad", "a bad number");
            if (one == k_bug) throw 14;
            if (one == k_down) throw Error(Errc::db_down, "test.down", "away");
            if (one == k_stop) return false;
          }
          taken.insert(taken.end(), some.begin(), some.end());
          return true;
        },
        [&](int one, const std::string& reason) {
          refused.push_back(one);
          reasons.push_back(reason);
          return go_on;
        });
  }

  bool go_on = true;
  int asked = 0;
  Numbers taken = {}, refused = {};
  std::vector<std::string> reasons = {};
};

}  // namespace

TEST_CASE("a batch without fault is taken whole, and an empty one needs nobody", "[serve]") {
  Taker taker;
  CHECK(taker.run({}));
  CHECK(taker.asked == 0);
  CHECK(taker.run({1, 2, 3, 4, 5}));
  CHECK(taker.asked == 1);
  CHECK(taker.taken == Numbers{1, 2, 3, 4, 5});
}

TEST_CASE("those at fault are refused each for its own reason, and the others are taken in order", "[serve]") {
  Taker taker;
  CHECK(taker.run({1, k_bad, 2, 3, k_bug, k_bad, 4}));
  CHECK(taker.taken == Numbers{1, 2, 3, 4});
  CHECK(taker.refused == Numbers{k_bad, k_bug, k_bad});
  CHECK(taker.reasons == std::vector<std::string>{"a bad number", "unknown failure", "a bad number"});
}

TEST_CASE("what passes is nobody's fault, and what came before it stays", "[serve]") {
  Taker taker;
  CHECK(test::slug_of([&] { taker.run({1, k_bad, k_down, 2}); }) == "test.down");
  CHECK(taker.taken == Numbers{1});
  CHECK(taker.refused == Numbers{k_bad});
  CHECK(is_passing(std::bad_alloc()));
  CHECK_FALSE(is_passing(std::runtime_error("a bug")));
}

TEST_CASE("nothing is taken after a stop", "[serve]") {
  Taker taker;
  CHECK_FALSE(taker.run({1, k_bad, k_stop, 2}));
  CHECK(taker.taken == Numbers{1});
  taker = {.go_on = false};
  CHECK_FALSE(taker.run({1, k_bad, 2}));
  CHECK(taker.taken == Numbers{1});
  CHECK(taker.refused == Numbers{k_bad});
}
