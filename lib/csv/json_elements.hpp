#pragma once
// The JSON values of an input, one at a time: those on its lines, or those of the one array that it is.
// Private to this room.

#include <optional>
#include <string>
#include <string_view>

#include "csv/lines.hpp"

namespace ringctl::csv {

struct Element {
  std::string_view text;            ///< on one line; valid until the next call
  std::uint64_t line = 0;           ///< on which it stands; of an array, which of its items it is, from 1
  std::optional<Fault> fault = {};  ///< there is no going past it
};

class JsonElements {
 public:
  explicit JsonElements(Lines lines) : lines_(std::move(lines)) {}
  /// False at the end. Blank lines are skipped.
  bool next(Element&);
  /// Known from the first element on.
  bool is_array() const { return layout_ != Layout::unknown && layout_ != Layout::lines; }

 private:
  enum class Layout { unknown, lines, array, closed, over };
  void open();
  bool next_line(Element&);
  void next_item(Element&);
  bool fill();
  char take_item();
  void end_with(Element&, std::string_view why);

  Lines lines_;
  Layout layout_ = Layout::unknown;
  // Of an array:
  std::string_view rest_;  ///< of the line at hand
  std::uint64_t line_ = 0, items_ = 0;
  bool too_long_ = false;
  std::string item_;
};

}  // namespace ringctl::csv
