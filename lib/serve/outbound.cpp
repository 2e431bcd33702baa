#include "serve/outbound.hpp"

#include "base/error.hpp"
#include "base/log.hpp"

namespace ringctl::serve {
namespace {

constexpr std::string_view k_prefix = "agent_";
constexpr std::size_t k_bare_uuid = 32;

Placed unavailable(const limits::Request& request) {
  Placed placed;
  placed.verdict.to_number = request.to;
  placed.verdict.refusals.push_back(
      {.refusal = limits::Refusal::limits_unavailable, .message = "the database cannot be asked now"});
  return placed;
}

}  // namespace

std::optional<base::Uuid> user_of_identity(std::string_view identity) {
  if (!identity.starts_with(k_prefix)) return std::nullopt;
  identity.remove_prefix(k_prefix.size());
  if (identity.size() != k_bare_uuid) return base::Uuid::try_parse(identity);
  std::string text(identity);
  for (const std::size_t at : {8U, 13U, 18U, 23U}) text.insert(at, 1, '-');
  return base::Uuid::try_parse(text);
}

Outbound::Outbound(OpenDatabase open, const base::Clock& clock, Options options)
    : open_(std::move(open)), clock_(clock), options_(options) {
  for (unsigned i = 0; i < options_.threads; ++i) threads_.emplace_back([this] { run(); });
}

Outbound::~Outbound() { stop(); }

void Outbound::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  arrived_.notify_all();
  for (auto& thread : threads_) thread.join();
  threads_.clear();
}

void Outbound::place(const base::Uuid& workspace, limits::Request request,
                     std::function<void(const Placed&)> done) {
  {
    const std::lock_guard lock(mutex_);
    if (queue_.size() < options_.max_queue) {
      queue_.push_back({workspace, std::move(request), std::move(done)});
      arrived_.notify_one();
      return;
    }
  }
  done(unavailable(request));
}

void Outbound::run() {
  std::unique_ptr<db::Connection> connection;
  base::UuidGenerator ids(clock_);
  std::unique_lock lock(mutex_);
  while (true) {
    arrived_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
    if (queue_.empty()) return;
    const auto item = std::move(queue_.front());
    queue_.pop_front();
    lock.unlock();
    item.done(answer(connection, ids, item));
    lock.lock();
  }
}

Placed Outbound::answer(std::unique_ptr<db::Connection>& connection, base::UuidGenerator& ids,
                        const Item& item) const {
  try {
    if (!connection) connection = open_();
    audit::Session session{*connection, clock_, ids, "system"};
    return {limits::reserve(session, item.workspace, item.request), {}};
  } catch (const Error& error) {
    if (error.errc() == Errc::not_found) return {{}, "unknown_agent"};
    if (error.errc() == Errc::invalid) return {{}, "bad_destination"};
    connection.reset();
    base::log(base::LogLevel::warn, "outbound.failed", {{"why", error.what()}});
    return unavailable(item.request);
  } catch (const std::exception& error) {
    connection.reset();
    base::log(base::LogLevel::error, "outbound.failed", {{"why", error.what()}});
    return unavailable(item.request);
  }
}

}  // namespace ringctl::serve
