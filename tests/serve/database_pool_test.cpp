#include "serve/database_pool.hpp"

#include <atomic>
#include <future>
#include <stdexcept>

#include "base/error.hpp"
#include "support/catch.hpp"
#include "support/errors.hpp"

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

[[noreturn]] void lose(db::Connection&) { throw Error(Errc::db_down, "db.connection_lost", "gone"); }

TEST_CASE("work on a connection that was lost meanwhile begins again on a new one, once", "[serve]") {
  int opened = 0, tries = 0;
  DatabasePool pool(
      [&] {
        ++opened;
        return open_in_memory();
      },
      {.threads = 0, .rest = std::chrono::hours(1)});
  pool.with_connection([](db::Connection&) {});
  pool.with_connection([&](db::Connection& connection) {
    if (++tries == 1) lose(connection);
  });
  CHECK(opened == 2);
  CHECK(tries == 2);
  CHECK(test::slug_of([&] { pool.with_connection(lose); }) == "db.connection_lost");
  CHECK(opened == 3);
}

TEST_CASE("a database that is away is not asked until it had some rest", "[serve]") {
  int opened = 0;
  const auto refuse = [&]() -> std::unique_ptr<db::Connection> {
    ++opened;
    throw Error(Errc::db_down, "db.unreachable", "nobody listens");
  };
  const auto use = [](DatabasePool& pool) {
    return test::slug_of([&] { pool.with_connection([](db::Connection&) {}); });
  };
  DatabasePool patient(refuse, {.threads = 0, .rest = std::chrono::hours(1)});
  CHECK(use(patient) == "db.unreachable");
  CHECK(use(patient) == "db.away");
  CHECK(opened == 1);
  DatabasePool restless(refuse, {.threads = 0, .rest = std::chrono::milliseconds(0)});
  CHECK(use(restless) == "db.unreachable");
  CHECK(use(restless) == "db.unreachable");
  CHECK(opened == 3);
}

TEST_CASE("while one looks whether the database is back, nobody else waits for it", "[serve]") {
  std::promise<void> looking, answer;
  int opened = 0;
  DatabasePool pool(
      [&]() -> std::unique_ptr<db::Connection> {
        if (++opened == 1) throw Error(Errc::db_down, "db.unreachable", "nobody listens");
        looking.set_value();
        answer.get_future().wait();
        return open_in_memory();
      },
      {.threads = 1, .rest = std::chrono::milliseconds(0)});
  const auto use = [&] { return test::slug_of([&] { pool.with_connection([](db::Connection&) {}); }); };
  CHECK(use() == "db.unreachable");
  std::promise<std::string> looked;
  REQUIRE(pool.submit([&] { looked.set_value(use()); }));
  looking.get_future().wait();
  CHECK(use() == "db.away");
  answer.set_value();
  CHECK(looked.get_future().get().empty());
  CHECK(use().empty());
  CHECK(opened == 2);
}

}  // namespace
}  // namespace ringctl::serve
