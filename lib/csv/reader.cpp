#include "csv/reader.hpp"

#include <algorithm>
#include <array>

#include "base/text.hpp"
#include "csv/readers.hpp"

namespace ringctl::csv {
namespace {

constexpr std::array k_delimiters{',', ';', '\t'};

/// The delimiter that `line` holds most of outside quotes; a comma where it holds none.
char delimiter_of(std::string_view line) {
  std::array<std::size_t, k_delimiters.size()> counts{};
  bool quoted = false;
  for (const char c : line) {
    if (c == '"') quoted = !quoted;
    if (quoted) continue;
    const auto* which = std::ranges::find(k_delimiters, c);
    if (which != k_delimiters.end()) ++counts[static_cast<std::size_t>(which - k_delimiters.begin())];
  }
  return k_delimiters[static_cast<std::size_t>(std::ranges::max_element(counts) - counts.begin())];
}

/// Tabs without quotes are what `ringctl ... list` writes into a pipe; with quotes they come from a
/// spreadsheet.
Format format_of_line(std::string_view line) {
  const auto start = base::trim(line).substr(0, 1);
  if (start == "{" || start == "[") return Format::jsonl;
  const bool quoted = line.find('"') != std::string_view::npos;
  return delimiter_of(line) == '\t' && !quoted ? Format::tsv : Format::csv;
}

}  // namespace

Format format_of_name(const std::string& name) {
  auto lower = base::ascii_lower(name);
  for (const std::string_view archive : {".gz", ".zst"})
    if (lower.ends_with(archive)) lower.resize(lower.size() - archive.size());
  if (lower.ends_with(".tsv")) return Format::tsv;
  if (lower.ends_with(".jsonl") || lower.ends_with(".ndjson") || lower.ends_with(".json"))
    return Format::jsonl;
  if (lower.ends_with(".csv")) return Format::csv;
  return Format::automatic;
}

std::unique_ptr<Reader> Reader::open(Source& source, const ReaderOptions& options) {
  Lines lines(source);
  const auto first = lines.peek();
  Format format = options.format;
  if (format == Format::automatic) format = format_of_name(source.name());
  if (format == Format::automatic) format = options.delimiter != 0 ? Format::csv : format_of_line(first);
  if (format == Format::jsonl) return make_jsonl_reader(std::move(lines), options.null_is_empty);
  if (format == Format::tsv) return make_tsv_reader(std::move(lines));
  const char delimiter = options.delimiter != 0 ? options.delimiter : delimiter_of(first);
  return make_csv_reader(std::move(lines), delimiter);
}

}  // namespace ringctl::csv
