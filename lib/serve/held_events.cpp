#include "serve/held_events.hpp"

#include <fmt/format.h>

#include <iterator>

#include "base/log.hpp"

namespace ringctl::serve {

void HeldEvents::add(std::string_view bytes) {
  const std::lock_guard lock(mutex_);
  held_.push_back({clock_.now(), std::string(bytes)});
}

std::uint64_t HeldEvents::refused() const {
  const std::lock_guard lock(mutex_);
  return refused_;
}

bool HeldEvents::settle() {
  const std::lock_guard settling(settling_mutex_);
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
    base::log(base::LogLevel::warn, "journal.database_away", away.what());
  }
  // An event that was applied already is known when it comes again.
  const std::lock_guard lock(mutex_);
  held_.insert(held_.begin(), std::make_move_iterator(taken.begin()), std::make_move_iterator(taken.end()));
  return false;
}

void HeldEvents::apply(const std::vector<Held>& events) {
  std::vector<Record> records;
  records.reserve(events.size());
  for (const auto& event : events) records.push_back({++added_, event.at, event.bytes});
  apply_some(records);
}

/// Of those that are refused together, halves, until the one at fault stands alone.
void HeldEvents::apply_some(std::span<const Record> records) {
  try {
    return apply_(records);
  } catch (const std::exception& failure) {
    if (is_passing(failure)) throw;
    if (records.size() == 1) {
      base::log(base::LogLevel::error, "journal.record_refused", failure.what());
      const std::lock_guard lock(mutex_);
      ++refused_;
      return;
    }
  }
  const auto half = records.size() / 2;
  apply_some(records.first(half));
  apply_some(records.subspan(half));
}

}  // namespace ringctl::serve
