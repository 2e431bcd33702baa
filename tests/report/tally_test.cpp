#include "report/tally.hpp"

#include <set>

#include "support/catch.hpp"
#include "support/errors.hpp"

using namespace ringctl;
using report::Tally;

namespace {

/// Every sum another number.
Tally counting_up(std::int64_t first) {
  Tally tally;
  for (const auto& sum : report::sums()) tally.*sum.member = first++;
  return tally;
}

}  // namespace

TEST_CASE("every sum has a name, and is added", "[report]") {
  CHECK(report::sums().size() * sizeof(std::int64_t) == sizeof(Tally));
  std::set<std::string_view> names;
  for (const auto& sum : report::sums()) names.insert(sum.name);
  CHECK(names.size() == report::sums().size());
  auto tally = counting_up(1);
  tally += counting_up(100);
  std::int64_t expected = 101;
  for (const auto& sum : report::sums()) {
    INFO(sum.name);
    CHECK(tally.*sum.member == expected);
    expected += 2;
  }
}

TEST_CASE("calls that are placed are connected, missed, waiting or unanswered", "[report]") {
  const Tally tally{
      .inbound = 10, .outbound = 7, .refused = 3, .waiting = 2, .answered = 6, .reached = 4, .missed = 3};
  CHECK(tally.calls() == 17);
  CHECK(tally.connected() == 10);
  CHECK(tally.unanswered() == 2);
}

TEST_CASE("ratios are quotients of sums", "[report]") {
  const Tally tally{.inbound = 12,
                    .outbound = 8,
                    .refused = 5,
                    .waiting = 4,
                    .answered = 6,
                    .reached = 2,
                    .missed = 4,
                    .voicemail = 1,
                    .elsewhere = 1,
                    .abandoned = 2,
                    .abandoned_soon = 1,
                    .answered_soon = 3,
                    .answer_s = 60,
                    .talked = 5,
                    .talk_in_s = 300,
                    .talk_out_s = 200,
                    .rung = 10,
                    .ring_known = 8,
                    .ring_s = 20,
                    .span_s = 1000,
                    .span_talk_s = 400};
  CHECK(report::connection_rate(tally) == 0.5);
  CHECK(report::service_level(tally) == 3.0 / 9.0);
  CHECK(report::abandonment(tally) == 0.2);
  CHECK(report::average_answer_s(tally) == 10.0);
  CHECK(report::average_talk_s(tally) == 100.0);
  CHECK(report::average_ring_s(tally) == 2.5);
  CHECK(report::occupancy(tally) == 0.4);
}

TEST_CASE("a ratio of nothing is none", "[report]") {
  for (const auto& ratio :
       {report::connection_rate, report::service_level, report::abandonment, report::average_answer_s,
        report::average_talk_s, report::average_ring_s, report::occupancy})
    CHECK_FALSE(ratio(Tally{}));
  // One who dialled by mistake is no caller whom we kept waiting.
  CHECK_FALSE(report::service_level({.inbound = 1, .missed = 1, .abandoned = 1, .abandoned_soon = 1}));
}

TEST_CASE("change is a share of what was before", "[report]") {
  CHECK(report::change(112, 100) == 0.12);
  CHECK(report::change(50, 100) == -0.5);
  CHECK(report::change(0, 3) == -1.0);
  CHECK(report::change(3, 3) == 0.0);
  CHECK_FALSE(report::change(3, 0));
}

TEST_CASE("every metric has a name, a title and one sentence, and a value", "[report]") {
  std::set<std::string_view> names, titles;
  for (const auto& metric : report::metrics()) {
    INFO(metric.name);
    names.insert(metric.name);
    titles.insert(metric.title);
    CHECK(metric.definition.ends_with('.'));
    CHECK(metric.definition.find(". ") == std::string_view::npos);
    CHECK_NOTHROW(report::value_of({}, metric.name));
  }
  CHECK(names.size() == report::metrics().size());
  CHECK(titles.size() == report::metrics().size());
}

TEST_CASE("less is better of what was missed, of waits and of what nobody took, and of nothing else",
          "[report]") {
  std::string least;
  for (const auto& metric : report::metrics())
    if (metric.least_is_best) least += std::string(metric.name) + " ";
  CHECK(
      least ==
      "missed voicemail elsewhere abandoned abandonment average_answer_s unanswered waiting refused rung_declined "
      "rung_out rung_failed average_ring_s ");
}

TEST_CASE("the definitions name the times that are counted with", "[report]") {
  const auto definition = [](std::string_view name) {
    for (const auto& metric : report::metrics())
      if (metric.name == name) return std::string(metric.definition);
    return std::string();
  };
  const auto level = definition("service_level");
  CHECK(level.find(std::to_string(report::k_answered_soon.count()) + " seconds") != std::string::npos);
  CHECK(level.find(std::to_string(report::k_short_abandon.count()) + " seconds") != std::string::npos);
}

TEST_CASE("a metric is asked for by its column's name", "[report]") {
  const Tally tally{.inbound = 3, .outbound = 1, .answered = 1, .reached = 1};
  CHECK(report::value_of(tally, "calls") == 4.0);
  CHECK(report::value_of(tally, "connected") == 2.0);
  CHECK(report::value_of(tally, "connection_rate") == 0.5);
  CHECK_FALSE(report::value_of(tally, "average_talk_s"));
  const auto error = test::error_of([&] { report::value_of(tally, "conected"); });
  REQUIRE(error);
  CHECK(error->errc() == Errc::usage);
  CHECK(error->slug() == "reports.unknown_metric");
  CHECK(error->hint().find("connected") != std::string::npos);
  CHECK(test::error_of([&] { report::value_of(tally, "revenue"); })->hint().find("one of: calls, ") == 0);
}
