#include "net/stats.hpp"

#include <numeric>

namespace ringctl::net {
namespace {

constexpr std::array<CounterName, k_counters> k_names = {{
    {"connections_total", ""},
    {"accept_failures_total", ""},
    {"closed_idle_total", ""},
    {"requests_total", ""},
    {"overloaded_total", ""},
    {"responses_total", ""},
    {"faults_total", "kind=\"dropped\""},
    {"faults_total", "kind=\"failed\""},
    {"faults_total", "kind=\"invalid_response\""},
    {"late_answers_total", ""},
    {"timeouts_total", "phase=\"handshake\""},
    {"timeouts_total", "phase=\"header\""},
    {"timeouts_total", "phase=\"body\""},
    {"timeouts_total", "phase=\"handler\""},
    {"timeouts_total", "phase=\"write\""},
    {"timeouts_total", "phase=\"idle\""},
    {"handshakes_failed_total", ""},
    {"aborted_total", ""},
    {"drain_cut_total", ""},
}};
static_assert(static_cast<std::size_t>(Counter::cut) + 1 == k_counters);

}  // namespace

CounterName counter_name(Counter counter) noexcept { return k_names.at(static_cast<std::size_t>(counter)); }

std::uint64_t Stats::refused() const {
  return std::accumulate(refusals.begin(), refusals.end(), std::uint64_t{0});
}

void Tally::add_to(Stats& stats) const noexcept {
  for (std::size_t i = 0; i < k_counters; ++i)
    stats.counters[i] += counters_[i].load(std::memory_order_relaxed);
  for (std::size_t i = 0; i < k_refusals; ++i)
    stats.refusals[i] += refusals_[i].load(std::memory_order_relaxed);
}

}  // namespace ringctl::net
