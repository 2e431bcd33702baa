#include "cmd/estate_changes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.hpp"
#include "bulk/adapters.hpp"
#include "cmd/json_text.hpp"
#include "cmd/numbers.hpp"
#include "cmd/record_verbs.hpp"

namespace ringctl::cmd {
namespace {

constexpr std::array k_columns = {
    Column{"noun", ColumnType::word},      Column{"record", ColumnType::fact},
    Column{"action", ColumnType::word},    Column{"changes", ColumnType::json},
    Column{"job", ColumnType::job, false},
};

constexpr std::uint64_t k_shown_in_table = 20;  ///< rows of a step
constexpr std::uint64_t k_warned_of = 10;       ///< of a step, by name

/// A noun's fields as its export writes them.
class Fields {
 public:
  explicit Fields(std::string_view noun) : columns_(number_export_columns()) {
    const auto nouns = bulk::imported_nouns();
    const auto found = std::ranges::find(nouns, noun, &records::Noun::noun);
    if (found == nouns.end()) return;
    described_ = *found;
    columns_ = export_columns(*described_);
  }
  const Column& column(std::size_t i) const { return columns_[i]; }
  Cell cell(std::size_t i, const std::string& text) const {
    if (described_ != nullptr) return cell_of(described_->fields[i].kind, text);
    return text.empty() ? Cell() : Cell(text);
  }

 private:
  const records::Noun* described_ = nullptr;
  std::span<const Column> columns_;
};

/// {"label":{"from":"Sales","to":null}}
void append_json_changes(std::string& out, const bulk::RowChange& change, const Fields& fields,
                         TimeText& times) {
  for (const auto& field : change.fields) {
    const auto& column = fields.column(field.column);
    out.push_back(out.empty() ? '{' : ',');
    append_json(out, column.name);
    out.append(R"(:{"from":)");
    append_json_cell(out, column, fields.cell(field.column, field.before), times);
    out.append(R"(,"to":)");
    append_json_cell(out, column, fields.cell(field.column, field.after), times);
    out.push_back('}');
  }
  out.append(out.empty() ? "{}" : "}");
}

/// "label: Sales -> nothing, status: active -> inactive"; of a new row "label: Sales".
void append_spoken_changes(std::string& out, const bulk::RowChange& change, const Fields& fields) {
  const auto spoken = [](const std::string& text) {
    return text.empty() ? std::string_view("nothing") : text;
  };
  for (const auto& field : change.fields) {
    if (!out.empty()) out.append(", ");
    fmt::format_to(std::back_inserter(out), "{}: ", fields.column(field.column).name);
    if (change.action != bulk::RowAction::create)
      fmt::format_to(std::back_inserter(out), "{} -> ", spoken(field.before));
    out.append(spoken(field.after));
  }
}

bool is_spoken(Format format) { return format == Format::table || format == Format::html; }

class List {
 public:
  List(Io& io, bool all)
      : io_(io),
        rows_(io.rows(k_columns)),
        most_(io.format() == Format::table && !all ? k_shown_in_table : 0) {
    rows_.tell_all();
  }

  void show(bulk::EstateStep& step) {
    const Fields fields(step.noun);
    const auto& job = step.report.job;
    auto& changes = step.report.changes;
    std::uint64_t shown = 0;
    changes.for_each([&](const bulk::RowChange& change) {
      if (most_ != 0 && shown == most_) return false;
      ++shown;
      show(step.noun, change, fields, job ? Cell(*job) : Cell());
      return true;
    });
    if (const auto more = changes.size() - shown; more != 0)
      rows_.row({step.noun, fmt::format("… {} more", base::group_digits(more)), Cell(), Cell(), Cell()});
  }
  void finish() { rows_.finish(); }

 private:
  void show(const std::string& noun, const bulk::RowChange& change, const Fields& fields, const Cell& job) {
    text_.clear();
    const bool spoken = is_spoken(io_.format());
    spoken ? append_spoken_changes(text_, change, fields)
           : append_json_changes(text_, change, fields, io_.times());
    const auto record = records::shown_key(change.key);
    const auto changes = spoken ? Cell(text_) : Cell(RawJson{text_});
    rows_.row({noun, record, bulk::action_name(change.action), changes, job});
  }

  Io& io_;
  Rows rows_;
  std::uint64_t most_;  ///< 0: all
  std::string text_;
};

}  // namespace

std::span<const Column> estate_change_columns() { return k_columns; }

void show_changes(Io& io, std::vector<bulk::EstateStep>& steps, bool all) {
  List list(io, all);
  for (auto& step : steps) list.show(step);
  list.finish();
}

void warn_of_activated(Io& io, std::vector<bulk::EstateStep>& steps) {
  for (auto& step : steps) {
    const auto count = step.report.changes.count(bulk::RowAction::activate);
    if (count == 0) continue;
    std::vector<std::string> named;
    step.report.changes.for_each([&](const bulk::RowChange& change) {
      if (change.action == bulk::RowAction::activate) named.push_back(records::shown_key(change.key));
      return named.size() < std::min(count, k_warned_of);
    });
    if (count > named.size())
      named.push_back(fmt::format("… {} more", base::group_digits(count - named.size())));
    io.warn(fmt::format("{}: {} out of use and in use by the file: {}", step.noun,
                        count == 1 ? "one is" : base::group_digits(count) + " are", base::join(named, ", ")));
  }
}

}  // namespace ringctl::cmd
