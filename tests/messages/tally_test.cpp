// What messages come to, pinned by hand.

#include "messages/tally.hpp"

#include <fmt/format.h>

#include "messages/shelf.hpp"
#include "support/catch.hpp"

using namespace ringctl;
using messages::Grouping;
using test::k_ann;
using test::k_stranger;

namespace {

db::Engine any_engine() { return GENERATE(from_range(test::engines())); }

constexpr int k_hour = 3600;

/// Twelve o'clock UTC is eight in the morning in New York on that day, on which clocks go forward.
struct Week : test::Shelf {
  explicit Week(db::Engine engine) : Shelf(engine), bob_id(agent("bob@example.com")) {
    put({.n = 1, .contact = contact, .assigned = ann_id});
    put({.n = 2, .status = "received", .body = "STOP", .keyword = "stop", .seconds = 60});
    put({.n = 3,
         .direction = "outbound",
         .status = "delivered",
         .segments = 3,
         .user = ann_id,
         .seconds = 120});
    put({.n = 4, .direction = "outbound", .status = "read", .user = bob_id, .seconds = 180});
    put({.n = 5,
         .direction = "outbound",
         .status = "undelivered",
         .segments = 2,
         .user = bob_id,
         .seconds = 240});
    // Twilio never took it: nothing is billed.
    put({.n = 6,
         .direction = "outbound",
         .status = "failed",
         .taken = false,
         .segments = 9,
         .user = bob_id,
         .seconds = 300});
    put({.n = 7,
         .party = k_stranger,
         .seconds = 15 * k_hour});  // 2026-03-09T03:00Z: still the 8th in New York
    put({.n = 8, .party = k_stranger, .seconds = 17 * k_hour});  // the 9th
    put({.n = 9, .seconds = 10 * 24 * k_hour});                  // after all that is asked for
  }
  std::string sums(Grouping by, const std::string& zone = "UTC", int from = 0, int to = 3 * 24 * k_hour) {
    return read([&] {
      std::string all;
      messages::for_each_sum(db(), workspace, at(from), at(to), by, base::Zone::parse(zone),
                             [&](std::string_view key, const messages::Sums& s) {
                               all +=
                                   fmt::format("{}: {} {} {} {} {} {} {}\n", key, s.received, s.sent,
                                               s.delivered, s.failed, s.segments, s.stops, s.conversations);
                             });
      return all;
    });
  }
  base::Uuid bob_id;
};

}  // namespace

TEST_CASE("messages are summed up: in, out, delivered, failed, segments, stops, conversations",
          "[messages]") {
  Week f(any_engine());
  CHECK(f.sums(Grouping::total) == ": 4 4 2 2 6 1 2\n");
  CHECK(f.sums(Grouping::total, "UTC", 20 * 24 * k_hour, 21 * 24 * k_hour) == ": 0 0 0 0 0 0 0\n");
}

TEST_CASE("a time begins at its first instant and ends before its last one", "[messages]") {
  Week f(any_engine());
  CHECK(f.sums(Grouping::total, "UTC", 0, 60) == ": 1 0 0 0 0 0 1\n");
  CHECK(f.sums(Grouping::total, "UTC", 60, 61) == ": 1 0 0 0 0 1 1\n");
}

TEST_CASE("by agent, what came in stands under whose the conversation was", "[messages]") {
  Week f(any_engine());
  CHECK(f.sums(Grouping::agent) ==
        ": 3 0 0 0 0 1 2\n" + k_ann + ": 1 1 1 0 3 0 1\nbob@example.com: 0 3 1 2 3 0 1\n");
}

TEST_CASE("by number, messages stand under ours, also when the other one was erased", "[messages]") {
  Week f(any_engine());
  f.exec("UPDATE messages SET from_number = '' WHERE direction = 'inbound' AND workspace_id = $1",
         {f.workspace});
  CHECK(f.sums(Grouping::number) == test::k_from + ": 4 4 2 2 6 1 2\n");
}

TEST_CASE("by status, only statuses that there are", "[messages]") {
  Week f(any_engine());
  CHECK(f.sums(Grouping::status) ==
        "delivered: 0 1 1 0 3 0 1\nfailed: 0 1 0 1 0 0 1\nread: 0 1 1 0 1 0 1\nreceived: 4 0 0 0 0 1 2\n"
        "undelivered: 0 1 0 1 2 0 1\n");
}

TEST_CASE("days are those of the zone, and each has a row", "[messages]") {
  Week f(any_engine());
  CHECK(f.sums(Grouping::day) ==
        "2026-03-08: 2 4 2 2 6 1 1\n2026-03-09: 2 0 0 0 0 0 1\n2026-03-10: 0 0 0 0 0 0 0\n"
        "2026-03-11: 0 0 0 0 0 0 0\n");
  CHECK(f.sums(Grouping::day, "America/New_York") ==
        "2026-03-08: 3 4 2 2 6 1 2\n2026-03-09: 1 0 0 0 0 0 1\n2026-03-10: 0 0 0 0 0 0 0\n"
        "2026-03-11: 0 0 0 0 0 0 0\n");
}

TEST_CASE("another workspace's messages are in no sum", "[messages]") {
  Week f(any_engine());
  const auto other = f.database.add_workspace("other");
  db::Transaction transaction(f.db(), db::Scope::of(other), db::Access::read);
  messages::for_each_sum(f.db(), other, f.at(0), f.at(k_hour), Grouping::total, base::Zone::utc(),
                         [](std::string_view, const messages::Sums& s) { CHECK(s.received + s.sent == 0); });
  transaction.commit();
}
