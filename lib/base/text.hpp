#pragma once
// Small pieces of text work that several rooms need. UTF-8 throughout; case folding through utf8proc.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ringctl::base {

std::string_view trim(std::string_view);  ///< ASCII white space off both ends
std::string ascii_lower(std::string_view);
std::string ascii_upper(std::string_view);
std::vector<std::string_view> split(std::string_view, char separator);
std::string join(const std::vector<std::string>&, std::string_view separator);

bool valid_utf8(std::string_view);
/// Offset of the first byte that is not UTF-8 (overlong forms and surrogates included), or nullopt.
std::optional<std::size_t> first_invalid_utf8(std::string_view);
/// Code points; a byte that is no UTF-8 is one of its own, U+FFFD.
std::vector<char32_t> code_points(std::string_view);
std::size_t count_characters(std::string_view);
/// The same text with U+FFFD in the place of what is no UTF-8, and of NUL, which no database keeps.
std::string repaired(std::string_view);
/// Case-folded NFC, for comparing and searching what people typed. Throws Errc::invalid [text.bad_utf8].
std::string fold(std::string_view);

/// A value as a message quotes it: cut where it is long, between characters.
std::string in_quotes(std::string_view);

/// Thousands separated by commas: "50,000".
std::string group_digits(std::uint64_t);

/// Candidates within Damerau-Levenshtein distance 2 of `word` (and less than its length), or that `word` is a
/// prefix of; nearest first, at most `most`.
std::vector<std::string> nearest(std::string_view word, const std::vector<std::string>& candidates,
                                 std::size_t most = 3);
/// Insertions, deletions, substitutions and swaps of neighbours that turn `a` into `b`.
std::size_t edit_distance(std::string_view a, std::string_view b);

/// Strict decimal: optional '-', digits only, no overflow.
std::optional<std::int64_t> parse_int(std::string_view);
/// Bytes: "512MiB", "1GiB"; units B, KiB, MiB, GiB, TiB, or none for bytes. More than none, less than 2^63.
std::optional<std::uint64_t> parse_size(std::string_view);

}  // namespace ringctl::base
