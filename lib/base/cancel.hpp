#pragma once
#include <atomic>

namespace ringctl::base {

/// Set by a signal handler or a deadline; long work asks at its batch boundaries.
class CancelToken {
 public:
  /// `exit_status`: 130, 143 or 41. The first call wins.
  void cancel(int exit_status) noexcept;
  bool cancelled() const noexcept { return status_.load(std::memory_order_relaxed) != 0; }
  int exit_status() const noexcept { return status_.load(std::memory_order_relaxed); }
  /// Throws Error(interrupted | terminated | timeout) if cancelled; `how_to_resume` becomes the hint.
  /// Without one, a timeout's is --timeout.
  void check(const char* how_to_resume = "") const;

 private:
  std::atomic<int> status_{0};
};

}  // namespace ringctl::base
