// csv and tsv. A million rows go through here, so nothing is allocated per cell.
#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "cmd/json_text.hpp"
#include "cmd/rows.hpp"
#include "cmd/terminal.hpp"
#include "csv/writer.hpp"

namespace ringctl::cmd {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool is_e164(std::string_view text) {
  return text.size() >= 7 && text.size() <= 16 && text[0] == '+' &&
         std::all_of(text.begin() + 1, text.end(), is_digit);
}

/// "-12.5": the sign does not make it a formula.
bool is_decimal(std::string_view text) {
  if (text.starts_with('-')) text.remove_prefix(1);
  const auto point = text.find('.');
  const auto whole = text.substr(0, point);
  const auto fraction = point == text.npos ? std::string_view("0") : text.substr(point + 1);
  return !whole.empty() && !fraction.empty() && std::all_of(whole.begin(), whole.end(), is_digit) &&
         std::all_of(fraction.begin(), fraction.end(), is_digit);
}

/// "-0.04 USD"
bool is_amount(std::string_view text) {
  const auto space = text.find(' ');
  if (space == text.npos) return is_decimal(text);
  const auto unit = text.substr(space + 1);
  return is_decimal(text.substr(0, space)) && unit.size() == 3 &&
         std::all_of(unit.begin(), unit.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
}

/// True if text of this type is what the type promises; if not, it is handled as free text.
bool keeps_promise(ColumnType type, std::string_view text) {
  switch (type) {
    case ColumnType::e164:
      return is_e164(text);
    case ColumnType::integer:
    case ColumnType::real:
    case ColumnType::duration:
    case ColumnType::money:
    case ColumnType::share:
      return is_decimal(text);
    case ColumnType::fact:
      return is_e164(text) || is_amount(text);
    case ColumnType::text:
      return false;
    default:
      return !csv::needs_guard(text);
  }
}

class Delimited final : public RowFormat {
 public:
  explicit Delimited(RowTarget target)
      : target_(std::move(target)),
        tsv_(target_.style.format == Format::tsv),
        delimiter_(tsv_ ? '\t' : target_.style.delimiter),
        end_of_line_(target_.style.crlf && !tsv_ ? "\r\n" : "\n"),
        null_(target_.style.null_text.value_or(tsv_ ? "\\N" : "")) {}

  void begin() override {
    auto& out = target_.output.buffer();
    if (target_.style.bom && !tsv_) out.append("\xEF\xBB\xBF");
    if (!target_.style.header) return;
    for (const auto& column : target_.columns) {
      if (&column != target_.columns.data()) out.push_back(delimiter_);
      out.append(column.name);
    }
    out.append(end_of_line_);
  }

  void row(std::span<const Cell> cells) override {
    auto& out = target_.output.buffer();
    for (std::size_t i = 0; i < cells.size(); ++i) {
      if (i > 0) out.push_back(delimiter_);
      append(out, target_.columns[i].type, cells[i]);
    }
    out.append(end_of_line_);
  }

 private:
  void append(std::string& out, ColumnType type, const Cell& cell) {
    const auto& value = cell.value();
    if (const auto* text = std::get_if<std::string_view>(&value))
      append_text(out, type, *text);
    else if (cell.is_null())
      out.append(null_);
    else if (const auto* number = std::get_if<std::int64_t>(&value))
      append_integer(out, *number);
    else if (const auto* yes = std::get_if<bool>(&value))
      out.append(*yes ? "true" : "false");
    else if (const auto* real = std::get_if<double>(&value))
      fmt::format_to(std::back_inserter(out), "{}", *real);
    else if (const auto* at = std::get_if<base::Instant>(&value))
      target_.times.append(out, *at);
    else
      append_field(out, std::get<RawJson>(value).text);
  }

  void append_text(std::string& out, ColumnType type, std::string_view text) {
    // A leading quote is guarded as well, so that removing one on import is always the inverse.
    const bool may_need_guard = !text.empty() && (text.front() == '\'' || csv::needs_guard(text));
    if (!may_need_guard || !target_.style.guard || keeps_promise(type, text)) return append_field(out, text);
    guarded_.clear();
    csv::append_guarded(guarded_, text);
    append_field(out, guarded_);
  }

  void append_field(std::string& out, std::string_view text) {
    if (!target_.style.pretty) return append_written(out, text);
    written_.clear();
    append_written(written_, text);
    append_visible(out, written_);
  }

  void append_written(std::string& out, std::string_view text) const {
    if (tsv_)
      csv::append_tsv(out, text);
    else
      csv::append_csv(out, text, delimiter_);
  }

  RowTarget target_;
  bool tsv_;
  char delimiter_;
  std::string_view end_of_line_;
  std::string null_, guarded_, written_;
};

}  // namespace

std::unique_ptr<RowFormat> make_delimited(RowTarget target) {
  return std::make_unique<Delimited>(std::move(target));
}

}  // namespace ringctl::cmd
