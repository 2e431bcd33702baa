#include "serve/estates.hpp"

#include <exception>

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

std::optional<base::Uuid> Estates::find_by_number(std::string_view number) const {
  const auto estates = all();
  for (const auto& [workspace, estate] : *estates)
    if (estate.numbers->holds(number)) return base::Uuid::parse(workspace);
  return std::nullopt;
}

std::optional<base::Uuid> Estates::find_by_user(const base::Uuid& user) const {
  const auto estates = all();
  for (const auto& [workspace, estate] : *estates)
    if (estate.snapshot->find_agent(user)) return base::Uuid::parse(workspace);
  return std::nullopt;
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
  std::map<std::string, std::string> broken;
  std::exception_ptr last;
  std::size_t read = 0;
  for (const auto& workspace : directory::active_workspaces(db)) {
    try {
      now->emplace(workspace.text(), read_estate(db, workspace, *before));
      ++read;
    } catch (const std::exception& error) {
      if (is_everybodys(error)) throw;
      last = std::current_exception();
      broken.emplace(workspace.text(), error.what());
      if (const auto old = before->find(workspace.view()); old != before->end()) now->insert(*old);
    }
  }
  // Where none can be read it is not the workspaces that are broken.
  if (last && read == 0) std::rethrow_exception(last);
  note_broken(std::move(broken));
  const std::lock_guard lock(estates_mutex_);
  estates_ = std::move(now);
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

Estate Estates::read_estate(db::Connection& db, const base::Uuid& workspace, const Map& before) const {
  Estate estate;
  const auto old = before.find(workspace.view());
  if (old != before.end() &&
      old->second.snapshot->version == routing::snapshot_version(db, *old->second.snapshot))
    estate.snapshot = old->second.snapshot;
  else
    estate.snapshot = std::make_shared<const routing::Snapshot>(routing::load_snapshot(db, workspace));
  const auto limits = limits_of(db, workspace);
  estate.when_away = limits.when_away;
  estate.country = limits.default_country;
  for (const auto& broken : estate.snapshot->broken)
    if (old == before.end() || old->second.snapshot != estate.snapshot)
      base::log(base::LogLevel::warn, "rule.broken", {{"rule", broken.name}, {"why", broken.why}});
  const auto now = clock_.now();
  const auto& zone = estate.snapshot->zone;
  estate.presence = std::make_shared<const routing::Presence>(routing::read_presence(
      db, workspace, now, zone.start_of(zone.day_of(now)), estate.snapshot->wants_usage));
  read_numbers(db, workspace, old == before.end() ? nullptr : &old->second, estate);
  return estate;
}

/// They may be very many, and only matter when the database is away.
void Estates::read_numbers(db::Connection& db, const base::Uuid& workspace, const Estate* before,
                           Estate& estate) const {
  const auto now = clock_.steady();
  if (before != nullptr && before->snapshot == estate.snapshot &&
      now - before->numbers_read_at < options_.numbers_every) {
    estate.numbers = before->numbers;
    estate.numbers_read_at = before->numbers_read_at;
    return;
  }
  estate.numbers = std::make_shared<const routing::OwnNumbers>(routing::read_own_numbers(db, workspace));
  estate.numbers_read_at = now;
}

}  // namespace ringctl::serve
