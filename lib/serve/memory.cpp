#include "serve/memory.hpp"

namespace ringctl::serve {

std::string Memory::put(std::string_view key, const std::string& text) {
  const std::lock_guard lock(mutex_);
  if (const auto found = texts_.find(key); found != texts_.end()) return found->second;
  insert(key, text);
  return text;
}

void Memory::replace(std::string_view key, const std::string& text) {
  const std::lock_guard lock(mutex_);
  if (const auto found = texts_.find(key); found != texts_.end())
    found->second = text;
  else
    insert(key, text);
}

std::string Memory::find(std::string_view key) const {
  const std::lock_guard lock(mutex_);
  const auto found = texts_.find(key);
  return found == texts_.end() ? std::string() : found->second;
}

void Memory::insert(std::string_view key, const std::string& text) {
  auto& oldest = order_[next_];
  if (!oldest.empty()) texts_.erase(oldest);
  oldest = key;
  texts_.emplace(oldest, text);
  next_ = (next_ + 1) % order_.size();
}

}  // namespace ringctl::serve
