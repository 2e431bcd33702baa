#pragma once
// The journal read as a log of raw webhooks, by time, across all slots, while serve processes go on writing.
// Takes no lock and changes nothing.

#include <filesystem>
#include <memory>
#include <optional>
#include <vector>

#include "serve/journal_segment.hpp"

namespace ringctl::serve {

class JournalLog {
 public:
  /// Records received at or after `since`. A folder that does not exist is an empty log.
  JournalLog(const std::filesystem::path& root, base::Instant since);
  ~JournalLog();
  JournalLog(JournalLog&&) noexcept;

  struct Entry {
    unsigned slot = 0;
    Record record;         ///< its bytes last until the next call
    bool applied = false;  ///< as the slot's checkpoint says, which may be behind
  };
  /// The earliest record of those that come next in each slot; nullopt at the end. A record that was being
  /// written when this came to it may be missing.
  std::optional<Entry> next();
  /// Acknowledged records that could not be read, so far.
  std::uint64_t damaged() const;

 private:
  class SlotLog;
  std::vector<std::unique_ptr<SlotLog>> slots_;
  SlotLog* last_ = nullptr;  // whose record was handed out
};

}  // namespace ringctl::serve
