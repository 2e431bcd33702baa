#include "serve/plans.hpp"

namespace ringctl::serve {

std::string Plans::put(std::string_view call_sid, std::string json) {
  const std::lock_guard lock(mutex_);
  if (const auto found = plans_.find(call_sid); found != plans_.end()) return found->second;
  insert(call_sid, json);
  return json;
}

std::string Plans::find(std::string_view call_sid) const {
  const std::lock_guard lock(mutex_);
  const auto found = plans_.find(call_sid);
  return found == plans_.end() ? std::string() : found->second;
}

void Plans::replace(std::string_view call_sid, std::string json) {
  const std::lock_guard lock(mutex_);
  if (const auto found = plans_.find(call_sid); found != plans_.end())
    found->second = std::move(json);
  else
    insert(call_sid, std::move(json));
}

void Plans::insert(std::string_view call_sid, std::string json) {
  auto& oldest = order_[next_];
  if (!oldest.empty()) plans_.erase(oldest);
  oldest = call_sid;
  plans_.emplace(oldest, std::move(json));
  next_ = (next_ + 1) % order_.size();
}

}  // namespace ringctl::serve
