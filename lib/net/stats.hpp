#pragma once
// What the listener counts. Each thread counts for itself; Server::stats() adds up.

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "net/refusal.hpp"

namespace ringctl::net {

enum class Counter {
  accepted,           ///< connections taken
  accept_failures,    ///< times accept found no descriptor or memory, and paused
  closed_idle,        ///< connections closed to make room, at the soft limit or for want of descriptors
  requests,           ///< passed the gate and went to the handler
  overloaded,         ///< of these, past Limits::in_flight
  responses,          ///< whole responses handed to the kernel
  dropped,            ///< a handler let go of its Respond: 503
  failed,             ///< a handler threw: 500
  invalid_responses,  ///< a handler's answer would have broken the response apart: 500
  late,               ///< answers that came when nobody waited any more
  timeout_handshake,  ///< these seven: Limits
  timeout_header,
  timeout_body,
  timeout_handler,
  timeout_write,
  timeout_idle,
  handshakes_failed,  ///< TLS: no common version or cipher, or no TLS at all
  aborted,            ///< the client went in the middle of a request or response
  cut,                ///< connections closed when drain's time was over
};
constexpr std::size_t k_counters = 19;

/// "timeouts_total" and `phase="header"`: name without the program's prefix, and label or "".
struct CounterName {
  std::string_view metric, label;
};
CounterName counter_name(Counter) noexcept;

struct Stats {
  std::array<std::uint64_t, k_counters> counters{};
  std::array<std::uint64_t, k_refusals> refusals{};
  std::size_t open = 0;       ///< connections now
  std::size_t in_flight = 0;  ///< requests at the handler now

  std::uint64_t of(Counter counter) const { return counters.at(static_cast<std::size_t>(counter)); }
  std::uint64_t of(Refusal refusal) const { return refusals.at(static_cast<std::size_t>(refusal)); }
  std::uint64_t refused() const;
};

/// Written by one thread, read by any.
class Tally {
 public:
  void count(Counter counter) noexcept { add(counters_[static_cast<std::size_t>(counter)]); }
  void count(Refusal refusal) noexcept { add(refusals_[static_cast<std::size_t>(refusal)]); }
  void add_to(Stats&) const noexcept;

 private:
  using Cell = std::atomic<std::uint64_t>;
  static void add(Cell& cell) noexcept {
    cell.store(cell.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  }
  std::array<Cell, k_counters> counters_{};
  std::array<Cell, k_refusals> refusals_{};
};

}  // namespace ringctl::net
