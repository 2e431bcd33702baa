#include "serve/held_events.hpp"

#include <algorithm>
#include <iterator>
#include <thread>

#include "base/log.hpp"
#include "serve/refusal.hpp"

namespace ringctl::serve {

using std::chrono::milliseconds;

HeldEvents::HeldEvents(Apply apply, const base::Clock& clock, HeldEventsOptions options)
    : apply_(std::move(apply)),
      clock_(clock),
      options_(std::move(options)),
      back_off_(options_.first_retry, options_.longest_retry) {}

void HeldEvents::add(std::string_view bytes) {
  const std::lock_guard lock(mutex_);
  held_.push_back({clock_.now(), std::string(bytes)});
}

std::uint64_t HeldEvents::refused() const {
  const std::lock_guard lock(mutex_);
  return refused_;
}

bool HeldEvents::settle(milliseconds within) {
  const std::lock_guard settling(settling_mutex_);
  const auto until = clock_.steady() + within;
  for (unsigned attempt = 0; !settle_once(attempt == 0); ++attempt) {
    const auto left = std::chrono::ceil<milliseconds>(until - clock_.steady());
    if (left <= milliseconds(0)) return false;
    const auto delay = std::min(back_off_.after(attempt), left);
    if (options_.sleep)
      options_.sleep(delay);
    else
      std::this_thread::sleep_for(delay);
  }
  return true;
}

/// False if the database is away.
bool HeldEvents::settle_once(bool first) {
  std::vector<Held> taken;
  {
    const std::lock_guard lock(mutex_);
    taken.swap(held_);
  }
  if (taken.empty()) return true;
  try {
    apply(taken);
    return true;
  } catch (const std::exception& away) {
    if (first) base::log(base::LogLevel::warn, "journal.database_away", away.what());
  }
  // Before those that came meanwhile. An event that was applied already is known when it comes again.
  const std::lock_guard lock(mutex_);
  held_.insert(held_.begin(), std::make_move_iterator(taken.begin()), std::make_move_iterator(taken.end()));
  return false;
}

void HeldEvents::apply(const std::vector<Held>& events) {
  std::vector<Record> records;
  records.reserve(events.size());
  for (const auto& event : events) records.push_back({++numbered_, event.at, event.bytes});
  take_in_halves(
      std::span<const Record>(records),
      [&](std::span<const Record> some) {
        apply_(some);
        return true;
      },
      [&](const Record&, const std::string& reason) {
        base::log(base::LogLevel::error, "journal.record_refused", reason);
        const std::lock_guard lock(mutex_);
        ++refused_;
        return true;
      });
}

}  // namespace ringctl::serve
