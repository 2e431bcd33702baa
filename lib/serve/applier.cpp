#include "serve/applier.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <iterator>
#include <utility>

#include "base/error.hpp"
#include "base/log.hpp"
#include "serve/applier_refused.hpp"
#include "serve/refusal.hpp"

namespace ringctl::serve {
namespace {

using std::chrono::milliseconds;

/// How long the idle thread sleeps before it looks at its chores.
constexpr milliseconds k_idle{250};
/// More than ask in the time that anybody waits. While the database is away they would pile up for hours.
constexpr std::size_t k_most_waiting = 16'384;

}  // namespace

Applier::Applier(Journal& journal, const base::Clock& clock, Apply apply, ApplierOptions options)
    : journal_(journal),
      clock_(clock),
      apply_(std::move(apply)),
      options_(std::move(options)),
      look_at_(clock.steady()),
      save_at_(clock.steady() + options_.save_every),
      back_off_(options_.first_retry, options_.longest_retry) {
  journal_.on_grown([this] {
    const std::lock_guard lock(mutex_);
    grown_ = true;
    if (idle_) changed_.notify_one();
  });
  thread_ = std::thread([this] { run(); });
}

Applier::~Applier() {
  stop(milliseconds(0));
  journal_.on_grown({});
}

bool Applier::stop(milliseconds within) {
  {
    const std::lock_guard lock(mutex_);
    if (!stopping_) deadline_ = clock_.steady() + within;
    stopping_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
  return journal_.highest_applied() >= journal_.highest();
}

bool Applier::is_stopping() const {
  const std::lock_guard lock(mutex_);
  return stopping_;
}

bool Applier::must_end() const {
  const std::lock_guard lock(mutex_);
  return stopping_ && clock_.steady() >= deadline_;
}

void Applier::run() {
  while (!must_end()) {
    // Whoever stops us appends nothing any more: what is looked for from here on finds all there will be.
    const bool last = is_stopping();
    if (!behind_) gather();
    auto step_taken = step(journal_);
    if (step_taken == Step::idle) step_taken = step_abandoned();
    housekeeping();
    if (step_taken == Step::stopped || (step_taken == Step::idle && last)) break;
    if (step_taken == Step::idle) wait_for_more();
  }
  abandoned_.reset();
  journal_.save_checkpoint();
  {
    const std::lock_guard lock(mutex_);
    ended_ = true;
  }
  report_applied();
}

Applier::Step Applier::step(Journal& journal) {
  if (const auto failed = journal.fetch(batch_, options_.batch)) {
    note_failure(fmt::format("the journal cannot be read: {}", failed.message()), false);
    behind_ = true;
    return back_off(0) ? Step::worked : Step::stopped;
  }
  behind_ = batch_.reached(options_.batch);
  const bool worked = !batch_.empty();
  if (worked && !apply_all(journal, batch_.records())) return Step::stopped;
  if (batch_.up_to() > journal.highest_applied()) mark(journal, batch_.up_to(), {});
  return worked ? Step::worked : Step::idle;
}

/// A batch of a slot whose process has ended. When it is empty, the next one's turn comes.
Applier::Step Applier::step_abandoned() {
  if (is_stopping()) return Step::idle;
  if (!abandoned_ && !open_abandoned()) return Step::idle;
  const auto taken = step(*abandoned_);
  if (taken != Step::idle) return taken;
  abandoned_->save_checkpoint();
  abandoned_->trim();
  abandoned_.reset();
  return Step::worked;
}

bool Applier::open_abandoned() {
  if (options_.root.empty() || clock_.steady() < look_at_) return false;
  auto& disk = options_.disk != nullptr ? *options_.disk : system_disk();
  try {
    abandoned_ = Journal::open_abandoned(options_.root, next_slot_, options_.abandoned, clock_, disk);
  } catch (const std::exception& failure) {
    note_failure(failure.what(), false);
    return false;
  }
  if (abandoned_) return true;
  next_slot_ = 0;
  look_at_ = clock_.steady() + options_.look_every;
  // People are in them who may have been erased since.
  remove_refused(options_.root, clock_.now() - options_.abandoned.bounds.max_age);
  return false;
}

/// Few records make few commits: those that come within a moment share one. Nobody is kept waiting for it.
void Applier::gather() {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, options_.gather, [this] { return stopping_ || waiters_ > 0 || !waiting_.empty(); });
  grown_ = false;
}

/// In order. False: stopped before the end.
bool Applier::apply_all(Journal& journal, std::span<const Record> records) {
  return take_in_halves(
      records, [&](std::span<const Record> some) { return apply_patiently(journal, some); },
      [&](const Record& record, const std::string& reason) {
        return patiently([&] { return keep_aside(journal, record, reason); });
      });
}

/// Throws what is no fault of the database's.
bool Applier::apply_patiently(Journal& journal, std::span<const Record> records) {
  return patiently([&] {
    const auto begin = clock_.steady();
    try {
      apply_(records);
    } catch (const std::exception& failure) {
      if (!is_passing(failure)) throw;
      note_failure(failure.what(), true);
      return false;
    }
    note_applied(journal, records,
                 std::chrono::duration_cast<std::chrono::microseconds>(clock_.steady() - begin));
    mark(journal, records.back().sequence, records);
    return true;
  });
}

/// Until it is done. False: told to stop before that, and tried once more, for the database may be back by
/// now.
bool Applier::patiently(const std::function<bool()>& attempt) {
  bool last = false;
  for (unsigned failed = 0; !attempt(); ++failed) {
    if (last) return false;
    last = !back_off(failed);
  }
  return true;
}

/// False if the disk would not take it: then it stays where it is, before all that follows.
bool Applier::keep_aside(Journal& journal, const Record& record, const std::string& reason) {
  try {
    set_aside(journal.slot().folder(), record, reason);
  } catch (const std::exception& failure) {
    note_failure(failure.what(), false);
    return false;
  }
  base::log(base::LogLevel::error, "journal.record_refused",
            fmt::format("record {} of {}: {}", record.sequence, journal.slot().folder().string(), reason));
  {
    const std::lock_guard lock(mutex_);
    ++stats_.refused;
    stats_.last_error = reason;
    stats_.last_error_at = clock_.now();
  }
  mark(journal, record.sequence, {&record, 1});
  return true;
}

void Applier::mark(Journal& journal, std::uint64_t up_to, std::span<const Record> records) noexcept {
  std::uint64_t payload = 0;
  for (const auto& record : records) payload += record.bytes.size();
  journal.applied(up_to, records.size(), payload);
  if (&journal == &journal_) report_applied();
}

void Applier::note_applied(const Journal& journal, std::span<const Record> records,
                           std::chrono::microseconds took) noexcept {
  const std::lock_guard lock(mutex_);
  ++stats_.batches;
  stats_.records += records.size();
  if (&journal != &journal_) stats_.adopted += records.size();
  stats_.apply_total += took;
  stats_.apply_longest = std::max(stats_.apply_longest, took);
  stats_.db_up = true;
  stats_.away_since.reset();
}

void Applier::note_failure(const std::string& reason, bool database) {
  const std::lock_guard lock(mutex_);
  ++stats_.retries;
  stats_.last_error = reason;
  stats_.last_error_at = clock_.now();
  if (!database) return;
  if (stats_.db_up)
    base::log(base::LogLevel::warn, "journal.database_away",
              fmt::format("records wait in the journal: {}", reason));
  stats_.db_up = false;
  if (!stats_.away_since) stats_.away_since = clock_.now();
}

/// False if the wait was ended by stop(): whoever stops does not wait for a database to come back.
bool Applier::back_off(unsigned attempt) {
  const auto delay = back_off_.after(attempt);
  if (options_.sleep) options_.sleep(delay);
  std::unique_lock lock(mutex_);
  if (!options_.sleep) changed_.wait_for(lock, delay, [this] { return stopping_; });
  return !stopping_;
}

void Applier::housekeeping() {
  if (clock_.steady() < save_at_) return;
  save_at_ = clock_.steady() + options_.save_every;
  if (const auto failed = journal_.save_checkpoint())
    note_failure(fmt::format("the journal's checkpoint was not saved: {}", failed.message()), false);
  journal_.trim();
}

void Applier::wait_for_more() {
  std::unique_lock lock(mutex_);
  idle_ = true;
  changed_.wait_for(lock, k_idle, [this] { return grown_ || stopping_; });
  idle_ = false;
}

/// Tells those whose records are applied, and, at the end, the others that they never will be.
void Applier::report_applied() {
  const auto applied = journal_.highest_applied();
  std::vector<Waiting> ready;
  bool ended = false;
  {
    const std::lock_guard lock(mutex_);
    ended = ended_;
    const auto first = std::stable_partition(waiting_.begin(), waiting_.end(), [&](const Waiting& one) {
      return !ended && one.sequence > applied;
    });
    std::move(first, waiting_.end(), std::back_inserter(ready));
    waiting_.erase(first, waiting_.end());
  }
  progress_.notify_all();
  for (const auto& one : ready) one.done(one.sequence <= applied);
}

bool Applier::wait_until(std::uint64_t sequence, milliseconds timeout) {
  std::unique_lock lock(mutex_);
  ++waiters_;
  changed_.notify_one();
  progress_.wait_for(lock, timeout, [&] { return ended_ || journal_.highest_applied() >= sequence; });
  --waiters_;
  return journal_.highest_applied() >= sequence;
}

void Applier::when_applied(std::uint64_t sequence, std::function<void(bool)> done) {
  bool now = false;
  Waiting oldest;
  {
    const std::lock_guard lock(mutex_);
    now = ended_ || journal_.highest_applied() >= sequence;
    if (!now) waiting_.push_back({sequence, std::move(done)});
    if (waiting_.size() > k_most_waiting) {
      oldest = std::move(waiting_.front());
      waiting_.pop_front();
    }
  }
  if (oldest.done) oldest.done(false);
  if (now) return done(journal_.highest_applied() >= sequence);
  changed_.notify_one();
}

Applier::Stats Applier::stats() const {
  const std::lock_guard lock(mutex_);
  return stats_;
}

}  // namespace ringctl::serve
