// The real program against an account that breaks: everything that was asked for is done in the end, nothing
// twice, in about the time that the account's own limit allows, and whatever was killed goes on where it was.
#include <fmt/format.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <future>
#include <random>

#include "support/site.hpp"
#include "support/twilio_box.hpp"

using namespace ringctl;
using namespace ringctl::test;
using namespace std::chrono_literals;

namespace {

using Words = Machine::Arguments;
using Seconds = std::chrono::duration<double>;

constexpr std::size_t k_many = 10'000;
/// No run of the program here takes as long, whatever else the machine has to do.
constexpr auto k_long = 10min;

/// Seconds are held in full runs only: a machine that has other things to do would fail them for nothing.
bool is_timed() { return std::getenv("RINGCTL_TEST_FULL") != nullptr; }

/// A machine whose ringctl asks this box, and waits for it as long as it takes.
class Desk {
 public:
  explicit Desk(TwilioBox& box) : box_(box) { must({"config", "set", "twilio.timeout", "1m"}); }

  ProcessOptions options() const {
    ProcessOptions options;
    options.environment = box_.environment();
    options.environment["RINGCTL_PUBLIC_URL"] = "https://pbx.example.com";
    return options;
  }
  ProcessResult run(const Words& words, std::string input = {}) const {
    auto given = options();
    given.input = std::move(input);
    return machine_.run(words, given);
  }
  std::string must(const Words& words) const {
    const auto result = run(words);
    INFO(result.err);
    REQUIRE(result.status == 0);
    return result.out;
  }
  RunningProcess start(const Words& words) const { return machine_.start(words, options()); }
  /// Killed as the box carries out the `count`th thing that begins so. Its exit status.
  int run_until(const std::string& begin, std::size_t count, const Words& words) const {
    const auto pid = std::make_shared<std::promise<int>>();
    box_.meanwhile(begin, count, [pid] { ::kill(pid->get_future().get(), SIGKILL); });
    auto process = start(words);
    pid->set_value(process.pid());
    return process.wait(k_long);
  }
  std::size_t count(const std::string& sql) const {
    const auto file = machine_.home() / ".local/share/ringctl/ringctl.db";
    return static_cast<std::size_t>(
        db::Connection::open("sqlite:" + file.string())->integer(sql).value_or(0));
  }
  std::string last_job() const {
    const auto all = must({"jobs", "list", "--columns", "job", "--no-header"});
    return all.substr(0, all.find('\n'));
  }

 private:
  TwilioBox& box_;
  Machine machine_;
};

/// How many things of that kind were carried out at least once, and the most that one was.
struct Carried {
  std::size_t things = 0;
  int most = 0;
};
Carried carried(TwilioBox& box, const std::string& begin) {
  Carried all;
  for (const auto& [what, times] : box.ledger()) {
    if (!what.starts_with(begin)) continue;
    ++all.things;
    all.most = std::max(all.most, times);
  }
  return all;
}

const std::string k_update = "POST /IncomingPhoneNumbers/PN", k_buy = "buy ";

/// All of it, in the account's numbers as they are now.
std::size_t configured(TwilioBox& box) {
  std::size_t count = 0;
  box.with([&](sim::Account& account, sim::Network&) {
    account.numbers.each([&](const sim::Number& number) {
      if (number.voice_hook.url.starts_with("https://pbx.example.com/")) ++count;
    });
  });
  return count;
}

}  // namespace

TEST_CASE("10,000 numbers are configured through 429, 500, hangs and garbage: all, none twice, in time",
          "[system][slow]") {
  constexpr int k_at_once = 6;
  constexpr auto k_latency = 24ms;  // beside which what a debug build does with an answer is little
  BoxOptions box_options{.at_once = k_at_once, .latency = k_latency};
  // More than a page of numbers, or anything else that is not to be given up, may take.
  box_options.hangs = is_timed() ? 700ms : 8000ms;
  TwilioBox box(box_options);
  box.add_numbers(k_many);
  const Desk desk(box);
  desk.must({"numbers", "sync", "--apply"});
  desk.must({"config", "set", "twilio.timeout", is_timed() ? "500ms" : "6s"});
  box.fault("429", 0, 0.01);
  box.fault("500", 0, 0.01);
  box.fault("garbage", 0, 0.005);
  box.fault("executed_lost", 0, 0.005);
  box.fault("hang", 20, 0.005);

  const auto began = std::chrono::steady_clock::now();
  const auto result = desk.run({"numbers", "configure", "--yes"});
  const Seconds took = std::chrono::steady_clock::now() - began;
  INFO(result.err);
  CHECK(result.status == 0);
  CHECK(configured(box) == k_many);
  const auto updates = carried(box, k_update);
  CHECK(updates.things == k_many);
  CHECK(updates.most == 1);
  const Seconds ideal = k_latency * k_many / k_at_once;
  INFO(fmt::format("{:.1f} s, ideal {:.1f} s", took.count(), ideal.count()));
  if (is_timed()) CHECK(took.count() <= 1.5 * ideal.count());
  // And there is nothing left to do.
  box.clear_faults();
  CHECK(desk.run({"numbers", "configure", "--yes"}).status == 0);
  CHECK(carried(box, k_update).most == 1);
}

TEST_CASE("configuring is killed at twenty random points and goes on each time, none twice",
          "[system][slow]") {
  TwilioBox box(BoxOptions{.latency = 2ms});
  box.add_numbers(k_many);
  const Desk desk(box);
  desk.must({"numbers", "sync", "--apply"});
  box.fault("500", 0, 0.01);
  std::mt19937 chance(7);
  std::uniform_int_distribution<std::size_t> further(1, k_many / 21);
  for (int killed = 0; killed < 20; ++killed)
    REQUIRE(desk.run_until(k_update, further(chance), {"numbers", "configure", "--yes"}) == 128 + SIGKILL);
  const auto before = carried(box, k_update).things;
  CHECK(before < k_many);
  const auto result = desk.run({"numbers", "configure", "--yes"});
  INFO(result.err);
  CHECK(result.status == 0);
  CHECK(configured(box) == k_many);
  const auto updates = carried(box, k_update);
  CHECK(updates.things == k_many);
  CHECK(updates.most == 1);
  // What nobody goes on with is not left lying about as if somebody should.
  CHECK(desk.count("SELECT count(*) FROM jobs WHERE kind = 'numbers.configure' AND state = 'running'") == 0);
}

TEST_CASE("10,000 purchases lose one reply in twenty: none is bought twice, none is left unresolved",
          "[system][slow]") {
  TwilioBox box;
  // The account sells what it does not have: a list of numbers that nobody has bought yet.
  TwilioBox shop;
  const auto wanted = shop.add_numbers(k_many);
  const Desk desk(box);
  std::string list;
  for (const auto& number : wanted) list += number + "\n";
  box.fault("executed_lost", 0, 0.05);
  const auto bought = desk.run({"numbers", "buy", "-", "--yes"}, list);
  INFO(bought.err);
  CHECK((bought.status == 0 || bought.status == 24));
  const auto resolved = desk.run({"jobs", "resolve"});
  INFO(resolved.err);
  CHECK(resolved.status == 0);
  const auto purchases = carried(box, k_buy);
  CHECK(purchases.things == k_many);
  CHECK(purchases.most == 1);
  CHECK(desk.count("SELECT count(*) FROM twilio_effects WHERE state = 'done'") == k_many);
  CHECK(desk.count("SELECT count(*) FROM twilio_effects WHERE state IN ('intent', 'sent', 'unknown')") == 0);
  CHECK(desk.count("SELECT count(*) FROM phone_numbers WHERE sid IS NOT NULL AND status = 'active'") ==
        k_many);
}

TEST_CASE("buying is killed in the middle and goes on: every number once", "[system][slow]") {
  constexpr std::size_t k_some = 600;
  TwilioBox box(BoxOptions{.latency = 3ms});
  TwilioBox shop;
  const auto wanted = shop.add_numbers(k_some);
  const Desk desk(box);
  Words buy{"numbers", "buy", "--yes"};
  buy.insert(buy.end(), wanted.begin(), wanted.end());
  box.fault("executed_lost", 0, 0.05);
  REQUIRE(desk.run_until(k_buy, k_some / 3, buy) == 128 + SIGKILL);
  const auto before = carried(box, k_buy).things;
  CHECK(before >= k_some / 3);
  CHECK(before < k_some);
  const auto resumed = desk.run({"jobs", "resume", desk.last_job(), "--yes"});
  INFO(resumed.err);
  CHECK((resumed.status == 0 || resumed.status == 24));
  const auto resolved = desk.run({"jobs", "resolve"});
  INFO(resolved.err);
  CHECK(resolved.status == 0);
  const auto purchases = carried(box, k_buy);
  CHECK(purchases.things == k_some);
  CHECK(purchases.most == 1);
  CHECK(desk.count("SELECT count(*) FROM twilio_effects WHERE state IN ('intent', 'sent', 'unknown')") == 0);
}

TEST_CASE("ten processes together ask the account no more at once than one may", "[system][slow]") {
  constexpr int k_places = 4;
  TwilioBox box(BoxOptions{.at_once = k_places, .latency = 30ms});
  const auto numbers = box.add_numbers(3'000);
  const Desk desk(box);
  desk.must({"config", "set", "twilio.max_concurrency", std::to_string(k_places)});
  desk.must({"numbers", "sync", "--apply"});
  const auto before = box.seen().requests;
  std::vector<RunningProcess> all;
  for (int i = 0; i < 10; ++i) all.push_back(desk.start({"numbers", "sync", "--lock-wait", "10m"}));
  for (auto& process : all) {
    const auto status = process.wait(k_long);
    INFO(process.log());
    CHECK(status == 0);
  }
  const auto seen = box.seen();
  CHECK(seen.requests - before >= 30);  // three pages each
  CHECK(seen.most_at_once <= k_places);
}
