#include "net/inside.hpp"

#include <thread>

#include "support/catch.hpp"
#include "support/fake_clock.hpp"

namespace ringctl::net {
namespace {

using namespace std::chrono_literals;

TEST_CASE("a handler that is asked from inside answers at once or from another thread", "[net]") {
  const test::FakeClock clock;
  std::thread helper;
  Inside inside(
      [&](const Request& request, Respond respond) {
        CHECK(request.id.size() == 36);
        if (request.path == "/now") return respond({.status = 204});
        helper = std::thread(
            [respond = std::move(respond)]() mutable { respond({.status = 201, .body = "later"}); });
      },
      clock);
  CHECK(inside.ask({.method = "POST", .target = "/now", .path = "/now"}, 20s)->status == 204);
  const auto later = inside.ask({.method = "POST", .target = "/later", .path = "/later"}, 20s);
  helper.join();
  REQUIRE(later);
  CHECK(later->status == 201);
  CHECK(later->body == "later");
}

TEST_CASE("what is let go, comes too late or is thrown reaches whoever asked, and not the next", "[net]") {
  const test::FakeClock clock;
  std::optional<Respond> kept;
  Inside inside(
      [&](const Request& request, Respond respond) {
        if (request.path == "/gone") return;
        if (request.path == "/thrown") throw std::runtime_error("a bug");
        if (request.path == "/late") return void(kept.emplace(std::move(respond)));
        if (kept) (*kept)({.status = 500});  // the late one's, while the next is asked
        respond({.status = 200});
      },
      clock);
  CHECK_FALSE(inside.ask({.path = "/gone"}, 20s));
  CHECK_THROWS_AS(inside.ask({.path = "/thrown"}, 20s), std::runtime_error);
  CHECK_FALSE(inside.ask({.path = "/late"}, 0ms));
  CHECK(inside.ask({.path = "/next"}, 20s)->status == 200);
}

}  // namespace
}  // namespace ringctl::net
