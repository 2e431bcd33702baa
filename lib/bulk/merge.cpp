#include "bulk/merge.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/error.hpp"

namespace ringctl::bulk {
namespace {

constexpr std::size_t k_batch_rows = 4096;

/// What the database shall hold in a column: the file's value, nothing, or what it holds already.
std::string_view wanted(const Cell& cell, std::string_view held) {
  return cell.state == CellState::absent ? held : cell.text;
}

std::string differences(const Adapter& adapter, const Row& row, const Existing& held) {
  std::string out;
  for (std::size_t i = 0; i < row.size(); ++i) {
    const auto want = wanted(row[i], held.cells[i]);
    if (want == held.cells[i]) continue;
    fmt::format_to(std::back_inserter(out), "{}{} is \"{}\", not \"{}\"", out.empty() ? "" : ", ",
                   adapter.columns()[i].name, held.cells[i], want);
  }
  return out;
}

bool equals(const Row& row, const Existing& held) {
  for (std::size_t i = 0; i < row.size(); ++i)
    if (wanted(row[i], held.cells[i]) != held.cells[i]) return false;
  return true;
}

/// One batch on its way through look-up, decision and writing.
class Merge {
 public:
  Merge(audit::Session& session, const base::Uuid& workspace, Adapter& adapter, const Batch& batch, OnConflict mode,
        const base::Uuid& job)
      : session_(session), workspace_(workspace), adapter_(adapter), batch_(batch), mode_(mode), job_(job),
        verdicts_(batch.rows.size(), Verdict::fresh), held_(batch.rows.size()) {}

  BatchOutcome run(bool write) {
    adapter_.look_up(session_.db, workspace_, batch_.keys, [&](Existing&& found) {
      const std::size_t index = found.index;
      held_[index] = std::move(found);
    });
    for (std::size_t i = 0; i < batch_.rows.size(); ++i) decide(i);
    refuse_taken_values();
    for (std::size_t i = 0; i < batch_.rows.size(); ++i) count(i);
    if (write) this->write();
    return std::move(outcome_);
  }

 private:
  void decide(std::size_t i) {
    if (!held_[i]) return;
    const Existing& held = *held_[i];
    if (!held.ours)
      return conflict(i, "", "held_elsewhere", fmt::format("{} is held by another workspace", batch_.keys[i]));
    if (equals(batch_.rows[i], held)) {
      verdicts_[i] = Verdict::same;
    } else if (mode_ == OnConflict::update) {
      verdicts_[i] = Verdict::update;
    } else if (mode_ == OnConflict::skip) {
      verdicts_[i] = Verdict::skipped;
    } else {
      conflict(i, "", "exists", fmt::format("{} exists: {}", batch_.keys[i], differences(adapter_, batch_.rows[i], held)));
    }
  }

  void refuse_taken_values() {
    std::vector<Row> rows;
    std::vector<std::size_t> at;
    const auto columns = adapter_.columns();
    for (std::size_t i = 0; i < batch_.rows.size(); ++i) {
      if (verdicts_[i] != Verdict::fresh && verdicts_[i] != Verdict::update) continue;
      const bool has_unique = [&] {
        for (std::size_t c = 0; c < columns.size(); ++c)
          if (columns[c].unique && batch_.rows[i][c].state == CellState::value) return true;
        return false;
      }();
      if (!has_unique) continue;
      rows.push_back(batch_.rows[i]);
      at.push_back(i);
    }
    if (rows.empty()) return;
    adapter_.find_taken(session_.db, workspace_, rows, [&](std::size_t row, base::Finding&& finding) {
      conflict(at[row], "", std::move(finding.code), std::move(finding.message));
    });
  }

  void conflict(std::size_t i, std::string column, std::string code, std::string message) {
    verdicts_[i] = Verdict::conflict;
    Problem problem{batch_.items[i].line, Verdict::conflict,  std::string(batch_.keys[i]), std::move(column),
                    std::move(code),      std::move(message), unpack_raw(batch_.raw[i])};
    outcome_.journal.push_back({.line = static_cast<std::int64_t>(problem.line), .key = problem.key,
                                .verdict = "conflict", .code = problem.code, .message = problem.message});
    outcome_.problems.push_back(std::move(problem));
  }

  void count(std::size_t i) {
    auto& counts = outcome_.counts;
    switch (verdicts_[i]) {
      case Verdict::fresh: ++counts.created; break;
      case Verdict::update: ++counts.updated; break;
      case Verdict::same: ++counts.same; break;
      case Verdict::skipped: ++counts.skipped; break;
      case Verdict::conflict: ++counts.conflict; break;
      case Verdict::duplicate:
      case Verdict::invalid: break;  // settled before the merge
    }
  }

  void write() {
    std::vector<Row> fresh;
    std::vector<Update> updates;
    for (std::size_t i = 0; i < batch_.rows.size(); ++i) {
      if (verdicts_[i] == Verdict::fresh) fresh.push_back(batch_.rows[i]);
      if (verdicts_[i] == Verdict::update) updates.push_back(update_of(i));
    }
    const bool all_made = fresh.empty() || adapter_.insert(session_, workspace_, job_, fresh) == std::ssize(fresh);
    const bool all_changed = updates.empty() || adapter_.update(session_, workspace_, updates) == std::ssize(updates);
    if (!all_made || !all_changed)
      throw Error(Errc::conflict, "import.moved_on", "another writer changed rows of this file meanwhile",
                  "run the same command again");
  }

  Update update_of(std::size_t i) {
    const Row& row = batch_.rows[i];
    Update update{*held_[i], {}};
    for (std::size_t c = 0; c < row.size(); ++c) update.cells.emplace_back(wanted(row[c], update.before.cells[c]));
    outcome_.journal.push_back({.line = static_cast<std::int64_t>(batch_.items[i].line),
                                .key = std::string(batch_.keys[i]),
                                .verdict = "update",
                                .before_image = image_of(adapter_, update.before.cells),
                                .version_after = update.before.version + 1});
    return update;
  }

  audit::Session& session_;
  const base::Uuid& workspace_;
  Adapter& adapter_;
  const Batch& batch_;
  OnConflict mode_;
  const base::Uuid& job_;
  std::vector<Verdict> verdicts_;
  std::vector<std::optional<Existing>> held_;
  BatchOutcome outcome_;
};

}  // namespace

void Batch::clear() {
  arena.clear();
  items.clear();
}

void Batch::add(const Sorter::Entry& entry) {
  items.push_back({entry.line, arena.size(), entry.key.size(), arena.size() + entry.key.size(), entry.payload.size()});
  arena.append(entry.key).append(entry.payload);
}

void Batch::unpack_rows(std::size_t columns) {
  keys.clear();
  raw.clear();
  rows.resize(items.size());
  const std::string_view bytes = arena;
  for (std::size_t i = 0; i < items.size(); ++i) {
    keys.push_back(bytes.substr(items[i].key_at, items[i].key_size));
    std::string_view payload = bytes.substr(items[i].payload_at, items[i].payload_size);
    unpack(payload, columns, rows[i]);
    raw.push_back(payload);
  }
}

Dealer::Dealer(Intake& intake, const Adapter& adapter, std::string position)
    : intake_(intake), adapter_(adapter), position_(std::move(position)) {
  intake_.accepted.rewind();
}

bool Dealer::next(Batch& batch) {
  batch.clear();
  Sorter::Entry entry;
  while (batch.items.size() < k_batch_rows && intake_.accepted.next(entry)) {
    if (!intake_.refused_lines.empty() && intake_.refused_lines.contains(entry.line)) continue;
    digest_.update(entry.key).update(entry.payload);
    if (stands_already(entry)) continue;
    if (!position_.empty() && entry.key <= position_)
      repeat_conflict(entry);
    else
      batch.add(entry);
  }
  batch.unpack_rows(adapter_.columns().size());
  return !batch.items.empty();
}

std::string_view Dealer::canonical_part(std::string_view payload, std::string_view& raw) {
  raw = payload;
  unpack(raw, adapter_.columns().size(), scratch_);
  return payload.substr(0, payload.size() - raw.size());
}

bool Dealer::stands_already(const Sorter::Entry& entry) {
  std::string_view raw;
  if (entry.key != last_key_ || last_line_ == 0) {
    last_key_ = entry.key;
    last_cells_ = canonical_part(entry.payload, raw);
    last_line_ = entry.line;
    return false;
  }
  Problem problem{entry.line, Verdict::duplicate, last_key_, std::string(adapter_.columns()[0].name), "duplicate",
                  fmt::format("{} stands on line {} already", last_key_, last_line_), {}};
  if (canonical_part(entry.payload, raw) == last_cells_) {
    ++identical_;
    intake_.warnings.add(problem);
  } else {
    ++duplicates_;
    problem.message += " with other values";
    problem.raw = unpack_raw(raw);
    intake_.problems.add(problem);
  }
  return true;
}

void Dealer::repeat_conflict(const Sorter::Entry& entry) {
  const auto earlier = earlier_conflicts_.find(entry.line);
  if (earlier == earlier_conflicts_.end()) return;
  std::string_view raw;
  canonical_part(entry.payload, raw);
  const auto& row = earlier->second;
  intake_.problems.add({entry.line, Verdict::conflict, row.key, "", row.code, row.message, unpack_raw(raw)});
}

BatchOutcome merge_batch(audit::Session& session, const base::Uuid& workspace, Adapter& adapter, const Batch& batch,
                         OnConflict mode, const base::Uuid& job, bool write) {
  return Merge(session, workspace, adapter, batch, mode, job).run(write);
}

std::string image_of(const Adapter& adapter, const std::vector<std::string>& cells) {
  nlohmann::json image = nlohmann::json::object();  // sorted keys: canonical
  for (std::size_t i = 0; i < cells.size(); ++i)
    if (!cells[i].empty()) image[std::string(adapter.columns()[i].name)] = cells[i];
  return image.dump();
}

std::vector<std::string> cells_of_image(const Adapter& adapter, std::string_view json) {
  const auto image = nlohmann::json::parse(json);
  std::vector<std::string> cells;
  for (const auto& column : adapter.columns()) cells.push_back(image.value(std::string(column.name), std::string()));
  return cells;
}

std::vector<std::string> unpack_raw(std::string_view packed) {
  std::vector<std::string> out;
  std::vector<Cell> cell;
  while (!packed.empty()) {
    unpack(packed, 1, cell);
    out.emplace_back(cell[0].text);
  }
  return out;
}

}  // namespace ringctl::bulk
