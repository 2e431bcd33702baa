#include "serve/deadlines.hpp"

#include <future>

#include "base/clock.hpp"
#include "support/catch.hpp"
#include "support/eventually.hpp"

using namespace ringctl;
using namespace ringctl::serve;
using std::chrono::milliseconds;

namespace {

struct Desk {
  ExchangePtr exchange() {
    return std::make_shared<Exchange>(office, net::Request(), Route(), net::Respond(nullptr, 0, 0));
  }
  std::vector<const Exchange*> late() {
    const std::lock_guard lock(mutex);
    return seen;
  }
  /// The first that is late holds up whoever tells of it until go_on(), so that what a test does to those
  /// after it is done before their time comes, however slow the machine.
  void note(const ExchangePtr& exchange) {
    going_on.wait();
    exchange->answer(problem(503, "late"));
    const std::lock_guard lock(mutex);
    seen.push_back(exchange.get());
    at = clock.steady();
  }
  void go_on() { told.set_value(); }

  base::SystemClock clock;
  Metrics metrics;
  Office office{clock, metrics};
  std::mutex mutex;
  std::vector<const Exchange*> seen;
  std::chrono::steady_clock::time_point at{};
  std::promise<void> told;
  std::shared_future<void> going_on = told.get_future().share();
};

}  // namespace

TEST_CASE("what is not answered is late after the limit and no earlier, each once and in order", "[serve]") {
  Desk desk;
  Deadlines deadlines(milliseconds(30), [&](const ExchangePtr& late) { desk.note(late); });
  const auto first = desk.exchange(), answered = desk.exchange(), second = desk.exchange();
  for (const auto& one : {first, answered, second}) deadlines.watch(one);
  CHECK(answered->answer(no_content()));
  desk.go_on();
  REQUIRE(test::eventually([&] { return desk.late().size() == 2; }));
  CHECK(desk.late() == std::vector<const Exchange*>{first.get(), second.get()});
  CHECK(desk.at - second->started() >= milliseconds(30));
  CHECK_FALSE(first->answer(no_content()));
}

TEST_CASE("an exchange that is gone is nobody's deadline", "[serve]") {
  Desk desk;
  Deadlines deadlines(milliseconds(20), [&](const ExchangePtr& late) { desk.note(late); });
  const auto first = desk.exchange(), last = desk.exchange();
  auto gone = desk.exchange();
  for (const auto& one : {first, gone, last}) deadlines.watch(one);
  gone.reset();
  desk.go_on();
  REQUIRE(test::eventually([&] { return desk.late().size() == 2; }));
  CHECK(desk.late() == std::vector<const Exchange*>{first.get(), last.get()});
}

TEST_CASE("deadlines end without waiting for what is not due", "[serve]") {
  Desk desk;
  const auto open = desk.exchange();
  {
    Deadlines deadlines(std::chrono::hours(1), [&](const ExchangePtr& late) { desk.note(late); });
    deadlines.watch(open);
  }
  CHECK(desk.late().empty());
}
