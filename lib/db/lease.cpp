#include "db/lease.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <thread>
#include <utility>

#include "base/digest.hpp"
#include "base/error.hpp"

namespace ringctl::db {
namespace {

constexpr std::chrono::milliseconds k_poll{250};

// One statement decides: the row is made, or taken over from a holder whose time is up.
constexpr std::string_view k_take =
    "INSERT INTO leases (name, scope, token, holder, host, since, expires) VALUES ($1, $2, $3, $4, $5, $6, $7) "
    "ON CONFLICT (name, scope) DO UPDATE SET token = excluded.token, holder = excluded.holder, host = excluded.host, "
    "since = excluded.since, expires = excluded.expires WHERE leases.expires <= excluded.since";
constexpr std::string_view k_find =
    "SELECT holder, host, since, expires FROM leases WHERE name = $1 AND scope = $2 AND expires > $3";
constexpr std::string_view k_renew = "UPDATE leases SET expires = $4 WHERE name = $1 AND scope = $2 AND token = $3";
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

std::optional<LeaseHolder> find(Connection& connection, base::Instant now, const std::string& name,
                                const std::string& scope) {
  auto rows = connection.query(k_find, {name, scope, now});
  if (!rows.next()) return std::nullopt;
  return LeaseHolder{std::string(rows.text(0)), std::string(rows.text(1)), rows.instant(2), rows.instant(3)};
}

Error held(const std::string& name, const std::optional<LeaseHolder>& holder) {
  if (!holder)  // let go just now
    return {Errc::locked, "lock.held", fmt::format("another ringctl was running \"{}\"", name), "add --lock-wait 10m"};
  return {Errc::locked, "lock.held",
          fmt::format("another ringctl is running \"{}\" ({} on {}, since {})", name, holder->holder, holder->host,
                      base::format_utc(holder->since)),
          "add --lock-wait 10m"};
}

}  // namespace

Lease Lease::acquire(Connection& connection, const base::Clock& clock, std::string name,
                     std::optional<base::Uuid> workspace, std::chrono::milliseconds ttl, std::chrono::milliseconds wait,
                     const base::CancelToken* cancel, const Sleep& sleep) {
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
    std::optional<LeaseHolder> holder;
    in_transaction(connection, Scope{}, [&] {
      const auto now = clock.now();
      const auto taken = connection.exec(k_take, {lease.name_, lease.scope(), lease.token_,
                                                  fmt::format("pid {}", ::getpid()), host_name(), now, now + ttl});
      // Its destructor has something to release from here on.
      if (taken == 1) lease.connection_ = &connection;
      else holder = find(connection, now, lease.name_, lease.scope());
    });
    if (lease.connection_ != nullptr) return lease;
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - clock.steady());
    if (left.count() <= 0) throw held(lease.name_, holder);
    if (cancel != nullptr) cancel->check();
    const auto pause = std::min(k_poll, left);
    sleep ? sleep(pause) : std::this_thread::sleep_for(pause);
  }
}

Lease::Lease(Lease&& other) noexcept
    : connection_(std::exchange(other.connection_, nullptr)), clock_(other.clock_), name_(std::move(other.name_)),
      token_(std::move(other.token_)), workspace_(other.workspace_), ttl_(other.ttl_) {}

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
    throw Error(Errc::locked, "lock.lost",
                fmt::format("\"{}\" took longer than its lock, and another ringctl has taken it over", name_));
  });
}

void Lease::release() {
  if (connection_ == nullptr) return;
  auto& connection = *std::exchange(connection_, nullptr);
  run(connection, [&] { connection.exec(k_release, {name_, scope(), token_}); });
}

std::optional<LeaseHolder> find_lease(Connection& connection, const base::Clock& clock, const std::string& name,
                                      std::optional<base::Uuid> workspace) {
  std::optional<LeaseHolder> holder;
  run(connection,
      [&] { holder = find(connection, clock.now(), name, workspace ? workspace->text() : std::string()); });
  return holder;
}

}  // namespace ringctl::db
