#pragma once
// The journal's bytes. All integers little-endian; checksums are CRC-32 (zlib's).
//
//   STATE/journal/slot-N/       one serve process at a time: `lock` is held with flock
//     00000000000000000001.seg  segments, in the order of their numbers
//     applied                   up to which record all were applied (journal_checkpoint.hpp)
//     refused/                  records the database will not take (applier_refused.hpp)
//
// A segment has a fixed size from the start. Its first and its last 4096 bytes hold the same header, so that
// one bad block does not cost the records between them:
//   0 "RINGJRNL"  8 version (u32)  12 CRC of bytes 16-55 (u32)  16 nonce (u64)  24 number (u64)
//   32 base: highest durable sequence when it was prepared (u64)  40 prepared at, ms since 1970 (i64)
//   48 size of the file (u64)
//
// Records follow from 4096 on, each at a multiple of 8, the rest up to that filled with zeros:
//   0 "rjr1"  4 CRC of the segment's nonce and bytes 8-39 (u32)  8 sequence (u64)
//   16 acknowledged (u64): highest sequence that was durable before this record's group was written
//   24 received at, ms since 1970 (i64)  32 length (u32)  36 CRC of the record's bytes (u32)  40 the bytes
//
// Sequences rise and may skip: a group that could not be written takes its own with it. 40 zeros follow the
// last group, where there is room; each group overwrites those before it. The nonce is random and new
// whenever a file is used again, so a record of its former life is never taken for one of this one, and no
// caller can put a record into the journal by sending bytes that look like it.
//
// What a reader may conclude from damage: records of one group that are torn were never acknowledged. A
// record that says more was acknowledged than was found before it proves that acknowledged ones are missing.
// Reading goes on at the next place that holds a whole record with both checksums right and a higher
// sequence.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"

namespace ringctl::serve {

constexpr std::size_t k_segment_header = 4096;
constexpr std::size_t k_record_header = 40;
/// A webhook's body is at most 64 KiB, and what is journaled of it not much more.
constexpr std::size_t k_largest_record = 1024 * 1024;

struct SegmentHeader {
  std::uint64_t nonce = 0, number = 0, base = 0;
  base::Instant prepared_at{};
  std::uint64_t bytes = 0;  ///< of the file
};
/// 4096 bytes.
std::string encode(const SegmentHeader&);
std::optional<SegmentHeader> decode_segment(std::string_view bytes);

struct RecordHeader {
  std::uint64_t sequence = 0, acknowledged = 0;
  base::Instant at{};
  std::uint32_t length = 0, checksum = 0;
  /// Of header, bytes and filling.
  std::size_t framed() const { return framed_size(length); }
  static constexpr std::size_t framed_size(std::size_t length) {
    return k_record_header + (length + 7) / 8 * 8;
  }
};
/// Writes the 40 bytes to `to`.
void encode(const RecordHeader&, std::uint64_t nonce, char* to);
/// nullopt: no header of this segment stands here.
std::optional<RecordHeader> decode_record(std::string_view bytes, std::uint64_t nonce);
/// Whether a record may begin here; cheap.
bool looks_like_record(const char* at);

std::uint32_t checksum(std::string_view bytes);

}  // namespace ringctl::serve
