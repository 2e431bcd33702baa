#include "sync/usage.hpp"

#include "calls/price.hpp"
#include "support/catch.hpp"
#include "sync/phone_desk.hpp"

using namespace ringctl;
using test::PhoneDesk;
using test::slug_of;

namespace {

struct Ledger : PhoneDesk {
  explicit Ledger(db::Engine engine) : PhoneDesk(engine) {}

  /// A call that is over, `seconds` after the clock's start; "" = no price yet.
  void call(int n, int seconds, const std::string& price, const std::string& unit = "USD", bool out = false) {
    const auto id = alice.ids.next();
    write([&] {
      db().exec(
          "INSERT INTO calls (id, workspace_id, call_sid, direction, status, from_number, to_number, number_id, "
          "user_id, started_at, ended_at, duration_s, created_at, updated_at) VALUES ($1, $2, $3, $4, 'completed', $5, "
          "$6, $7, $8, $9, $10, 30, $9, $9)",
          {id, workspace, test::call_sid(n), out ? "outbound" : "inbound",
           out ? test::k_from : test::k_caller, out ? "+442079460123" : test::k_from, number_id,
           out ? db::Param(ann_id) : db::Param(nullptr), at(seconds), at(seconds + 30)});
      if (price.empty()) return;
      const calls::Price one{test::call_sid(n), price, unit};
      calls::set_prices(session(), workspace, {&one, 1});
    });
  }
  std::string costs(sync::CostBy by, base::Zone zone = base::Zone::utc()) {
    sync::CostOptions options;
    options.since = at(0);
    options.until = at(86'400 * 40);
    options.by = by;
    options.zone = zone;
    std::string text;
    for (const auto& row : sync::costs(db(), workspace, options))
      text += fmt::format("{}|{}|{}|{}|{}|{}\n", row.key, row.calls, row.priced, row.duration_s, row.micros,
                          row.unit);
    return text;
  }
};

}  // namespace

TEST_CASE("costs are exact sums of the calls whose price is known", "[sync]") {
  Ledger f(GENERATE(from_range(test::engines())));
  CHECK(f.costs(sync::CostBy::total).empty());
  for (int n = 1; n <= 3; ++n) f.call(n, n, "0.0085");
  f.call(4, 4, "0.1");
  f.call(5, 5, "-0.01");
  f.call(6, 6, "");
  CHECK(f.costs(sync::CostBy::total) == "|6|5|180|115500|USD\n");
}

TEST_CASE("currencies are not added up, and a call without a price is not free", "[sync]") {
  Ledger f(GENERATE(from_range(test::engines())));
  f.call(1, 1, "");
  CHECK(f.costs(sync::CostBy::total) == "|1|0|30|0|\n");
  f.call(2, 2, "1.5", "USD");
  f.call(3, 3, "2", "EUR");
  CHECK(f.costs(sync::CostBy::total) == "|2|1|60|2000000|EUR\n|1|1|30|1500000|USD\n");
}

TEST_CASE("costs are told by agent, number, direction and the other end's country", "[sync]") {
  Ledger f(GENERATE(from_range(test::engines())));
  f.call(1, 1, "0.01");
  f.call(2, 2, "0.02", "USD", true);
  CHECK(f.costs(sync::CostBy::agent) == "|1|1|30|10000|USD\nann@example.com|1|1|30|20000|USD\n");
  CHECK(f.costs(sync::CostBy::number) == test::k_from + "|2|2|60|30000|USD\n");
  CHECK(f.costs(sync::CostBy::direction) == "inbound|1|1|30|10000|USD\noutbound|1|1|30|20000|USD\n");
  CHECK(f.costs(sync::CostBy::country) == "GB|1|1|30|20000|USD\nUS|1|1|30|10000|USD\n");
}

TEST_CASE("days and months of costs are those of the zone", "[sync]") {
  Ledger f(GENERATE(from_range(test::engines())));
  f.call(1, 0, "0.01");
  f.call(2, 86'400, "0.02");
  f.call(3, 86'400 * 35, "0.04");
  const auto lines = [](const std::string& text) { return std::count(text.begin(), text.end(), '\n'); };
  CHECK(lines(f.costs(sync::CostBy::day)) == 3);
  CHECK(lines(f.costs(sync::CostBy::month)) == 2);
  const auto tokyo = base::Zone::parse("Asia/Tokyo");
  const auto begun = base::format_day(tokyo.day_of(f.at(0)));
  CHECK(f.costs(sync::CostBy::day, tokyo).starts_with(begun + "|1|1|30|10000|USD\n"));
}

TEST_CASE("usage is what Twilio tells of a period, and of no other", "[sync]") {
  Ledger f(db::Engine::sqlite);
  const auto ask = [&](const sync::UsageOptions& options) {
    return sync::usage(f.account, options, [](const twilio::UsageRecord&) {});
  };
  CHECK(slug_of([&] { ask({.since = "2026-03-09", .until = "2026-03-08"}); }) == "usage.bad_value");
  CHECK(slug_of([&] { ask({.since = "yesterday"}); }) == "time.bad_date");
  CHECK(slug_of([&] { ask({.by = "week"}); }) == "usage.bad_value");
  CHECK(slug_of([&] { ask({.categories = {"calls&Category=x"}}); }) == "usage.bad_value");
  std::vector<std::string> seen;
  sync::UsageOptions options;
  options.since = "2026-03-01";
  options.until = "2026-03-02";
  options.by = "day";
  options.categories = {"calls"};
  sync::usage(f.account, options, [&](const twilio::UsageRecord& record) {
    seen.push_back(record.category + " " + record.start_date);
  });
  std::sort(seen.begin(), seen.end());
  CHECK(seen == std::vector<std::string>{"calls 2026-03-01", "calls 2026-03-02"});
}
