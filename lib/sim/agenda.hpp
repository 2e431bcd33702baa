#pragma once
// What is to happen, and when: in the order of time and, at one time, in the order in which it was put there.
// All of a simulated network lives on the one thread that takes the steps; only post() is for others.

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <coroutine>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <optional>

#include "base/clock.hpp"

namespace ringctl::sim {

using std::chrono::milliseconds;

/// Stands still between the steps of an agenda; any thread may read it.
class VirtualClock final : public base::Clock {
 public:
  explicit VirtualClock(base::Instant begin) : begin_(begin), now_(begin.time_since_epoch().count()) {}
  base::Instant now() const override { return base::Instant(milliseconds(now_.load())); }
  std::chrono::steady_clock::time_point steady() const override {
    return std::chrono::steady_clock::time_point(now() - begin_);
  }
  void set(base::Instant at) { now_ = at.time_since_epoch().count(); }

 private:
  const base::Instant begin_;
  std::atomic<std::int64_t> now_;
};

class Agenda {
 public:
  using Work = std::function<void()>;
  using Entry = std::pair<base::Instant, std::uint64_t>;

  /// On a clock of its own that jumps from one thing to the next.
  explicit Agenda(VirtualClock& clock) : clock_(clock), virtual_(&clock) {}
  /// As time passes.
  explicit Agenda(const base::Clock& clock) : clock_(clock) {}
  Agenda(const Agenda&) = delete;
  Agenda& operator=(const Agenda&) = delete;

  base::Instant now() const { return clock_.now(); }
  const base::Clock& clock() const { return clock_; }
  bool is_virtual() const { return virtual_ != nullptr; }

  /// What lies in the past is due at once. The entry is for cancel().
  Entry at(base::Instant, Work);
  Entry in(milliseconds delay, Work work) { return at(now() + delay, std::move(work)); }
  /// Nothing, if it was done already.
  void cancel(const Entry& entry) { entries_.erase(entry); }

  /// From any thread: as soon as possible.
  void post(Work);

  /// The next thing, if there is one: virtual time becomes what it was put at. False if nothing is left; in
  /// real time also when `most` has passed without anything becoming due.
  bool step(milliseconds most = milliseconds(0));
  /// When the next thing is due.
  std::optional<base::Instant> next_at() const;
  bool empty() const { return entries_.empty(); }

  /// `co_await agenda.sleep(5s)`
  auto sleep(milliseconds delay) { return Sleep(*this, delay); }

 private:
  class Sleep {
   public:
    Sleep(Agenda& agenda, milliseconds delay) : agenda_(agenda), delay_(delay) {}
    Sleep(const Sleep&) = delete;
    Sleep& operator=(const Sleep&) = delete;
    ~Sleep() {
      if (entry_) agenda_.cancel(*entry_);
    }
    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> waiter) {
      entry_ = agenda_.in(delay_, [waiter] { waiter.resume(); });
    }
    void await_resume() { entry_.reset(); }

   private:
    Agenda& agenda_;
    milliseconds delay_;
    std::optional<Entry> entry_ = {};
  };

  bool take_posted();
  bool wait_for_due(milliseconds most);

  const base::Clock& clock_;
  VirtualClock* virtual_ = nullptr;
  std::map<Entry, Work> entries_;
  std::uint64_t next_ = 0;

  std::mutex mutex_;
  std::condition_variable arrived_;
  std::deque<Work> posted_;
};

}  // namespace ringctl::sim
