#include "serve/counters.hpp"

#include "support/contains.hpp"

namespace ringctl::serve {
namespace {

using test::contains;

TEST_CASE("what the listener refused, shed and waited for in vain is told by its name", "[serve][metrics]") {
  net::Tally tally;
  for (int i = 0; i < 3; ++i) tally.count(net::Counter::timeout_body);
  tally.count(net::Counter::overloaded);
  tally.count(net::Refusal::header_too_large);
  net::Stats stats;
  tally.add_to(stats);
  const auto text = listener_text(stats);
  CHECK_THAT(text, contains("# TYPE ringctl_timeouts_total counter\n"));
  CHECK_THAT(text, contains("ringctl_timeouts_total{phase=\"body\"} 3\n"));
  CHECK_THAT(text, contains("ringctl_timeouts_total{phase=\"idle\"} 0\n"));
  CHECK_THAT(text, contains("ringctl_overloaded_total 1\n"));
  CHECK_THAT(text, contains("ringctl_refused_total{reason=\"header_too_large\"} 1\n"));
  CHECK(text.find("\"none\"") == std::string::npos);
  // A family is announced once, however many lines it has.
  const std::string family = "# TYPE ringctl_timeouts_total ";
  CHECK(text.find(family) == text.rfind(family));
}

TEST_CASE("what the journal wrote, lost and had to write twice is told", "[serve][metrics]") {
  const auto text = journal_text({.disk = {},
                                  .records = 7,
                                  .refused = 2,
                                  .rewritten = 1,
                                  .sync_total = std::chrono::milliseconds(1500),
                                  .last_error = {},
                                  .failing = true});
  CHECK_THAT(text, contains("ringctl_journal_records_total 7\n"));
  CHECK_THAT(text, contains("ringctl_journal_lost_total 2\n"));
  CHECK_THAT(text, contains("ringctl_journal_rewritten_total 1\n"));
  CHECK_THAT(text, contains("ringctl_journal_sync_seconds_total 1.500000\n"));
  CHECK_THAT(text, contains("ringctl_journal_failing 1\n"));
}

}  // namespace
}  // namespace ringctl::serve
