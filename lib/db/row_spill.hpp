#pragma once
// Rows put aside: in memory up to a few megabytes, past that in an unlinked temporary file. Written once,
// then read once, in order. Private to this room.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.hpp"

namespace ringctl::db {

class RowSpill {
 public:
  using Values = std::vector<std::optional<std::string_view>>;

  /// Throws Errc::output when the temporary file cannot be written.
  void add(const Values& row);
  /// False after the last row. The views live until the next call.
  bool next(Values& row);

 private:
  void write_out();
  bool have(std::size_t bytes);
  std::uint32_t take_number();

  base::Fd file_;
  std::string buffer_;
  std::size_t at_ = 0;       // read so far of buffer_
  std::int64_t offset_ = 0;  // read so far of file_
  bool reading_ = false;
};

}  // namespace ringctl::db
