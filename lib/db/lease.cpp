#include "db/lease.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <thread>
#include <utility>

#include "base/digest.hpp"
#include "base/error.hpp"
#include "base/text.hpp"

namespace ringctl::db {
namespace {

constexpr std::chrono::milliseconds k_poll{250};

constexpr std::string_view k_pid = "pid ";

// One statement decides: the row is made, or taken over from a holder whose time is up or who is known to be
// dead.
constexpr std::string_view k_take =
    "INSERT INTO leases (name, scope, token, holder, host, since, expires, machine) "
    "VALUES ($1, $2, $3, $4, $5, $6, $7, $9) "
    "ON CONFLICT (name, scope) DO UPDATE SET token = excluded.token, holder = excluded.holder, host = excluded.host, "
    "since = excluded.since, expires = excluded.expires, machine = excluded.machine "
    "WHERE leases.expires <= excluded.since OR leases.token = $8";
constexpr std::string_view k_find =
    "SELECT holder, host, since, token, machine FROM leases WHERE name = $1 AND scope = $2 AND expires > $3";
constexpr std::string_view k_renew =
    "UPDATE leases SET expires = $4 WHERE name = $1 AND scope = $2 AND token = $3";
constexpr std::string_view k_release = "DELETE FROM leases WHERE name = $1 AND scope = $2 AND token = $3";

std::string host_name() {
  std::array<char, 256> name{};
  if (::gethostname(name.data(), name.size() - 1) != 0) return "unknown";
  return name.data();
}

/// In the open transaction, or in one of its own.
void run(Connection& connection, const std::function<void()>& work) {
  if (connection.in_transaction()) return work();
  in_transaction(connection, Scope{}, work);
}

/// Where a pid means one process: this boot of this machine, and this container of it. "" if that is not
/// known.
std::string this_machine() {
  std::string boot;
  std::getline(std::ifstream("/proc/sys/kernel/random/boot_id"), boot);
  std::error_code unknown;
  const auto pids = std::filesystem::read_symlink("/proc/self/ns/pid", unknown);
  return boot.empty() || unknown ? std::string() : boot + " " + pids.string();
}

struct Found {
  std::string holder;  ///< "pid 4711"
  std::string host;
  base::Instant since;
  std::string token, machine;
};

std::optional<Found> find(Connection& connection, base::Instant now, const std::string& name,
                          const std::string& scope) {
  auto rows = connection.query(k_find, {name, scope, now});
  if (!rows.next()) return std::nullopt;
  return Found{std::string(rows.text(0)), std::string(rows.text(1)), rows.instant(2),
               std::string(rows.text(3)), std::string(rows.text(4))};
}

/// A process of this machine that is no more: after a crash the same command may run again at once.
bool is_dead(const Found& lease) {
  if (lease.machine.empty() || lease.machine != this_machine() || !lease.holder.starts_with(k_pid))
    return false;
  const auto pid = base::parse_int(std::string_view(lease.holder).substr(k_pid.size()));
  return pid && *pid > 0 && ::kill(static_cast<pid_t>(*pid), 0) != 0 && errno == ESRCH;
}

/// Reads only, so that a holder in the middle of a long write is named instead of waited for.
std::optional<Found> look(Connection& connection, base::Instant now, const std::string& name,
                          const std::string& scope) {
  Transaction transaction(connection, Scope{}, Access::read);
  return find(connection, now, name, scope);
}

Error held(const std::string& name, const std::optional<Found>& found) {
  if (!found)  // let go just now
    return {Errc::locked, "lock.held", fmt::format("another ringctl was running \"{}\"", name),
            "add --lock-wait 10m"};
  return {Errc::locked, "lock.held",
          fmt::format("another ringctl is running \"{}\" ({} on {}, since {})", name, found->holder,
                      found->host, base::format_utc(found->since)),
          "add --lock-wait 10m"};
}

/// The oldest lease of a process that is not known to be dead, and its name.
std::optional<std::pair<std::string, Found>> find_any(Connection& connection, base::Instant now) {
  Transaction transaction(connection, Scope{}, Access::read);
  auto rows = connection.query(
      "SELECT holder, host, since, token, machine, name FROM leases WHERE expires > $1 ORDER BY since",
      {now});
  while (rows.next()) {
    Found found{std::string(rows.text(0)), std::string(rows.text(1)), rows.instant(2),
                std::string(rows.text(3)), std::string(rows.text(4))};
    if (!is_dead(found)) return std::pair(std::string(rows.text(5)), std::move(found));
  }
  return std::nullopt;
}

void wait_a_little(std::chrono::milliseconds left, const base::CancelToken* cancel, const Sleep& sleep) {
  if (cancel != nullptr) cancel->check();
  const auto pause = std::min(k_poll, left);
  sleep ? sleep(pause) : std::this_thread::sleep_for(pause);
}

std::chrono::milliseconds until(std::chrono::steady_clock::time_point deadline, const base::Clock& clock) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(deadline - clock.steady());
}

}  // namespace

void await_no_lease(Connection& connection, const base::Clock& clock, std::chrono::milliseconds wait,
                    const base::CancelToken* cancel, const Sleep& sleep) {
  const auto deadline = clock.steady() + wait;
  while (const auto lease = find_any(connection, clock.now())) {
    const auto left = until(deadline, clock);
    if (left.count() <= 0) throw held(lease->first, lease->second);
    wait_a_little(left, cancel, sleep);
  }
}

Lease Lease::acquire(Connection& connection, const base::Clock& clock, std::string name,
                     std::optional<base::Uuid> workspace, std::chrono::milliseconds ttl,
                     std::chrono::milliseconds wait, const base::CancelToken* cancel, const Sleep& sleep) {
  if (connection.in_transaction())
    throw Error(Errc::failure, "db.nested_transaction", "a lease was asked for inside a transaction");
  Lease lease;
  lease.clock_ = &clock;
  lease.name_ = std::move(name);
  lease.token_ = base::random_hex(16);
  lease.workspace_ = workspace;
  lease.ttl_ = ttl;
  const auto deadline = clock.steady() + wait;
  for (;;) {
    const auto holder = look(connection, clock.now(), lease.name_, lease.scope());
    if ((!holder || is_dead(*holder)) && lease.take(connection, holder ? holder->token : lease.token_))
      return lease;
    const auto left = until(deadline, clock);
    if (left.count() <= 0) throw held(lease.name_, holder);
    wait_a_little(left, cancel, sleep);
  }
}

/// True if the row is ours now. A holder that renews it in a long transaction is not waited for here.
bool Lease::take(Connection& connection, const std::string& dead_token) {
  bool taken = false;
  const auto work = [&] {
    const auto now = clock_->now();
    taken = connection.exec(k_take, {name_, scope(), token_, fmt::format("{}{}", k_pid, ::getpid()),
                                     host_name(), now, now + ttl_, dead_token, this_machine()}) == 1;
  };
  try {
    in_transaction(connection, Scope{}, work, {.attempts = 1});
  } catch (const Error& error) {
    if (error.errc() != Errc::db_busy) throw;
  }
  if (taken) connection_ = &connection;
  return taken;
}

Lease::Lease(Lease&& other) noexcept
    : connection_(std::exchange(other.connection_, nullptr)),
      clock_(other.clock_),
      name_(std::move(other.name_)),
      token_(std::move(other.token_)),
      workspace_(other.workspace_),
      ttl_(other.ttl_) {}

Lease::~Lease() {
  try {
    release();
  } catch (const std::exception&) {
    // It expires.
  }
}

void Lease::renew() {
  run(*connection_, [this] {
    if (connection_->exec(k_renew, {name_, scope(), token_, clock_->now() + ttl_}) == 1) return;
    throw Error(
        Errc::locked, "lock.lost",
        fmt::format("\"{}\" took longer than its lock, and another ringctl has taken it over", name_));
  });
}

void Lease::release() {
  if (connection_ == nullptr) return;
  auto& connection = *std::exchange(connection_, nullptr);
  run(connection, [&] { connection.exec(k_release, {name_, scope(), token_}); });
}

}  // namespace ringctl::db
