#pragma once
// Coroutines for what takes time on the network: a call that runs its TwiML, an actor who waits before
// picking up. A task starts when it is awaited; destroying one that waits ends it there, with all it awaits,
// so a leg that hangs up need only let its script go. One thread.

#include <coroutine>
#include <exception>
#include <functional>
#include <optional>
#include <utility>

namespace ringctl::sim {

template <typename T = void>
class Task;

namespace task_detail {

struct PromiseBase {
  std::coroutine_handle<> waiter = {};
  std::exception_ptr failure = {};

  struct Final {
    bool await_ready() noexcept { return false; }
    template <typename P>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<P> done) noexcept {
      const auto waiter = done.promise().waiter;
      return waiter ? waiter : std::noop_coroutine();
    }
    void await_resume() noexcept {}
  };
  std::suspend_always initial_suspend() noexcept { return {}; }
  Final final_suspend() noexcept { return {}; }
  void unhandled_exception() { failure = std::current_exception(); }
};

template <typename T>
struct Promise : PromiseBase {
  std::optional<T> value = {};
  Task<T> get_return_object();
  void return_value(T result) { value.emplace(std::move(result)); }
  T take() {
    if (failure) std::rethrow_exception(failure);
    return std::move(*value);
  }
};

template <>
struct Promise<void> : PromiseBase {
  Task<void> get_return_object();
  void return_void() {}
  void take() const {
    if (failure) std::rethrow_exception(failure);
  }
};

}  // namespace task_detail

template <typename T>
class [[nodiscard]] Task {
 public:
  using promise_type = task_detail::Promise<T>;
  using Handle = std::coroutine_handle<promise_type>;

  explicit Task(Handle handle) : handle_(handle) {}
  Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, {})) {}
  Task& operator=(Task&&) = delete;
  ~Task() {
    if (handle_) handle_.destroy();
  }

  bool await_ready() const noexcept { return false; }
  std::coroutine_handle<> await_suspend(std::coroutine_handle<> waiter) noexcept {
    handle_.promise().waiter = waiter;
    return handle_;
  }
  T await_resume() { return handle_.promise().take(); }

 private:
  friend class Script;
  Handle handle_;
};

namespace task_detail {
template <typename T>
Task<T> Promise<T>::get_return_object() {
  return Task<T>(std::coroutine_handle<Promise<T>>::from_promise(*this));
}
inline Task<void> Promise<void>::get_return_object() {
  return Task<void>(std::coroutine_handle<Promise<void>>::from_promise(*this));
}
}  // namespace task_detail

/// The outermost task of something. Never to be destroyed by what it runs: whoever ends itself asks the
/// agenda to let go later.
class Script {
 public:
  Script() = default;
  explicit Script(Task<void> task) : handle_(std::exchange(task.handle_, {})) {}
  Script(Script&& other) noexcept : handle_(std::exchange(other.handle_, {})) {}
  Script& operator=(Script&& other) noexcept {
    if (this != &other) {
      cancel();
      handle_ = std::exchange(other.handle_, {});
    }
    return *this;
  }
  ~Script() { cancel(); }

  /// Runs to where it first waits.
  void start() { handle_.resume(); }
  bool done() const { return !handle_ || handle_.done(); }
  /// What ended it, where it ended by an exception.
  std::exception_ptr failure() const {
    return handle_ && handle_.done() ? handle_.promise().failure : nullptr;
  }
  void cancel() {
    if (handle_) std::exchange(handle_, {}).destroy();
  }

 private:
  Task<void>::Handle handle_ = {};
};

}  // namespace ringctl::sim
