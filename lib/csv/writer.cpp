#include "csv/writer.hpp"

#include <algorithm>

namespace ringctl::csv {
namespace {

constexpr std::string_view k_guarded = {"=+-@\t\r\0", 7};

bool is_guarded(char c) { return k_guarded.find(c) != std::string_view::npos; }

/// Bytes behind the leading quotes begin with what a spreadsheet would calculate.
bool guards(std::string_view text) {
  const auto at = text.find_first_not_of('\'');
  return at != std::string_view::npos && is_guarded(text[at]);
}

bool needs_quotes(std::string_view field, char delimiter) {
  if (field.empty()) return false;
  // A byte-order mark at the front would be taken for the file's own.
  if (field.front() == ' ' || field.back() == ' ' || field.starts_with("\xEF\xBB\xBF")) return true;
  return std::ranges::any_of(field,
                             [=](char c) { return c == delimiter || c == '"' || c == '\n' || c == '\r'; });
}

}  // namespace

void append_csv(std::string& out, std::string_view field, char delimiter) {
  if (!needs_quotes(field, delimiter)) {
    out += field;
    return;
  }
  out += '"';
  for (const char c : field) {
    if (c == '"') out += '"';
    out += c;
  }
  out += '"';
}

void append_tsv(std::string& out, std::string_view field) {
  for (;;) {
    const auto at = field.find_first_of("\t\n\r\\");
    out += field.substr(0, at);
    if (at == std::string_view::npos) return;
    switch (field[at]) {
      case '\t':
        out += "\\t";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      default:
        out += "\\\\";
        break;
    }
    field.remove_prefix(at + 1);
  }
}

bool needs_guard(std::string_view text) { return !text.empty() && is_guarded(text.front()); }

void append_guarded(std::string& out, std::string_view text) {
  if (guards(text)) out += '\'';
  out += text;
}

std::string_view unguard(std::string_view text) {
  if (text.starts_with('\'') && guards(text)) text.remove_prefix(1);
  return text;
}

}  // namespace ringctl::csv
