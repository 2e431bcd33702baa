#pragma once
// Reading one segment, from whatever state a crash or a bad disk left it in.

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "base/file.hpp"
#include "serve/journal_format.hpp"

namespace ringctl::serve {

/// One record as it was journaled. `bytes` belong to whoever handed the record out.
struct Record {
  std::uint64_t sequence = 0;  ///< of its slot
  base::Instant at{};          ///< when it was received
  std::string_view bytes;
};

/// Goes through the whole records of a segment in the order of their sequence, past what is damaged. Holds a
/// window of the file, 256 KiB unless a record is larger.
class SegmentReader {
 public:
  /// Fails with no_such_file_or_directory, or with illegal_byte_sequence where neither header can be read.
  std::error_code open(const std::filesystem::path&);
  const SegmentHeader& header() const { return header_; }

  /// Reads up to here and no further: what lies behind is still being written. A segment just opened is read
  /// to its end.
  void set_end(std::uint64_t offset) { end_ = offset; }
  /// Only records past this one.
  void skip_to(std::uint64_t sequence) { last_ = sequence; }

  /// The next record; nullopt at the end or when the disk cannot be read (`error()`). The bytes last until
  /// the next call.
  std::optional<Record> next();
  /// Of the record next() returned last.
  const RecordHeader& record_header() const { return current_; }

  std::uint64_t position() const { return position_; }  ///< behind the last whole record
  std::error_code error() const { return error_; }
  /// Bytes that were passed over because they were no whole record, so far.
  std::uint64_t skipped_bytes() const { return skipped_; }
  /// At the end: something was begun behind the last record and is not whole: the torn group of a crash.
  bool torn() const { return torn_; }
  /// Whether the file is still the segment that was opened, and was not used again meanwhile.
  bool still_the_same() const;

 private:
  enum class Seen { whole, broken_body, nothing };
  void load_window();
  std::string_view view(std::uint64_t offset, std::size_t size);
  Seen look_at(std::uint64_t offset, RecordHeader&, std::string_view& bytes);
  std::optional<std::uint64_t> find_whole(std::uint64_t from);
  bool find_candidate(std::uint64_t& at);
  void note_end(std::uint64_t offset);

  base::Fd fd_;
  SegmentHeader header_;
  RecordHeader current_;
  std::uint64_t position_ = k_segment_header, end_ = 0, last_ = 0, skipped_ = 0;
  std::string window_;
  std::uint64_t window_at_ = 0;
  std::error_code error_;
  bool torn_ = false;
};

/// What is known of a segment without reading it whole.
struct FirstRecord {
  std::uint64_t sequence = 0;
  base::Instant at{};
};
/// nullopt: it holds none.
std::optional<FirstRecord> first_record(SegmentReader&);

/// "00000000000000000012.seg"
std::string segment_name(std::uint64_t number);
/// The number in such a name.
std::optional<std::uint64_t> segment_number(std::string_view file_name);
/// Numbers of the segments in a slot's folder, ascending. A folder that is gone holds none.
std::vector<std::uint64_t> segment_numbers(const std::filesystem::path& folder);

}  // namespace ringctl::serve
