// A run is an arena of packed records plus an index of (first eight key bytes, place). Comparing the prefix
// as one integer settles most comparisons without touching the arena.

#include "bulk/sorter.hpp"

#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <compare>
#include <cstring>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "base/file.hpp"

namespace ringctl::bulk {
namespace {

constexpr std::size_t k_read_buffer = 128U << 10;
constexpr std::size_t k_block = 256U << 10;
constexpr std::size_t k_little = 1U << 20;

struct Head {
  std::uint64_t line;
  std::uint32_t key_size;
  std::uint32_t payload_size;
};

struct IndexEntry {
  std::uint64_t prefix;
  std::uint64_t place;  // in the arena; grows with every record
};

std::uint64_t prefix_of(std::string_view key) {
  std::uint64_t value = 0;
  std::copy_n(key.data(), std::min(key.size(), sizeof value), reinterpret_cast<char*>(&value));
  if constexpr (std::endian::native == std::endian::little) value = __builtin_bswap64(value);
  return value;
}

Head head_at(const char* at) {
  Head head{};
  std::memcpy(&head, at, sizeof head);
  return head;
}

Sorter::Entry entry_at(const char* at) {
  const Head head = head_at(at);
  const char* body = at + sizeof head;
  return {{body, head.key_size}, head.line, {body + head.key_size, head.payload_size}};
}

std::strong_ordering order(const Sorter::Entry& a, const Sorter::Entry& b) {
  if (const int keys = a.key.compare(b.key); keys != 0) return keys <=> 0;
  return a.line <=> b.line;
}

/// Records in blocks that never move: growing costs no copy, and no moment with twice the memory.
class Arena {
 public:
  std::uint64_t add(const Head& head, std::string_view key, std::string_view payload) {
    const std::size_t size = sizeof head + key.size() + payload.size();
    char* at = take(size);
    std::memcpy(at, &head, sizeof head);
    std::copy(payload.begin(), payload.end(), std::copy(key.begin(), key.end(), at + sizeof head));
    bytes_ += size;
    return static_cast<std::uint64_t>(block_) << 32U | (used_ - size);
  }
  const char* at(std::uint64_t place) const {
    return blocks_[place >> 32U].bytes.get() + (place & 0xFFFFFFFFU);
  }
  std::size_t bytes() const { return bytes_; }
  /// Keeps the blocks for the next run.
  void clear() { block_ = used_ = bytes_ = 0; }

 private:
  struct Block {
    std::unique_ptr<char[]> bytes;
    std::size_t size = 0;
  };

  char* take(std::size_t size) {
    if (block_ < blocks_.size() && used_ + size > blocks_[block_].size) {
      ++block_;
      used_ = 0;
    }
    if (block_ == blocks_.size()) blocks_.emplace_back();
    auto& block = blocks_[block_];
    if (block.size < size) {
      block.size = std::max(size, k_block);
      block.bytes.reset(new char[block.size]);  // not make_unique: nobody reads zeros here
    }
    used_ += size;
    return block.bytes.get() + used_ - size;
  }

  std::vector<Block> blocks_;
  std::size_t block_ = 0, used_ = 0, bytes_ = 0;
};

/// Reads one spilled run forward through a small buffer.
class RunReader {
 public:
  RunReader(int fd, std::uint64_t begin, std::uint64_t end) : fd_(fd), position_(begin), end_(end) {}

  bool advance() {
    used_ += record_size_;
    record_size_ = 0;
    if (!fill(sizeof(Head))) return false;
    const Head head = head_at(buffer_.data() + used_);
    const std::size_t size = sizeof head + head.key_size + head.payload_size;
    if (!fill(size)) return false;
    record_size_ = size;
    entry_ = entry_at(buffer_.data() + used_);
    return true;
  }
  const Sorter::Entry& entry() const { return entry_; }

 private:
  /// Makes `want` bytes available at used_; false at the end of the run.
  bool fill(std::size_t want) {
    if (buffer_.size() - used_ >= want) return true;
    buffer_.erase(0, used_);
    used_ = 0;
    while (buffer_.size() < want && position_ < end_) {
      const std::size_t had = buffer_.size();
      const std::size_t ask =
          static_cast<std::size_t>(std::min<std::uint64_t>(std::max(k_read_buffer, want), end_ - position_));
      buffer_.resize(had + ask);
      const ssize_t got = ::pread(fd_, buffer_.data() + had, ask, static_cast<off_t>(position_));
      if (got < 0 && errno == EINTR) {
        buffer_.resize(had);
        continue;
      }
      if (got <= 0)
        throw Error(Errc::output, "output.write_failed", "cannot read back the temporary sort file");
      buffer_.resize(had + static_cast<std::size_t>(got));
      position_ += static_cast<std::uint64_t>(got);
    }
    return buffer_.size() >= want;
  }

  int fd_;
  std::uint64_t position_, end_;
  std::string buffer_;
  std::size_t used_ = 0, record_size_ = 0;
  Sorter::Entry entry_;
};

}  // namespace

struct Sorter::Impl {
  std::size_t budget;
  Arena arena;
  std::vector<IndexEntry> index;
  base::Fd spill;
  std::uint64_t spilled_bytes = 0;
  std::vector<std::uint64_t> run_begins;
  std::uint64_t records = 0;

  bool sorted = false;
  std::size_t cursor = 0;          // position in `index` while reading from memory
  std::vector<RunReader> readers;  // while reading from the file
  std::vector<std::size_t> heap;   // indices into readers, smallest entry on top
  bool heap_top_used = false;

  /// Heap order of the readers: the smallest entry on top; of equal ones that of the earlier run.
  auto later() {
    return [this](std::size_t a, std::size_t b) {
      const auto compared = order(readers[a].entry(), readers[b].entry());
      return std::is_neq(compared) ? std::is_gt(compared) : a > b;
    };
  }

  void sort_run() {
    std::sort(index.begin(), index.end(), [this](const IndexEntry& a, const IndexEntry& b) {
      if (a.prefix != b.prefix) return a.prefix < b.prefix;
      const auto compared = order(entry_at(arena.at(a.place)), entry_at(arena.at(b.place)));
      return std::is_neq(compared) ? std::is_lt(compared) : a.place < b.place;
    });
  }

  void spill_run() {
    if (!spill) spill = base::temporary_file();
    sort_run();
    run_begins.push_back(spilled_bytes);
    std::string out;
    for (const auto& entry : index) {
      const char* at = arena.at(entry.place);
      const Head head = head_at(at);
      out.append(at, sizeof head + head.key_size + head.payload_size);
      if (out.size() >= k_read_buffer) flush(out);
    }
    flush(out);
    arena.clear();
    index.clear();
  }

  void release() {
    arena = Arena();
    std::vector<IndexEntry>().swap(index);  // `= {}` would keep the memory
  }

  void flush(std::string& out) {
    base::write_all(spill.get(), out, "the temporary sort file");
    spilled_bytes += out.size();
    out.clear();
  }

  void open_runs() {
    readers.clear();
    readers.reserve(run_begins.size());
    heap.clear();
    for (std::size_t run = 0; run < run_begins.size(); ++run) {
      const std::uint64_t end = run + 1 < run_begins.size() ? run_begins[run + 1] : spilled_bytes;
      readers.emplace_back(spill.get(), run_begins[run], end);
    }
    for (std::size_t run = 0; run < readers.size(); ++run)
      if (readers[run].advance()) heap.push_back(run);
    std::make_heap(heap.begin(), heap.end(), later());
    heap_top_used = false;
  }

  bool next_merged(Entry& out) {
    if (heap_top_used) {
      std::pop_heap(heap.begin(), heap.end(), later());
      if (readers[heap.back()].advance())
        std::push_heap(heap.begin(), heap.end(), later());
      else
        heap.pop_back();
    }
    heap_top_used = !heap.empty();
    if (heap.empty()) return false;
    out = readers[heap.front()].entry();
    return true;
  }
};

Sorter::Sorter(std::size_t budget_bytes) : impl_(std::make_unique<Impl>()) { impl_->budget = budget_bytes; }
Sorter::~Sorter() = default;
Sorter::Sorter(Sorter&&) noexcept = default;
Sorter& Sorter::operator=(Sorter&&) noexcept = default;

void Sorter::add(std::string_view key, std::uint64_t line, std::string_view payload) {
  auto& self = *impl_;
  const Head head{line, static_cast<std::uint32_t>(key.size()), static_cast<std::uint32_t>(payload.size())};
  const std::size_t size = sizeof head + key.size() + payload.size();
  if (!self.index.empty() &&
      self.arena.bytes() + size + (self.index.size() + 1) * sizeof(IndexEntry) > self.budget)
    self.spill_run();
  self.index.push_back({prefix_of(key), self.arena.add(head, key, payload)});
  ++self.records;
}

void Sorter::set_aside() {
  if (impl_->sorted || impl_->arena.bytes() <= k_little) return;
  impl_->spill_run();
  impl_->release();
}

void Sorter::rewind() {
  auto& self = *impl_;
  if (!self.sorted) {
    if (self.spill && !self.index.empty())
      self.spill_run();
    else
      self.sort_run();
    self.sorted = true;
  }
  if (self.spill) {
    self.release();
    self.open_runs();
  }
  self.cursor = 0;
}

bool Sorter::next(Entry& out) {
  auto& self = *impl_;
  if (self.spill) return self.next_merged(out);
  if (self.cursor == self.index.size()) return false;
  out = entry_at(self.arena.at(self.index[self.cursor++].place));
  return true;
}

std::uint64_t Sorter::size() const { return impl_->records; }

}  // namespace ringctl::bulk
