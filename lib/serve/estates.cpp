#include "serve/estates.hpp"

#include <exception>

#include "base/error.hpp"
#include "base/log.hpp"
#include "db/transaction.hpp"
#include "directory/workspaces.hpp"

namespace ringctl::serve {
namespace {

limits::WhenAway when_away(db::Connection& db, const base::Uuid& workspace) {
  const db::Transaction transaction(db, db::Scope::of(workspace), db::Access::read);
  return limits::read_settings(db, workspace).when_away;
}

}  // namespace
Estates::Estates(OpenDatabase open, const base::Clock& clock, Options options)
    : open_(std::move(open)), clock_(clock), options_(options), estates_(std::make_shared<const Map>()) {
  current_at_ = clock_.steady();
  read();
  thread_ = std::thread([this] { run(); });
}

Estates::~Estates() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

std::optional<Estate> Estates::find(const base::Uuid& workspace) const {
  const auto estates = all();
  const auto found = estates->find(workspace.view());
  if (found == estates->end()) return std::nullopt;
  return found->second;
}

std::shared_ptr<const Estates::Map> Estates::all() const {
  const std::lock_guard lock(estates_mutex_);
  return estates_;
}

std::chrono::milliseconds Estates::age() const {
  return std::chrono::duration_cast<std::chrono::milliseconds>(clock_.steady() - current_at_.load());
}

void Estates::refresh() {
  std::unique_lock lock(mutex_);
  const auto mine = ++asked_;
  changed_.notify_one();
  done_.wait(lock, [&] { return answered_ >= mine; });
}

void Estates::run() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    changed_.wait_for(lock, options_.every, [this] { return stopping_ || asked_ > answered_; });
    if (stopping_) break;
    const auto asked = asked_;
    lock.unlock();
    read();
    lock.lock();
    answered_ = asked;
    done_.notify_all();
  }
  answered_ = asked_;
  done_.notify_all();
}

void Estates::read() {
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
  const auto before = all();
  auto now = std::make_shared<Map>();
  for (const auto& workspace : directory::active_workspaces(db))
    now->emplace(workspace.text(), read_estate(db, workspace, *before));
  const std::lock_guard lock(estates_mutex_);
  estates_ = std::move(now);
}

Estate Estates::read_estate(db::Connection& db, const base::Uuid& workspace, const Map& before) const {
  Estate estate;
  const auto old = before.find(workspace.view());
  if (old != before.end() &&
      old->second.snapshot->version == routing::snapshot_version(db, *old->second.snapshot))
    estate.snapshot = old->second.snapshot;
  else
    estate.snapshot = std::make_shared<const routing::Snapshot>(routing::load_snapshot(db, workspace));
  estate.when_away = when_away(db, workspace);
  for (const auto& broken : estate.snapshot->broken)
    if (old == before.end() || old->second.snapshot != estate.snapshot)
      base::log(base::LogLevel::warn, "rule.broken", {{"rule", broken.name}, {"why", broken.why}});
  const auto now = clock_.now();
  const auto& zone = estate.snapshot->zone;
  estate.presence = std::make_shared<const routing::Presence>(routing::read_presence(
      db, workspace, now, zone.start_of(zone.day_of(now)), estate.snapshot->wants_usage));
  return estate;
}

}  // namespace ringctl::serve
