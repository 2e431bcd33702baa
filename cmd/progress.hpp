#pragma once
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "base/clock.hpp"

namespace ringctl::cmd {

enum class ProgressMode { automatic, tty, plain, json, none };

/// Progress of long work on stderr: one line redrawn (tty), a line every 10 s (plain), an object every second
/// (json). Call update() at batch boundaries; it looks at the clock and nothing else when nothing is due.
class Progress {
 public:
  Progress(int fd, const base::Clock&, ProgressMode, std::string what, std::optional<std::uint64_t> total,
           int width, std::string_view unit = "rows");
  Progress(Progress&&) noexcept;
  Progress& operator=(Progress&&) = delete;
  ~Progress();  ///< clears the line

  void update(std::uint64_t done, std::uint64_t failed = 0);

 private:
  using Time = std::chrono::steady_clock::time_point;
  std::string line(std::uint64_t done, std::uint64_t failed, Time now) const;
  std::string json(std::uint64_t done, std::uint64_t failed, Time now) const;
  double rate(std::uint64_t done, Time now) const;
  std::optional<std::chrono::seconds> remaining(std::uint64_t done, Time now) const;

  int fd_;
  const base::Clock* clock_;
  ProgressMode mode_;
  std::string what_;
  std::optional<std::uint64_t> total_;
  int width_;
  std::string_view unit_;  ///< of what a second brings
  Time started_, due_;
  bool drawn_ = false;
};

}  // namespace ringctl::cmd
