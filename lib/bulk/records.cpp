#include "bulk/records.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "base/text.hpp"
#include "records/rows.hpp"
#include "records/values.hpp"

namespace ringctl::bulk {
namespace {

using records::Candidate;
using records::Noun;
using records::Record;

/// Ranks that the rows of a file do not say: new ones go behind all others, in the order of the file.
class Ranks {
 public:
  explicit Ranks(const Noun& noun) : noun_(noun) {
    const auto& fields = noun.fields;
    const auto ranked = std::find_if(fields.begin(), fields.end(),
                                     [](const records::Field& field) { return field.rank != nullptr; });
    if (ranked != fields.end()) field_ = static_cast<std::size_t>(ranked - fields.begin());
  }

  /// For each row in the order of the file: a cell that says none gets its place among those.
  void number(Row& row) {
    if (!field_) return;
    auto& cell = row[*field_];
    if (cell.state == CellState::value)
      highest_ = std::max(highest_, base::parse_int(cell.text).value_or(0));
    else if (cell.state == CellState::absent)
      cell = {CellState::if_new, place_ = std::to_string(++placed_)};
  }

  /// Before the first row is written.
  void look(db::Connection& db, const base::Uuid& workspace) {
    if (!field_ || looked_ || placed_ == 0) return;
    looked_ = true;
    highest_ = std::max(highest_, records::highest(db, workspace, noun_, *field_));
  }

  std::string text(std::string_view place) const {
    const auto& rank = *noun_.fields[*field_].rank;
    const auto behind = highest_ / rank.step + base::parse_int(place).value_or(0);
    return std::to_string(std::min(behind * rank.step, rank.most));
  }

 private:
  const Noun& noun_;
  std::optional<std::size_t> field_;
  std::int64_t highest_ = 0, placed_ = 0;
  std::string place_;
  bool looked_ = false;
};

/// The texts a row shall hold: what the file says, what is there, what new rows are given.
std::vector<std::string> wanted_cells(const Noun& noun, const Ranks& ranks, const Row& row,
                                      const Existing* held) {
  std::vector<std::string> cells;
  for (std::size_t i = 0; i < row.size(); ++i) {
    if (row[i].state == CellState::value || row[i].state == CellState::clear)
      cells.emplace_back(row[i].text);
    else if (held && !held->dormant)
      cells.push_back(held->cells[i]);
    else if (row[i].state == CellState::if_new)
      cells.push_back(ranks.text(row[i].text));
    else
      cells.emplace_back(noun.fields[i].initial);
  }
  return cells;
}

/// A switch that new rows have on: is_active, enabled, sms_access_enabled.
bool says_in_use(const records::Field& field) {
  return field.kind == records::Kind::flag && field.initial == "yes";
}

class RecordsInserter final : public Inserter {
 public:
  RecordsInserter(audit::Session& session, const base::Uuid& workspace, const base::Uuid& job,
                  const Noun& noun, const Ranks& ranks)
      : noun_(noun), ranks_(ranks), insert_(session, workspace, job, noun) {}

  void add(std::span<const Row> rows) override {
    std::vector<std::vector<std::string>> cells;
    for (const auto& row : rows) cells.push_back(wanted_cells(noun_, ranks_, row, nullptr));
    insert_.add(cells);
  }
  void finish() override { insert_.finish(); }

 private:
  const Noun& noun_;
  const Ranks& ranks_;
  records::Insert insert_;
};

class RecordsAdapter final : public Adapter {
 public:
  explicit RecordsAdapter(const Noun& noun) : noun_(noun), ranks_(noun) {
    for (const auto& field : noun.fields)
      columns_.push_back({field.name, field.aliases, field.free_text, field.initial, says_in_use(field)});
    for (std::size_t i = 0; i < noun.fields.size(); ++i)
      if (noun.fields[i].canonical == records::canonical_country) country_column_ = i;
    for (const auto& unique : noun.uniques) uniques_.push_back({unique.fields.front(), unique.code});
  }

  std::string_view noun() const override { return noun_.noun; }
  std::string_view object_type() const override { return noun_.object; }
  std::span<const Column> columns() const override { return columns_; }
  std::size_t key_columns() const override { return noun_.key_fields; }
  std::optional<std::size_t> country_column() const override { return country_column_; }
  std::span<const Unique> uniques() const override { return uniques_; }
  bool looks_like_key(std::string_view text) const override { return noun_.looks_like_key(text); }

  bool canonical(std::size_t column, std::string_view text, const Reading& reading, std::string& out,
                 base::Finding& finding) const override {
    return noun_.fields[column].canonical(text, reading, out, finding);
  }

  bool check(Row& row, std::size_t& column, base::Finding& finding) const override {
    for (column = 0; column < row.size(); ++column) {
      if (!noun_.fields[column].required || row[column].state != CellState::clear) continue;
      finding = missing(column);
      return false;
    }
    column = 0;
    ranks_.number(row);
    return true;
  }

  std::vector<std::string> unique_values(std::size_t unique, const Row& row) const override {
    return records::unique_values(noun_.uniques[unique], wanted_cells(noun_, ranks_, row, nullptr));
  }

  std::size_t unique_column(std::size_t unique, const Row& row, std::string_view value) const override {
    return records::field_of(noun_.uniques[unique], wanted_cells(noun_, ranks_, row, nullptr), value);
  }

  void inspect(db::Connection& db, const base::Uuid& workspace, std::span<Inspected> rows) override {
    ranks_.look(db, workspace);
    std::vector<Candidate> candidates;
    for (const auto& row : rows)
      candidates.push_back({row.held ? row.held->cells : std::vector<std::string>{},
                            wanted_cells(noun_, ranks_, *row.row, row.held)});
    records::inspect(db, workspace, noun_, candidates);
    for (std::size_t i = 0; i < rows.size(); ++i) {
      auto& candidate = candidates[i];
      if (!candidate.finding) require_all(candidate);
      rows[i].finding = std::move(candidate.finding);
      rows[i].column = candidate.field;
      rows[i].conflict = candidate.conflict;
      rows[i].lapse = candidate.lapse;
    }
  }

  void look_up(db::Connection& db, const base::Uuid& workspace, std::span<const std::string_view> keys,
               const std::function<void(Existing&&)>& found) override {
    records::look_up(db, workspace, noun_, keys, [&](std::size_t index, Record&& record) {
      found({.index = index,
             .ours = true,
             .dormant = !record.shown,
             .id = record.id,
             .version = record.version,
             .cells = std::move(record.cells)});
    });
  }

  void find_holders(db::Connection& db, const base::Uuid& workspace, std::size_t unique,
                    std::span<const std::string_view> values,
                    const std::function<void(std::string_view, std::string_view)>& held) override {
    records::find_holders(db, workspace, noun_, noun_.uniques[unique], values, held);
  }

  std::string taken(std::size_t unique, std::string_view value, std::string_view holder,
                    const Row& wanted) const override {
    const auto& own = noun_.uniques[unique];
    if (own.taken == nullptr) return Adapter::taken(unique, value, holder, wanted);
    std::vector<std::string> cells;
    for (const auto& cell : wanted) cells.emplace_back(cell.text);
    auto text = own.taken(records::shown_key(value), records::key_parts(holder));
    if (own.way_out != nullptr) text += "; " + own.way_out(records::shown_key(value), cells);
    return text;
  }

  std::unique_ptr<Inserter> inserter(audit::Session& session, const base::Uuid& workspace,
                                     const base::Uuid& job) override {
    return std::make_unique<RecordsInserter>(session, workspace, job, noun_, ranks_);
  }

  std::int64_t update(audit::Session& session, const base::Uuid& workspace,
                      std::span<const Update> updates) override {
    std::vector<records::RowUpdate> rows;
    for (const auto& update : updates)
      rows.push_back({update.before.id, update.before.version, &update.before.cells, update.cells});
    return records::update_rows(session, workspace, noun_, rows);
  }

  std::optional<base::Uuid> made_by(db::Connection& db, const base::Uuid& workspace,
                                    std::string_view key) override {
    return records::made_by(db, workspace, noun_, key);
  }

  std::int64_t remove_made_by(db::Connection& db, const base::Uuid& workspace, const base::Uuid& job,
                              const KeptRows& kept) override {
    return records::delete_made_by(db, workspace, noun_, job, kept);
  }

  Restored restore(audit::Session& session, const base::Uuid& workspace, const Replaced& row) override {
    return records::restore(session, workspace, noun_, row);
  }

 private:
  base::Finding missing(std::size_t field) const {
    return {"missing_value", fmt::format("{} cannot be empty", noun_.fields[field].name)};
  }
  /// A new row that leaves out what it cannot be without.
  void require_all(Candidate& candidate) const {
    for (std::size_t i = 0; i < noun_.fields.size(); ++i) {
      if (!noun_.fields[i].required || !candidate.after[i].empty()) continue;
      candidate.finding = missing(i);
      candidate.field = i;
      return;
    }
  }

  const Noun& noun_;
  mutable Ranks ranks_;  // check() meets the rows in their order
  std::vector<Column> columns_;
  std::vector<Unique> uniques_;
  std::optional<std::size_t> country_column_;
};

}  // namespace

std::unique_ptr<Adapter> records_adapter(const Noun& noun) { return std::make_unique<RecordsAdapter>(noun); }

}  // namespace ringctl::bulk
