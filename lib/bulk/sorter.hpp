#pragma once
// Sorts any number of records in bounded memory: full runs are sorted and spilled to an unlinked temporary
// file, then merged while reading. A file that fits in the budget never touches the disk.

#include <cstdint>
#include <memory>
#include <string_view>

namespace ringctl::bulk {

class Sorter {
 public:
  static constexpr std::size_t k_default_budget = 24U << 20;

  /// One record as next() gives it; the views live until the next call.
  struct Entry {
    std::string_view key;
    std::uint64_t line = 0;
    std::string_view payload;
  };

  explicit Sorter(std::size_t budget_bytes = k_default_budget);
  ~Sorter();
  Sorter(Sorter&&) noexcept;
  Sorter& operator=(Sorter&&) noexcept;

  /// Before the first rewind() only. A full temporary disk throws Errc::output [output.write_failed].
  void add(std::string_view key, std::uint64_t line, std::string_view payload);
  /// Before the first rewind(), which may be long in coming: what it holds waits on the disk meanwhile,
  /// unless it is little. Throws as add() does.
  void set_aside();
  /// Starts reading at the smallest (key bytes, line); equals come as they were added. May be called again to
  /// read once more.
  void rewind();
  bool next(Entry&);
  std::uint64_t size() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace ringctl::bulk
