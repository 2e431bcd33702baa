#pragma once
// What a coroutine waits for that others may ring at any time. It is woken by a step of the agenda of its
// own, never from within whoever rings.

#include <coroutine>
#include <optional>

#include "sim/agenda.hpp"

namespace ringctl::sim {

class Bell {
 public:
  explicit Bell(Agenda& agenda) : agenda_(agenda) {}
  Bell(const Bell&) = delete;
  Bell& operator=(const Bell&) = delete;
  ~Bell() { forget(); }

  /// Wakes whoever waits, or the next who would.
  void ring() {
    rung_ = true;
    if (waiter_ && !wake_) wake_ = agenda_.in(milliseconds(0), [this] { resume(); });
  }
  /// `co_await bell.wait(until)`: until it rings, or until then. One waiter at a time.
  auto wait(std::optional<base::Instant> until = {}) { return Wait(*this, until); }

 private:
  class Wait {
   public:
    Wait(Bell& bell, std::optional<base::Instant> until) : bell_(bell), until_(until) {}
    Wait(const Wait&) = delete;
    Wait& operator=(const Wait&) = delete;
    ~Wait() { bell_.forget(); }
    bool await_ready() const noexcept { return bell_.rung_; }
    void await_suspend(std::coroutine_handle<> waiter) {
      bell_.waiter_ = waiter;
      if (until_) bell_.timer_ = bell_.agenda_.at(*until_, [&bell = bell_] { bell.resume(); });
    }
    void await_resume() { bell_.rung_ = false; }

   private:
    Bell& bell_;
    std::optional<base::Instant> until_;
  };

  void resume() {
    const auto waiter = waiter_;
    forget();
    if (waiter) waiter.resume();
  }
  void forget() {
    if (wake_) agenda_.cancel(*wake_);
    if (timer_) agenda_.cancel(*timer_);
    wake_.reset();
    timer_.reset();
    waiter_ = {};
  }

  Agenda& agenda_;
  std::coroutine_handle<> waiter_ = {};
  bool rung_ = false;
  std::optional<Agenda::Entry> wake_ = {}, timer_ = {};
};

}  // namespace ringctl::sim
