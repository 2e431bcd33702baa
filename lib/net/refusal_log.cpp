#include "net/refusal_log.hpp"

#include "base/log.hpp"

namespace ringctl::net {

void RefusalLog::note(Refusal refusal, std::string_view remote, std::chrono::steady_clock::time_point now) {
  auto& reason = reasons_[static_cast<std::size_t>(refusal)];
  auto until = reason.silent_until.load(std::memory_order_relaxed);
  if (now < until || !reason.silent_until.compare_exchange_strong(until, now + k_silence)) {
    reason.unsaid.fetch_add(1, std::memory_order_relaxed);
    return;
  }
  base::log(base::LogLevel::warn, "listener.refused",
            {{"reason", refusal_name(refusal)},
             {"status", std::int64_t{refusal_status(refusal)}},
             {"remote", remote},
             {"unsaid", static_cast<std::int64_t>(reason.unsaid.exchange(0, std::memory_order_relaxed))}});
}

}  // namespace ringctl::net
