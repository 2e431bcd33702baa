#include "serve/journal_segments.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <charconv>

#include "base/digest.hpp"
#include "base/error.hpp"
#include "base/log.hpp"

namespace ringctl::serve {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t k_smallest_segment = 64 * 1024, k_largest_segment = 16 * 1024 * 1024;
constexpr std::uint64_t k_block = 4096;
/// One that is written, one prepared, and two to apply from.
constexpr std::uint64_t k_fewest_segments = 4;
/// A segment is left when its first record is an eighth of the bound old, so that what is in it goes not much
/// later than the bound says.
constexpr int k_age_parts = 8;
constexpr std::string_view k_unfinished = ".new", k_aside = ".damaged";

class JournalCategory final : public std::error_category {
 public:
  const char* name() const noexcept override { return "journal"; }
  std::string message(int code) const override {
    switch (static_cast<JournalErrc>(code)) {
      case JournalErrc::full:
        return "the journal is full and nothing in it may go";
      case JournalErrc::too_large:
        return "the record is too large for the journal";
      case JournalErrc::queue_full:
        return "too much waits to be written to the journal";
      case JournalErrc::stopped:
        return "the journal is closed";
    }
    return "unknown";
  }
};

Error unreadable(const fs::path& path, const std::error_code& why) {
  return {Errc::config, "journal.unreadable",
          fmt::format("could not open the journal {}: {}", path.string(), why.message())};
}

std::uint64_t segment_size(const JournalBounds& bounds) {
  const auto wanted = bounds.segment_bytes != 0
                          ? bounds.segment_bytes
                          : std::clamp(bounds.max_bytes / 16, k_smallest_segment, k_largest_segment);
  // Room for the largest record there can be would be more than small bounds have; such a record is refused.
  return (std::max(wanted, 4 * k_block) + k_block - 1) / k_block * k_block;
}

std::uint64_t random_nonce() {
  const auto hex = base::random_hex(sizeof(std::uint64_t));
  std::uint64_t nonce = 0;
  std::from_chars(hex.data(), hex.data() + hex.size(), nonce, 16);
  return nonce;
}

}  // namespace

const std::error_category& journal_category() noexcept {
  static const JournalCategory category;
  return category;
}
std::error_code make_error_code(JournalErrc code) noexcept {
  return {static_cast<int>(code), journal_category()};
}

void RecordBatch::clear() {
  records_.clear();
  storage_.clear();
  up_to_ = 0;
}

void RecordBatch::add(const Record& record) {
  storage_.append(record.bytes);
  records_.push_back(record);
  up_to_ = record.sequence;
}

bool RecordBatch::reached(const BatchLimits& limits) const {
  return records_.size() >= limits.records || storage_.size() >= limits.bytes;
}

void RecordBatch::finish() {
  std::string_view rest = storage_;
  for (auto& record : records_) {
    record.bytes = rest.substr(0, record.bytes.size());
    rest.remove_prefix(record.bytes.size());
  }
}

Segments::Segments(Slot slot, const JournalBounds& bounds, const base::Clock& clock, Disk& disk, bool write)
    : slot_(std::move(slot)), bounds_(bounds), clock_(clock), disk_(disk) {
  bounds_.segment_bytes = segment_size(bounds);
  bounds_.max_bytes = std::max(bounds_.max_bytes, k_fewest_segments * bounds_.segment_bytes);
  if (const auto failed = checkpoint_.open(disk_, slot_.folder())) throw unreadable(slot_.folder(), failed);
  applied_ = durable_ = fetched_ = checkpoint_.applied();
  chain_known_ = fetched_ > 0;
  first_free_ = applied_ + 1;
  find_segments();
  drop_empty();
  scan_unapplied();
  if (write) open_last();
}

fs::path Segments::path(std::uint64_t number) const { return slot_.folder() / segment_name(number); }

void Segments::find_segments() {
  std::error_code failed;
  for (fs::directory_iterator at(slot_.folder(), failed), end; !failed && at != end; at.increment(failed))
    if (at->path().extension() == k_unfinished) disk_.remove(at->path());
  if (failed) throw unreadable(slot_.folder(), failed);
  for (const auto number : segment_numbers(slot_.folder())) {
    last_number_ = number;
    SegmentReader reader;
    if (const auto broken = reader.open(path(number))) {
      if (broken != std::errc::illegal_byte_sequence) throw unreadable(path(number), broken);
      set_aside(number);
      continue;
    }
    Segment segment{number, reader.header().nonce, reader.header().bytes};
    if (const auto first = first_record(reader)) {
      segment.first = segment.last = first->sequence;
      segment.first_at = segment.last_at = first->at;
    }
    if (reader.error()) throw unreadable(path(number), reader.error());
    first_free_ = std::max<std::uint64_t>(first_free_, std::max(reader.header().base, segment.first) + 1);
    segments_.push_back(segment);
  }
}

/// Neither header can be read, so nothing in it can be told from garbage: kept for a person to look at.
void Segments::set_aside(std::uint64_t number) {
  auto aside = path(number);
  aside += k_aside;
  disk_.rename(path(number), aside);
  ++damaged_files_;
  base::log(base::LogLevel::error, "journal.segment_damaged",
            fmt::format("neither header of the segment can be read; it is now {}", aside.string()));
}

/// A segment is empty if it was prepared and never used, or given up before anything in it was acknowledged.
void Segments::drop_empty() {
  for (auto at = segments_.begin(); at != segments_.end();) {
    const bool keep = !at->empty() || (at + 1 == segments_.end() && at->bytes == bounds_.segment_bytes);
    if (!keep) disk_.remove(path(at->number));
    at = keep ? at + 1 : segments_.erase(at);
  }
}

/// What may hold records that were not applied is read whole; of the others the first record is known.
void Segments::scan_unapplied() {
  auto from = segments_.size();
  while (from > 0 &&
         (from == segments_.size() || segments_[from].empty() || segments_[from].first > applied_ + 1))
    --from;
  for (std::size_t i = 0; i < segments_.size(); ++i) {
    auto& segment = segments_[i];
    if (i >= from) {
      scan(segment);
    } else {
      segment.last = std::max(segment.first, segments_[i + 1].first - 1);
      segment.last_at = segments_[i + 1].first_at;
      segment.end = segment.bytes - k_segment_header;
    }
  }
  if (from < segments_.size()) reading_ = segments_[from].number;
}

void Segments::scan(Segment& segment) {
  SegmentReader reader;
  if (const auto failed = reader.open(path(segment.number))) throw unreadable(path(segment.number), failed);
  while (const auto record = reader.next()) {
    segment.last = record->sequence;
    segment.last_at = record->at;
    if (record->sequence <= durable_) continue;  // applied, or a group that was written to two segments
    durable_ = record->sequence;
    ++lag_records_;
    lag_bytes_ += record->bytes.size();
  }
  if (reader.error()) throw unreadable(path(segment.number), reader.error());
  first_free_ = std::max<std::uint64_t>(first_free_, segment.last + 1);
  segment.end = reader.position();
  torn_bytes_ += reader.skipped_bytes();
  if (!reader.torn() && reader.skipped_bytes() == 0) return;
  base::log(
      base::LogLevel::warn, "journal.torn",
      fmt::format("{}: not all was written when the last process ended; {} bytes passed over, the last whole "
                  "record is {}",
                  path(segment.number).string(), reader.skipped_bytes(), segment.last));
}

/// Goes on behind the last whole record: nothing whole is there to be found later by mistake. A segment that
/// was prepared and not begun stays what it is.
void Segments::open_last() {
  const auto count = segments_.size();
  if (count > 1 && segments_.back().empty() && segments_[count - 2].bytes == bounds_.segment_bytes) {
    next_ = Open{segments_.back(), {}};
    segments_.pop_back();
    const auto prepared = path(next_->segment.number);
    if (const auto failed = disk_.open(prepared, next_->fd)) throw unreadable(prepared, failed);
  }
  if (segments_.empty() || segments_.back().bytes != bounds_.segment_bytes) {
    // Without one the journal opens all the same: what it holds is to be applied, and room may come.
    if (const auto failed = prepare())
      base::log(base::LogLevel::error, "journal.no_segment",
                fmt::format("nothing can be appended to {}: {}", slot_.folder().string(), failed.message()));
    roll();
    return;
  }
  const auto last = path(segments_.back().number);
  if (const auto failed = disk_.open(last, active_)) throw unreadable(last, failed);
}

Segments::Target Segments::target() const {
  const std::lock_guard lock(mutex_);
  if (!active_) return {};
  const auto& last = segments_.back();
  return {active_.get(), last.nonce, last.end, last.bytes - k_segment_header - last.end};
}

void Segments::publish(const Written& written) {
  const std::lock_guard lock(mutex_);
  auto& segment = segments_.back();
  if (segment.empty()) {
    segment.first = written.first;
    segment.first_at = written.first_at;
  }
  segment.last = written.last;
  segment.last_at = written.last_at;
  segment.end += written.size;
  lag_records_ += written.records;
  lag_bytes_ += written.payload;
  durable_ = written.last;
  first_free_ = written.last + 1;
}

std::size_t Segments::largest_record() const {
  const auto room = bounds_.segment_bytes - 2 * k_segment_header - k_record_header;
  return static_cast<std::size_t>(std::min<std::uint64_t>(k_largest_record, room / 8 * 8));
}

bool Segments::prepared() const {
  const std::lock_guard lock(mutex_);
  return next_.has_value();
}

bool Segments::roll() {
  std::vector<Segment> unused;
  {
    const std::lock_guard lock(mutex_);
    if (!next_) return false;
    // Left because the disk failed before anything in it was acknowledged.
    if (active_ && segments_.back().empty()) {
      unused.push_back(segments_.back());
      segments_.pop_back();
    }
    segments_.push_back(next_->segment);
    active_ = std::move(next_->fd);
    next_.reset();
  }
  remove(unused);
  return true;
}

bool Segments::may_go(const Segment& segment) const {
  return !(active_ && segment.number == segments_.back().number) &&
         (segment.empty() || segment.last <= applied_);
}

/// Takes the oldest out of the list as long as another segment would pass the bound; one of them, of the
/// right size, is to be used again. On a full disk an applied segment is worth less than room for new
/// records.
std::vector<Segments::Segment> Segments::take_surplus(std::optional<Segment>& reuse, bool disk_full,
                                                      bool& full) {
  const std::lock_guard lock(mutex_);
  std::vector<Segment> surplus;
  std::uint64_t total = bounds_.segment_bytes;
  for (const auto& segment : segments_) total += segment.bytes;
  while (!segments_.empty() && (total > bounds_.max_bytes || (disk_full && !reuse)) &&
         may_go(segments_.front())) {
    const auto oldest = segments_.front();
    segments_.pop_front();
    total -= oldest.bytes;
    if (!reuse && oldest.bytes == bounds_.segment_bytes)
      reuse = oldest;
    else
      surplus.push_back(oldest);
  }
  full = total > bounds_.max_bytes;
  return surplus;
}

std::error_code Segments::prepare() {
  if (prepared()) return {};
  std::error_code failed;
  for (const bool disk_full : {false, true}) {
    if (disk_full && !is_full(failed)) break;
    // What goes must not be looked for after a crash.
    save_checkpoint();
    std::optional<Segment> reuse;
    bool full = false;
    remove(take_surplus(reuse, disk_full, full));
    if (full) {
      if (reuse) remove({*reuse});
      return JournalErrc::full;
    }
    if (disk_full && !reuse) break;
    Open made;
    failed = make(reuse, made);
    if (!failed) {
      const std::lock_guard lock(mutex_);
      next_ = std::move(made);
      return {};
    }
  }
  return failed;
}

/// Under another name until it is complete, so that a crash leaves no segment that looks damaged.
std::error_code Segments::make(const std::optional<Segment>& reuse, Open& made) {
  const auto number = ++last_number_;
  const auto final = path(number);
  auto unfinished = final;
  unfinished += k_unfinished;
  made.segment = {number, random_nonce(), bounds_.segment_bytes};
  std::error_code failed;
  if (reuse) {
    failed = disk_.rename(path(reuse->number), unfinished);
    if (!failed) failed = disk_.open(unfinished, made.fd);
  } else {
    failed = disk_.create(unfinished, made.fd);
    if (!failed) failed = disk_.grow(made.fd.get(), bounds_.segment_bytes);
  }
  if (!failed) failed = write_headers(made);
  if (!failed) failed = disk_.rename(unfinished, final);
  if (!failed) failed = disk_.sync_folder(slot_.folder());
  if (failed) {
    disk_.remove(unfinished);
    disk_.remove(final);
  }
  return failed;
}

std::error_code Segments::write_headers(Open& made) {
  const auto header =
      encode({made.segment.nonce, made.segment.number, first_free_ - 1, clock_.now(), bounds_.segment_bytes});
  const std::string nothing_yet(k_record_header, '\0');
  const int fd = made.fd.get();
  if (const auto failed = disk_.write(fd, header, nothing_yet, 0)) return failed;
  if (const auto failed = disk_.write(fd, header, {}, bounds_.segment_bytes - k_segment_header))
    return failed;
  return disk_.sync(fd);
}

void Segments::remove(const std::vector<Segment>& surplus) {
  for (const auto& segment : surplus)
    if (const auto failed = disk_.remove(path(segment.number)))
      base::log(base::LogLevel::warn, "journal.cannot_remove",
                fmt::format("{}: {}", path(segment.number).string(), failed.message()));
}

void Segments::note_damage(std::uint64_t from, std::uint64_t to, std::uint64_t number) {
  {
    const std::lock_guard lock(mutex_);
    damaged_records_ += to - from + 1;
  }
  base::log(base::LogLevel::error, "journal.records_damaged",
            fmt::format("records {} to {} were acknowledged and cannot be read any more, in or before {}",
                        from, to, path(number).string()));
}

/// The first segment that may hold what was not fetched yet; nullopt if there is none.
std::optional<Segments::Reading> Segments::find_unread() const {
  const std::lock_guard lock(mutex_);
  const auto at = std::find_if(segments_.begin(), segments_.end(),
                               [&](const Segment& segment) { return segment.number >= reading_; });
  if (at == segments_.end()) return std::nullopt;
  return Reading{*at, at + 1 == segments_.end()};
}

/// Reads on in `segment` while the batch takes more.
std::error_code Segments::fetch_from(const Segment& segment, RecordBatch& batch, const BatchLimits& limits) {
  if (reader_.header().number != segment.number) {
    if (const auto failed = reader_.open(path(segment.number))) return failed;
    reader_.skip_to(fetched_);
  }
  reader_.set_end(segment.end);
  while (!batch.reached(limits)) {
    const auto record = reader_.next();
    if (!record) break;
    const auto acknowledged = reader_.record_header().acknowledged;
    if (chain_known_ && acknowledged > fetched_) note_damage(fetched_ + 1, acknowledged, segment.number);
    chain_known_ = true;
    fetched_ = record->sequence;
    batch.add(*record);
  }
  const auto failed = reader_.error();
  if (failed) reader_ = {};
  return failed;
}

std::error_code Segments::fetch(RecordBatch& batch, const BatchLimits& limits) {
  batch.clear();
  std::error_code failed;
  while (const auto reading = find_unread()) {
    const auto& segment = reading->segment;
    failed = fetch_from(segment, batch, limits);
    if (failed || batch.reached(limits)) break;
    if (fetched_ < segment.last) {
      note_damage(fetched_ + 1, segment.last, segment.number);
      fetched_ = segment.last;
    }
    if (reading->last) break;
    reading_ = segment.number + 1;
  }
  batch.cover(fetched_);
  batch.finish();
  return failed;
}

void Segments::applied(std::uint64_t sequence, std::uint64_t records, std::uint64_t payload) {
  const std::lock_guard lock(mutex_);
  applied_ = std::max<std::uint64_t>(applied_, sequence);
  lag_records_ -= std::min(lag_records_, records);
  lag_bytes_ -= std::min(lag_bytes_, payload);
  // What was damaged will never be applied, and does not lag for ever.
  if (applied_ >= durable_) lag_records_ = lag_bytes_ = 0;
}

std::error_code Segments::save_checkpoint() {
  const std::lock_guard lock(checkpoint_mutex_);
  const std::uint64_t applied = applied_;
  return applied > checkpoint_.applied() ? checkpoint_.save(disk_, applied) : std::error_code();
}

bool Segments::trim() {
  const auto now = clock_.now();
  std::vector<Segment> old;
  bool leave = false;
  {
    const std::lock_guard lock(mutex_);
    std::uint64_t total = next_ ? next_->segment.bytes : 0;
    for (const auto& segment : segments_) total += segment.bytes;
    while (!segments_.empty() && may_go(segments_.front()) &&
           (segments_.front().last_at + bounds_.max_age < now || total > bounds_.max_bytes)) {
      old.push_back(segments_.front());
      total -= old.back().bytes;
      segments_.pop_front();
    }
    leave = active_ && !segments_.back().empty() &&
            segments_.back().first_at + bounds_.max_age / k_age_parts < now;
  }
  if (!old.empty()) save_checkpoint();
  remove(old);
  return leave;
}

Segments::Stats Segments::stats() const {
  const std::lock_guard lock(mutex_);
  Stats stats{segments_.size(), 0, lag_records_, lag_bytes_, damaged_records_, damaged_files_,
              torn_bytes_,      {}};
  for (const auto& segment : segments_) {
    stats.bytes += segment.bytes;
    if (!stats.oldest_at && !segment.empty()) stats.oldest_at = segment.first_at;
  }
  if (next_) {
    ++stats.segments;
    stats.bytes += next_->segment.bytes;
  }
  return stats;
}

}  // namespace ringctl::serve
