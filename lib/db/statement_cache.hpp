#pragma once
// Prepared statements by their text, the least recently used one leaving first. Private to this room.

#include <cstddef>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace ringctl::db {

/// Addresses of entries are stable until they leave.
template <class T>
class StatementCache {
 public:
  explicit StatementCache(std::size_t capacity) : capacity_(capacity) {}

  T* find(std::string_view sql) {
    const auto at = by_sql_.find(sql);
    if (at == by_sql_.end()) return nullptr;
    if (at->second != entries_.begin()) entries_.splice(entries_.begin(), entries_, at->second);
    return &at->second->value;
  }
  /// `sql` must not be there yet. `leave(T&)` is told of an entry that makes room; an entry for which it
  /// answers false stays.
  template <class Leave>
  T& add(std::string_view sql, T value, Leave&& leave) {
    if (entries_.size() >= capacity_) drop_one(leave);
    entries_.push_front({std::string(sql), std::move(value)});
    by_sql_.emplace(entries_.front().sql, entries_.begin());
    return entries_.front().value;
  }
  void clear() {
    by_sql_.clear();
    entries_.clear();
  }

 private:
  struct Entry {
    std::string sql;
    T value;
  };
  template <class Leave>
  void drop_one(Leave& leave) {
    for (auto at = entries_.end(); at != entries_.begin();) {
      --at;
      if (!leave(at->value)) continue;
      by_sql_.erase(at->sql);
      entries_.erase(at);
      return;
    }
  }

  std::size_t capacity_;
  std::list<Entry> entries_;
  std::unordered_map<std::string_view, typename std::list<Entry>::iterator> by_sql_;
};

}  // namespace ringctl::db
