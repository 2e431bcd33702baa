#pragma once
// What a running server counts, in Prometheus' text form. No label holds a phone number. Counting may
// happen on any thread; of requests it takes no lock.

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "serve/paths.hpp"

namespace ringctl::serve {

/// What is only known when somebody asks.
struct Gauges {
  bool db_up = true;
  std::uint64_t journal_lag_records = 0;  ///< in the journal, not yet in the database
  std::uint64_t journal_lag_bytes = 0;
  std::uint64_t refused_records = 0;  ///< set aside because the database would not have them
  std::uint64_t connections = 0;
  std::uint64_t in_flight = 0;
  std::uint64_t broken_workspaces = 0;                  ///< whose estate could not be read anew
  std::uint64_t log_lines_dropped = 0;                  ///< since the start: nobody read them fast enough
  std::uint64_t hooks_delivered = 0, hooks_failed = 0;  ///< requests to workspaces' own webhooks
  double snapshot_age_s = 0;  ///< since the routing snapshot was last found to be current
};

class Metrics {
 public:
  Metrics();
  ~Metrics();
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  /// A request was answered: ringctl_webhook_requests_total{route,status} and its duration.
  void answered(Endpoint, int status, std::chrono::nanoseconds took);
  /// The answer was the safe one, because of `cause`: "deadline", "overload", "database", "journal",
  /// "workspace", "twiml", "fault".
  void safe_answer(std::string_view cause);
  /// A call was refused by the limits: code of the refusal.
  void limit_denied(std::string_view code);
  void signature_failed();
  /// A webhook that had been answered before came again.
  void replayed();

  std::string text(const Gauges&) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace ringctl::serve
