// Most lines hold no quote, and such a line is a record: it is split where its delimiters are, without a
// copy. From the first line with a quote to the end of that record, libcsv (strict) decides, a line at a
// time; so a record it refuses costs no more than its line, and what an unterminated quote swallows is
// bounded.
#include <csv.h>
#include <fmt/format.h>

#include <cstring>
#include <new>

#include "csv/readers.hpp"

namespace ringctl::csv {
namespace {

/// libcsv, told to leave spaces where they are.
class Libcsv {
 public:
  explicit Libcsv(char delimiter) : delimiter_(delimiter) { init(); }
  Libcsv(const Libcsv&) = delete;
  Libcsv& operator=(const Libcsv&) = delete;
  ~Libcsv() { csv_free(&parser_); }

  /// Begins a new record.
  void reset() {
    csv_free(&parser_);
    init();
    fields_.clear();
    flat_.clear();
    ended_ = false;
  }
  /// False if the text breaks the rules of quoting.
  bool feed(std::string_view text) {
    return csv_parse(&parser_, text.data(), text.size(), on_field, on_end, this) == text.size();
  }
  /// The input ended here. False if a quote is still open.
  bool finish() { return csv_fini(&parser_, on_field, on_end, this) == 0; }

  bool ended() const { return ended_; }
  bool in_quotes() const { return parser_.quoted != 0; }
  std::size_t field_count() const { return fields_.size(); }
  std::size_t open_field_size() { return parser_.entry_pos; }
  std::size_t longest_field() const { return longest_; }
  void copy_to(std::vector<Field>& fields) const {
    for (const auto& [start, size] : fields_) fields.push_back({std::string_view(flat_).substr(start, size)});
  }

 private:
  void init() {
    if (csv_init(&parser_, CSV_STRICT | CSV_STRICT_FINI) != 0) throw std::bad_alloc();
    csv_set_delim(&parser_, static_cast<unsigned char>(delimiter_));
    csv_set_space_func(&parser_, [](unsigned char) { return 0; });
    csv_set_blk_size(&parser_, 4096);
    longest_ = 0;
  }
  static void on_field(void* text, std::size_t size, void* self) {
    auto& me = *static_cast<Libcsv*>(self);
    me.longest_ = std::max(me.longest_, size);
    if (me.fields_.size() > k_max_columns) return;
    me.fields_.emplace_back(me.flat_.size(), size);
    me.flat_.append(static_cast<const char*>(text), size);
  }
  static void on_end(int, void* self) { static_cast<Libcsv*>(self)->ended_ = true; }

  csv_parser parser_{};
  char delimiter_;
  std::string flat_;
  std::vector<std::pair<std::size_t, std::size_t>> fields_;  ///< start and size in flat_
  std::size_t longest_ = 0;
  bool ended_ = false;
};

class CsvReader final : public Reader {
 public:
  CsvReader(Lines lines, char delimiter)
      : lines_(std::move(lines)), delimiter_(delimiter), libcsv_(delimiter) {}

  bool next(Record& record) override {
    record.clear();
    Line line;
    do {
      if (over_ || !lines_.next(line)) return false;
    } while (line.text.empty() && !line.too_long);
    record.line = line.number;
    record.text = line.text;
    if (line.too_long)
      end_with(record, too_long_record());
    else if (std::memchr(line.text.data(), '"', line.text.size()) != nullptr)
      read_quoted(line, record);
    else
      split(line.text, record);
    return true;
  }

  std::span<const std::string> names() const override { return {}; }
  Format format() const override { return Format::csv; }
  char delimiter() const override { return delimiter_; }

 private:
  /// Nothing after `record` can be trusted.
  void end_with(Record& record, Fault fault) {
    report(record, fault_, std::move(fault));
    record.ends_input = over_ = true;
  }

  static Fault too_long_field() {
    return {"field_too_long", fmt::format("field is longer than {} bytes", k_max_field)};
  }

  void split(std::string_view text, Record& record) {
    if (auto bad = find_bad_bytes(text)) report(record, fault_, std::move(*bad));
    for (;;) {
      const auto* hit = static_cast<const char*>(std::memchr(text.data(), delimiter_, text.size()));
      const auto size = hit == nullptr ? text.size() : static_cast<std::size_t>(hit - text.data());
      if (size > k_max_field) return end_with(record, too_long_field());
      if (record.fields.size() == k_max_columns) return report(record, fault_, too_many_columns());
      record.fields.push_back({text.substr(0, size)});
      if (hit == nullptr) return;
      text.remove_prefix(size + 1);
    }
  }

  void read_quoted(Line line, Record& record) {
    libcsv_.reset();
    std::optional<Fault> fault;
    const auto first_line = line.number;
    std::uint64_t quote_line = first_line;
    lines_text_.clear();
    for (;;) {
      if (!fault) fault = find_bad_bytes(line.text, lines_text_.size());
      lines_text_ += line.with_end;
      record.text = std::string_view(lines_text_).substr(0, lines_text_.size() - line_end_size(line));
      const auto fields_before = libcsv_.field_count();
      if (!libcsv_.feed(line.with_end)) {
        fault = misquoted(line.number, first_line);
        break;
      }
      if (libcsv_.field_count() > fields_before) quote_line = line.number;
      if (std::max(libcsv_.longest_field(), libcsv_.open_field_size()) > k_max_field)
        return end_with(record, in_open_quote(too_long_field(), quote_line));
      if (libcsv_.ended()) break;
      if (lines_text_.size() > k_max_record)
        return end_with(record, in_open_quote(too_long_record(), quote_line));
      if (!lines_.next(line)) {
        if (libcsv_.finish()) break;
        return end_with(record, {"unterminated_quote",
                                 fmt::format("the quote opened on line {} is never closed", quote_line)});
      }
      if (line.too_long) return end_with(record, in_open_quote(too_long_record(), quote_line));
    }
    if (!fault && libcsv_.field_count() > k_max_columns) fault = too_many_columns();
    libcsv_.copy_to(record.fields);
    if (fault) report(record, fault_, std::move(*fault));
  }

  static std::size_t line_end_size(const Line& line) { return line.with_end.size() - line.text.size(); }

  /// Whoever reports a record names its first line.
  Fault misquoted(std::uint64_t line, std::uint64_t first_line) const {
    const auto where = line == first_line ? "" : fmt::format(" on line {}", line);
    if (libcsv_.in_quotes()) return {"text_after_quote", "text after a closing quote" + where};
    return {"stray_quote", "quote inside an unquoted field" + where};
  }

  static Fault in_open_quote(Fault fault, std::uint64_t line) {
    fault.text += fmt::format("; is the quote opened on line {} ever closed?", line);
    return fault;
  }

  Lines lines_;
  char delimiter_;
  Libcsv libcsv_;
  Fault fault_;
  std::string lines_text_;  ///< of a record with quotes
  bool over_ = false;
};

}  // namespace

std::unique_ptr<Reader> make_csv_reader(Lines lines, char delimiter) {
  return std::make_unique<CsvReader>(std::move(lines), delimiter);
}

}  // namespace ringctl::csv
