#pragma once
// Archives as they stream by: gzip and zstd, any number of members, told by their first bytes. Private to
// this room.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace ringctl::csv {

/// Bytes enough to know an archive by.
inline constexpr std::size_t k_magic_size = 4;
/// Most that one step unpacks.
inline constexpr std::size_t k_piece = 256 * 1024;

class Inflater {
 public:
  virtual ~Inflater() = default;
  /// Unpacks the front of `input`, which is shortened by what was used, into `out`, at most k_piece bytes.
  /// False if the bytes are no archive of this kind.
  virtual bool step(std::string_view& input, std::string& out) = 0;
  /// True between members: the input may end here.
  virtual bool at_end() const = 0;
};

/// nullptr if `head` is no archive.
std::unique_ptr<Inflater> inflater_for(std::string_view head);

}  // namespace ringctl::csv
