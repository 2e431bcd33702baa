#include "serve/journal.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace ringctl::serve {
namespace {

constexpr std::array<char, k_record_header> k_terminator{};
/// What a burst grew the queue to is given back past this.
constexpr std::size_t k_keep_queue = std::size_t{2} << 20;

}  // namespace

std::unique_ptr<Journal> Journal::open(const std::filesystem::path& root, const JournalOptions& options,
                                       const base::Clock& clock, Disk& disk) {
  return std::unique_ptr<Journal>(new Journal(Slot::take(root), options, clock, disk, true));
}

std::unique_ptr<Journal> Journal::open_abandoned(const std::filesystem::path& root, unsigned& number,
                                                 const JournalOptions& options, const base::Clock& clock,
                                                 Disk& disk) {
  while (number < k_most_slots)
    if (auto slot = Slot::try_take(root, number++))
      return std::unique_ptr<Journal>(new Journal(std::move(*slot), options, clock, disk, false));
  return nullptr;
}

Journal::Journal(Slot slot, const JournalOptions& options, const base::Clock& clock, Disk& disk, bool write)
    : clock_(clock),
      disk_(disk),
      max_queue_(options.max_queue),
      segments_(std::move(slot), options.bounds, clock, disk, write),
      next_sequence_(segments_.first_free()),
      stopping_(!write) {
  if (!write) return;
  asked_ = 1;
  writer_ = std::thread([this] { write_groups(); });
  preparer_ = std::thread([this] { prepare_segments(); });
}

Journal::~Journal() {
  stop();
  segments_.save_checkpoint();
}

void Journal::stop() {
  {
    const std::lock_guard lock(queue_mutex_);
    stopping_ = true;
  }
  queued_.notify_one();
  if (writer_.joinable()) writer_.join();
  {
    const std::lock_guard lock(prepare_mutex_);
    prepare_stopping_ = true;
  }
  prepare_changed_.notify_all();
  if (preparer_.joinable()) preparer_.join();
}

std::error_code Journal::append(std::string_view bytes, AppendSink& sink, std::uint64_t token) {
  Waiter waiter;
  waiter.sink = &sink;
  waiter.token = token;
  return enqueue(bytes, waiter);
}

std::error_code Journal::append(std::string_view bytes, std::function<void(const Appended&)> done) {
  Waiter waiter;
  waiter.done = std::move(done);
  return enqueue(bytes, waiter);
}

std::error_code Journal::enqueue(std::string_view bytes, Waiter& waiter) {
  const auto refused = try_enqueue(bytes, waiter);
  if (refused) count_refused(refused);
  return refused;
}

std::error_code Journal::try_enqueue(std::string_view bytes, Waiter& waiter) {
  if (bytes.size() > segments_.largest_record()) return JournalErrc::too_large;
  waiter.length = static_cast<std::uint32_t>(bytes.size());
  waiter.checksum = checksum(bytes);
  waiter.at = clock_.now();
  const auto framed = RecordHeader::framed_size(bytes.size());
  bool wake = false;
  {
    const std::lock_guard lock(queue_mutex_);
    if (stopping_) return JournalErrc::stopped;
    if (queue_.frames.size() + framed > max_queue_) return JournalErrc::queue_full;
    // Whatever throws for want of memory throws before anything was changed.
    queue_.frames.reserve(queue_.frames.size() + framed);
    waiter.sequence = next_sequence_;
    queue_.waiters.push_back(std::move(waiter));
    ++next_sequence_;
    queue_.frames.append(k_record_header, '\0').append(bytes);
    queue_.frames.append(framed - k_record_header - bytes.size(), '\0');
    wake = std::exchange(writer_waits_, false);
  }
  if (wake) queued_.notify_one();
  return {};
}

void Journal::write_groups() {
  Group group;
  while (take(group)) {
    write(group);
    count(group);
    report(group);
    const std::lock_guard lock(grown_mutex_);
    if (grown_) grown_();
  }
}

void Journal::on_grown(std::function<void()> grown) {
  const std::lock_guard lock(grown_mutex_);
  grown_ = std::move(grown);
}

/// All that has come meanwhile; empty if only the segment is to be left; false once nothing will come.
bool Journal::take(Group& group) {
  group.frames.clear();
  group.waiters.clear();
  if (group.frames.capacity() > k_keep_queue) group = {};
  std::unique_lock lock(queue_mutex_);
  while (queue_.waiters.empty() && !stopping_ && !leave_segment_) {
    writer_waits_ = true;
    queued_.wait(lock);
  }
  writer_waits_ = false;
  std::swap(group, queue_);
  const bool leave = std::exchange(leave_segment_, false);
  const bool more = !group.waiters.empty() || leave;
  lock.unlock();
  if (leave) roll();
  return more;
}

void Journal::write(Group& group) {
  Part part;
  while (part.to < group.waiters.size()) {
    const auto rest = Part{part.to, part.to, part.offset + part.size, 0};
    part = next_part(group, rest, suspect_ ? 0 : segments_.target().room);
    if (part.to > part.from) {
      if (const auto failed = write_part(group, part))
        for (auto i = part.from; i < part.to; ++i) group.waiters[i].error = failed;
    } else if (const auto failed = roll()) {
      for (auto i = part.from; i < group.waiters.size(); ++i) group.waiters[i].error = failed;
      return;
    }
  }
}

/// As many records behind `before` as fit into `room`.
Journal::Part Journal::next_part(const Group& group, const Part& before, std::uint64_t room) const {
  auto part = before;
  for (; part.to < group.waiters.size(); ++part.to) {
    const auto framed = RecordHeader::framed_size(group.waiters[part.to].length);
    if (part.size + framed > room) break;
    part.size += framed;
  }
  return part;
}

/// Once more in another segment if the disk refuses this one.
std::error_code Journal::write_part(Group& group, const Part& part) {
  auto failed = try_write(group, part, segments_.target());
  if (failed) {
    suspect_ = true;
    {
      const std::lock_guard lock(stats_mutex_);
      ++stats_.rewritten;
      stats_.last_error = failed;
      stats_.last_error_at = clock_.now();
    }
    if (roll()) return failed;
    failed = try_write(group, part, segments_.target());
    suspect_ = static_cast<bool>(failed);
  }
  if (!failed) publish(group, part);
  return failed;
}

std::error_code Journal::try_write(Group& group, const Part& part, const Segments::Target& target) {
  if (part.size > target.room)
    return JournalErrc::full;  // a segment smaller than the last: bounds were changed
  const auto acknowledged = segments_.highest();
  auto* at = group.frames.data() + part.offset;
  for (auto i = part.from; i < part.to; ++i) {
    const auto& waiter = group.waiters[i];
    const RecordHeader header{waiter.sequence, acknowledged, waiter.at, waiter.length, waiter.checksum};
    encode(header, target.nonce, at);
    at += header.framed();
  }
  const auto begin = clock_.steady();
  const std::string_view frames(group.frames.data() + part.offset, part.size);
  const std::string_view end(k_terminator.data(),
                             target.room - part.size >= k_record_header ? k_record_header : 0);
  auto failed = disk_.write(target.fd, frames, end, target.offset);
  if (!failed) failed = disk_.sync(target.fd);
  const auto took = std::chrono::duration_cast<std::chrono::microseconds>(clock_.steady() - begin);
  const std::lock_guard lock(stats_mutex_);
  stats_.sync_total += took;
  stats_.sync_longest = std::max(stats_.sync_longest, took);
  return failed;
}

void Journal::publish(const Group& group, const Part& part) {
  const auto& first = group.waiters[part.from];
  const auto& last = group.waiters[part.to - 1];
  Segments::Written written{part.size, part.to - part.from, 0, first.sequence, last.sequence, first.at,
                            last.at};
  for (auto i = part.from; i < part.to; ++i) written.payload += group.waiters[i].length;
  segments_.publish(written);
}

/// Goes on in the next segment, which the other thread has ready, or makes now.
std::error_code Journal::roll() {
  {
    std::unique_lock lock(prepare_mutex_);
    if (!segments_.prepared()) {
      // A failure of the past says nothing about now: the applier may have caught up, the disk have room
      // again.
      const auto mine = ++asked_;
      prepare_changed_.notify_all();
      prepare_changed_.wait(lock, [&] { return answered_ >= mine || segments_.prepared(); });
    }
    if (!segments_.roll()) return prepare_error_;
    suspect_ = false;
    ++asked_;
  }
  prepare_changed_.notify_all();
  return {};
}

void Journal::prepare_segments() {
  std::unique_lock lock(prepare_mutex_);
  for (;;) {
    prepare_changed_.wait(lock, [this] { return prepare_stopping_ || asked_ > answered_; });
    if (prepare_stopping_) return;
    const auto mine = asked_;
    lock.unlock();
    const auto failed = segments_.prepare();
    lock.lock();
    prepare_error_ = failed;
    answered_ = mine;
    prepare_changed_.notify_all();
  }
}

void Journal::count(const Group& group) {
  const std::lock_guard lock(stats_mutex_);
  if (group.waiters.empty()) return;
  ++stats_.groups;
  stats_.failing = false;
  for (const auto& waiter : group.waiters) {
    if (waiter.error) {
      note_refused(waiter.error);
    } else {
      ++stats_.records;
      stats_.bytes += waiter.length;
    }
  }
}

void Journal::count_refused(const std::error_code& why) {
  const std::lock_guard lock(stats_mutex_);
  note_refused(why);
}

/// Under stats_mutex_.
void Journal::note_refused(const std::error_code& why) {
  ++stats_.refused;
  stats_.last_error = why;
  stats_.last_error_at = clock_.now();
  stats_.failing = true;
}

void Journal::report(Group& group) {
  for (auto& waiter : group.waiters)
    if (waiter.done) waiter.done({waiter.token, waiter.sequence, waiter.error});
  report_to_sinks(group);
}

/// There are as many sinks as network threads: few.
void Journal::report_to_sinks(Group& group) {
  for (std::size_t from = 0; from < group.waiters.size(); ++from) {
    auto* const sink = group.waiters[from].sink;
    if (sink == nullptr) continue;
    results_.clear();
    for (auto i = from; i < group.waiters.size(); ++i) {
      auto& waiter = group.waiters[i];
      if (waiter.sink != sink) continue;
      results_.push_back({waiter.token, waiter.sequence, waiter.error});
      waiter.sink = nullptr;
    }
    sink->appended(results_);
  }
}

void Journal::trim() {
  if (!segments_.trim()) return;
  {
    const std::lock_guard lock(queue_mutex_);
    if (stopping_) return;
    leave_segment_ = true;
    writer_waits_ = false;
  }
  queued_.notify_one();
}

Journal::Stats Journal::stats() const {
  Stats stats;
  {
    const std::lock_guard lock(stats_mutex_);
    stats = stats_;
  }
  stats.disk = segments_.stats();
  const std::lock_guard lock(queue_mutex_);
  stats.queued_bytes = queue_.frames.size();
  return stats;
}

}  // namespace ringctl::serve
