#pragma once
// What routing knows of every workspace, kept current: a change in the database is in force within a second,
// and while the database is away the last that was read stays in force. One reads at a time, one workspace
// after the other, each in force as soon as it is read; everybody else takes what there is.

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "base/clock.hpp"
#include "limits/settings.hpp"
#include "routing/facts.hpp"
#include "routing/own_numbers.hpp"
#include "routing/snapshot.hpp"
#include "serve/database_pool.hpp"

namespace ringctl::serve {

/// One workspace at one moment.
struct Estate {
  std::shared_ptr<const routing::Snapshot> snapshot = {};
  std::shared_ptr<const routing::Presence> presence = {};
  /// What was heard of until then is in `presence`; later things may still be on their way there.
  base::Instant heard_until = {};
  base::Instant read_at = {};     ///< `presence` was
  base::Instant read_since = {};  ///< and without a gap since then
  /// For when the database cannot be asked; changes may be half a minute old. The same object while there is
  /// none.
  std::shared_ptr<const routing::OwnNumbers> numbers = {};
  std::chrono::steady_clock::time_point numbers_read_at = {};
  std::string country = {};                               ///< the workspace's own; "" = none
  limits::WhenAway when_away = limits::WhenAway::refuse;  ///< calls of agents while the database is away
};

class Estates {
 public:
  struct Options {
    std::chrono::milliseconds every{500};             ///< how often changes are looked for
    std::chrono::milliseconds numbers_every{30'000};  ///< the same for Estate::numbers
    std::chrono::milliseconds lag{30'000};  ///< what was heard takes no longer to a database that is there
    std::chrono::milliseconds gap{10'000};  ///< so long without a read, and it was away
  };
  /// Reads once before it returns, as far as the database is there, and then goes on. The clock outlives it.
  Estates(OpenDatabase, const base::Clock&, Options);
  ~Estates();
  Estates(const Estates&) = delete;
  Estates& operator=(const Estates&) = delete;

  // Any thread.
  /// nullopt for a workspace that is not there, is inactive, or was never read.
  std::optional<Estate> find(const base::Uuid& workspace) const;
  /// Of the workspace that has the number, as last read; nullopt if nobody has it.
  std::optional<base::Uuid> find_by_number(std::string_view number) const;
  /// The only workspace whose webhooks come from the account; `main`: it is the one serve is configured with,
  /// which counts for workspaces without accounts of their own. nullopt: none, or several.
  std::optional<base::Uuid> find_sole_by_account(std::string_view account, bool main) const;
  /// Of the workspace whose user it is.
  std::optional<base::Uuid> find_by_user(const base::Uuid& user) const;
  /// Workspaces that could not be read when they were last looked at, though others could: what was read of
  /// them before stays in force.
  std::size_t broken() const { return broken_count_.load(std::memory_order_relaxed); }
  /// Whether the estates were read at all.
  bool ready() const { return ready_.load(std::memory_order_acquire); }
  bool database_up() const { return up_.load(std::memory_order_relaxed); }
  /// Since the estates were last found to be current.
  std::chrono::milliseconds age() const;
  /// Looks for changes now, on this thread, and returns when it has. For SIGHUP, the simulator and tests.
  void refresh() { read(); }

 private:
  using Map = std::unordered_map<std::string, Estate, routing::TextHash, std::equal_to<>>;
  void run();
  void read();
  void read_from(db::Connection&);
  Estate read_estate(db::Connection&, const base::Uuid& workspace, const std::optional<Estate>& before) const;
  void read_presence(db::Connection&, const std::optional<Estate>& before, Estate&) const;
  void read_numbers(db::Connection&, const std::optional<Estate>& before, Estate&) const;
  void publish(const base::Uuid& workspace, Estate);
  void keep_only(const std::vector<base::Uuid>& active);
  void note_broken(std::map<std::string, std::string> now);

  const OpenDatabase open_;
  const base::Clock& clock_;
  const Options options_;

  mutable std::shared_mutex estates_mutex_;
  Map estates_;  ///< by workspace
  std::atomic<bool> ready_ = false, up_ = false;
  std::atomic<std::chrono::steady_clock::time_point> current_at_;
  std::atomic<std::size_t> broken_count_ = 0;
  // Of whoever reads.
  std::mutex reading_mutex_;
  std::unique_ptr<db::Connection> connection_;
  std::map<std::string, std::string> broken_;  ///< by workspace: why it could not be read

  std::mutex mutex_;
  std::condition_variable stop_asked_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace ringctl::serve
