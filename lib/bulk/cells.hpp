#pragma once
// The cells of one row, and their packed form that goes through the sorter.

#include <string>
#include <string_view>
#include <vector>

namespace ringctl::bulk {

enum class CellState : unsigned char {
  absent,  ///< the column is not there, or the cell is empty: leave alone
  clear,   ///< "-": remove what is there
  value,
  if_new,  ///< as absent where the row is there already, else as value
};

struct Cell {
  CellState state = CellState::absent;
  std::string_view text;  ///< canonical; empty unless value or if_new
  friend bool operator==(const Cell&, const Cell&) = default;
};

/// Appends the packed cells: one byte each for absent, clear, if_new or a short length, then the text.
void pack(const std::vector<Cell>&, std::string& out);
/// Reads `count` cells off the front of `packed`; views point into it. Throws Errc::output if it is cut
/// short.
void unpack(std::string_view& packed, std::size_t count, std::vector<Cell>& out);

}  // namespace ringctl::bulk
