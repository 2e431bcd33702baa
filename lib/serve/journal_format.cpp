#include "serve/journal_format.hpp"

#include <zlib.h>

#include <bit>
#include <cstring>

namespace ringctl::serve {
namespace {

static_assert(std::endian::native == std::endian::little, "the journal is written as it lies in memory");

constexpr std::string_view k_segment_magic = "RINGJRNL", k_record_magic = "rjr1";
constexpr std::uint32_t k_version = 1;
constexpr std::size_t k_sum_from = 16, k_sum_to = 56;  // of a segment's header

template <typename T>
void put(char* to, std::size_t offset, T value) {
  std::memcpy(to + offset, &value, sizeof value);
}

template <typename T>
T get(std::string_view from, std::size_t offset) {
  T value{};
  std::memcpy(&value, from.data() + offset, sizeof value);
  return value;
}

std::int64_t milliseconds(base::Instant at) { return at.time_since_epoch().count(); }
base::Instant instant(std::int64_t ms) { return base::Instant(std::chrono::milliseconds(ms)); }

std::uint32_t add_to_sum(std::uint32_t sum, const char* bytes, std::size_t size) {
  return static_cast<std::uint32_t>(::crc32_z(sum, reinterpret_cast<const Bytef*>(bytes), size));
}

std::uint32_t header_sum(const char* header, std::uint64_t nonce) {
  const auto sum = add_to_sum(0, reinterpret_cast<const char*>(&nonce), sizeof nonce);
  return add_to_sum(sum, header + 8, k_record_header - 8);
}

}  // namespace

std::uint32_t checksum(std::string_view bytes) { return add_to_sum(0, bytes.data(), bytes.size()); }

std::string encode(const SegmentHeader& header) {
  std::string bytes(k_segment_header, '\0');
  bytes.replace(0, k_segment_magic.size(), k_segment_magic);
  put(bytes.data(), 8, k_version);
  put(bytes.data(), 16, header.nonce);
  put(bytes.data(), 24, header.number);
  put(bytes.data(), 32, header.base);
  put(bytes.data(), 40, milliseconds(header.prepared_at));
  put(bytes.data(), 48, header.bytes);
  put(bytes.data(), 12, checksum(std::string_view(bytes).substr(k_sum_from, k_sum_to - k_sum_from)));
  return bytes;
}

std::optional<SegmentHeader> decode_segment(std::string_view bytes) {
  if (bytes.size() < k_sum_to || !bytes.starts_with(k_segment_magic)) return std::nullopt;
  if (get<std::uint32_t>(bytes, 8) != k_version) return std::nullopt;
  if (get<std::uint32_t>(bytes, 12) != checksum(bytes.substr(k_sum_from, k_sum_to - k_sum_from)))
    return std::nullopt;
  return SegmentHeader{get<std::uint64_t>(bytes, 16), get<std::uint64_t>(bytes, 24),
                       get<std::uint64_t>(bytes, 32), instant(get<std::int64_t>(bytes, 40)),
                       get<std::uint64_t>(bytes, 48)};
}

void encode(const RecordHeader& header, std::uint64_t nonce, char* to) {
  std::memcpy(to, k_record_magic.data(), k_record_magic.size());
  put(to, 8, header.sequence);
  put(to, 16, header.acknowledged);
  put(to, 24, milliseconds(header.at));
  put(to, 32, header.length);
  put(to, 36, header.checksum);
  put(to, 4, header_sum(to, nonce));
}

bool looks_like_record(const char* at) {
  return std::memcmp(at, k_record_magic.data(), k_record_magic.size()) == 0;
}

std::optional<RecordHeader> decode_record(std::string_view bytes, std::uint64_t nonce) {
  if (bytes.size() < k_record_header || !looks_like_record(bytes.data())) return std::nullopt;
  if (get<std::uint32_t>(bytes, 4) != header_sum(bytes.data(), nonce)) return std::nullopt;
  return RecordHeader{get<std::uint64_t>(bytes, 8), get<std::uint64_t>(bytes, 16),
                      instant(get<std::int64_t>(bytes, 24)), get<std::uint32_t>(bytes, 32),
                      get<std::uint32_t>(bytes, 36)};
}

}  // namespace ringctl::serve
