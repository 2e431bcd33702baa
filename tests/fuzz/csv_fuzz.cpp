// The readers on any bytes: no crash, no leak, limits kept, and the same records however the input is cut.
// The first two bytes choose format, delimiter, encoding and the size of pieces.
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "csv/reader.hpp"

using namespace ringctl::csv;

namespace {

void require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "violated: %s\n", what);
  std::abort();
}

/// Everything a caller can see of a record, in one string.
std::string dump(const Record& record) {
  std::string text =
      std::to_string(record.line) + "!" + std::string(record.error_code) + "!" + std::string(record.error);
  for (const auto& field : record.fields) {
    require(field.text.size() <= k_max_field || !record.error.empty(), "a field over the limit is an error");
    text += field.absent ? "\x01" : "\x02";
    text += field.text;
  }
  return text;
}

std::vector<std::string> records(const std::string& input, const ReaderOptions& options,
                                 SourceOptions source_options) {
  std::vector<std::string> out;
  try {
    auto source = Source::from_text(input, source_options);
    const auto reader = Reader::open(source, options);
    std::uint64_t line = 0;
    for (Record record; reader->next(record);) {
      require(record.line > line, "lines go up");
      require(record.fields.size() <= k_max_columns + 1, "columns are bounded");
      require(record.error.empty() == record.error_code.empty(), "an error has a code");
      line = record.line;
      out.push_back(dump(record));
    }
  } catch (const ringctl::Error& error) {
    out.push_back(error.slug());
  }
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  ReaderOptions options;
  options.format = static_cast<Format>(data[0] & 3);
  options.delimiter = std::string_view("\0,;\t", 4)[data[0] >> 2 & 3];
  SourceOptions whole;
  whole.encoding = static_cast<Encoding>(data[0] >> 4 & 3);
  whole.decompressed_cap = 1 << 20;
  SourceOptions cut = whole;
  cut.piece = 1 + data[1];
  const std::string input(reinterpret_cast<const char*>(data) + 2, size - 2);
  const auto first = records(input, options, whole);
  const auto second = records(input, options, cut);
  // An archive or encoding that breaks off may give up its last records in a different order from its error.
  const bool failed = !first.empty() && !second.empty() && first.back().find('!') == std::string::npos;
  require(failed || first == second, "records do not depend on pieces");
  return 0;
}
