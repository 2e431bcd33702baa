// xlsx: a workbook, which is packed when the last row is in.
#include "cmd/rows.hpp"
#include "report/workbook.hpp"

namespace ringctl::cmd {
namespace {

report::SheetType sheet_type(ColumnType type) {
  switch (type) {
    case ColumnType::integer:
      return report::SheetType::integer;
    case ColumnType::real:
    case ColumnType::share:
      return report::SheetType::real;
    case ColumnType::boolean:
      return report::SheetType::boolean;
    case ColumnType::time:
      return report::SheetType::time;
    case ColumnType::date:
      return report::SheetType::date;
    case ColumnType::duration:
      return report::SheetType::duration;
    case ColumnType::money:
      return report::SheetType::money;
    default:
      return report::SheetType::text;
  }
}

std::vector<report::SheetColumn> sheet_columns(const std::vector<Column>& columns) {
  std::vector<report::SheetColumn> all;
  for (const auto& column : columns) all.push_back({std::string(column.name), sheet_type(column.type)});
  return all;
}

class Xlsx final : public RowFormat {
 public:
  explicit Xlsx(RowTarget target)
      : target_(std::move(target)), book_(target_.title, sheet_columns(target_.columns), target_.made_at) {}

  void row(std::span<const Cell> cells) override {
    times_.resize(cells.size());
    row_.clear();
    for (std::size_t i = 0; i < cells.size(); ++i) row_.push_back(sheet_cell(cells[i], times_[i]));
    book_.row(row_);
  }

  void end() override {
    cut_ = book_.finish([&](std::string_view part) { target_.output.write(part); });
  }
  std::int64_t cut() const override { return cut_; }

 private:
  /// `time` holds the text of an instant until the row is written.
  report::SheetCell sheet_cell(const Cell& cell, std::string& time) {
    const auto& value = cell.value();
    if (const auto* text = std::get_if<std::string_view>(&value)) return *text;
    if (const auto* number = std::get_if<std::int64_t>(&value)) return *number;
    if (const auto* real = std::get_if<double>(&value)) return *real;
    if (const auto* yes = std::get_if<bool>(&value)) return *yes;
    if (const auto* raw = std::get_if<RawJson>(&value)) return raw->text;
    const auto* at = std::get_if<base::Instant>(&value);
    if (at == nullptr) return std::monostate{};
    time.clear();
    target_.times.append(time, *at);
    return std::string_view(time);
  }

  RowTarget target_;
  report::Workbook book_;
  std::vector<std::string> times_;
  std::vector<report::SheetCell> row_;
  std::int64_t cut_ = 0;
};

}  // namespace

std::unique_ptr<RowFormat> make_xlsx(RowTarget target) { return std::make_unique<Xlsx>(std::move(target)); }

}  // namespace ringctl::cmd
