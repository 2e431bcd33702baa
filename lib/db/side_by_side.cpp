#include "db/side_by_side.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <exception>
#include <mutex>
#include <optional>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include "base/error.hpp"
#include "base/log.hpp"
#include "db/patience.hpp"

namespace ringctl::db {
namespace {

/// Whoever is let in later than this, by a pooler whose connections are all out for instance, is not waited
/// for.
constexpr std::chrono::seconds k_patience{2};

class Pieces {
 public:
  Pieces(std::size_t count, const std::function<void(Connection&, std::size_t)>& work)
      : count_(count), work_(work) {}

  void take(Connection& connection) noexcept {
    try {
      for (auto piece = next_++; piece < count_; piece = next_++) work_(connection, piece);
    } catch (...) {
      const std::lock_guard lock(mutex_);
      if (!failure_) failure_ = std::current_exception();
      next_ = count_;
    }
  }

  bool all_taken() const { return next_ >= count_; }

  /// When nobody takes any more.
  void rethrow() const {
    if (failure_) std::rethrow_exception(failure_);
  }

 private:
  std::size_t count_;
  const std::function<void(Connection&, std::size_t)>& work_;
  std::atomic<std::size_t> next_{0};
  std::mutex mutex_;
  std::exception_ptr failure_;
};

/// What the reader's transaction sees, by the server's name for it: hexadecimal digits and dashes.
std::optional<std::string> share_snapshot(Connection& reader) {
  if (reader.engine() == Engine::sqlite) return std::nullopt;
  return reader.text("SELECT pg_export_snapshot()");
}

/// On a thread of its own. Whoever does not get in leaves the pieces to the others.
void join_in(const Connection& reader, const Scope& scope, const std::string& snapshot, Pieces& pieces) {
  try {
    if (pieces.all_taken()) return;
    auto options = reader.options();
    options.connect_timeout = std::min<std::chrono::milliseconds>(options.connect_timeout, k_patience);
    const auto connection = Connection::open(reader.url_with_password(), options);
    if (pieces.all_taken()) return;
    answer_within(*connection, k_patience);
    const Transaction transaction(*connection, scope, Access::read);
    connection->exec_script(fmt::format("SET TRANSACTION SNAPSHOT '{}'", snapshot));
    answer_within(*connection, std::chrono::seconds(0));
    pieces.take(*connection);
  } catch (const std::exception& error) {
    base::log(base::LogLevel::debug, "db", std::string("a reader less: ") + error.what());
  }
}

std::vector<std::jthread> start_others(std::size_t count, const std::function<void()>& join) {
  std::vector<std::jthread> others;
  try {
    for (std::size_t i = 0; i < count; ++i) others.emplace_back(join);
  } catch (const std::system_error& error) {  // no more threads are to be had
    base::log(base::LogLevel::debug, "db", std::string("a reader less: ") + error.what());
  }
  return others;
}

}  // namespace

void read_side_by_side(Connection& reader, const Scope& scope, std::size_t pieces, std::size_t most,
                       const std::function<void(Connection&, std::size_t)>& work) {
  Pieces left(pieces, work);
  const auto readers = std::min(most, pieces);
  const auto snapshot = readers > 1 ? share_snapshot(reader) : std::nullopt;
  {
    const auto others =
        start_others(snapshot ? readers - 1 : 0, [&] { join_in(reader, scope, *snapshot, left); });
    left.take(reader);
  }
  left.rethrow();
}

}  // namespace ringctl::db
