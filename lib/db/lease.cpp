#include "db/lease.hpp"

#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <thread>
#include <utility>

#include "base/digest.hpp"
#include "base/error.hpp"
#include "base/text.hpp"
#include "db/transaction.hpp"

namespace ringctl::db {
namespace {

constexpr std::chrono::milliseconds k_poll{200};
constexpr std::string_view k_pid_prefix = "pid ";

std::string scope_text(const std::optional<base::Uuid>& workspace) { return workspace ? workspace->text() : ""; }

std::string host_name() {
  std::array<char, 256> name{};
  return ::gethostname(name.data(), name.size() - 1) == 0 ? std::string(name.data()) : "unknown";
}

/// A process of this host that is no more: its lease need not be waited for.
bool holder_is_dead(const LeaseHolder& lease) {
  if (lease.host != host_name() || !lease.holder.starts_with(k_pid_prefix)) return false;
  const auto pid = base::parse_int(std::string_view(lease.holder).substr(k_pid_prefix.size()));
  return pid && *pid > 0 && ::kill(static_cast<pid_t>(*pid), 0) != 0 && errno == ESRCH;
}

struct Found {
  LeaseHolder holder;
  std::string token;
};

std::optional<Found> find(Connection& connection, const std::string& name, const std::string& scope) {
  Transaction transaction(connection, {}, Access::read);
  auto rows = connection.query("SELECT holder, host, since, expires, token FROM leases WHERE name = $1 AND scope = $2",
                               {name, scope});
  if (!rows.next()) return std::nullopt;
  return Found{{std::string(rows.text(0)), std::string(rows.text(1)), rows.instant(2), rows.instant(3)},
               std::string(rows.text(4))};
}

Error held(const std::string& name, const LeaseHolder& by) {
  return {Errc::locked, "lock.held",
          fmt::format("another ringctl holds the lock \"{}\" ({} on {}, since {})", name, by.holder, by.host,
                      base::format_utc(by.since)),
          "add --lock-wait 10m"};
}

/// One statement: two processes that see the same free lease cannot both get it.
bool take(Connection& connection, const std::string& name, const std::string& scope, const std::string& token,
          const std::string& dead_token, base::Instant now, base::Instant expires) {
  std::int64_t taken = 0;
  in_transaction(connection, {}, [&] {
    taken = connection.exec(
        "INSERT INTO leases (name, scope, token, holder, host, since, expires) VALUES ($1, $2, $3, $4, $5, $6, $7) "
        "ON CONFLICT (name, scope) DO UPDATE SET token = excluded.token, holder = excluded.holder, "
        "host = excluded.host, since = excluded.since, expires = excluded.expires "
        "WHERE leases.expires <= excluded.since OR leases.token = $8",
        {name, scope, token, fmt::format("{}{}", k_pid_prefix, ::getpid()), host_name(), now, expires, dead_token});
  });
  return taken == 1;
}

}  // namespace

Lease Lease::acquire(Connection& connection, const base::Clock& clock, std::string name,
                     std::optional<base::Uuid> workspace, std::chrono::milliseconds ttl,
                     std::chrono::milliseconds wait, const base::CancelToken* cancel) {
  const auto scope = scope_text(workspace);
  const auto token = base::random_hex(16);
  const auto give_up = clock.steady() + wait;
  for (;;) {
    const auto now = clock.now();
    const auto current = find(connection, name, scope);
    const bool free = !current || current->holder.expires <= now || holder_is_dead(current->holder);
    if (free && take(connection, name, scope, token, current ? current->token : token, now, now + ttl)) break;
    if (cancel != nullptr) cancel->check();
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(give_up - clock.steady());
    if (left.count() <= 0) {
      if (const auto by = find(connection, name, scope)) throw held(name, by->holder);
      continue;  // it was released this moment
    }
    std::this_thread::sleep_for(std::min(k_poll, left));
  }
  Lease lease;
  lease.connection_ = &connection;
  lease.clock_ = &clock;
  lease.name_ = std::move(name);
  lease.token_ = token;
  lease.workspace_ = workspace;
  lease.ttl_ = ttl;
  return lease;
}

Lease::Lease(Lease&& other) noexcept
    : connection_(std::exchange(other.connection_, nullptr)), clock_(other.clock_), name_(std::move(other.name_)),
      token_(std::move(other.token_)), workspace_(other.workspace_), ttl_(other.ttl_) {}

Lease::~Lease() {
  try {
    if (connection_ != nullptr && !connection_->in_transaction()) release();
  } catch (const std::exception&) {
    // It expires by itself.
  }
}

void Lease::renew() {
  std::int64_t renewed = 0;
  in_transaction(*connection_, {}, [&] {
    renewed = connection_->exec("UPDATE leases SET expires = $1 WHERE name = $2 AND scope = $3 AND token = $4",
                                {clock_->now() + ttl_, name_, scope_text(workspace_), token_});
  });
  if (renewed == 0)
    throw Error(Errc::locked, "lock.lost",
                fmt::format("the lock \"{}\" expired and another ringctl took it", name_), "run the command again");
}

void Lease::release() {
  if (connection_ == nullptr) return;
  auto* connection = std::exchange(connection_, nullptr);
  in_transaction(*connection, {}, [&] {
    connection->exec("DELETE FROM leases WHERE name = $1 AND scope = $2 AND token = $3",
                     {name_, scope_text(workspace_), token_});
  });
}

std::optional<LeaseHolder> find_lease(Connection& connection, const base::Clock& clock, const std::string& name,
                                      std::optional<base::Uuid> workspace) {
  auto found = find(connection, name, scope_text(workspace));
  if (!found || found->holder.expires <= clock.now()) return std::nullopt;
  return std::move(found->holder);
}

}  // namespace ringctl::db
