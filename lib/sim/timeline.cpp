#include "sim/timeline.hpp"

#include <array>

namespace ringctl::sim {
namespace {

constexpr std::array<std::string_view, 12> k_names{"call",    "status",     "webhook", "heard",
                                                   "did",     "conference", "queue",   "recording",
                                                   "message", "rest",       "fault",   "problem"};

}  // namespace

std::string_view name_of(What what) { return k_names.at(static_cast<std::size_t>(what)); }

std::string_view Entry::fact(std::string_view name) const {
  for (const auto& [key, value] : facts)
    if (key == name) return value;
  return {};
}

void Timeline::add(Entry entry) {
  if (listener_) listener_(entry);
  entries_.push_back(std::move(entry));
  // Half at once: taking away the oldest one by one would move all others each time.
  if (most_ == 0 || entries_.size() < 2 * most_) return;
  const auto old = entries_.size() - most_;
  entries_.erase(entries_.begin(), entries_.begin() + static_cast<std::ptrdiff_t>(old));
  forgotten_ += old;
}

}  // namespace ringctl::sim
