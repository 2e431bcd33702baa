#pragma once
// What fields of several nouns may hold, and how canonical texts lie in the database.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/finding.hpp"
#include "records/noun.hpp"

namespace ringctl::records {

// Each replaces `out`, and returns false with a finding if the text is refused (Canonical).

/// "yes" or "no"; also true, false, 1, 0, on, off, any case.
bool canonical_flag(std::string_view, const Reading&, std::string& out, base::Finding&);
/// A whole number from 0 to 1,000,000,000.
bool canonical_count(std::string_view, const Reading&, std::string& out, base::Finding&);
/// At most 200 characters on one line; white space at the ends is dropped.
bool canonical_line(std::string_view, const Reading&, std::string& out, base::Finding&);
/// The same for what other rows and files refer to: not "-", which stands for nothing there.
bool canonical_name(std::string_view, const Reading&, std::string& out, base::Finding&);
/// At most 20,000 characters of text, line breaks included; kept as it is.
bool canonical_notes(std::string_view, const Reading&, std::string& out, base::Finding&);
/// Names separated by |, at most 50, in the order given, no doubles.
bool canonical_lines(std::string_view, const Reading&, std::string& out, base::Finding&);
/// The same for words that people put beside each other with a comma or a semicolon: neither is taken for a
/// part of a word.
bool canonical_words(std::string_view, const Reading&, std::string& out, base::Finding&);
/// E.164, or what people type where a default country reads it.
bool canonical_phone(std::string_view, const Reading&, std::string& out, base::Finding&);
/// Phones separated by |, as canonical_lines().
bool canonical_phones(std::string_view, const Reading&, std::string& out, base::Finding&);
/// One @ with something on both sides, at most 254 bytes, case-folded.
bool canonical_email(std::string_view, const Reading&, std::string& out, base::Finding&);
/// E-mail addresses separated by |, as canonical_lines().
bool canonical_emails(std::string_view, const Reading&, std::string& out, base::Finding&);
/// ISO 3166 alpha-2, upper case; "UK" becomes GB.
bool canonical_country(std::string_view, const Reading&, std::string& out, base::Finding&);
/// Where calls may go: countries, beginnings of numbers ("+1900") and "*" for all countries, separated by |,
/// sorted, no doubles. Beside "*" countries are dropped.
bool canonical_countries(std::string_view, const Reading&, std::string& out, base::Finding&);
/// RFC 3339 with an offset, as UTC.
bool canonical_moment(std::string_view, const Reading&, std::string& out, base::Finding&);
/// Whole seconds: "20", or a duration that comes to them, "20s", "1m30s".
std::optional<std::int64_t> try_parse_seconds(std::string_view);

/// Parts separated by |, at most 50, each through `each`, in the order given, no doubles.
bool canonical_items(std::string_view, const Reading&, Canonical each, std::string& out, base::Finding&);
/// True for UTF-8 of at most so many characters without control characters; else a finding.
bool sound_text(std::string_view, std::ptrdiff_t most, bool line_breaks, base::Finding&);

/// True for what could be a number: digits and no letters.
bool looks_like_phone(std::string_view);

/// One of `words`, any case. For the canonical functions of enumerations.
bool one_of(std::string_view text, std::span<const std::string_view> words, std::string_view what,
            std::string& out, base::Finding&);

/// JSON array of the parts of "a|b"; "" for none.
std::string stored_list(std::string_view canonical);
std::string list_text(std::string_view stored);

/// The canonical text of a column just read.
std::string read_value(const db::Rows&, int column, Kind);

}  // namespace ringctl::records
