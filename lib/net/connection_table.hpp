#pragma once
// The connections of one thread: who may come in, who is idle longest, whose time is over. Knows no sockets.

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/uuid.hpp"
#include "net/limits.hpp"
#include "net/mailbox.hpp"
#include "net/refusal_log.hpp"
#include "net/respond.hpp"
#include "net/stats.hpp"
#include "net/transport.hpp"

namespace ringctl::net {

class Connection;
using Steady = std::chrono::steady_clock::time_point;

/// What all threads of a server share.
struct Shared {
  Limits limits;
  Handler handler;
  const base::Clock& clock;
  RefusalLog refusals = {};
  std::atomic<std::size_t> open{0}, in_flight{0};
  std::atomic<bool> draining{false};
  std::atomic<std::size_t> accepting{0};  ///< threads that have not stopped accepting yet, while draining
  std::mutex mutex;
  std::condition_variable changed;  ///< told while draining, when one of these became 0
};

/// Where a connection came from.
struct Origin {
  std::size_t endpoint = 0;
  std::string remote;
};

/// All of it on the owner's thread, but for tally().
class ConnectionTable {
 public:
  /// `wake` may be called from any thread and makes the owner call collect().
  ConnectionTable(Shared&, std::function<void()> wake);
  ~ConnectionTable();

  /// The calling thread is the owner from here on.
  void own();
  void admit(std::unique_ptr<Transport>, Origin);
  void collect() { mailbox_->collect(); }
  /// Looks at every deadline; called each Limits::tick.
  void sweep();
  /// Shared::draining was set: idle connections go as soon as no request can be on its way.
  void drain();
  /// Closes what is there, whatever it does. Respond goes nowhere afterwards.
  void close_all();
  /// Closes the connection that is idle longest; false if none is.
  bool close_idle();

  // For connections.
  Shared& shared() { return shared_; }
  const Limits& limits() const { return shared_.limits; }
  const std::shared_ptr<Mailbox>& mailbox() const { return mailbox_; }
  Tally& tally() { return tally_; }
  const Tally& tally() const { return tally_; }
  std::string_view date() const { return date_; }
  base::UuidGenerator& ids() { return ids_; }
  Steady now() const { return now_; }  ///< as of the last refresh()
  void refresh() { now_ = shared_.clock.steady(); }
  std::list<Connection*>& idle() { return idle_; }
  void release(std::size_t slot);
  /// Of a request: another one for each that ever comes, so that an answer that comes too late finds nobody
  /// else in the slot.
  std::uint64_t next_serial() { return ++serial_; }
  /// The connection whose handler is being called.
  Connection*& at_handler() { return at_handler_; }
  void turned_away_one_less() { --turned_away_; }

 private:
  void deliver(Answer&&);
  void write_date();
  std::size_t free_slot();

  Shared& shared_;
  std::shared_ptr<Mailbox> mailbox_;
  std::vector<std::shared_ptr<Connection>> slots_;
  std::vector<std::size_t> free_;
  std::list<Connection*> idle_;  // longest first
  Connection* at_handler_ = nullptr;
  std::size_t turned_away_ = 0;
  std::uint64_t serial_ = 0;
  Tally tally_;
  base::UuidGenerator ids_;
  Steady now_;
  std::string date_;
};

}  // namespace ringctl::net
