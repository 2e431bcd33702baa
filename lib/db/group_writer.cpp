#include "db/group_writer.hpp"

#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "base/error.hpp"

namespace ringctl::db {
namespace {

struct Item {
  Scope scope;
  std::function<void(Connection&)> work;
  std::promise<void> done;
  std::exception_ptr failure;
};

bool same_rows(const Scope& a, const Scope& b) { return a.workspace == b.workspace && a.door == b.door; }

void run_item(Connection& connection, Item& item) {
  try {
    Savepoint savepoint(connection);
    item.work(connection);
    savepoint.release();
  } catch (...) {
    item.failure = std::current_exception();
  }
}

void run_group(Connection& connection, std::vector<Item>& group) {
  Transaction transaction(connection, group.front().scope);
  const auto* scope = &group.front().scope;
  for (auto& item : group) {
    if (!same_rows(*scope, item.scope)) transaction.rescope(item.scope);
    scope = &item.scope;
    run_item(connection, item);
    // A full disk ends SQLite's transaction: what came after would commit by itself and be reported as
    // failed.
    if (!connection.in_transaction())
      std::rethrow_exception(
          item.failure ? item.failure
                       : std::make_exception_ptr(Error(Errc::failure, "db.transaction_lost",
                                                       "the transaction ended in the middle of a group")));
  }
  transaction.commit();
}

// Nothing is reported before the commit is done; if that fails, nobody's work was kept.
void write_group(Connection& connection, std::vector<Item>& group) {
  std::exception_ptr all;
  try {
    run_group(connection, group);
  } catch (...) {
    all = std::current_exception();
  }
  for (auto& item : group) {
    const auto& failure = item.failure ? item.failure : all;
    failure ? item.done.set_exception(failure) : item.done.set_value();
  }
}

}  // namespace

struct GroupWriter::Impl {
  Impl(std::unique_ptr<Connection> given, Options opts)
      : connection(std::move(given)), engine(connection->engine()), options(opts) {}

  void run() {
    std::vector<Item> group;
    while (take(group)) {
      write_group(*connection, group);
      group.clear();
    }
  }

  /// What has come meanwhile, at most a group; false once there is nothing left and nothing will come.
  bool take(std::vector<Item>& group) {
    std::unique_lock lock(mutex);
    arrived.wait(lock, [this] { return stopping || !queue.empty(); });
    while (!queue.empty() && group.size() < options.max_group) {
      group.push_back(std::move(queue.front()));
      queue.pop_front();
    }
    return !group.empty();
  }

  std::unique_ptr<Connection> connection;
  const Engine engine;
  const Options options;
  mutable std::mutex mutex;
  std::condition_variable arrived;
  std::deque<Item> queue;
  bool stopping = false;
  std::thread thread;
};

GroupWriter::GroupWriter(std::unique_ptr<Connection> connection, Options options)
    : impl_(std::make_unique<Impl>(std::move(connection), options)) {
  impl_->thread = std::thread([this] { impl_->run(); });
}

GroupWriter::~GroupWriter() {
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->stopping = true;
  }
  impl_->arrived.notify_one();
  impl_->thread.join();
}

std::future<void> GroupWriter::submit(Scope scope, std::function<void(Connection&)> work) {
  Item item{scope, std::move(work), {}, {}};
  auto future = item.done.get_future();
  {
    const std::lock_guard lock(impl_->mutex);
    if (impl_->queue.size() >= impl_->options.max_queue)
      throw Error(Errc::db_busy, "db.queue_full",
                  "the database does not keep up: too much is waiting to be written");
    impl_->queue.push_back(std::move(item));
  }
  impl_->arrived.notify_one();
  return future;
}

std::size_t GroupWriter::queued() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->queue.size();
}

Engine GroupWriter::engine() const { return impl_->engine; }

}  // namespace ringctl::db
