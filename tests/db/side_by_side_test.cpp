#include "db/side_by_side.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <set>
#include <stdexcept>

#include "db/samples.hpp"
#include "support/catch.hpp"
#include "support/database.hpp"
#include "support/errors.hpp"

using namespace ringctl;
using namespace ringctl::db;
using test::Samples;
using test::slug_of;
using namespace std::chrono_literals;

namespace {

constexpr const char* k_count = "SELECT count(*) FROM samples";

/// Who came to read. Each waits for the others, so that nobody is done before all are there.
class Roll {
 public:
  void sign(Connection& connection, std::size_t expected) {
    std::unique_lock lock(mutex_);
    seen_.insert(&connection);
    changed_.notify_all();
    changed_.wait_for(lock, 20s, [&] { return seen_.size() >= expected; });
  }
  std::size_t readers() const { return seen_.size(); }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::set<Connection*> seen_;
};

}  // namespace

TEST_CASE("readers side by side take each piece once and all see what the first one sees", "[db]") {
  Samples samples(GENERATE(from_range(test::engines())));
  samples.fill(3);
  auto& reader = samples.connection();
  const Transaction transaction(reader, Scope{}, Access::read);
  REQUIRE(reader.integer(k_count) == 3);
  samples.database.connect()->exec(samples.database.engine() == Engine::sqlite
                                       ? "DELETE FROM samples WHERE id = 1"
                                       : "DELETE FROM ringctl.samples WHERE id = 1");
  const std::size_t expected = samples.database.engine() == Engine::sqlite ? 1 : 3;
  Roll roll;
  std::array<std::atomic<int>, 40> taken{};
  std::array<std::int64_t, 40> counted{};
  read_side_by_side(reader, Scope{}, taken.size(), 3, [&](Connection& connection, std::size_t piece) {
    ++taken.at(piece);
    counted.at(piece) = connection.integer(k_count).value();
    roll.sign(connection, expected);
  });
  CHECK(roll.readers() == expected);
  CHECK(std::ranges::all_of(taken, [](const auto& times) { return times == 1; }));
  CHECK(std::ranges::count(counted, 3) == 40);
  CHECK(reader.integer(k_count) == 3);
}

TEST_CASE("what one reader throws ends the work of all, and the first can go on", "[db]") {
  Samples samples(GENERATE(from_range(test::engines())));
  samples.fill(1);
  auto& reader = samples.connection();
  const Transaction transaction(reader, Scope{}, Access::read);
  std::atomic<int> begun{0};
  CHECK(slug_of([&] {
          read_side_by_side(reader, Scope{}, 100, 3, [&](Connection&, std::size_t) {
            ++begun;
            throw Error(Errc::failure, "test.broken", "broken");
          });
        }) == "test.broken");
  CHECK(begun >= 1);
  CHECK(begun <= 3);
  CHECK(reader.integer(k_count) == 1);
}

TEST_CASE("where nobody else is let in, one reader does all", "[db]") {
  Samples samples(GENERATE(from_range(test::engines())));
  auto& reader = samples.connection();
  if (samples.database.engine() == Engine::postgresql) {
    const auto name = reader.text("SELECT current_database()").value();
    reader.exec_script("ALTER DATABASE \"" + name + "\" CONNECTION LIMIT 1");
  }
  const Transaction transaction(reader, Scope{}, Access::read);
  int done = 0;
  read_side_by_side(reader, Scope{}, 40, 3, [&](Connection& connection, std::size_t) {
    REQUIRE(&connection == &reader);
    ++done;
  });
  CHECK(done == 40);
}

TEST_CASE("nothing to read is read by nobody", "[db]") {
  Samples samples(GENERATE(from_range(test::engines())));
  const Transaction transaction(samples.connection(), Scope{}, Access::read);
  read_side_by_side(samples.connection(), Scope{}, 0, 3,
                    [](Connection&, std::size_t) { throw std::logic_error("called"); });
  SUCCEED();
}
