// Every sum on a log written by hand, on both engines: a change of a definition changes a line here.

#include "report/counting.hpp"

#include "report/ledger.hpp"
#include "support/catch.hpp"

using namespace ringctl;
using report::Dimension;
using test::Ledger;
using test::utc;
using namespace std::chrono_literals;

namespace {

db::Engine any_engine() { return GENERATE(from_range(test::engines())); }

const base::Instant k_noon = utc("2026-03-07T12:00:00");

}  // namespace

TEST_CASE("an answered call counts its wait and its talk", "[report]") {
  Ledger f(any_engine());
  f.log({.started = k_noon, .answered = 20s, .ended = 80s, .duration_s = 80});
  f.log({.started = k_noon, .answered = 21s, .ended = 30s, .duration_s = 30});
  CHECK(f.counted(Dimension::none) ==
        ": inbound 2, answered 2, answered_soon 1, answer_s 41, talked 2, talk_in_s 69, billed_min 3\n");
}

TEST_CASE("a call that goes on is connected, but its talk is not known", "[report]") {
  Ledger f(any_engine());
  f.log({.started = k_noon, .status = "in-progress", .answered = 4s});
  CHECK(f.counted(Dimension::none) == ": inbound 1, answered 1, answered_soon 1, answer_s 4\n");
}

TEST_CASE("an outbound call is reached when the called party takes it", "[report]") {
  Ledger f(any_engine());
  f.log({.started = k_noon, .direction = "outbound", .answered = 9s, .ended = 69s, .duration_s = 69});
  f.log({.started = k_noon, .direction = "outbound", .status = "no-answer", .ended = 30s});
  CHECK(f.counted(Dimension::none) == ": outbound 2, reached 1, talked 1, talk_out_s 60, billed_min 2\n");
}

TEST_CASE("a refused call was not placed", "[report]") {
  Ledger f(any_engine());
  const auto call = f.log({.started = k_noon,
                           .direction = "outbound",
                           .status = "canceled",
                           .user = f.ann_id,
                           .ended = 600s,
                           .duration_s = 60,
                           .refusal = "limit_reached",
                           .price = "-0.01",
                           .price_unit = "USD"});
  f.ring(call, {.user = f.bob_id, .ended = 4s});
  CHECK(f.counted(Dimension::none) == ": refused 1\n");
  CHECK(f.counted(Dimension::agent) == fmt::format("{}: refused 1\n", f.ann_id.text()));
}

TEST_CASE("a call waits until it is answered or over", "[report]") {
  Ledger f(any_engine());
  f.log({.started = k_noon, .status = "ringing"});
  f.log({.started = k_noon, .direction = "outbound", .status = "queued"});
  CHECK(f.counted(Dimension::none) == ": inbound 1, outbound 1, waiting 2\n");
}

TEST_CASE("a missed call is voicemail before elsewhere before abandoned", "[report]") {
  Ledger f(any_engine());
  const auto missed = [&](std::chrono::milliseconds length) {
    return f.log({.started = k_noon, .status = "missed", .ended = length});
  };
  const auto both = missed(40s);
  f.record(both);
  f.ring(both, {.status = "completed"});
  f.record(both);  // a second message is no second call
  f.ring(missed(40s), {.status = "completed"});
  f.ring(missed(40s), {.status = "no-answer"});  // an outside party who did not answer
  f.ring(missed(40s), {.user = f.ann_id});       // one of ours is not elsewhere
  f.record(missed(40s), "call");                 // a recorded call is no message
  CHECK(f.counted(Dimension::none) ==
        ": inbound 5, missed 5, voicemail 1, elsewhere 1, abandoned 3, rung 1\n");
}

TEST_CASE("an inbound call that is over and was not answered is missed, whatever its status says",
          "[report]") {
  Ledger f(any_engine());
  for (const auto* status : {"missed", "no-answer", "busy", "failed", "canceled", "completed"})
    f.log({.started = k_noon, .status = status, .ended = 9s});
  CHECK(f.counted(Dimension::none) == ": inbound 6, missed 6, abandoned 6\n");
}

TEST_CASE("who gives up within five seconds dialled by mistake", "[report]") {
  Ledger f(any_engine());
  f.log({.started = k_noon + 900ms, .status = "missed", .ended = 5s});
  f.log({.started = k_noon, .status = "missed", .ended = 6s});
  const auto voicemail = f.log({.started = k_noon, .status = "missed", .ended = 3s});
  f.record(voicemail);
  CHECK(f.counted(Dimension::none) == ": inbound 3, missed 3, voicemail 1, abandoned 2, abandoned_soon 1\n");
}

TEST_CASE("seconds are differences of whole seconds, and never below none", "[report]") {
  Ledger f(any_engine());
  // From 12:00:00.999 to 12:00:01.000 a second passes; from .000 to .999 none.
  f.log({.started = k_noon + 999ms, .answered = 1ms, .ended = 2ms});
  f.log({.started = k_noon, .answered = 999ms, .ended = 999ms});
  f.log({.started = k_noon, .answered = 3s, .ended = 1s});  // clocks that disagree
  CHECK(f.counted(Dimension::none) == ": inbound 3, answered 3, answered_soon 3, answer_s 4, talked 3\n");
}

TEST_CASE("a period has its begin, and not its end", "[report]") {
  Ledger f(any_engine());
  f.log({.started = utc("2026-03-07T00:00:00") - 1ms, .status = "ringing"});
  f.log({.started = utc("2026-03-07T00:00:00"), .status = "ringing"});
  f.log({.started = utc("2026-03-08T00:00:00") - 1ms, .status = "ringing"});
  f.log({.started = utc("2026-03-08T00:00:00"), .status = "ringing"});
  CHECK(f.counted(Dimension::none) == ": inbound 2, waiting 2\n");
}

TEST_CASE("a call belongs to the period it began in", "[report]") {
  Ledger f(any_engine());
  const auto call =
      f.log({.started = utc("2026-03-07T23:59:50"), .user = f.ann_id, .answered = 20s, .ended = 620s});
  f.ring(call, {.user = f.ann_id, .ringing = 15s, .answered = 20s, .ended = 620s});
  CHECK(
      f.counted(Dimension::none) ==
      ": inbound 1, answered 1, answered_soon 1, answer_s 20, talked 1, talk_in_s 600, rung 1, rung_answered 1, "
      "ring_known 1, ring_s 5, span_s 620, span_talk_s 600\n");
  CHECK(f.counted(Dimension::none, "2026-03-08T00:00:00.000Z", "2026-03-09T00:00:00.000Z").empty());
}

TEST_CASE("legs to users count how they went", "[report]") {
  Ledger f(any_engine());
  const auto call = f.log({.started = k_noon, .user = f.bob_id, .answered = 30s, .ended = 90s});
  f.ring(call, {.user = f.ann_id, .status = "busy", .ringing = 1s, .ended = 4s});
  f.ring(call, {.user = f.ann_id, .status = "no-answer", .started = 5s, .ended = 20s});
  f.ring(call, {.user = f.ann_id, .status = "canceled", .started = 20s, .ringing = 21s, .ended = 30s});
  f.ring(call, {.user = f.bob_id, .started = 20s, .ringing = 22s, .answered = 30s, .ended = 90s});
  f.ring(call, {.user = f.bob_id, .status = "ringing", .started = 30s, .ringing = 30s});
  f.ring(call, {.user = f.bob_id, .status = "failed", .started = 20s, .ended = 25s});  // it never rang
  f.ring(call, {.status = "no-answer", .ended = 60s});                                 // an outside party
  CHECK(f.counted(Dimension::none) ==
        ": inbound 1, answered 1, answer_s 30, talked 1, talk_in_s 60, several 1, rung 6, rung_answered 1, "
        "rung_declined 1, rung_out 1, rung_elsewhere 1, rung_failed 1, ring_known 4, ring_s 35, span_s 90, "
        "span_talk_s 60\n");
}

TEST_CASE("by agent, legs stand under whom they rang", "[report]") {
  Ledger f(any_engine());
  const auto call = f.log({.started = k_noon, .user = f.bob_id, .answered = 8s, .ended = 68s});
  f.ring(call, {.user = f.ann_id, .status = "canceled", .ended = 8s});
  f.ring(call, {.user = f.bob_id, .answered = 8s, .ended = 68s});
  CHECK(f.counted(Dimension::agent) ==
        fmt::format(
            "{}: rung 1, rung_elsewhere 1, ring_known 1, ring_s 8\n"
            "{}: inbound 1, answered 1, answered_soon 1, answer_s 8, talked 1, talk_in_s 60, several 1, "
            "rung 1, rung_answered 1, ring_known 1, ring_s 8, span_s 68, span_talk_s 60\n",
            f.ann_id.text(), f.bob_id.text()));
}

TEST_CASE("a transferred call is one call, its first answerer's", "[report]") {
  Ledger f(any_engine());
  const auto call = f.log({.started = k_noon, .user = f.ann_id, .answered = 5s, .ended = 300s});
  f.ring(call, {.user = f.ann_id, .answered = 5s, .ended = 100s});
  f.ring(call, {.user = f.bob_id, .started = 95s, .answered = 100s, .ended = 300s});
  const auto own = f.log({.started = k_noon, .user = f.ann_id, .answered = 5s, .ended = 30s});
  f.ring(own, {.user = f.ann_id, .answered = 5s, .ended = 20s});
  f.ring(own, {.user = f.ann_id, .started = 20s, .answered = 22s, .ended = 30s});  // her other phone
  CHECK(
      f.counted(Dimension::agent) ==
      fmt::format(
          "{}: inbound 2, answered 2, answered_soon 2, answer_s 10, talked 2, talk_in_s 320, transferred 1, "
          "several 2, rung 3, rung_answered 3, ring_known 3, ring_s 12, span_s 300, span_talk_s 320\n"
          "{}: rung 1, rung_answered 1, ring_known 1, ring_s 5\n",
          f.ann_id.text(), f.bob_id.text()));
}

TEST_CASE("an agent's span is from the first call to the end of the last", "[report]") {
  Ledger f(any_engine());
  f.log({.started = k_noon, .user = f.ann_id, .answered = 1s, .ended = 7200s});
  f.log({.started = k_noon + 1h, .user = f.ann_id, .team = f.sales, .answered = 1s, .ended = 60s});
  f.log(
      {.started = k_noon + 3h, .status = "in-progress", .user = f.ann_id, .team = f.sales, .answered = 10s});
  f.log({.started = k_noon, .user = f.bob_id, .team = f.sales, .answered = 1s, .ended = 100s});
  f.log({.started = k_noon, .status = "missed", .ended = 9000s});  // nobody's
  const auto spans = [&](Dimension by) {
    std::map<std::string, std::int64_t> all;
    f.read([&] {
      report::count_calls(f.db(), f.workspace, by, k_noon, k_noon + 24h,
                          [&](std::string_view key, std::string_view, const report::Tally& tally) {
                            if (tally.span_s != 0) all[std::string(key)] += tally.span_s;
                          });
      return 0;
    });
    return all;
  };
  using Spans = std::map<std::string, std::int64_t>;
  CHECK(spans(Dimension::agent) == Spans{{f.ann_id.text(), 10810}, {f.bob_id.text(), 100}});
  CHECK(spans(Dimension::none) == Spans{{"", 10910}});
  CHECK(spans(Dimension::team) == Spans{{"", 7200}, {f.sales.text(), 7210 + 100}});
  CHECK(spans(Dimension::number).empty());
}

TEST_CASE("occupancy is of the talk of agents, not of calls that are nobody's", "[report]") {
  Ledger f(any_engine());
  f.log({.started = k_noon, .user = f.ann_id, .answered = 0s, .ended = 60s});
  f.log({.started = k_noon + 9min, .user = f.ann_id, .answered = 0s, .ended = 60s});
  f.log({.started = k_noon, .direction = "outbound", .answered = 0s, .ended = 900s});
  const auto answer = f.ask({.period = {k_noon, k_noon + 1h}});
  CHECK(answer.total.now.talk_s() == 1020);
  CHECK(report::occupancy(answer.total.now) == 0.2);
}

TEST_CASE("who listens to a call rings nobody and talks to nobody", "[report]") {
  Ledger f(any_engine());
  const auto call = f.taken(k_noon);
  const auto before = f.counted(Dimension::agent);
  f.exec(
      "INSERT INTO call_monitors (id, workspace_id, call_id, user_id, mode, leg_sid, started_at, ended_at, updated_at) "
      "VALUES ($1, $2, $3, $4, 'barge', $5, $6, $7, $7)",
      {f.alice.ids.next(), f.workspace, call, f.bob_id, test::call_sid(900), k_noon + 10s, k_noon + 60s});
  CHECK(f.counted(Dimension::agent) == before);
  CHECK(before.find(f.bob_id.text()) == std::string::npos);
}

TEST_CASE("prices add up by their unit, their sign turned", "[report]") {
  Ledger f(any_engine());
  const auto priced = [&](const char* price, const char* unit) {
    f.log({.started = k_noon,
           .direction = "outbound",
           .status = "busy",
           .ended = 1s,
           .duration_s = 61,
           .price = price,
           .price_unit = unit});
  };
  priced("-0.01400", "USD");
  priced("-1", "usd");
  priced("0.5", "USD");  // a credit
  priced("-123456789.123456789", "EUR");
  CHECK(f.counted(Dimension::none) ==
        "/EUR: outbound 1, billed_min 2, priced 1, price_micros 123456789123456\n"
        "/USD: outbound 3, billed_min 6, priced 3, price_micros 514000\n");
}

TEST_CASE("what is no price leaves the call unpriced", "[report]") {
  Ledger f(any_engine());
  const auto calls = {std::pair("", "USD"),    std::pair("-0.01", ""),         std::pair("free", "USD"),
                      std::pair("1e3", "USD"), std::pair("--1", "USD"),        std::pair("1.", "USD"),
                      std::pair(".5", "USD"),  std::pair("1.2.3", "USD"),      std::pair("-", "USD"),
                      std::pair("1-2", "USD"), std::pair("1234567890", "USD"), std::pair(" 1", "USD"),
                      std::pair("+1", "USD")};
  for (const auto& [price, unit] : calls)
    f.log({.started = k_noon, .status = "ringing", .price = price, .price_unit = unit});
  CHECK(f.counted(Dimension::none) == ": inbound 13, waiting 13\n");
}

TEST_CASE("minutes are billed as begun", "[report]") {
  Ledger f(any_engine());
  for (const std::int64_t seconds : {0, 1, 60, 61})
    f.log(
        {.started = k_noon, .direction = "outbound", .status = "failed", .ended = 1s, .duration_s = seconds});
  CHECK(f.counted(Dimension::none) == ": outbound 4, billed_min 4\n");
}

TEST_CASE("calls are put together by what they have in common", "[report]") {
  Ledger f(any_engine());
  f.log({.started = k_noon,
         .status = "ringing",
         .number = f.number_id,
         .user = f.ann_id,
         .team = f.sales,
         .other = "+442079460123",
         .rule = "Sales",
         .outcome = "interested"});
  f.log({.started = k_noon + 44min + 59s,
         .direction = "outbound",
         .status = "ringing",
         .other = "+16135550123"});
  const auto one = [](std::string_view key) { return fmt::format("{}: inbound 1, waiting 1\n", key); };
  const std::string other = ": outbound 1, waiting 1\n";
  CHECK(f.counted(Dimension::agent) == other + one(f.ann_id.text()));
  CHECK(f.counted(Dimension::team) == other + one(f.sales.text()));
  CHECK(f.counted(Dimension::number) == other + one(f.number_id.text()));
  CHECK(f.counted(Dimension::rule) == other + one("Sales"));
  CHECK(f.counted(Dimension::outcome) == other + one("interested"));
  CHECK(f.counted(Dimension::country) == "CA" + other + one("GB"));
  CHECK(f.counted(Dimension::quarter) == one("2026-03-07T12:00") + "2026-03-07T12:30" + other);
}

TEST_CASE("a rule that held but routed nothing has no call", "[report]") {
  Ledger f(any_engine());
  f.log({.started = k_noon, .status = "ringing", .rule = "Sales"});
  for (const auto* other : {"assigned", "extension", "last"})
    f.log({.started = k_noon, .status = "ringing", .rule = "Sales", .routed_by = other});
  CHECK(f.counted(Dimension::rule) == ": inbound 3, waiting 3\nSales: inbound 1, waiting 1\n");
}

TEST_CASE("a party without a number is of no country", "[report]") {
  Ledger f(any_engine());
  for (const auto* party : {"", "anonymous", "sip:ann@example.com", "+1"})
    f.log({.started = k_noon, .status = "ringing", .other = party});
  CHECK(f.counted(Dimension::country) == ": inbound 4, waiting 4\n");
}

TEST_CASE("nobody else's calls are counted", "[report]") {
  Ledger f(any_engine());
  auto elsewhere = f.database.add_workspace("other");
  std::swap(f.workspace, elsewhere);
  f.log({.started = k_noon, .status = "ringing"});
  std::swap(f.workspace, elsewhere);
  CHECK(f.counted(Dimension::none).empty());
}

TEST_CASE("the hours of a day are counted by key as well", "[report]") {
  Ledger f(any_engine());
  f.taken(k_noon);
  f.taken(k_noon + 14min);
  f.taken(k_noon + 15min);
  f.log({.started = k_noon, .direction = "outbound", .status = "canceled", .refusal = "limit_reached"});
  std::map<std::string, std::int64_t> calls;
  f.read([&] {
    report::count_quarters(f.db(), f.workspace, Dimension::agent, k_noon, k_noon + 1h,
                           [&](std::string_view key, std::string_view quarter, std::int64_t count) {
                             calls[fmt::format("{} {}", key == f.ann_id.view() ? "ann" : key, quarter)] +=
                                 count;
                           });
    return 0;
  });
  CHECK(calls ==
        std::map<std::string, std::int64_t>{{"ann 2026-03-07T12:00", 2}, {"ann 2026-03-07T12:15", 1}});
  CHECK(report::instant_of_quarter("2026-03-07T12:15") == k_noon + 15min);
}
