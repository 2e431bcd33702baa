#include "serve/journal_segment.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "base/text.hpp"
#include "serve/journal_disk.hpp"

namespace ringctl::serve {
namespace {

constexpr std::size_t k_window = 256 * 1024, k_block = 4096;
constexpr std::string_view k_suffix = ".seg";
constexpr std::size_t k_digits = 20;

std::optional<SegmentHeader> header_at(int fd, std::uint64_t offset, std::uint64_t size) {
  std::array<char, 64> bytes{};
  std::size_t got = 0;
  if (read_at(fd, bytes, offset, got)) return std::nullopt;
  const auto header = decode_segment({bytes.data(), got});
  // A header that was copied from elsewhere, or a file that was cut.
  return header && header->bytes == size ? header : std::nullopt;
}

std::optional<SegmentHeader> read_header(int fd) {
  struct stat info {};
  if (::fstat(fd, &info) != 0) return std::nullopt;
  const auto size = static_cast<std::uint64_t>(info.st_size);
  if (size < 2 * k_segment_header) return std::nullopt;
  if (const auto header = header_at(fd, 0, size)) return header;
  return header_at(fd, size - k_segment_header, size);
}

bool all_zero(std::string_view bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](char c) { return c == '\0'; });
}

}  // namespace

std::error_code SegmentReader::open(const std::filesystem::path& path) {
  *this = {};
  fd_ = base::Fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!fd_) return {errno, std::generic_category()};
  const auto header = read_header(fd_.get());
  if (!header) return std::make_error_code(std::errc::illegal_byte_sequence);
  header_ = *header;
  end_ = header_.bytes - k_segment_header;
  return {};
}

bool SegmentReader::still_the_same() const {
  const auto header = read_header(fd_.get());
  return header && header->nonce == header_.nonce;
}

/// The window, read piece by piece where the disk cannot read it whole: what it cannot read is zeros, so the
/// records on other blocks are found.
void SegmentReader::load_window() {
  std::size_t got = 0;
  const auto failed = read_at(fd_.get(), window_, window_at_, got);
  if (!failed) return window_.resize(got);
  if (failed != std::errc::io_error) {
    error_ = failed;
    return window_.clear();
  }
  std::fill(window_.begin(), window_.end(), '\0');
  for (std::size_t at = 0; at < window_.size(); at += k_block) {
    const auto piece = std::span(window_).subspan(at, std::min(k_block, window_.size() - at));
    if (read_at(fd_.get(), piece, window_at_ + at, got)) std::fill(piece.begin(), piece.end(), '\0');
  }
}

/// `size` bytes from `offset`, fewer at the end.
std::string_view SegmentReader::view(std::uint64_t offset, std::size_t size) {
  if (offset >= end_) return {};
  size = static_cast<std::size_t>(std::min<std::uint64_t>(size, end_ - offset));
  if (offset < window_at_ || offset + size > window_at_ + window_.size()) {
    window_.resize(
        static_cast<std::size_t>(std::min<std::uint64_t>(std::max(size, k_window), end_ - offset)));
    window_at_ = offset;
    load_window();
  }
  return std::string_view(window_).substr(static_cast<std::size_t>(offset - window_at_), size);
}

SegmentReader::Seen SegmentReader::look_at(std::uint64_t offset, RecordHeader& header,
                                           std::string_view& bytes) {
  const auto found = decode_record(view(offset, k_record_header), header_.nonce);
  if (!found || found->length > k_largest_record || found->framed() > end_ - offset) return Seen::nothing;
  header = *found;
  const auto frame = view(offset, found->framed());
  if (frame.size() < found->framed()) return Seen::broken_body;
  bytes = frame.substr(k_record_header, found->length);
  return checksum(bytes) == found->checksum ? Seen::whole : Seen::broken_body;
}

/// Moves `at` to the next place from there on that may hold a record.
bool SegmentReader::find_candidate(std::uint64_t& at) {
  for (;;) {
    const auto piece = view(at, k_window);
    if (piece.size() < k_record_header) return false;
    const auto last = piece.size() - k_record_header;
    for (std::size_t i = 0; i <= last; i += 8)
      if (looks_like_record(piece.data() + i)) {
        at += i;
        return true;
      }
    at += last / 8 * 8 + 8;
  }
}

std::optional<std::uint64_t> SegmentReader::find_whole(std::uint64_t from) {
  for (auto at = from; find_candidate(at); at += 8) {
    RecordHeader header;
    std::string_view bytes;
    if (look_at(at, header, bytes) == Seen::whole && header.sequence > last_) return at;
  }
  return std::nullopt;
}

/// Nothing whole follows: whether something was begun here.
void SegmentReader::note_end(std::uint64_t offset) {
  const auto rest = view(offset, k_record_header);
  torn_ = rest.size() == k_record_header && !all_zero(rest);
}

std::optional<Record> SegmentReader::next() {
  for (auto at = position_;;) {
    std::string_view bytes;
    const auto seen = look_at(at, current_, bytes);
    if (error_) return std::nullopt;
    if (seen == Seen::whole) {
      skipped_ += at - position_;
      position_ = at += current_.framed();
      if (current_.sequence <= last_) continue;
      last_ = current_.sequence;
      return Record{current_.sequence, current_.at, bytes};
    }
    // The header's own checksum vouches for the length, so the next record begins behind a broken body.
    const auto next = find_whole(seen == Seen::broken_body ? at + current_.framed() : at + 8);
    if (error_) return std::nullopt;
    if (!next) {
      note_end(at);
      return std::nullopt;
    }
    at = *next;
  }
}

std::optional<FirstRecord> first_record(SegmentReader& reader) {
  const auto record = reader.next();
  if (!record) return std::nullopt;
  return FirstRecord{record->sequence, record->at};
}

std::string segment_name(std::uint64_t number) { return fmt::format("{:020}{}", number, k_suffix); }

std::optional<std::uint64_t> segment_number(std::string_view name) {
  if (name.size() != k_digits + k_suffix.size() || !name.ends_with(k_suffix)) return std::nullopt;
  const auto number = base::parse_int(name.substr(0, k_digits));
  if (!number || *number < 0) return std::nullopt;
  return static_cast<std::uint64_t>(*number);
}

std::vector<std::uint64_t> segment_numbers(const std::filesystem::path& folder) {
  std::vector<std::uint64_t> numbers;
  std::error_code gone;
  for (std::filesystem::directory_iterator at(folder, gone), end; !gone && at != end; at.increment(gone))
    if (const auto number = segment_number(at->path().filename().string())) numbers.push_back(*number);
  std::sort(numbers.begin(), numbers.end());
  return numbers;
}

}  // namespace ringctl::serve
