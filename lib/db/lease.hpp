#pragma once
// Locks as rows: they survive a pooler, never go stale, and say who holds them.

#include <chrono>
#include <optional>
#include <string>

#include "base/cancel.hpp"
#include "base/clock.hpp"
#include "base/uuid.hpp"
#include "db/connection.hpp"
#include "db/transaction.hpp"

namespace ringctl::db {

/// Held until released or expired; renew() at batch boundaries. `workspace` nullopt: a lock on the whole
/// database.
class Lease {
 public:
  /// Waits up to `wait` (0: not at all). Throws Errc::locked [lock.held] naming holder, host and since.
  /// A holder of this machine (boot and process namespace) whose process is gone is not waited for.
  /// Outside a transaction: what nobody else can see yet locks nobody out. `sleep`: see RetryOptions.
  static Lease acquire(Connection&, const base::Clock&, std::string name, std::optional<base::Uuid> workspace,
                       std::chrono::milliseconds ttl, std::chrono::milliseconds wait,
                       const base::CancelToken* cancel = nullptr, const Sleep& sleep = {});
  Lease(Lease&&) noexcept;
  Lease& operator=(Lease&&) = delete;
  /// Releases; a lease that cannot be released expires.
  ~Lease();
  /// `ttl` from now on. Part of the open transaction, if there is one.
  /// Throws Errc::locked [lock.lost] if another process took it over after it expired.
  void renew();
  void release();

 private:
  Lease() = default;
  bool take(Connection&, const std::string& dead_token);
  std::string scope() const { return workspace_ ? workspace_->text() : std::string(); }
  Connection* connection_ = nullptr;
  const base::Clock* clock_ = nullptr;
  std::string name_, token_;
  std::optional<base::Uuid> workspace_;
  std::chrono::milliseconds ttl_{};
};

/// Waits up to `wait` until nobody holds a lease of any name and scope. Throws Errc::locked [lock.held] as
/// acquire() does.
void await_no_lease(Connection&, const base::Clock&, std::chrono::milliseconds wait,
                    const base::CancelToken* cancel = nullptr, const Sleep& sleep = {});

}  // namespace ringctl::db
