#include "serve/metrics.hpp"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <array>

#include "base/build_info.hpp"

namespace ringctl::serve {
namespace {

namespace prom = prometheus;

// The statuses that serve answers, so that counting never looks a label up.
constexpr std::array k_statuses = {200, 204, 400, 401, 403, 404, 405, 500, 503};
/// Seconds. P3 asks for 20 ms at the 99th percentile and 2 s at most.
const prom::Histogram::BucketBoundaries k_buckets = {0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05,
                                                     0.1,    0.25,  0.5,   1,     2,    5};

std::size_t place_of(int status) {
  const auto* const found = std::find(k_statuses.begin(), k_statuses.end(), status);
  return static_cast<std::size_t>(found - k_statuses.begin());
}

std::string label_of(std::size_t place) {
  return place < k_statuses.size() ? std::to_string(k_statuses.at(place)) : "other";
}

prom::Family<prom::Counter>& counters(prom::Registry& registry, const char* name, const char* help) {
  return prom::BuildCounter().Name(name).Help(help).Register(registry);
}
prom::Gauge& gauge(prom::Registry& registry, const char* name, const char* help) {
  return prom::BuildGauge().Name(name).Help(help).Register(registry).Add({});
}

/// Of what somebody else counts.
void count_up_to(prom::Counter& counter, std::uint64_t count) {
  counter.Increment(std::max(0.0, static_cast<double>(count) - counter.Value()));
}

}  // namespace

struct Metrics::Impl {
  Impl() {
    auto& requests = counters(registry, "ringctl_webhook_requests_total", "Requests that were answered");
    auto& durations = prom::BuildHistogram()
                          .Name("ringctl_webhook_duration_seconds")
                          .Help("From the whole request to its answer, seconds")
                          .Register(registry);
    for (std::size_t e = 0; e < k_endpoints; ++e) {
      const std::string route(endpoint_name(static_cast<Endpoint>(e)));
      for (std::size_t s = 0; s <= k_statuses.size(); ++s)
        answered.at(e).at(s) = &requests.Add({{"route", route}, {"status", label_of(s)}});
      took.at(e) = &durations.Add({{"route", route}}, k_buckets);
    }
    const auto& build = base::build_info();
    prom::BuildGauge()
        .Name("ringctl_build_info")
        .Help("The running program")
        .Register(registry)
        .Add({{"version", std::string(build.version)}, {"commit", std::string(build.commit)}})
        .Set(1);
  }

  prom::Registry registry;
  std::array<std::array<prom::Counter*, k_statuses.size() + 1>, k_endpoints> answered{};
  std::array<prom::Histogram*, k_endpoints> took{};
  prom::Family<prom::Counter>& safe =
      counters(registry, "ringctl_twiml_fallback_total", "Safe answers, by what made them necessary");
  prom::Family<prom::Counter>& denied =
      counters(registry, "ringctl_limit_denied_total", "Calls refused by the limits, by code");
  prom::Counter& bad_signatures =
      counters(registry, "ringctl_signature_failures_total", "Webhooks whose signature did not match")
          .Add({});
  prom::Counter& repeats =
      counters(registry, "ringctl_webhook_replays_total", "Webhooks that had been answered before").Add({});
  prom::Gauge& db_up = gauge(registry, "ringctl_db_up", "1 while the database can be asked");
  prom::Gauge& lag_records =
      gauge(registry, "ringctl_journal_lag_records", "In the journal, not yet in the database");
  prom::Gauge& lag_bytes = gauge(registry, "ringctl_journal_lag_bytes", "Bytes of these");
  prom::Gauge& refused = gauge(registry, "ringctl_journal_refused_records",
                               "Set aside because the database would not have them");
  prom::Gauge& connections = gauge(registry, "ringctl_connections", "Open connections");
  prom::Gauge& in_flight =
      gauge(registry, "ringctl_requests_in_flight", "Requests that wait for their answer");
  prom::Gauge& broken = gauge(registry, "ringctl_workspaces_broken",
                              "Workspaces that cannot be read anew and are served as they were");
  prom::Counter& log_dropped =
      counters(registry, "ringctl_log_dropped_total", "Log lines that nobody read fast enough").Add({});
  prom::Family<prom::Counter>& hooks =
      counters(registry, "ringctl_hook_requests_total", "Requests to workspaces' own webhooks, by outcome");
  prom::Counter& hooks_delivered = hooks.Add({{"outcome", "delivered"}});
  prom::Counter& hooks_failed = hooks.Add({{"outcome", "failed"}});
  prom::Gauge& snapshot_age =
      gauge(registry, "ringctl_snapshot_age_seconds", "Since the routing snapshot was found to be current");
};

Metrics::Metrics() : impl_(std::make_unique<Impl>()) {}
Metrics::~Metrics() = default;

void Metrics::answered(Endpoint endpoint, int status, std::chrono::nanoseconds took) {
  const auto place = static_cast<std::size_t>(endpoint);
  impl_->answered.at(place).at(place_of(status))->Increment();
  impl_->took.at(place)->Observe(std::chrono::duration<double>(took).count());
}

void Metrics::safe_answer(std::string_view cause) {
  impl_->safe.Add({{"cause", std::string(cause)}}).Increment();
}
void Metrics::limit_denied(std::string_view code) {
  impl_->denied.Add({{"code", std::string(code)}}).Increment();
}
void Metrics::signature_failed() { impl_->bad_signatures.Increment(); }
void Metrics::replayed() { impl_->repeats.Increment(); }

std::string Metrics::text(const Gauges& now) const {
  impl_->db_up.Set(now.db_up ? 1 : 0);
  impl_->lag_records.Set(static_cast<double>(now.journal_lag_records));
  impl_->lag_bytes.Set(static_cast<double>(now.journal_lag_bytes));
  impl_->refused.Set(static_cast<double>(now.refused_records));
  impl_->connections.Set(static_cast<double>(now.connections));
  impl_->in_flight.Set(static_cast<double>(now.in_flight));
  impl_->broken.Set(static_cast<double>(now.broken_workspaces));
  count_up_to(impl_->log_dropped, now.log_lines_dropped);
  count_up_to(impl_->hooks_delivered, now.hooks_delivered);
  count_up_to(impl_->hooks_failed, now.hooks_failed);
  impl_->snapshot_age.Set(now.snapshot_age_s);
  return prom::TextSerializer().Serialize(impl_->registry.Collect());
}

}  // namespace ringctl::serve
