#pragma once
// Records that the database refused for their own sake, kept with the reason beside the journal they came
// from, so that one bad record neither stops the others nor is lost.

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "serve/journal_segment.hpp"

namespace ringctl::serve {

struct Refused {
  std::uint64_t sequence = 0;
  base::Instant at{};  ///< when it was received
  std::string reason;
  std::string bytes;
};

/// Writes SLOT/refused/SEQUENCE.record, mode 0600: lines "sequence: N", "received: TIME", "reason: TEXT", an
/// empty line, and the record's bytes as they were. Durable when it returns; the same record again replaces
/// its file. Throws Errc::output.
void set_aside(const std::filesystem::path& slot_folder, const Record&, std::string_view reason);

/// What set_aside wrote. Throws Errc::config if it cannot be read, Errc::invalid [journal.not_a_record] if it
/// is something else.
Refused read_refused(const std::filesystem::path& file);

/// Removes those received before that. One that cannot be read, or removed, stays.
void remove_refused(const std::filesystem::path& root, base::Instant before);

/// All of them, of every slot under `root`, by slot and sequence.
std::vector<std::filesystem::path> refused_files(const std::filesystem::path& root);

}  // namespace ringctl::serve
