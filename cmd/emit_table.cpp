// The table for people, and its Markdown twin. Widths come from the first rows; what follows them is written
// as it comes, so that a table of any length takes bounded memory.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <iterator>

#include "base/zone.hpp"
#include "cmd/json_text.hpp"
#include "cmd/rows.hpp"
#include "cmd/terminal.hpp"

namespace ringctl::cmd {
namespace {

constexpr std::size_t k_measured_rows = 2000;
constexpr std::size_t k_gap = 2;
constexpr std::size_t k_short_id = 8;
constexpr std::size_t k_narrowest = 6;
/// Rather than shorten text below this, the last columns are left out, but never one of the first few.
constexpr std::size_t k_readable = 16, k_first_columns = 3;

/// What would be of no use shortened: no command takes it, or it is a time of no known hour. Who calls may
/// also be a client, whose name is long and read by nobody.
bool keeps_width(ColumnType type, std::string_view text) {
  switch (type) {
    case ColumnType::job:
    case ColumnType::sid:
    case ColumnType::uuid:
    case ColumnType::time:
      return true;
    case ColumnType::e164:
      return text.starts_with('+');
    default:
      return false;
  }
}

class Table final : public RowFormat {
 public:
  explicit Table(RowTarget target) : target_(std::move(target)) {
    for (const auto& column : target_.columns) widths_.push_back(display_width(column.name));
    kept_.assign(widths_.size(), k_narrowest);
    shown_ = widths_.size();
  }

  void row(std::span<const Cell> cells) override {
    for (std::size_t i = 0; i < cells.size(); ++i) {
      auto& text = waiting_.emplace_back();
      if (cells[i].is_null())
        append_visible(text, target_.style.null_text.value_or(""));
      else
        append_listed_cell(text, target_.columns[i], cells[i]);
      if (!measured_) measure(i, text);
    }
    if (measured_ || waiting_.size() >= k_measured_rows * target_.columns.size()) write_waiting();
  }

  void end() override {
    // An empty list prints nothing but its absence: no header over no rows.
    if (!measured_ && waiting_.empty()) return;
    write_waiting();
    if (shown_ < target_.columns.size() && target_.style.header) write_left_out();
  }

 private:
  void append_listed_cell(std::string& out, const Column& column, const Cell& cell) {
    append_display_cell(out, column, cell, target_.times);
    if (column.type == ColumnType::sid && target_.style.width > 0 && out.size() > k_short_id)
      out.erase(0, out.size() - k_short_id);
  }

  void measure(std::size_t i, std::string_view text) {
    const auto width = display_width(text);
    widths_[i] = std::max(widths_[i], width);
    if (keeps_width(target_.columns[i].type, text)) kept_[i] = std::max(kept_[i], width);
  }

  void write_waiting() {
    if (!measured_) {
      measured_ = true;
      fit_to_screen();
      if (target_.style.header) write_header();
    }
    const auto columns = target_.columns.size();
    for (std::size_t at = 0; at + columns <= waiting_.size(); at += columns) {
      for (std::size_t i = 0; i < shown_; ++i) write_cell(i, waiting_[at + i], false);
      end_line();
    }
    waiting_.clear();
  }

  void write_header() {
    for (std::size_t i = 0; i < shown_; ++i) write_cell(i, target_.columns[i].name, true);
    end_line();
  }

  void write_left_out() {
    auto& out = target_.output.buffer();
    out += "no room for: ";
    for (auto i = shown_; i < target_.columns.size(); ++i)
      fmt::format_to(std::back_inserter(out), "{}{}", i == shown_ ? "" : ", ", target_.columns[i].name);
    out += " (--no-trunc shows all)\n";
  }

  void end_line() {
    auto& out = target_.output.buffer();
    while (out.ends_with(' ')) out.pop_back();
    out.push_back('\n');
  }

  void write_cell(std::size_t i, std::string_view text, bool header) {
    auto& out = target_.output.buffer();
    const bool last = i + 1 == shown_;
    auto width = display_width(text);
    std::string shortened;
    if (target_.style.width > 0 && width > widths_[i]) {
      shortened.assign(fit(text, widths_[i] - 1)).append("…");
      text = shortened;
      width = display_width(text);
    }
    const auto padding = widths_[i] > width ? widths_[i] - width : 0;
    const bool right = is_number(target_.columns[i].type);
    if (right) out.append(padding, ' ');
    out.append(Paint(target_.style.color && header).bold(text));
    if (!right && !last) out.append(padding, ' ');
    if (!last) out.append(k_gap, ' ');
  }

  /// The width of a row whose text is as narrow as one can read it.
  std::size_t least_width() const {
    auto total = (shown_ - 1) * k_gap;
    for (std::size_t i = 0; i < shown_; ++i) {
      const auto readable = is_number(target_.columns[i].type) ? widths_[i] : std::max(kept_[i], k_readable);
      total += std::min(widths_[i], readable);
    }
    return total;
  }

  /// Leaves the last columns out until there is room for the others, and takes characters off the widest
  /// until the row fits; what keeps its width, figures and short columns stay.
  void fit_to_screen() {
    if (target_.style.width == 0) return;
    while (shown_ > k_first_columns && least_width() > target_.style.width) --shown_;
    auto total = (shown_ - 1) * k_gap;
    for (std::size_t i = 0; i < shown_; ++i) total += widths_[i];
    while (total > target_.style.width) {
      std::size_t widest = shown_;
      for (std::size_t i = 0; i < shown_; ++i) {
        if (is_number(target_.columns[i].type) || widths_[i] <= kept_[i]) continue;
        if (widest == shown_ || widths_[i] > widths_[widest]) widest = i;
      }
      if (widest == shown_) return;
      --widths_[widest];
      --total;
    }
  }

  RowTarget target_;
  std::vector<std::size_t> widths_, kept_;
  std::size_t shown_ = 0;  ///< the first so many
  std::vector<std::string> waiting_;
  bool measured_ = false;
};

class Markdown final : public RowFormat {
 public:
  explicit Markdown(RowTarget target) : target_(std::move(target)) {}

  void begin() override {
    auto& out = target_.output.buffer();
    for (const auto& column : target_.columns) out.append("| ").append(column.name).push_back(' ');
    out.append("|\n");
    for (const auto& column : target_.columns) out.append(is_number(column.type) ? "|---:" : "|---");
    out.append("|\n");
  }

  void row(std::span<const Cell> cells) override {
    auto& out = target_.output.buffer();
    for (std::size_t i = 0; i < cells.size(); ++i) {
      text_.clear();
      if (cells[i].is_null())
        text_ = target_.style.null_text.value_or("");
      else
        append_plain(target_.columns[i], cells[i]);
      out.append("| ");
      append_escaped(out, text_);
      out.push_back(' ');
    }
    out.append("|\n");
  }

 private:
  /// Machine form of everything: markdown is a contract as csv is.
  void append_plain(const Column& column, const Cell& cell) {
    const auto& value = cell.value();
    if (const auto* text = std::get_if<std::string_view>(&value))
      text_.append(*text);
    else if (const auto* at = std::get_if<base::Instant>(&value))
      target_.times.append(text_, *at);
    else
      append_json_cell(text_, column, cell, target_.times);
  }

  static void append_escaped(std::string& out, std::string_view text) {
    for (std::size_t i = 0; i < text.size(); ++i) {
      switch (text[i]) {
        case '|':
          out.append("\\|");
          break;
        case '\\':
          out.append("\\\\");
          break;
        case '<':
          out.append("&lt;");
          break;
        case '&':
          out.append("&amp;");
          break;
        case '\n':
          out.append("<br>");
          break;
        default: {
          auto end = text.find_first_of("|\\<&\n", i);
          if (end == text.npos) end = text.size();
          append_visible(out, text.substr(i, end - i));
          i = end - 1;
        }
      }
    }
  }

  RowTarget target_;
  std::string text_;
};

}  // namespace

void append_display_cell(std::string& out, const Column& column, const Cell& cell, TimeText& times) {
  const auto& value = cell.value();
  if (const auto* text = std::get_if<std::string_view>(&value)) {
    const bool short_id = column.type == ColumnType::job && text->size() > k_short_id;
    append_visible(out, short_id ? text->substr(text->size() - k_short_id) : *text);
  } else if (const auto* at = std::get_if<base::Instant>(&value)) {
    times.append_local(out, *at);
  } else if (const auto* number = std::get_if<std::int64_t>(&value);
             number && column.type == ColumnType::duration) {
    out.append(base::format_duration(std::chrono::seconds(*number)));
  } else if (const auto* real = std::get_if<double>(&value); real && column.type == ColumnType::share) {
    fmt::format_to(std::back_inserter(out), "{:.1f} %", *real * 100);
  } else if (const auto* yes = std::get_if<bool>(&value)) {
    out.append(*yes ? "yes" : "no");
  } else if (const auto* raw = std::get_if<RawJson>(&value)) {
    append_visible(out, raw->text);
  } else {
    append_json_cell(out, column, cell, times);
  }
}

std::unique_ptr<RowFormat> make_table(RowTarget target) { return std::make_unique<Table>(std::move(target)); }
std::unique_ptr<RowFormat> make_markdown(RowTarget target) {
  return std::make_unique<Markdown>(std::move(target));
}

}  // namespace ringctl::cmd
