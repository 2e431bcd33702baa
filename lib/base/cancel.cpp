#include "base/cancel.hpp"

#include "base/error.hpp"

namespace ringctl::base {

static_assert(std::atomic<int>::is_always_lock_free, "cancel() runs in a signal handler");

void CancelToken::cancel(int exit_status) noexcept {
  int expected = 0;
  status_.compare_exchange_strong(expected, exit_status, std::memory_order_relaxed);
}

void CancelToken::check(const char* how_to_resume) const {
  const auto code = static_cast<Errc>(exit_status());
  switch (code) {
    case Errc::ok:
      return;
    case Errc::timeout:
      throw Error(code, "run.timeout", "stopped: the timeout passed",
                  *how_to_resume != '\0' ? how_to_resume : "give it longer with --timeout");
    case Errc::terminated:  // by SIGTERM or SIGHUP
      throw Error(code, "run.terminated", "terminated", how_to_resume);
    default:
      throw Error(code, "run.interrupted", "interrupted", how_to_resume);
  }
}

}  // namespace ringctl::base
