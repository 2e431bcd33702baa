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
  if (const auto found = texts_.find(key); found != texts_.end()) {
    bytes_ += text.size();
    bytes_ -= found->second.size();
    found->second = text;
    let_go();
  } else {
    insert(key, text);
  }
}

std::string Memory::find(std::string_view key) const {
  const std::lock_guard lock(mutex_);
  const auto found = texts_.find(key);
  return found == texts_.end() ? std::string() : found->second;
}

void Memory::insert(std::string_view key, const std::string& text) {
  order_.emplace_back(key);
  texts_.emplace(order_.back(), text);
  bytes_ += key.size() + text.size();
  let_go();
}

void Memory::let_go() {
  while (order_.size() > most_ || (bytes_ > most_bytes_ && order_.size() > 1)) {
    const auto oldest = texts_.find(order_.front());
    bytes_ -= oldest->first.size() + oldest->second.size();
    texts_.erase(oldest);
    order_.pop_front();
  }
}

}  // namespace ringctl::serve
