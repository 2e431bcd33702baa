// TSV as PostgreSQL's COPY text has it: a tab always separates, \t \n \r \\ stand for themselves, \N is no
// value. Any other backslash is just a backslash.
#include <fmt/format.h>

#include <cstring>

#include "csv/readers.hpp"

namespace ringctl::csv {
namespace {

char unescaped(char c) {
  switch (c) {
    case 't':
      return '\t';
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case '\\':
      return '\\';
    default:
      return 0;
  }
}

class TsvReader final : public Reader {
 public:
  explicit TsvReader(Lines lines) : lines_(std::move(lines)) {}

  bool next(Record& record) override {
    record.clear();
    Line line;
    do {
      if (!lines_.next(line)) return false;
    } while (line.text.empty() && !line.too_long);
    record.line = line.number;
    record.text = line.text;
    record.ends_input = line.too_long;
    if (line.too_long)
      report(record, fault_, too_long_record());
    else
      split(line.text, record);
    return true;
  }

  std::span<const std::string> names() const override { return {}; }
  Format format() const override { return Format::tsv; }
  char delimiter() const override { return '\t'; }

 private:
  void split(std::string_view text, Record& record) {
    if (auto bad = find_bad_bytes(text)) report(record, fault_, std::move(*bad));
    // Unescaped text is never longer, so views into it stay good.
    flat_.clear();
    flat_.reserve(text.size());
    for (;;) {
      const auto* hit = static_cast<const char*>(std::memchr(text.data(), '\t', text.size()));
      const auto size = hit == nullptr ? text.size() : static_cast<std::size_t>(hit - text.data());
      if (size > k_max_field)
        return report(record, fault_,
                      {"field_too_long", fmt::format("field is longer than {} bytes", k_max_field)});
      if (record.fields.size() == k_max_columns) return report(record, fault_, too_many_columns());
      record.fields.push_back(field_of(text.substr(0, size)));
      if (hit == nullptr) return;
      text.remove_prefix(size + 1);
    }
  }

  Field field_of(std::string_view raw) {
    if (raw == "\\N") return {{}, true};
    if (raw.find('\\') == std::string_view::npos) return {raw};
    const auto start = flat_.size();
    for (std::size_t i = 0; i < raw.size(); ++i) {
      const char meant = raw[i] == '\\' && i + 1 < raw.size() ? unescaped(raw[i + 1]) : '\0';
      flat_ += meant != 0 ? meant : raw[i];
      if (meant != 0) ++i;
    }
    return {std::string_view(flat_).substr(start)};
  }

  Lines lines_;
  std::string flat_;
  Fault fault_;
};

}  // namespace

std::unique_ptr<Reader> make_tsv_reader(Lines lines) { return std::make_unique<TsvReader>(std::move(lines)); }

}  // namespace ringctl::csv
