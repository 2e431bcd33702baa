#pragma once
// Text of CSV (RFC 4180) and TSV (COPY text) fields. Appends to a caller's buffer; never allocates otherwise.

#include <string>
#include <string_view>

namespace ringctl::csv {

/// Quotes where the field holds the delimiter, a quote, CR, LF, or starts or ends with a space.
void append_csv(std::string& out, std::string_view field, char delimiter = ',');
/// Escapes \t \n \r \\ . A field that is exactly \N in the data becomes \\N.
void append_tsv(std::string& out, std::string_view field);

/// True if a spreadsheet could take the text for a formula: first byte one of = + - @ TAB CR NUL.
bool needs_guard(std::string_view free_text);
/// Text with one ' in front if it needs a guard or already begins with one or more ' and then such a byte
/// (so that removing one quote is always the inverse).
void append_guarded(std::string& out, std::string_view free_text);
/// Inverse of append_guarded.
std::string_view unguard(std::string_view free_text);

}  // namespace ringctl::csv
