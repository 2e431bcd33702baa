#include "bulk/row_changes.hpp"

#include "base/text.hpp"
#include "bulk/cells.hpp"

namespace ringctl::bulk {
namespace {

std::string packed(const RowChange& change) {
  const char action = static_cast<char>('0' + static_cast<int>(change.action));
  std::string out;
  pack({{CellState::value, {&action, 1}}}, out);
  for (const auto& field : change.fields)
    pack({{CellState::value, std::to_string(field.column)},
          {CellState::value, field.before},
          {CellState::value, field.after}},
         out);
  return out;
}

RowChange unpacked(const Sorter::Entry& entry) {
  RowChange change;
  change.line = entry.line;
  change.key = entry.key;
  std::string_view rest = entry.payload;
  std::vector<Cell> cells;
  unpack(rest, 1, cells);
  change.action = static_cast<RowAction>(cells[0].text[0] - '0');
  while (!rest.empty()) {
    unpack(rest, 3, cells);
    change.fields.push_back({static_cast<std::size_t>(base::parse_int(cells[0].text).value()),
                             std::string(cells[1].text), std::string(cells[2].text)});
  }
  return change;
}

}  // namespace

std::string_view action_name(RowAction action) {
  static constexpr std::array<std::string_view, k_row_actions> k_names{"new", "update", "activate",
                                                                       "deactivate", "same"};
  return k_names[static_cast<std::size_t>(action)];
}

void RowChanges::add(const RowChange& change) {
  sorter_.add(change.key, change.line, packed(change));
  ++counts_[static_cast<std::size_t>(change.action)];
}

void RowChanges::for_each(const std::function<bool(const RowChange&)>& visit) {
  sorter_.rewind();
  Sorter::Entry entry;
  while (sorter_.next(entry))
    if (!visit(unpacked(entry))) return;
}

}  // namespace ringctl::bulk
