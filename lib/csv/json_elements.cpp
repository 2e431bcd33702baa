// An array is read as it streams by: an item ends at the first comma or bracket outside of texts that none of
// its own brackets claims. Whether the item is sound JSON is for the parser to say. Items are told apart by
// their place in the array, because all of them may stand on one line.
#include "csv/json_elements.hpp"

#include <fmt/format.h>

#include "base/text.hpp"
#include "csv/reader.hpp"

namespace ringctl::csv {

bool JsonElements::next(Element& element) {
  element = {};
  if (layout_ == Layout::unknown) open();
  if (layout_ == Layout::lines) return next_line(element);
  if (layout_ == Layout::array) next_item(element);
  if (layout_ == Layout::closed && element.line == 0) {
    layout_ = Layout::over;
    if (fill() || too_long_) end_with(element, "something stands behind the JSON array");
  }
  return element.line != 0;
}

void JsonElements::open() {
  layout_ = Layout::lines;
  if (!base::trim(lines_.peek()).starts_with('[')) return;
  layout_ = Layout::array;
  fill();
  rest_.remove_prefix(rest_.find('[') + 1);
}

bool JsonElements::next_line(Element& element) {
  Line line;
  do {
    if (!lines_.next(line)) return false;
  } while (base::trim(line.text).empty() && !line.too_long);
  element.text = line.text;
  element.line = line.number;
  if (line.too_long) element.fault = too_long_record();
  return true;
}

/// To the next line with something on it. False at the end of the input.
bool JsonElements::fill() {
  while (base::trim(rest_).empty()) {
    Line line;
    if (!lines_.next(line)) return false;
    rest_ = line.text;
    line_ = line.number;
    too_long_ = line.too_long;
    if (too_long_) return false;
  }
  return true;
}

void JsonElements::end_with(Element& element, std::string_view why) {
  layout_ = Layout::over;
  element.line = ++items_;
  element.fault = too_long_ ? too_long_record() : Fault{"bad_json", fmt::format("{} (line {})", why, line_)};
}

/// Takes the item that begins here; what ended it, or 0 where the input did.
char JsonElements::take_item() {
  int depth = 0;
  bool quoted = false;
  item_.clear();
  do {
    for (std::size_t i = 0; i < rest_.size(); ++i) {
      const char c = rest_[i];
      if (quoted) {
        if (c == '\\') ++i;
        quoted = c != '"';
        continue;
      }
      if (depth == 0 && (c == ',' || c == ']')) {
        item_.append(rest_.substr(0, i));
        rest_.remove_prefix(i + 1);
        return c;
      }
      quoted = c == '"';
      if (c == '{' || c == '[') ++depth;
      if ((c == '}' || c == ']') && depth > 0) --depth;
    }
    item_.append(rest_).push_back(quoted ? '\n' : ' ');  // no JSON text goes on past the end of its line
    rest_ = {};
    too_long_ = item_.size() > k_max_record;
  } while (!too_long_ && fill());
  return 0;
}

void JsonElements::next_item(Element& element) {
  if (!fill()) return end_with(element, "the JSON array does not end");
  if (items_ == 0 && base::trim(rest_).front() == ']') {
    rest_.remove_prefix(rest_.find(']') + 1);
    layout_ = Layout::closed;
    return;
  }
  const char end = take_item();
  if (end == 0) return end_with(element, "the JSON array does not end");
  if (end == ']') layout_ = Layout::closed;
  element.text = base::trim(item_);
  element.line = ++items_;
}

}  // namespace ringctl::csv
