#pragma once
// The segments of one slot, as a whole: which there are after a crash, where the next group goes, what the
// applier reads next, which are old enough to go. The journal's three threads share it: its writer, the one
// that prepares segments, and whoever applies.

#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "serve/journal_checkpoint.hpp"
#include "serve/journal_disk.hpp"
#include "serve/journal_segment.hpp"
#include "serve/journal_slot.hpp"

namespace ringctl::serve {

/// Why a record was not taken, where the disk is not to blame.
enum class JournalErrc {
  full = 1,    ///< at its bound, and nothing in it may go: the database is behind
  too_large,   ///< a record past k_largest_record
  queue_full,  ///< more waits to be written than the journal will hold in memory
  stopped,
};
std::error_code make_error_code(JournalErrc) noexcept;

struct JournalBounds {
  std::uint64_t max_bytes = std::uint64_t{1} << 30;  ///< of all segments of the slot
  std::chrono::milliseconds max_age = std::chrono::hours(24 * 7);
  /// Size of a new segment; 0 = a sixteenth of max_bytes, from 64 KiB to 16 MiB.
  std::uint64_t segment_bytes = 0;
};

struct BatchLimits {
  std::size_t records = 256;
  std::size_t bytes = std::size_t{1} << 20;  ///< passed by at most one record
};

/// Records for the applier, in order.
class RecordBatch {
 public:
  /// Until the batch is filled again.
  std::span<const Record> records() const { return records_; }
  bool empty() const { return records_.empty(); }
  std::size_t bytes() const { return storage_.size(); }
  /// Once these are applied, so is all up to here.
  std::uint64_t up_to() const { return up_to_; }

  void clear();
  void add(const Record&);
  bool reached(const BatchLimits&) const;
  void cover(std::uint64_t sequence) { up_to_ = sequence; }
  /// Points the records into the storage, which no longer grows.
  void finish();

 private:
  std::vector<Record> records_;
  std::string storage_;
  std::uint64_t up_to_ = 0;
};

class Segments {
 public:
  /// Takes stock of the slot. With `write` there is a segment to append to afterwards, if there is room for
  /// one. Throws Errc::config [journal.unreadable] where the disk refuses what is there.
  Segments(Slot, const JournalBounds&, const base::Clock&, Disk&, bool write);

  // For the writer.
  struct Target {
    int fd = -1;
    std::uint64_t nonce = 0, offset = 0, room = 0;
  };
  Target target() const;
  /// A group that is durable at the target's offset.
  struct Written {
    std::uint64_t size = 0, records = 0, payload = 0;
    std::uint64_t first = 0, last = 0;  ///< sequences
    base::Instant first_at{}, last_at{};
  };
  void publish(const Written&);
  /// Goes on in the segment that was prepared; false if there is none.
  bool roll();

  /// Makes the segment that comes after the one in use, of an old one where the bounds say so. Takes as long
  /// as the disk takes to write it. JournalErrc::full, or the disk's error.
  std::error_code prepare();
  bool prepared() const;
  std::size_t largest_record() const;  ///< bytes

  // For the applier, one thread.
  /// What was appended and not fetched yet, as far as it is durable.
  std::error_code fetch(RecordBatch&, const BatchLimits&);
  /// All up to `sequence` were applied or set aside.
  void applied(std::uint64_t sequence, std::uint64_t records, std::uint64_t payload);
  /// Nothing to do if nothing was applied since.
  std::error_code save_checkpoint();
  /// Removes what is applied and past the bounds. True if the segment in use should be left, so that it can
  /// grow old too.
  bool trim();

  std::uint64_t highest() const { return durable_; }  ///< sequence known to be durable
  std::uint64_t highest_applied() const { return applied_; }
  /// Higher than any sequence there ever was.
  std::uint64_t first_free() const { return first_free_; }
  const Slot& slot() const { return slot_; }

  struct Stats {
    std::uint64_t segments = 0, bytes = 0;                 ///< on disk
    std::uint64_t lag_records = 0, lag_bytes = 0;          ///< durable and not applied
    std::uint64_t damaged_records = 0, damaged_files = 0;  ///< acknowledged and not to be read any more
    std::uint64_t torn_bytes = 0;                          ///< passed over when the slot was opened
    std::optional<base::Instant> oldest_at;                ///< of the raw log
  };
  Stats stats() const;

 private:
  struct Segment {
    std::uint64_t number = 0, nonce = 0, bytes = 0;
    std::uint64_t end = k_segment_header;  ///< behind the last durable record
    std::uint64_t first = 0, last = 0;     ///< sequences; 0 = none
    base::Instant first_at{}, last_at{};
    bool empty() const { return first == 0; }
  };
  struct Open {
    Segment segment;
    base::Fd fd;
  };

  void find_segments();
  void set_aside(std::uint64_t number);
  void drop_empty();
  void scan_unapplied();
  void scan(Segment&);
  void open_last();
  std::vector<Segment> take_surplus(std::optional<Segment>& reuse, bool disk_full, bool& full);
  bool may_go(const Segment&) const;
  std::error_code make(const std::optional<Segment>& reuse, Open& made);
  std::error_code write_headers(Open&);
  std::filesystem::path path(std::uint64_t number) const;
  void remove(const std::vector<Segment>&);
  struct Reading {
    Segment segment;
    bool last = false;  ///< no other follows yet
  };
  std::optional<Reading> find_unread() const;
  std::error_code fetch_from(const Segment&, RecordBatch&, const BatchLimits&);
  void note_damage(std::uint64_t from, std::uint64_t to, std::uint64_t number);

  const Slot slot_;
  JournalBounds bounds_;
  const base::Clock& clock_;
  Disk& disk_;

  mutable std::mutex mutex_;      // what follows, up to the next mutex
  std::deque<Segment> segments_;  // oldest first; the last is the one in use if `active_` is open
  base::Fd active_;
  std::optional<Open> next_;
  std::uint64_t lag_records_ = 0, lag_bytes_ = 0, damaged_records_ = 0, damaged_files_ = 0, torn_bytes_ = 0;
  std::atomic<std::uint64_t> durable_ = 0, applied_ = 0, first_free_ = 1;

  std::mutex checkpoint_mutex_;
  Checkpoint checkpoint_;

  std::uint64_t last_number_ = 0;  // of whoever prepares

  // The applier's own.
  SegmentReader reader_;
  std::uint64_t reading_ = 0;  // segments before this number were fetched whole
  std::uint64_t fetched_ = 0;
  bool chain_known_ = false;
};

/// "journal: full" and so on.
const std::error_category& journal_category() noexcept;

}  // namespace ringctl::serve

template <>
struct std::is_error_code_enum<ringctl::serve::JournalErrc> : std::true_type {};
