#include "bulk/cells.hpp"

#include <cstdint>
#include <cstring>

#include "base/error.hpp"

namespace ringctl::bulk {
namespace {
constexpr unsigned char k_longest_short = 0xFC;
constexpr unsigned char k_absent = 0xFD;
constexpr unsigned char k_clear = 0xFE;
constexpr unsigned char k_long = 0xFF;  // four bytes of length follow

/// The temporary sort file lies outside our hands: what comes back from it is not believed blindly.
std::string_view take(std::string_view& packed, std::size_t size) {
  if (packed.size() < size)
    throw Error(Errc::output, "output.write_failed", "the temporary sort file came back damaged");
  const auto taken = packed.substr(0, size);
  packed.remove_prefix(size);
  return taken;
}
}  // namespace

void pack(const std::vector<Cell>& cells, std::string& out) {
  for (const auto& cell : cells) {
    if (cell.state == CellState::absent) {
      out.push_back(static_cast<char>(k_absent));
    } else if (cell.state == CellState::clear) {
      out.push_back(static_cast<char>(k_clear));
    } else if (cell.text.size() <= k_longest_short) {
      out.push_back(static_cast<char>(cell.text.size()));
      out.append(cell.text);
    } else {
      const auto size = static_cast<std::uint32_t>(cell.text.size());
      char bytes[sizeof size];
      std::memcpy(bytes, &size, sizeof size);
      out.push_back(static_cast<char>(k_long));
      out.append(bytes, sizeof size).append(cell.text);
    }
  }
}

void unpack(std::string_view& packed, std::size_t count, std::vector<Cell>& out) {
  out.clear();
  for (std::size_t i = 0; i < count; ++i) {
    const auto tag = static_cast<unsigned char>(take(packed, 1).front());
    if (tag == k_absent) {
      out.push_back({});
    } else if (tag == k_clear) {
      out.push_back({CellState::clear, {}});
    } else {
      std::uint32_t size = tag;
      if (tag == k_long) std::memcpy(&size, take(packed, sizeof size).data(), sizeof size);
      out.push_back({CellState::value, take(packed, size)});
    }
  }
}

}  // namespace ringctl::bulk
