#include "bulk/merge.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <nlohmann/json.hpp>
#include <tuple>

#include "base/error.hpp"
#include "base/text.hpp"

namespace ringctl::bulk {
namespace {

/// In an image, beside the columns.
constexpr const char* k_dormant = "dormant";

/// What the database shall hold in a column: the file's value, nothing, or what it holds already.
std::string_view wanted(const Adapter& adapter, const Row& row, const Existing& held, std::size_t column) {
  const auto state = row[column].state;
  if (state == CellState::value || state == CellState::clear) return row[column].text;
  return held.dormant ? adapter.columns()[column].cleared_to : std::string_view(held.cells[column]);
}

std::string differences(const Adapter& adapter, const Row& row, const Existing& held) {
  std::string out;
  for (std::size_t i = 0; i < row.size(); ++i) {
    const auto want = wanted(adapter, row, held, i);
    if (want == held.cells[i]) continue;
    fmt::format_to(std::back_inserter(out), R"({}{} is "{}", not "{}")", out.empty() ? "" : ", ",
                   adapter.columns()[i].name, held.cells[i], want);
  }
  return out;
}

bool equals(const Adapter& adapter, const Row& row, const Existing& held) {
  for (std::size_t i = 0; i < row.size(); ++i)
    if (wanted(adapter, row, held, i) != held.cells[i]) return false;
  return true;
}

Cell as_cell(std::string_view text) {
  return text.empty() ? Cell{CellState::clear, {}} : Cell{CellState::value, text};
}

/// Views live as long as those of `row` and `held`.
Row row_after(const Adapter& adapter, const Row& row, const Existing& held) {
  Row after;
  for (std::size_t c = 0; c < row.size(); ++c) after.push_back(as_cell(wanted(adapter, row, held, c)));
  return after;
}

std::vector<std::string> unique_values_of(const Adapter& adapter, const Existing& held, std::size_t unique) {
  Row row;
  for (const auto& text : held.cells) row.push_back(as_cell(text));
  return adapter.unique_values(unique, row);
}

/// What a changed row had of the uniques and has no more.
void note_given_up(const Adapter& adapter, const Row& row, const Existing& held, GivenUp& given_up) {
  for (std::size_t unique = 0; unique < adapter.uniques().size(); ++unique) {
    const auto kept = adapter.unique_values(unique, row_after(adapter, row, held));
    for (const auto& value : records::values_beyond(unique_values_of(adapter, held, unique), kept))
      given_up.add(unique, value);
  }
}

/// One batch, looked up and decided row by row.
class Decision {
 public:
  Decision(db::Connection& db, const base::Uuid& workspace, Adapter& adapter, const Batch& batch,
           const Judgement& judgement, const GivenUp& given_up)
      : db_(db),
        workspace_(workspace),
        adapter_(adapter),
        batch_(batch),
        judgement_(judgement),
        given_up_(given_up),
        verdicts_(batch.rows.size(), Verdict::fresh),
        held_(batch.rows.size()) {
    adapter_.look_up(db_, workspace_, batch_.keys, [&](Existing&& found) {
      const std::size_t index = found.index;
      held_[index] = std::move(found);
    });
    for (std::size_t i = 0; i < batch_.rows.size(); ++i) decide(i);
    inspect();
    for (std::size_t unique = 0; unique < adapter_.uniques().size(); ++unique) refuse_taken_values(unique);
    for (std::size_t i = 0; i < batch_.rows.size(); ++i) count(i);
    for (std::size_t i = 0; i < batch_.rows.size(); ++i)
      if (is_told(i)) outcome_.changes.push_back(change_of(i));
  }

  std::vector<Row> fresh_rows() const {
    std::vector<Row> fresh;
    for (std::size_t i = 0; i < batch_.rows.size(); ++i)
      if (verdicts_[i] == Verdict::fresh) fresh.push_back(batch_.rows[i]);
    return fresh;
  }

  /// With the journal's copy of what they replace.
  std::vector<Update> updates() {
    std::vector<Update> updates;
    for (std::size_t i = 0; i < batch_.rows.size(); ++i)
      if (verdicts_[i] == Verdict::update) updates.push_back(update_of(i));
    return updates;
  }

  const jobs::Counts& counts() const { return outcome_.counts; }
  BatchOutcome outcome() { return std::move(outcome_); }

 private:
  void decide(std::size_t i) {
    if (!held_[i]) return;
    const Existing& held = *held_[i];
    if (!held.ours)
      return refuse(i, Verdict::conflict, "", "held_elsewhere",
                    fmt::format("{} is held by another workspace", batch_.keys[i]));
    if (equals(adapter_, batch_.rows[i], held)) {
      verdicts_[i] = Verdict::same;
    } else if (held.dormant || judgement_.on_conflict == OnConflict::update) {
      verdicts_[i] = Verdict::update;
    } else if (judgement_.on_conflict == OnConflict::skip) {
      verdicts_[i] = Verdict::skipped;
    } else {
      refuse(i, Verdict::conflict, "", "exists",
             fmt::format("{} exists: {}", records::shown_key(batch_.keys[i]),
                         differences(adapter_, batch_.rows[i], held)));
    }
  }

  bool is_written(std::size_t i) const {
    return verdicts_[i] == Verdict::fresh || verdicts_[i] == Verdict::update;
  }

  void inspect() {
    std::vector<Inspected> rows;
    std::vector<std::size_t> places;
    for (std::size_t i = 0; i < batch_.rows.size(); ++i) {
      if (!is_written(i)) continue;
      rows.push_back({&batch_.rows[i], held_[i] ? &*held_[i] : nullptr});
      places.push_back(i);
    }
    adapter_.inspect(db_, workspace_, rows);
    for (std::size_t r = 0; r < rows.size(); ++r)
      if (rows[r].finding) judge(places[r], rows[r]);
  }

  void judge(std::size_t i, const Inspected& row) {
    const std::string column(adapter_.columns()[row.column].name);
    const auto& [code, message] = row.finding;
    if (row.lapse != records::Lapse::none && row.lapse <= judgement_.accepted) {
      outcome_.warnings.push_back(problem_of(i, verdicts_[i], column, code, message));
      return;
    }
    outcome_.dangling += row.lapse == records::Lapse::dangling ? 1 : 0;
    refuse(i, row.conflict ? Verdict::conflict : Verdict::refused, column, code, message);
  }

  /// What the row shall have of a unique beyond what it has already.
  std::vector<std::string> new_unique_values(std::size_t i, std::size_t unique) const {
    if (!held_[i]) return adapter_.unique_values(unique, row_after(i));
    return records::values_beyond(adapter_.unique_values(unique, row_after(i)),
                                  unique_values_of(adapter_, *held_[i], unique));
  }

  Row row_after(std::size_t i) const {
    return held_[i] ? bulk::row_after(adapter_, batch_.rows[i], *held_[i]) : batch_.rows[i];
  }

  /// No two rows of a file share a unique value, so a value leads to one row.
  void refuse_taken_values(std::size_t unique) {
    std::map<std::string, std::size_t, std::less<>> row_of;
    std::vector<std::string_view> values;
    for (std::size_t i = 0; i < batch_.rows.size(); ++i) {
      if (!is_written(i)) continue;
      for (auto& value : new_unique_values(i, unique))
        values.push_back(row_of.emplace(std::move(value), i).first->first);
    }
    if (values.empty()) return;
    adapter_.find_holders(db_, workspace_, unique, values, [&](std::string_view value, std::string_view key) {
      const auto row = row_of.find(value);
      if (row != row_of.end() && key != batch_.keys[row->second]) taken(row->second, unique, value, key);
    });
    if (given_up_.empty()) return;
    for (const auto& [value, i] : row_of)
      if (given_up_.contains(unique, value)) given_up_before(i, unique, value);
  }

  std::string_view unique_column(std::size_t i, std::size_t unique, std::string_view value) const {
    return adapter_.columns()[adapter_.unique_column(unique, row_after(i), value)].name;
  }

  void given_up_before(std::size_t i, std::size_t unique, std::string_view value) {
    const auto name = unique_column(i, unique, value);
    refuse(i, Verdict::conflict, std::string(name), std::string(adapter_.uniques()[unique].code),
           fmt::format("{} is one that another row of the file gives up; it moves in an import of its own",
                       base::in_quotes(records::shown_key(value))));
  }

  void taken(std::size_t i, std::size_t unique, std::string_view value, std::string_view holder) {
    const auto name = unique_column(i, unique, value);
    refuse(i, Verdict::conflict, std::string(name), std::string(adapter_.uniques()[unique].code),
           holder.empty()
               ? fmt::format("{} is held by another workspace", base::in_quotes(records::shown_key(value)))
               : adapter_.taken(unique, value, holder, batch_.rows[i]));
  }

  Problem problem_of(std::size_t i, Verdict verdict, std::string column, std::string code,
                     std::string message) const {
    return {batch_.items[i].line,
            verdict,
            std::string(batch_.keys[i]),
            std::move(column),
            std::move(code),
            std::move(message),
            std::string(batch_.raw[i]),
            {}};
  }

  /// What is found first counts.
  void refuse(std::size_t i, Verdict verdict, std::string column, std::string code, std::string message) {
    if (verdicts_[i] == Verdict::conflict || verdicts_[i] == Verdict::refused) return;
    verdicts_[i] = verdict;
    auto problem = problem_of(i, verdict, std::move(column), std::move(code), std::move(message));
    outcome_.journal.push_back({.line = static_cast<std::int64_t>(problem.line),
                                .key = problem.key,
                                .verdict = std::string(verdict_name(verdict)),
                                .code = problem.code,
                                .message = problem.message});
    outcome_.problems.push_back(std::move(problem));
  }

  void count(std::size_t i) {
    auto& counts = outcome_.counts;
    switch (verdicts_[i]) {
      case Verdict::fresh:
        ++counts.created;
        break;
      case Verdict::update:
        ++counts.updated;
        note_given_up(adapter_, batch_.rows[i], *held_[i], outcome_.given_up);
        break;
      case Verdict::same:
        ++counts.same;
        break;
      case Verdict::skipped:
        ++counts.skipped;
        break;
      case Verdict::conflict:
        ++counts.conflict;
        break;
      case Verdict::refused:
        ++counts.invalid;
        break;
      case Verdict::duplicate:
      case Verdict::invalid:
        break;  // settled before the merge
    }
  }

  bool is_told(std::size_t i) const {
    if (judgement_.told == Told::none) return false;
    return is_written(i) || (judgement_.told == Told::all && verdicts_[i] == Verdict::same);
  }

  RowChange change_of(std::size_t i) const {
    RowChange change{batch_.items[i].line, std::string(batch_.keys[i]), RowAction::create, {}};
    const Row& row = batch_.rows[i];
    if (!held_[i]) {
      for (std::size_t c = adapter_.key_columns(); c < row.size(); ++c)
        if (row[c].state == CellState::value) change.fields.push_back({c, "", std::string(row[c].text)});
      return change;
    }
    change.action = verdicts_[i] == Verdict::same ? RowAction::keep : RowAction::change;
    for (std::size_t c = 0; c < row.size(); ++c) {
      const auto& before = held_[i]->cells[c];
      const auto after = wanted(adapter_, row, *held_[i], c);
      if (before == after) continue;
      change.fields.push_back({c, before, std::string(after)});
      const auto& column = adapter_.columns()[c];
      if (!column.says_in_use || held_[i]->dormant) continue;
      change.action = after == column.cleared_to ? RowAction::activate : RowAction::deactivate;
    }
    return change;
  }

  Update update_of(std::size_t i) {
    const Row& row = batch_.rows[i];
    Update update{*held_[i], {}};
    for (std::size_t c = 0; c < row.size(); ++c)
      update.cells.emplace_back(wanted(adapter_, row, update.before, c));
    outcome_.journal.push_back({.line = static_cast<std::int64_t>(batch_.items[i].line),
                                .key = std::string(batch_.keys[i]),
                                .verdict = "update",
                                .before_image = image_of(adapter_, update.before),
                                .version_after = update.before.version + 1,
                                .object_id = update.before.id});
    return update;
  }

  db::Connection& db_;
  const base::Uuid& workspace_;
  Adapter& adapter_;
  const Batch& batch_;
  const Judgement& judgement_;
  const GivenUp& given_up_;
  std::vector<Verdict> verdicts_;
  std::vector<std::optional<Existing>> held_;
  BatchOutcome outcome_;
};

}  // namespace

Error moved_on() {
  return {Errc::conflict, "import.moved_on", "another writer changed rows of this file meanwhile",
          "run the same command again"};
}

void Batch::clear() {
  arena.clear();
  items.clear();
}

void Batch::add(const Sorter::Entry& entry) {
  items.push_back(
      {entry.line, arena.size(), entry.key.size(), arena.size() + entry.key.size(), entry.payload.size()});
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

Companion::Companion(Sorter& sorter) : sorter_(sorter) {
  sorter_.rewind();
  more_ = sorter_.next(entry_);
}

bool Companion::stands_beside(const Sorter::Entry& row) {
  while (more_ && std::tie(entry_.key, entry_.line) < std::tie(row.key, row.line))
    more_ = sorter_.next(entry_);
  return more_ && entry_.line == row.line && entry_.key == row.key;
}

void GivenUp::add(std::size_t unique, std::string_view value) { digests_.insert(digest_of(unique, value)); }

void GivenUp::add_all(const GivenUp& other) { digests_.insert(other.digests_.begin(), other.digests_.end()); }

bool GivenUp::contains(std::size_t unique, std::string_view value) const {
  return digests_.contains(digest_of(unique, value));
}

GivenUp::Digest GivenUp::digest_of(std::size_t unique, std::string_view value) {
  const auto hex = base::sha256_hex(fmt::format("{}:{}", unique, value));
  const auto half = [&](std::size_t at) {
    std::uint64_t number = 0;
    std::from_chars(hex.data() + at, hex.data() + at + 16, number, 16);
    return number;
  };
  return {half(0), half(16)};
}

Dealer::Dealer(Intake& intake, Findings& findings, const Adapter& adapter, std::size_t batch_rows,
               std::string position, Sorter& earlier)
    : intake_(intake),
      findings_(findings),
      adapter_(adapter),
      batch_rows_(batch_rows),
      position_(std::move(position)),
      refused_(intake.refused),
      earlier_(earlier) {
  intake_.accepted.rewind();
}

bool Dealer::next(Batch& batch) {
  batch.clear();
  Sorter::Entry entry;
  while (batch.items.size() < batch_rows_ && intake_.accepted.next(entry)) {
    if (refused_.stands_beside(entry)) continue;
    std::string_view raw = entry.payload;
    unpack(raw, adapter_.columns().size(), scratch_);
    const auto canonical = entry.payload.substr(0, entry.payload.size() - raw.size());
    digest_.update(canonical);
    if (stands_already(entry, canonical, raw)) continue;
    if (!position_.empty() && entry.key <= position_)
      recall(entry, raw);
    else
      batch.add(entry);
  }
  batch.unpack_rows(adapter_.columns().size());
  return !batch.items.empty();
}

bool Dealer::stands_already(const Sorter::Entry& entry, std::string_view canonical, std::string_view raw) {
  if (entry.key != last_key_ || last_line_ == 0) {
    last_key_ = entry.key;
    last_cells_ = canonical;
    last_line_ = entry.line;
    return false;
  }
  Problem problem{
      entry.line,
      Verdict::duplicate,
      last_key_,
      std::string(adapter_.columns()[0].name),
      "duplicate",
      fmt::format("{} stands on {} {} already", records::shown_key(last_key_), intake_.unit, last_line_),
      {},
      {}};
  if (canonical == last_cells_) {
    ++identical_;
    findings_.warnings.add(problem);
  } else {
    ++duplicates_;
    problem.message += " with other values";
    problem.raw = raw;
    findings_.problems.add(problem);
  }
  return true;
}

void Dealer::recall(const Sorter::Entry& entry, std::string_view raw) {
  if (!earlier_.stands_beside(entry)) return;
  std::string_view packed = earlier_.entry().payload;
  std::vector<Cell> noted;
  unpack(packed, 4, noted);
  if (noted[0].text == "update") {
    Existing held;
    held.cells = cells_of_image(adapter_, noted[3].text);
    return note_given_up(adapter_, scratch_, held, findings_.given_up);
  }
  findings_.problems.add({entry.line,
                          noted[0].text == "conflict" ? Verdict::conflict : Verdict::refused,
                          std::string(entry.key),
                          "",
                          std::string(noted[1].text),
                          std::string(noted[2].text),
                          std::string(raw),
                          {}});
}

BatchOutcome Merge::run(const Batch& batch, const GivenUp& given_up,
                        const std::function<bool(const jobs::Counts&)>& write) {
  Decision decision(session_.db, workspace_, adapter_, batch, judgement_, given_up);
  if (!write(decision.counts())) return decision.outcome();
  if (const auto fresh = decision.fresh_rows(); !fresh.empty()) {
    if (!inserter_) inserter_ = adapter_.inserter(session_, workspace_, job_);
    inserter_->add(fresh);
  }
  const auto updates = decision.updates();
  if (!updates.empty() && adapter_.update(session_, workspace_, updates) != std::ssize(updates))
    throw moved_on();
  auto outcome = decision.outcome();
  outcome.written = true;
  return outcome;
}

void Merge::finish() {
  if (inserter_) inserter_->finish();
  inserter_.reset();
}

std::string image_of(const Adapter& adapter, const Existing& row) {
  nlohmann::json image = nlohmann::json::object();  // sorted keys: canonical
  for (std::size_t i = 0; i < row.cells.size(); ++i)
    if (!row.cells[i].empty()) image[std::string(adapter.columns()[i].name)] = row.cells[i];
  if (row.dormant) image[k_dormant] = "yes";
  // A row that another program wrote may hold anything; its image must still be writable.
  return image.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

bool is_dormant(std::string_view image) { return nlohmann::json::parse(image).contains(k_dormant); }

std::vector<std::string> cells_of_image(const Adapter& adapter, std::string_view json) {
  const auto image = nlohmann::json::parse(json);
  std::vector<std::string> cells;
  for (const auto& column : adapter.columns())
    cells.push_back(image.value(std::string(column.name), std::string()));
  return cells;
}

}  // namespace ringctl::bulk
