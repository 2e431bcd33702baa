#pragma once
// Tells workspaces' own webhooks what is queued for them (messages/hooks.hpp): one thread, many requests at
// once, never inside a transaction. Outside hosts alone, also after their names were looked up; no redirects.

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/clock.hpp"
#include "base/seal.hpp"
#include "serve/database_pool.hpp"
#include "serve/estates.hpp"

namespace ringctl::serve {

/// Headers of a delivery: Ringctl-Event, Ringctl-Delivery (its id), and
/// Ringctl-Signature: t=UNIX_SECONDS,v1=HEX with HMAC-SHA256 over "UNIX_SECONDS.BODY".
std::string hook_signature(const base::Secret& key, base::Instant at, std::string_view body);

class Notifier {
 public:
  struct Options {
    std::optional<base::SealKey> key = {};  ///< nullopt: nothing can be signed, and nothing is sent
    bool thread = true;                     ///< false: only run_due() sends
    bool local_too = false;                 ///< hosts of this machine and of private networks are taken
    std::chrono::milliseconds every{1000};  ///< how often the queue is looked at, unless somebody wakes it
    std::chrono::seconds hold{60};          ///< a delivery is another process's again after that
    std::size_t most = 64;                  ///< taken of a workspace at once
    std::size_t at_once = 16;               ///< on their way to one workspace's
    std::chrono::milliseconds timeout{10'000};
    std::string ca_file = {};  ///< PEM: the roots to trust; "": the system's
  };
  /// All outlive it. Starts at once.
  Notifier(OpenDatabase, const base::Clock&, const Estates&, Options);
  ~Notifier();
  Notifier(const Notifier&) = delete;
  Notifier& operator=(const Notifier&) = delete;

  // Any thread.
  /// Something was queued.
  void wake();
  /// Lets what is on its way end, within the time; what is not marked goes out again later.
  void stop(std::chrono::milliseconds within);
  /// Sends what is due, on this thread; how many were taken by the other side. Throws what the database does.
  std::size_t run_due();

  struct Stats {
    std::uint64_t delivered = 0, failed = 0, given_up = 0;
  };
  Stats stats() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace ringctl::serve
