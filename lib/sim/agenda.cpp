#include "sim/agenda.hpp"

#include <algorithm>
#include <utility>

namespace ringctl::sim {

Agenda::Entry Agenda::at(base::Instant when, Work work) {
  const Entry entry{std::max(when, now()), next_++};
  entries_.emplace(entry, std::move(work));
  return entry;
}

void Agenda::post(Work work) {
  {
    const std::lock_guard lock(mutex_);
    posted_.push_back(std::move(work));
  }
  arrived_.notify_one();
}

std::optional<base::Instant> Agenda::next_at() const {
  if (entries_.empty()) return std::nullopt;
  return entries_.begin()->first.first;
}

bool Agenda::step(milliseconds most) {
  take_posted();
  if (!virtual_ && !wait_for_due(most)) return false;
  if (entries_.empty()) return false;
  auto next = entries_.extract(entries_.begin());
  if (virtual_) virtual_->set(next.key().first);
  next.mapped()();
  return true;
}

/// What others brought is due now.
bool Agenda::take_posted() {
  std::deque<Work> posted;
  {
    const std::lock_guard lock(mutex_);
    posted.swap(posted_);
  }
  for (auto& work : posted) at(now(), std::move(work));
  return !posted.empty();
}

bool Agenda::wait_for_due(milliseconds most) {
  const auto is_due = [this] { return !entries_.empty() && entries_.begin()->first.first <= now(); };
  if (is_due()) return true;
  auto wait = most;
  if (const auto next = next_at()) wait = std::min(wait, *next - now());
  {
    std::unique_lock lock(mutex_);
    arrived_.wait_for(lock, wait, [this] { return !posted_.empty(); });
  }
  take_posted();
  return is_due();
}

}  // namespace ringctl::sim
