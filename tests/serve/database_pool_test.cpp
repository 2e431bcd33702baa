#include "serve/database_pool.hpp"

#include <atomic>
#include <future>
#include <stdexcept>

#include "support/catch.hpp"

namespace ringctl::serve {
namespace {

std::unique_ptr<db::Connection> open_in_memory() { return db::Connection::open("sqlite::memory:"); }

TEST_CASE("a pool without threads works where the work is brought", "[serve]") {
  DatabasePool pool(open_in_memory, {.threads = 0});
  const auto here = std::this_thread::get_id();
  std::thread::id there;
  REQUIRE(pool.submit([&] { there = std::this_thread::get_id(); }));
  CHECK(there == here);
}

TEST_CASE("what waits is done before a pool ends, and what is too much is refused", "[serve]") {
  std::promise<void> begun, go_on;
  std::atomic<int> done = 0;
  DatabasePool pool(open_in_memory, {.threads = 1, .max_queue = 2});
  REQUIRE(pool.submit([&] {
    begun.set_value();
    go_on.get_future().wait();
    ++done;
  }));
  begun.get_future().wait();
  CHECK(pool.submit([&] { ++done; }));
  CHECK(pool.submit([&] { ++done; }));
  CHECK_FALSE(pool.submit([&] { ++done; }));
  go_on.set_value();
  pool.stop();
  CHECK(done == 3);
  CHECK_FALSE(pool.submit([&] { ++done; }));
}

TEST_CASE("a connection is used again until something went wrong with it", "[serve]") {
  int opened = 0;
  DatabasePool pool(
      [&] {
        ++opened;
        return open_in_memory();
      },
      {.threads = 0});
  for (int i = 0; i < 3; ++i) pool.with_connection([](db::Connection&) {});
  CHECK(opened == 1);
  CHECK_THROWS_AS(pool.with_connection([](db::Connection&) { throw std::runtime_error("gone"); }),
                  std::runtime_error);
  pool.with_connection([](db::Connection&) {});
  CHECK(opened == 2);
}

}  // namespace
}  // namespace ringctl::serve
