#include "bulk/intake.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.hpp"
#include "base/text.hpp"
#include "csv/source.hpp"
#include "csv/writer.hpp"

namespace ringctl::bulk {
namespace {

constexpr std::uint64_t k_progress_rows = 4096;
constexpr const char* k_way_on = "run the same command again";
constexpr char k_key_separator = '\x1f';

class Reader {
 public:
  Reader(const IntakeOptions& options, const Adapter& adapter, const base::CancelToken& cancel)
      : options_(options),
        adapter_(adapter),
        cancel_(cancel),
        columns_(adapter.columns()),
        own_country_(options.reading),
        row_(columns_.size()),
        canonical_(columns_.size()) {
    for (std::size_t i = 0; i < adapter.uniques().size(); ++i) unique_values_.emplace_back(k_small_budget);
  }

  Intake run(const std::function<void(std::uint64_t)>& progress) {
    const csv::SourceOptions how{.encoding = options_.encoding};
    auto source = options_.fd < 0 ? csv::Source::open(options_.path, how)
                                  : csv::Source::from_file(options_.fd, options_.path, how);
    intake_.name = source.name();
    const auto reader = csv::Reader::open(
        source,
        {.format = options_.format, .delimiter = options_.delimiter, .null_is_empty = options_.null_clears});
    intake_.format = reader->format();
    intake_.delimiter = reader->delimiter();
    csv::Record record;
    while (reader->next(record)) {
      if (!learn_columns(record, *reader)) continue;
      ++intake_.rows;
      if (intake_.rows % k_progress_rows == 0) {
        cancel_.check(k_way_on);
        progress(intake_.rows);
      }
      take(record);
    }
    // Ctrl-C stops whoever writes into our pipe as well: what came of it is not all there is.
    cancel_.check(k_way_on);
    intake_.unit = reader->unit();
    require_mapped_columns();
    if (!source.is_stdin()) intake_.digest = source.digest();
    find_shared_unique_values();
    refuse_shared_unique_values();
    return std::move(intake_);
  }

 private:
  /// False if the record was the header.
  bool learn_columns(const csv::Record& record, const csv::Reader& reader) {
    if (intake_.format == csv::Format::jsonl) {
      if (mapping_.size() == reader.names().size()) return true;
      intake_.columns.assign(reader.names().begin(), reader.names().end());
      mapping_ = map_columns(intake_.columns, adapter_, options_.maps, intake_.name, false);
      return true;
    }
    if (!mapping_.empty()) return true;
    if (!record.error.empty()) {
      throw Error(Errc::invalid, "import.bad_header",
                  fmt::format("{}: line {}: {}", intake_.name, record.line, record.error));
    }
    if (has_header(record)) {
      for (const auto& field : record.fields) intake_.columns.emplace_back(base::trim(field.text));
      while (!intake_.columns.empty() && intake_.columns.back().empty()) intake_.columns.pop_back();
      mapping_ = map_columns(intake_.columns, adapter_, options_.maps, intake_.name);
      return false;
    }
    mapping_ = positional(adapter_);
    for (const auto& column : columns_) intake_.columns.emplace_back(column.name);
    intake_.headerless = true;
    return true;
  }

  void require_mapped_columns() const {
    if (mapping_.empty()) return;  // no rows at all
    const std::span<const std::string> none;
    bulk::require_mapped_columns(intake_.headerless ? none : std::span<const std::string>(intake_.columns),
                                 options_.maps, intake_.name);
  }

  bool has_header(const csv::Record& record) const {
    if (options_.header != HeaderMode::automatic) return options_.header == HeaderMode::yes;
    const auto& fields = record.fields;
    return std::any_of(fields.begin(), fields.end(),
                       [&](const csv::Field& field) { return names_key_column(field.text, adapter_); }) ||
           std::none_of(fields.begin(), fields.end(), [&](const csv::Field& field) {
             return adapter_.looks_like_key(base::trim(field.text));
           });
  }

  void take(const csv::Record& record) {
    if (!record.error.empty()) {
      intake_.cut_off = record.ends_input;
      return refuse_whole(record, record.error_code, record.error);
    }
    if (const std::string error = count_error(record); !error.empty())
      return refuse_whole(record, "wrong_field_count", error);
    std::fill(row_.begin(), row_.end(), Cell{});
    reading_ = &reading_of(record);
    for (std::size_t i = 0; i < record.fields.size() && i < mapping_.size(); ++i)
      if (mapping_[i] && !take_cell(record, *mapping_[i], record.fields[i])) return;
    for (std::size_t key = 0; key < adapter_.key_columns(); ++key)
      if (row_[key].state != CellState::value)
        return refuse(record, columns_[key].name, "missing_key",
                      fmt::format("{} is empty", columns_[key].name));
    std::size_t column = 0;
    finding_.clear();
    if (!adapter_.check(row_, column, finding_))
      return refuse(record, columns_[column].name, finding_.code, finding_.message);
    if (finding_) warn(record, columns_[column].name);
    accept(record);
  }

  std::string count_error(const csv::Record& record) const {
    const std::size_t got = record.fields.size();
    if (got < mapping_.size() && !intake_.headerless && intake_.format != csv::Format::jsonl)
      return fmt::format("has {} fields, the header has {}", got, mapping_.size());
    for (std::size_t i = mapping_.size(); i < got; ++i)
      if (!record.fields[i].text.empty())
        return fmt::format("has {} fields, {} has {}: {} is left over", got,
                           intake_.headerless ? "a row" : "the header", mapping_.size(),
                           base::in_quotes(record.fields[i].text));
    return {};
  }

  /// With the country that the row names itself, wherever in it that stands.
  const Reading& reading_of(const csv::Record& record) {
    const auto column = adapter_.country_column();
    if (!column) return options_.reading;
    const auto at =
        static_cast<std::size_t>(std::find(mapping_.begin(), mapping_.end(), column) - mapping_.begin());
    if (at >= std::min(mapping_.size(), record.fields.size()) || record.fields[at].absent)
      return options_.reading;
    const auto text = base::trim(record.fields[at].text);
    if (text.empty() || text == "-") return options_.reading;
    if (text == country_text_) return own_country_;
    country_text_.clear();
    finding_.clear();
    if (!adapter_.canonical(*column, text, options_.reading, own_country_.default_country, finding_))
      return options_.reading;
    country_text_ = text;
    return own_country_;
  }

  bool take_cell(const csv::Record& record, std::size_t column, const csv::Field& field) {
    const bool json = intake_.format == csv::Format::jsonl;
    std::string_view text = columns_[column].free_text ? field.text : base::trim(field.text);
    Cell& cell = row_[column];
    if (field.absent || (text.empty() && !json)) return true;
    if (text.empty() || (text == "-" && !(json && columns_[column].free_text))) {
      const std::string_view cleared_to = columns_[column].cleared_to;
      cell = cleared_to.empty() ? Cell{CellState::clear, {}} : Cell{CellState::value, cleared_to};
      return true;
    }
    if (!json) text = csv::unguard(text);
    finding_.clear();
    if (!adapter_.canonical(column, text, *reading_, canonical_[column], finding_)) {
      refuse(record, columns_[column].name, finding_.code, finding_.message);
      return false;
    }
    if (finding_) warn(record, columns_[column].name);
    cell = {CellState::value, canonical_[column]};
    return true;
  }

  void accept(const csv::Record& record) {
    key_ = key_of(row_, adapter_);
    packed_.clear();
    pack(row_, packed_);
    const std::size_t canonical_size = packed_.size();
    if (options_.keep_raw) pack_raw(record, packed_);
    intake_.accepted.add(key_, record.line, packed_);
    for (std::size_t i = 0; i < unique_values_.size(); ++i) {
      const auto values = adapter_.unique_values(i, row_);
      if (values.empty()) continue;
      scratch_.clear();
      pack({{CellState::value, key_}}, scratch_);
      scratch_.append(packed_, canonical_size);
      for (const auto& value : values) unique_values_[i].add(value, record.line, scratch_);
    }
  }

  void pack_raw(const csv::Record& record, std::string& out) {
    raw_.clear();
    for (const auto& field : record.fields)
      raw_.push_back(field.absent ? Cell{} : Cell{CellState::value, field.text});
    pack(raw_, out);
  }

  /// A record whose cells do not belong to the columns.
  void refuse_whole(const csv::Record& record, std::string_view code, std::string_view message) {
    Problem out = invalid(record, "", code, message);
    if (options_.keep_raw) out.as_read = record.text;
    intake_.problems.add(out);
  }
  void refuse(const csv::Record& record, std::string_view column, std::string_view code,
              std::string_view message) {
    Problem out = invalid(record, column, code, message);
    if (options_.keep_raw) pack_raw(record, out.raw);
    intake_.problems.add(out);
  }
  Problem invalid(const csv::Record& record, std::string_view column, std::string_view code,
                  std::string_view message) {
    ++intake_.invalid;
    return {record.line,       Verdict::invalid,     {}, std::string(column),
            std::string(code), std::string(message), {}, {}};
  }

  void warn(const csv::Record& record, std::string_view column) {
    intake_.warnings.add(
        {record.line, Verdict::invalid, {}, std::string(column), finding_.code, finding_.message, {}, {}});
  }

  /// The same key on two lines is the merge's business; the same SID under two keys is found here. The first
  /// line stands.
  void find_shared_unique_values() {
    for (std::size_t i = 0; i < unique_values_.size(); ++i) {
      const auto column = columns_[adapter_.uniques()[i].column].name;
      Sorter& values = unique_values_[i];
      values.rewind();
      std::string value, first_key;
      std::uint64_t first_line = 0;
      Sorter::Entry entry;
      while (values.next(entry)) {
        std::string_view raw = entry.payload;
        unpack(raw, 1, raw_);
        const std::string_view key = raw_[0].text;
        if (first_line == 0 || entry.key != value) {
          value = entry.key;
          first_key = key;
          first_line = entry.line;
        } else if (key != first_key) {
          const auto shown = base::in_quotes(records::shown_key(value));
          refuse_later(key, entry.line, column,
                       fmt::format("{} stands on {} {} as well", shown, intake_.unit, first_line), raw);
        }
      }
    }
  }

  void refuse_later(std::string_view key, std::uint64_t line, std::string_view column,
                    const std::string& message, std::string_view raw) {
    scratch_.clear();
    pack({{CellState::value, column}, {CellState::value, message}}, scratch_);
    intake_.refused.add(key, line, scratch_.append(raw));
  }

  void refuse_shared_unique_values() {
    std::uint64_t last_line = 0;
    std::string last_key;
    Sorter::Entry entry;
    intake_.refused.rewind();
    while (intake_.refused.next(entry)) {
      if (entry.line == last_line && entry.key == last_key) continue;  // two columns of one row
      last_line = entry.line;
      last_key = entry.key;
      std::string_view raw = entry.payload;
      unpack(raw, 2, raw_);
      ++intake_.invalid;
      intake_.problems.add({entry.line,
                            Verdict::invalid,
                            last_key,
                            std::string(raw_[0].text),
                            "not_unique",
                            std::string(raw_[1].text),
                            std::string(raw),
                            {}});
    }
  }

  const IntakeOptions& options_;
  const Adapter& adapter_;
  const base::CancelToken& cancel_;
  std::span<const Column> columns_;
  Intake intake_;
  const Reading* reading_ = &options_.reading;
  Reading own_country_;       // with the country of the row
  std::string country_text_;  // as that row has it
  Mapping mapping_;
  Row row_;
  std::vector<std::string> canonical_;  // what the cells of row_ point into
  std::vector<Sorter> unique_values_;
  base::Finding finding_;
  std::string key_, packed_, scratch_;
  std::vector<Cell> raw_;
};

}  // namespace

std::string key_of(const Row& row, const Adapter& adapter) {
  std::string key(row[0].text);
  for (std::size_t i = 1; i < adapter.key_columns(); ++i) key.append(1, k_key_separator).append(row[i].text);
  return key;
}

Intake take_in(const IntakeOptions& options, const Adapter& adapter, const base::CancelToken& cancel,
               const std::function<void(std::uint64_t rows)>& progress) {
  return Reader(options, adapter, cancel).run(progress);
}

}  // namespace ringctl::bulk
