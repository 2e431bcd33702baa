#pragma once
// How hard a server may be asked: how many requests at once, and how long to wait before asking again. Values
// only; whoever holds a Session tells it what came back, and sets the session's bound.

#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>

namespace ringctl::http {

/// Requests at once: up by one after as many good answers as there are places; cut to seven tenths when one
/// is refused for coming too fast (once for all that were on their way then), or by the one that was tried
/// beyond what goes well. That one is not tried again until ten rounds went well without it, and after each
/// such refusal not for twice as many, so that a limit that stands is met, not run into over and over; a
/// refusal of what has gone well before is no such limit, and what was lost is tried again at once.
/// Starts at half of `most`, at least 1.
class Pace {
 public:
  using Time = std::chrono::steady_clock::time_point;
  explicit Pace(std::size_t most);

  std::size_t bound() const { return bound_; }
  std::size_t most() const { return most_; }
  /// A lower or higher ceiling from now on; at least 1.
  void set_most(std::size_t most);
  void answered();
  /// 429 or 503. `sent_at`: when the refused request went out; one sent before the last cut counts not
  /// again. `retry_after`: nothing is to be sent until then.
  void refused(Time sent_at, Time now, std::optional<std::chrono::milliseconds> retry_after = {});
  /// Nothing goes out before; nullopt: go on.
  std::optional<Time> paused_until(Time now) const;

 private:
  std::size_t most_, bound_, ceiling_;
  std::size_t patience_;       ///< rounds at the ceiling before more is tried
  std::size_t good_ = 0;       ///< answers of this round
  std::size_t rounds_ = 0;     ///< that went well at the ceiling
  std::size_t went_well_ = 0;  ///< the highest bound of a whole round, less one for each refusal since
  std::optional<Time> cut_at_ = {}, paused_until_ = {};
};

struct Backoff {
  std::chrono::milliseconds first{100}, cap{30'000};
  int retries = 5;  ///< after the first attempt
};

/// A number in [0, 1): chance, or what a test says.
using Chance = std::function<double()>;

/// Before retry number `retry` (1 and up): full jitter, anything from 0 to first * 2^(retry-1) or the cap,
/// but not less than what the server asked for. nullopt: there are no more.
std::optional<std::chrono::milliseconds> delay_before(
    const Backoff&, int retry, const Chance&, std::optional<std::chrono::milliseconds> retry_after = {});

}  // namespace ringctl::http
