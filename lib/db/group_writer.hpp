#pragma once
// One writer for many threads: items queue up and are committed together, each under its own savepoint, so
// that one bad item fails alone. What an item's future reports was durable before it was reported.

#include <cstddef>
#include <functional>
#include <future>
#include <memory>

#include "db/connection.hpp"
#include "db/transaction.hpp"

namespace ringctl::db {

class GroupWriter {
 public:
  struct Options {
    std::size_t max_group = 256;    ///< items in one transaction
    std::size_t max_queue = 65536;  ///< past it submit() throws Errc::db_busy [db.queue_full]
  };
  /// Owns the connection and one thread.
  GroupWriter(std::unique_ptr<Connection>, Options);
  /// Writes what is queued, then stops.
  ~GroupWriter();

  /// The future holds the item's exception, or the commit's if the whole group could not be committed.
  std::future<void> submit(Scope, std::function<void(Connection&)> item);
  std::size_t queued() const;
  Engine engine() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace ringctl::db
