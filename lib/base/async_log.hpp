#pragma once
// Lines of log.hpp, written by a thread of its own.

#include <cstddef>
#include <cstdint>
#include <memory>

namespace ringctl::base {

/// While it lives, whoever reads the lines and stops holds nobody up: where `lines` wait to be written the
/// oldest goes, and is counted. One at a time. When it ends nobody else logs any more; what waits is written,
/// for a second at most.
class AsyncLog {
 public:
  explicit AsyncLog(std::size_t lines = 4096);
  ~AsyncLog();
  AsyncLog(const AsyncLog&) = delete;
  AsyncLog& operator=(const AsyncLog&) = delete;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// Lines that were dropped by the AsyncLog that lives; 0 if none does.
std::uint64_t log_lines_dropped();

}  // namespace ringctl::base
