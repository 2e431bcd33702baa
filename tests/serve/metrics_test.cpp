#include "serve/metrics.hpp"

#include "support/contains.hpp"

namespace ringctl::serve {
namespace {

using test::contains;

TEST_CASE("what was answered is counted by route and status, with how long it took", "[serve][metrics]") {
  Metrics metrics;
  metrics.answered(Endpoint::voice, 200, std::chrono::milliseconds(3));
  metrics.answered(Endpoint::voice, 200, std::chrono::milliseconds(30));
  metrics.answered(Endpoint::status, 204, std::chrono::microseconds(400));
  const auto text = metrics.text({});
  CHECK_THAT(text, contains(R"(ringctl_webhook_requests_total{route="voice",status="200"} 2)"));
  CHECK_THAT(text, contains(R"(ringctl_webhook_requests_total{route="voice_status",status="204"} 1)"));
  CHECK_THAT(text, contains(R"(ringctl_webhook_duration_seconds_bucket{route="voice",le="0.005"} 1)"));
  CHECK_THAT(text, contains(R"(ringctl_webhook_duration_seconds_bucket{route="voice",le="0.05"} 2)"));
  CHECK_THAT(text, contains(R"(ringctl_webhook_duration_seconds_count{route="voice"} 2)"));
}

TEST_CASE("a status that serve does not answer is counted as another", "[serve][metrics]") {
  Metrics metrics;
  metrics.answered(Endpoint::unknown, 418, std::chrono::milliseconds(1));
  CHECK_THAT(metrics.text({}),
             contains(R"(ringctl_webhook_requests_total{route="unknown",status="other"} 1)"));
}

TEST_CASE("safe answers, refusals, bad signatures and repeats are counted", "[serve][metrics]") {
  Metrics metrics;
  metrics.safe_answer("deadline");
  metrics.limit_denied("limit_reached");
  metrics.limit_denied("limit_reached");
  metrics.signature_failed();
  metrics.replayed();
  const auto text = metrics.text({});
  CHECK_THAT(text, contains(R"(ringctl_twiml_fallback_total{cause="deadline"} 1)"));
  CHECK_THAT(text, contains(R"(ringctl_limit_denied_total{code="limit_reached"} 2)"));
  CHECK_THAT(text, contains("ringctl_signature_failures_total 1"));
  CHECK_THAT(text, contains("ringctl_webhook_replays_total 1"));
}

TEST_CASE("what is only known now is asked when the text is", "[serve][metrics]") {
  Metrics metrics;
  const auto text = metrics.text({.db_up = false, .journal_lag_records = 7, .connections = 3});
  CHECK_THAT(text, contains("ringctl_db_up 0"));
  CHECK_THAT(text, contains("ringctl_journal_lag_records 7"));
  CHECK_THAT(text, contains("ringctl_connections 3"));
  CHECK_THAT(text, contains("ringctl_build_info{"));
}

TEST_CASE("what workspaces' own webhooks took is counted, and never goes back", "[serve][metrics]") {
  Metrics metrics;
  CHECK_THAT(metrics.text({.hooks_delivered = 7, .hooks_failed = 2}),
             contains(R"(ringctl_hook_requests_total{outcome="delivered"} 7)"));
  const auto text = metrics.text({.hooks_delivered = 5, .hooks_failed = 3});
  CHECK_THAT(text, contains(R"(ringctl_hook_requests_total{outcome="delivered"} 7)"));
  CHECK_THAT(text, contains(R"(ringctl_hook_requests_total{outcome="failed"} 3)"));
}

}  // namespace
}  // namespace ringctl::serve
