#include "db/group_writer.hpp"

#include <thread>

#include "base/error.hpp"
#include "db/samples.hpp"
#include "db/transaction.hpp"
#include "support/catch.hpp"
#include "support/errors.hpp"

using namespace ringctl;
using namespace ringctl::db;
using test::Samples;
using test::slug_of;

namespace {

auto insert(int id) {
  return [id](Connection& connection) { connection.exec("INSERT INTO samples (id) VALUES ($1)", {id}); };
}

std::int64_t committed(Samples& samples) {
  const Transaction transaction(samples.connection(), Scope{}, Access::read);
  return samples.count();
}

}  // namespace

TEST_CASE("items of eight threads are all written, each known to be durable when its future is ready",
          "[db]") {
  Samples samples(GENERATE(from_range(test::engines())));
  GroupWriter writer(samples.database.connect(), {});
  std::vector<std::thread> threads;
  threads.reserve(8);
  for (int t = 0; t < 8; ++t)
    threads.emplace_back([&, t] {
      std::vector<std::future<void>> futures;
      futures.reserve(100);
      for (int i = 0; i < 100; ++i) futures.push_back(writer.submit(Scope{}, insert(t * 100 + i)));
      for (auto& future : futures) future.get();
    });
  for (auto& thread : threads) thread.join();
  CHECK(committed(samples) == 800);
  CHECK(writer.queued() == 0);
}

TEST_CASE("a bad item fails alone", "[db]") {
  Samples samples(GENERATE(from_range(test::engines())));
  GroupWriter writer(samples.database.connect(), {});
  std::vector<std::future<void>> futures;
  for (const int id : {1, 2, 1, 3}) futures.push_back(writer.submit(Scope{}, insert(id)));
  futures.push_back(writer.submit(Scope{}, [](Connection& connection) {
    connection.exec("INSERT INTO samples (id) VALUES (99)");
    throw std::runtime_error("half done");
  }));
  futures.push_back(writer.submit(Scope{}, insert(4)));
  CHECK_NOTHROW(futures[0].get());
  CHECK_NOTHROW(futures[1].get());
  CHECK(slug_of([&] { futures[2].get(); }) == "db.unique");
  CHECK_NOTHROW(futures[3].get());
  CHECK_THROWS_AS(futures[4].get(), std::runtime_error);
  CHECK_NOTHROW(futures[5].get());
  CHECK(committed(samples) == 4);
}

TEST_CASE("what is queued is written before the writer ends", "[db]") {
  Samples samples(GENERATE(from_range(test::engines())));
  {
    GroupWriter writer(samples.database.connect(), {});
    for (int i = 0; i < 500; ++i) writer.submit(Scope{}, insert(i));
  }
  CHECK(committed(samples) == 500);
}

TEST_CASE("a queue that is full refuses, and keeps what it has", "[db]") {
  Samples samples(GENERATE(from_range(test::engines())));
  std::promise<void> gate;
  const auto open = gate.get_future().share();
  {
    GroupWriter writer(samples.database.connect(), {4, 3});
    std::promise<void> started;
    writer.submit(Scope{}, [&](Connection&) {
      started.set_value();
      open.wait();
    });
    started.get_future().wait();
    for (int i = 0; i < 3; ++i) writer.submit(Scope{}, insert(i));
    CHECK(writer.queued() == 3);
    CHECK(slug_of([&] { writer.submit(Scope{}, insert(9)); }) == "db.queue_full");
    gate.set_value();
  }
  CHECK(committed(samples) == 3);
}

TEST_CASE("each item sees the rows of its own workspace", "[db]") {
  Samples samples(GENERATE(from_range(test::engines())));
  const auto one = samples.database.add_workspace("one");
  const auto two = samples.database.add_workspace("two");
  GroupWriter writer(samples.database.connect(), {});
  const auto rename = [](Connection& connection) {
    // On PostgreSQL the policies bound it; SQLite has none, so the statement names the workspace there.
    if (connection.engine() == Engine::postgresql &&
        connection.exec("UPDATE workspaces SET version = version + 1") != 1)
      throw std::runtime_error("saw another workspace");
  };
  auto first = writer.submit(Scope::of(one), rename);
  auto second = writer.submit(Scope::of(two), rename);
  auto third = writer.submit(Scope::of(one), rename);
  CHECK_NOTHROW(first.get());
  CHECK_NOTHROW(second.get());
  CHECK_NOTHROW(third.get());
}
