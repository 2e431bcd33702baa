#include "bulk/cells.hpp"

#include <cstdint>
#include <cstring>

#include "base/error.hpp"

namespace ringctl::bulk {
namespace {
constexpr unsigned char k_longest_short = 0xFB;
constexpr unsigned char k_if_new = 0xFC;  // a value follows
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

void pack_value(std::string_view text, std::string& out) {
  if (text.size() <= k_longest_short) {
    out.push_back(static_cast<char>(text.size()));
  } else {
    const auto size = static_cast<std::uint32_t>(text.size());
    char bytes[sizeof size];
    std::memcpy(bytes, &size, sizeof size);
    out.push_back(static_cast<char>(k_long));
    out.append(bytes, sizeof size);
  }
  out.append(text);
}

unsigned char take_tag(std::string_view& packed) {
  return static_cast<unsigned char>(take(packed, 1).front());
}

std::string_view take_value(unsigned char tag, std::string_view& packed) {
  std::uint32_t size = tag;
  if (tag == k_long) std::memcpy(&size, take(packed, sizeof size).data(), sizeof size);
  return take(packed, size);
}
}  // namespace

void pack(const std::vector<Cell>& cells, std::string& out) {
  for (const auto& cell : cells) {
    if (cell.state == CellState::absent) {
      out.push_back(static_cast<char>(k_absent));
    } else if (cell.state == CellState::clear) {
      out.push_back(static_cast<char>(k_clear));
    } else {
      if (cell.state == CellState::if_new) out.push_back(static_cast<char>(k_if_new));
      pack_value(cell.text, out);
    }
  }
}

void unpack(std::string_view& packed, std::size_t count, std::vector<Cell>& out) {
  out.clear();
  for (std::size_t i = 0; i < count; ++i) {
    const auto tag = take_tag(packed);
    if (tag == k_absent)
      out.push_back({});
    else if (tag == k_clear)
      out.push_back({CellState::clear, {}});
    else if (tag == k_if_new)
      out.push_back({CellState::if_new, take_value(take_tag(packed), packed)});
    else
      out.push_back({CellState::value, take_value(tag, packed)});
  }
}

}  // namespace ringctl::bulk
