#include "serve/estates.hpp"

#include <algorithm>
#include <exception>
#include <iterator>
#include <set>
#include <utility>

#include "base/error.hpp"
#include "base/log.hpp"
#include "db/transaction.hpp"
#include "directory/workspaces.hpp"

namespace ringctl::serve {
namespace {

limits::Settings limits_of(db::Connection& db, const base::Uuid& workspace) {
  const db::Transaction transaction(db, db::Scope::of(workspace), db::Access::read);
  return limits::read_settings(db, workspace);
}

/// The database's, not that of the workspace that was being read.
bool is_everybodys(const std::exception& failure) {
  const auto* const error = dynamic_cast<const Error*>(&failure);
  return error != nullptr && (error->errc() == Errc::db_down || error->errc() == Errc::db_busy);
}

}  // namespace

Estates::Estates(OpenDatabase open, const base::Clock& clock, Options options)
    : open_(std::move(open)), clock_(clock), options_(options) {
  current_at_ = clock_.steady();
  read();
  thread_ = std::thread([this] { run(); });
}

Estates::~Estates() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  stop_asked_.notify_one();
  thread_.join();
}

std::optional<Estate> Estates::find(const base::Uuid& workspace) const {
  const std::shared_lock lock(estates_mutex_);
  const auto found = estates_.find(workspace.view());
  if (found == estates_.end()) return std::nullopt;
  return found->second;
}

std::optional<base::Uuid> Estates::find_by_number(std::string_view number) const {
  const std::shared_lock lock(estates_mutex_);
  for (const auto& [workspace, estate] : estates_)
    if (estate.numbers->holds(number)) return base::Uuid::parse(workspace);
  return std::nullopt;
}

std::optional<base::Uuid> Estates::find_sole_by_account(std::string_view account, bool main) const {
  const std::shared_lock lock(estates_mutex_);
  const std::string* sole = nullptr;
  for (const auto& [workspace, estate] : estates_) {
    const auto& own = estate.snapshot->settings.twilio_accounts;
    if (own.empty() ? !main : std::find(own.begin(), own.end(), account) == own.end()) continue;
    if (sole != nullptr) return std::nullopt;
    sole = &workspace;
  }
  return sole == nullptr ? std::nullopt : std::optional(base::Uuid::parse(*sole));
}

std::optional<base::Uuid> Estates::find_by_user(const base::Uuid& user) const {
  const std::shared_lock lock(estates_mutex_);
  for (const auto& [workspace, estate] : estates_)
    if (estate.snapshot->find_agent(user)) return base::Uuid::parse(workspace);
  return std::nullopt;
}

std::chrono::milliseconds Estates::age() const {
  return std::chrono::duration_cast<std::chrono::milliseconds>(clock_.steady() - current_at_.load());
}

void Estates::run() {
  std::unique_lock lock(mutex_);
  while (!stop_asked_.wait_for(lock, options_.every, [this] { return stopping_; })) {
    lock.unlock();
    read();
    lock.lock();
  }
}

void Estates::read() {
  const std::lock_guard reading(reading_mutex_);
  try {
    if (!connection_) connection_ = open_();
    read_from(*connection_);
    if (!up_.exchange(true)) base::log(base::LogLevel::info, "estate.read", {{"state", "current"}});
    current_at_ = clock_.steady();
    ready_.store(true, std::memory_order_release);
  } catch (const std::exception& error) {
    connection_.reset();
    // Said once: a database that is away for an hour is one event, and a metric.
    if (up_.exchange(false) || !ready())
      base::log(base::LogLevel::warn, "estate.stale", {{"why", error.what()}});
  }
}

void Estates::read_from(db::Connection& db) {
  const auto active = directory::active_workspaces(db);
  std::map<std::string, std::string> broken;
  std::exception_ptr last;
  for (const auto& workspace : active) {
    try {
      publish(workspace, read_estate(db, workspace, find(workspace)));
    } catch (const std::exception& error) {
      if (is_everybodys(error)) throw;
      last = std::current_exception();
      broken.emplace(workspace.text(), error.what());
    }
  }
  // Where none can be read it is not the workspaces that are broken.
  if (last && broken.size() == active.size()) std::rethrow_exception(last);
  keep_only(active);
  note_broken(std::move(broken));
}

void Estates::publish(const base::Uuid& workspace, Estate estate) {
  const std::unique_lock lock(estates_mutex_);
  std::swap(estates_[workspace.text()], estate);  // what goes is freed when nobody waits for the lock
}

/// The others are gone, or are no longer served. A broken one keeps what was read of it.
void Estates::keep_only(const std::vector<base::Uuid>& active) {
  Map gone;
  std::set<std::string_view> kept;
  for (const auto& workspace : active) kept.insert(workspace.view());
  const std::unique_lock lock(estates_mutex_);
  for (auto at = estates_.begin(); at != estates_.end();) {
    const auto next = std::next(at);
    if (!kept.contains(at->first)) gone.insert(estates_.extract(at));
    at = next;
  }
}

/// Said once for each, and once more when it is over.
void Estates::note_broken(std::map<std::string, std::string> now) {
  for (const auto& [workspace, why] : now)
    if (const auto before = broken_.find(workspace); before == broken_.end() || before->second != why)
      base::log(base::LogLevel::error, "estate.broken", {{"tenant", workspace}, {"why", why}});
  for (const auto& [workspace, why] : broken_)
    if (!now.contains(workspace)) base::log(base::LogLevel::info, "estate.mended", {{"tenant", workspace}});
  broken_count_.store(now.size(), std::memory_order_relaxed);
  broken_ = std::move(now);
}

Estate Estates::read_estate(db::Connection& db, const base::Uuid& workspace,
                            const std::optional<Estate>& before) const {
  Estate estate;
  if (before && before->snapshot->version == routing::snapshot_version(db, *before->snapshot))
    estate.snapshot = before->snapshot;
  else
    estate.snapshot = std::make_shared<const routing::Snapshot>(routing::load_snapshot(db, workspace));
  const auto limits = limits_of(db, workspace);
  estate.when_away = limits.when_away;
  estate.country = limits.default_country;
  for (const auto& broken : estate.snapshot->broken)
    if (!before || before->snapshot != estate.snapshot)
      base::log(base::LogLevel::warn, "rule.broken", {{"rule", broken.name}, {"why", broken.why}});
  read_presence(db, before, estate);
  read_numbers(db, before, estate);
  return estate;
}

void Estates::read_presence(db::Connection& db, const std::optional<Estate>& before, Estate& estate) const {
  const auto& snapshot = *estate.snapshot;
  const auto now = clock_.now();
  // What was heard while it could not be read comes into it a while after it can be read again.
  const bool gap = !before || now - before->read_at >= options_.gap;
  estate.read_at = now;
  estate.read_since = gap ? now : before->read_since;
  const bool settled = !before || now - estate.read_since >= options_.lag;
  estate.heard_until = settled ? now - options_.lag : before->heard_until;
  estate.presence = std::make_shared<const routing::Presence>(routing::read_presence(
      db, snapshot.workspace, now, snapshot.zone.start_of(snapshot.zone.day_of(now)), snapshot.wants_usage));
}

/// They may be very many, and only matter when the database is away.
void Estates::read_numbers(db::Connection& db, const std::optional<Estate>& before, Estate& estate) const {
  const auto& workspace = estate.snapshot->workspace;
  const auto now = clock_.steady();
  estate.numbers_read_at = before ? before->numbers_read_at : now;
  if (before) estate.numbers = before->numbers;
  if (before && now - estate.numbers_read_at < options_.numbers_every) return;
  estate.numbers_read_at = now;
  if (before && estate.numbers->version == routing::own_numbers_version(db, workspace)) return;
  estate.numbers = std::make_shared<const routing::OwnNumbers>(routing::read_own_numbers(db, workspace));
}

}  // namespace ringctl::serve
