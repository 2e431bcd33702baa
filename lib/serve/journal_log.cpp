#include "serve/journal_log.hpp"

#include <algorithm>

#include "serve/journal_checkpoint.hpp"
#include "serve/journal_slot.hpp"

namespace ringctl::serve {
namespace {

namespace fs = std::filesystem;

/// Records of several network threads may stand a little out of the order of their times.
constexpr auto k_out_of_order = std::chrono::minutes(1);

/// The last segment that begins early enough to hold all that was received at or after `since`.
std::size_t first_to_read(const fs::path& folder, const std::vector<std::uint64_t>& numbers,
                          base::Instant since) {
  for (auto i = numbers.size(); i-- > 1;) {
    SegmentReader reader;
    if (reader.open(folder / segment_name(numbers[i]))) continue;
    const auto first = first_record(reader);
    if (first && first->at + k_out_of_order < since) return i;
  }
  return 0;
}

}  // namespace

/// One slot's records in their order.
class JournalLog::SlotLog {
 public:
  SlotLog(const fs::path& root, unsigned number, base::Instant since)
      : number_(number),
        folder_(slot_folder(root, number)),
        since_(since),
        applied_(Checkpoint::peek(folder_)) {
    numbers_ = segment_numbers(folder_);
    segment_ = first_to_read(folder_, numbers_, since);
    advance();
  }

  const std::optional<Record>& current() const { return current_; }
  Entry entry() const { return {number_, *current_, current_->sequence <= applied_}; }
  std::uint64_t damaged() const { return damaged_; }

  void advance() {
    do current_ = next_record();
    while (current_ && current_->at < since_);
  }

 private:
  std::optional<Record> next_record() {
    for (; segment_ < numbers_.size(); ++segment_, open_ = false) {
      // A segment that is gone, or damaged beyond reading, is passed over; the next record tells what it
      // held.
      if (!open_ && reader_.open(folder_ / segment_name(numbers_[segment_]))) continue;
      if (!open_) reader_.skip_to(last_);
      open_ = true;
      if (const auto record = reader_.next()) {
        note(reader_.record_header());
        return record;
      }
    }
    return std::nullopt;
  }

  void note(const RecordHeader& header) {
    // Used again under our eyes: what is missing was let go, not damaged.
    if (last_ != 0 && header.acknowledged > last_ && reader_.still_the_same())
      damaged_ += header.acknowledged - last_;
    last_ = header.sequence;
  }

  const unsigned number_;
  const fs::path folder_;
  const base::Instant since_;
  const std::uint64_t applied_;
  std::vector<std::uint64_t> numbers_;
  std::size_t segment_ = 0;
  bool open_ = false;
  SegmentReader reader_;
  std::optional<Record> current_;
  std::uint64_t last_ = 0, damaged_ = 0;
};

JournalLog::JournalLog(const fs::path& root, base::Instant since) {
  for (const auto number : slots(root)) slots_.push_back(std::make_unique<SlotLog>(root, number, since));
}
JournalLog::~JournalLog() = default;
JournalLog::JournalLog(JournalLog&&) noexcept = default;

std::optional<JournalLog::Entry> JournalLog::next() {
  if (last_ != nullptr) last_->advance();
  last_ = nullptr;
  for (const auto& slot : slots_)
    if (slot->current() && (last_ == nullptr || slot->current()->at < last_->current()->at))
      last_ = slot.get();
  return last_ != nullptr ? std::optional(last_->entry()) : std::nullopt;
}

std::uint64_t JournalLog::damaged() const {
  std::uint64_t sum = 0;
  for (const auto& slot : slots_) sum += slot->damaged();
  return sum;
}

}  // namespace ringctl::serve
