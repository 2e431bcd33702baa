#pragma once
// Brings the journal's records to the database: one thread, in order, in batches. While the database is away
// it keeps them and asks again; a record that is refused for its own sake is set aside (applier_refused.hpp)
// and the others go on. It also applies what processes that ended without doing so left in their slots.
//
// A record may be applied more than once: what was applied is saved lazily, and a batch whose commit was cut
// off from its answer is given again. Whoever applies must know a record it has seen.

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.hpp"
#include "serve/back_off.hpp"
#include "serve/journal.hpp"

namespace ringctl::serve {

/// Applies all of them or, by throwing, none that must stay. Of what it throws, Errc::invalid, conflict,
/// not_found, usage and the like, and what is no Error at all, are the record's own fault; db_down, db_busy,
/// unknown_outcome, a full disk, a lock, a schema that does not fit, a want of memory are not, and are tried
/// again until they pass. It must bound its own waiting: the applier cannot interrupt it.
using Apply = std::function<void(std::span<const Record>)>;

struct ApplierOptions {
  BatchLimits batch = {};
  /// How long a batch that is not full gathers more, unless somebody waits for it.
  std::chrono::milliseconds gather{100};
  std::chrono::milliseconds first_retry{100},
      longest_retry{5000};                     ///< doubled in between, less up to half by chance
  std::chrono::milliseconds save_every{1000};  ///< the checkpoint, and the journal's bounds
  /// Where to look for the slots of processes that have ended, at the start and then this often; "" =
  /// nowhere.
  std::filesystem::path root = {};
  std::chrono::milliseconds look_every{60'000};
  JournalOptions abandoned = {};
  Disk* disk = nullptr;  ///< of abandoned slots; null = the machine's
  /// Waits between attempts; unset = a wait that stop() ends.
  std::function<void(std::chrono::milliseconds)> sleep = {};
};

class Applier {
 public:
  /// Starts at once. Journal and clock outlive it; it takes the journal's on_grown.
  Applier(Journal&, const base::Clock&, Apply, ApplierOptions);
  /// Stops without applying more.
  ~Applier();
  Applier(const Applier&) = delete;
  Applier& operator=(const Applier&) = delete;

  // Any thread.
  /// True once all up to `sequence` are applied or set aside; false after `timeout`, or when it was stopped.
  bool wait_until(std::uint64_t sequence, std::chrono::milliseconds timeout);
  /// The same without waiting: `done` is called once, here or on the applier's thread; with false also when
  /// too many ask after it.
  void when_applied(std::uint64_t sequence, std::function<void(bool)> done);
  /// Applies what is there, until `within` has passed (between two batches) or the database turns out to be
  /// away, and saves how far it came. True if nothing is left. To be called when nothing is appended any
  /// more.
  bool stop(std::chrono::milliseconds within);

  struct Stats {
    bool db_up = true;  ///< whether the last attempt found the database there
    std::optional<base::Instant> away_since;
    std::uint64_t batches = 0, records = 0;
    std::uint64_t refused = 0, retries = 0;
    std::uint64_t adopted = 0;  ///< records of abandoned slots among `records`
    std::chrono::microseconds apply_total{}, apply_longest{};
    std::string last_error;  ///< "" = none so far
    base::Instant last_error_at{};
  };
  Stats stats() const;

 private:
  enum class Step { worked, idle, stopped };
  struct Waiting {
    std::uint64_t sequence = 0;
    std::function<void(bool)> done;
  };

  void run();
  Step step(Journal&);
  Step step_abandoned();
  bool open_abandoned();
  void gather();
  bool apply_all(Journal&, std::span<const Record>);
  bool apply_patiently(Journal&, std::span<const Record>);
  bool patiently(const std::function<bool()>& attempt);
  bool keep_aside(Journal&, const Record&, const std::string& reason);
  // What is applied is no record's fault any more, whatever happens then.
  void mark(Journal&, std::uint64_t up_to, std::span<const Record>) noexcept;
  void note_applied(const Journal&, std::span<const Record>, std::chrono::microseconds took) noexcept;
  bool back_off(unsigned attempt);
  void note_failure(const std::string& reason, bool database);
  void housekeeping();
  void wait_for_more();
  void report_applied();
  bool is_stopping() const;
  bool must_end() const;

  Journal& journal_;
  const base::Clock& clock_;
  const Apply apply_;
  const ApplierOptions options_;

  mutable std::mutex mutex_;
  std::condition_variable changed_, progress_;
  bool grown_ = false, idle_ = false, stopping_ = false, ended_ = false;
  std::chrono::steady_clock::time_point deadline_{};
  unsigned waiters_ = 0;
  std::deque<Waiting> waiting_;  ///< the oldest first
  Stats stats_;

  // The thread's own.
  RecordBatch batch_;
  bool behind_ = true;  ///< the last batch was full, or this is the first: no time to gather
  std::unique_ptr<Journal> abandoned_;
  unsigned next_slot_ = 0;
  std::chrono::steady_clock::time_point look_at_, save_at_;
  BackOff back_off_;
  std::thread thread_;
};

}  // namespace ringctl::serve
