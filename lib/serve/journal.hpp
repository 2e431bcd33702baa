#pragma once
// The journal in front of the database. A webhook's record is appended here and durable before the webhook is
// answered; the applier brings it to the database afterwards, however long that is away. journal_format.hpp
// specifies the bytes on disk.
//
// Many threads append. One thread writes: all that has gathered while the disk was busy goes out as one write
// and one fdatasync, so there is no timer, and a single record waits for nothing but the disk. A second
// thread has the next segment ready before it is needed.
//
// When writing or syncing fails, nobody can know what of the segment's last pages reached the disk, and
// asking again proves nothing (the kernel may have dropped them): the segment is left as far as it was
// acknowledged, and the group is written once more to another one. Only if that fails too are its callers
// told.

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <vector>

#include "base/clock.hpp"
#include "serve/journal_disk.hpp"
#include "serve/journal_segments.hpp"

namespace ringctl::serve {

/// What became of one append. With an error the record may still be found after a crash and be applied, as
/// happens to any request whose answer is lost.
struct Appended {
  std::uint64_t token = 0;     ///< as it was given
  std::uint64_t sequence = 0;  ///< of the record
  std::error_code error;
};

/// Where results go: one call for all of this sink's records in a group, so that a network thread is woken
/// once however many of its requests became durable. Called on the journal's thread; must be quick.
class AppendSink {
 public:
  virtual ~AppendSink() = default;
  virtual void appended(std::span<const Appended>) noexcept = 0;
};

struct JournalOptions {
  JournalBounds bounds;
  /// Bytes that may wait to be written; past it append() answers queue_full.
  std::size_t max_queue = std::size_t{16} << 20;
};

class Journal {
 public:
  /// `root`: STATE/journal, shared by all serve processes of the machine; takes a slot of its own in it.
  /// Clock and disk outlive the journal. Throws Errc::config [journal.no_folder, journal.unreadable],
  /// Errc::locked [journal.no_slot].
  static std::unique_ptr<Journal> open(const std::filesystem::path& root, const JournalOptions&,
                                       const base::Clock&, Disk& = system_disk());
  /// A slot, other than this process's, whose own has ended: to apply what it left, not to append to. Looks
  /// at slots from `number` on and moves it past what it found; nullptr when there are no more.
  static std::unique_ptr<Journal> open_abandoned(const std::filesystem::path& root, unsigned& number,
                                                 const JournalOptions&, const base::Clock&,
                                                 Disk& = system_disk());
  /// Writes what is queued, then stops.
  ~Journal();
  Journal(const Journal&) = delete;
  Journal& operator=(const Journal&) = delete;

  // Any thread.
  /// Copies the record; without an error the sink hears of it exactly once. Never waits for the disk and
  /// allocates nothing once the queue has grown to its usual size. Errors: too_large, queue_full, stopped.
  std::error_code append(std::string_view bytes, AppendSink&, std::uint64_t token);
  /// The same for a caller of its own; `done` is called on the journal's thread.
  std::error_code append(std::string_view bytes, std::function<void(const Appended&)> done);
  /// Writes what is queued and takes no more.
  void stop();

  // The applier.
  /// Called on the journal's thread after every group. Once this returns, the one before is called no more.
  void on_grown(std::function<void()> grown);
  std::error_code fetch(RecordBatch& batch, const BatchLimits& limits) {
    return segments_.fetch(batch, limits);
  }
  void applied(std::uint64_t sequence, std::uint64_t records, std::uint64_t payload) {
    segments_.applied(sequence, records, payload);
  }
  std::error_code save_checkpoint() { return segments_.save_checkpoint(); }
  /// Lets go of what is past the bounds; to be called now and then.
  void trim();

  std::uint64_t highest() const { return segments_.highest(); }
  std::uint64_t highest_applied() const { return segments_.highest_applied(); }
  const Slot& slot() const { return segments_.slot(); }

  struct Stats {
    Segments::Stats disk;
    std::uint64_t records = 0, bytes = 0, groups = 0;        ///< written, since the journal was opened
    std::uint64_t refused = 0;                               ///< appends that ended with an error
    std::uint64_t rewritten = 0;                             ///< groups that needed a second segment
    std::uint64_t queued_bytes = 0;                          ///< not written yet
    std::chrono::microseconds sync_total{}, sync_longest{};  ///< of write and fdatasync
    std::error_code last_error;
    base::Instant last_error_at{};
    bool failing = false;  ///< the last group was not written
  };
  Stats stats() const;

 private:
  struct Waiter {
    AppendSink* sink = nullptr;
    std::uint64_t token = 0;
    std::function<void(const Appended&)> done;
    std::uint32_t length = 0;
    std::uint64_t sequence = 0;
    base::Instant at{};
    std::uint32_t checksum = 0;
    std::error_code error;
  };
  /// What was appended since the last group was taken: frames as they will stand on disk, but for their
  /// headers.
  struct Group {
    std::string frames;
    std::vector<Waiter> waiters;
  };
  /// Records of a group that go to one segment.
  struct Part {
    std::size_t from = 0, to = 0;      ///< waiters
    std::size_t offset = 0, size = 0;  ///< frames
  };

  Journal(Slot, const JournalOptions&, const base::Clock&, Disk&, bool write);
  std::error_code enqueue(std::string_view bytes, Waiter&);
  std::error_code try_enqueue(std::string_view bytes, Waiter&);
  void count_refused(const std::error_code&);
  void note_refused(const std::error_code&);
  void write_groups();
  bool take(Group&);
  void write(Group&);
  Part next_part(const Group&, const Part& before, std::uint64_t room) const;
  std::error_code write_part(Group&, const Part&);
  std::error_code try_write(Group&, const Part&, const Segments::Target&);
  void publish(const Group&, const Part&);
  std::error_code roll();
  void report(Group&);
  void report_to_sinks(Group&);
  void count(const Group&);
  void prepare_segments();

  const base::Clock& clock_;
  Disk& disk_;
  const std::size_t max_queue_;
  Segments segments_;
  std::mutex grown_mutex_;
  std::function<void()> grown_;

  mutable std::mutex queue_mutex_;
  std::condition_variable queued_;
  Group queue_;
  std::uint64_t next_sequence_ = 1;
  bool writer_waits_ = false, leave_segment_ = false, stopping_ = false;

  std::mutex prepare_mutex_;
  std::condition_variable prepare_changed_;
  std::uint64_t asked_ = 0, answered_ = 0;  ///< requests for a segment
  std::error_code prepare_error_;
  bool prepare_stopping_ = false;

  mutable std::mutex stats_mutex_;
  Stats stats_;

  // The writer's own.
  bool suspect_ = false;  ///< the segment in use failed, and is not to be written any more
  std::vector<Appended> results_;
  std::thread writer_, preparer_;
};

}  // namespace ringctl::serve
