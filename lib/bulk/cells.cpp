#include "bulk/cells.hpp"

#include <cstdint>
#include <cstring>

namespace ringctl::bulk {
namespace {
constexpr unsigned char k_longest_short = 0xFC;
constexpr unsigned char k_absent = 0xFD;
constexpr unsigned char k_clear = 0xFE;
constexpr unsigned char k_long = 0xFF;  // four bytes of length follow
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
    const auto tag = static_cast<unsigned char>(packed.front());
    packed.remove_prefix(1);
    if (tag == k_absent) {
      out.push_back({});
    } else if (tag == k_clear) {
      out.push_back({CellState::clear, {}});
    } else {
      std::uint32_t size = tag;
      if (tag == k_long) {
        std::memcpy(&size, packed.data(), sizeof size);
        packed.remove_prefix(sizeof size);
      }
      out.push_back({CellState::value, packed.substr(0, size)});
      packed.remove_prefix(size);
    }
  }
}

}  // namespace ringctl::bulk
