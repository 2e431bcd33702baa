#include "records/values.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/error.hpp"
#include "base/text.hpp"
#include "base/zone.hpp"
#include "phone/e164.hpp"
#include "phone/region.hpp"
#include "phone/tariff.hpp"

namespace ringctl::records {
namespace {

constexpr std::int64_t k_most = 1'000'000'000;
constexpr std::ptrdiff_t k_line = 200;
constexpr std::ptrdiff_t k_notes = 20'000;
constexpr std::size_t k_list = 50;
constexpr std::size_t k_email = 254;  // RFC 5321, a path without its brackets

bool refuse(base::Finding& finding, std::string code, std::string message) {
  finding.code = std::move(code);
  finding.message = std::move(message);
  return false;
}

/// Each part of "a | b" through `canonical`; doubles are dropped.
bool each_part(std::string_view text, const Reading& reading, Canonical canonical,
               std::vector<std::string>& parts, base::Finding& finding) {
  std::string part;
  for (const auto piece : base::split(text, '|')) {
    const auto trimmed = base::trim(piece);
    if (trimmed.empty()) continue;
    base::Finding warning;
    if (!canonical(trimmed, reading, part, warning)) {
      finding = std::move(warning);
      return false;
    }
    if (warning) finding = std::move(warning);
    if (std::find(parts.begin(), parts.end(), part) == parts.end()) parts.push_back(part);
  }
  if (parts.size() > k_list)
    return refuse(finding, "too_long",
                  fmt::format("has {} items, at most {} are kept", parts.size(), k_list));
  return true;
}

}  // namespace

bool sound_text(std::string_view text, std::ptrdiff_t most, bool line_breaks, base::Finding& finding) {
  if (const auto at = base::first_invalid_utf8(text))
    return refuse(finding, "bad_text", fmt::format("is not UTF-8 (byte {})", *at + 1));
  const bool control = std::any_of(text.begin(), text.end(), [&](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte == 0x7F || (byte < 0x20 && !(line_breaks && (c == '\n' || c == '\r' || c == '\t')));
  });
  if (control) return refuse(finding, "bad_text", "holds a control character");
  const auto characters = base::count_characters(text);
  if (std::cmp_greater(characters, most))
    return refuse(finding, "too_long",
                  fmt::format("has {} characters, at most {} are kept", characters, most));
  return true;
}

bool one_of(std::string_view text, std::span<const std::string_view> words, std::string_view what,
            std::string& out, base::Finding& finding) {
  const auto lower = base::ascii_lower(text);
  for (const auto word : words) {
    if (lower != word) continue;
    out = word;
    return true;
  }
  std::string all;
  for (const auto word : words)
    fmt::format_to(std::back_inserter(all), "{}{}", all.empty() ? "" : ", ", word);
  return refuse(finding, fmt::format("bad_{}", what),
                fmt::format("{} is no {} ({})", base::in_quotes(text), what, all));
}

bool canonical_flag(std::string_view text, const Reading&, std::string& out, base::Finding& finding) {
  const auto lower = base::ascii_lower(text);
  for (const auto* yes : {"yes", "true", "1", "on", "y", "t"})
    if (lower == yes) return out = "yes", true;
  for (const auto* no : {"no", "false", "0", "off", "n", "f"})
    if (lower == no) return out = "no", true;
  return refuse(finding, "bad_flag", fmt::format("{} is neither yes nor no", base::in_quotes(text)));
}

bool canonical_count(std::string_view text, const Reading&, std::string& out, base::Finding& finding) {
  const auto number = base::parse_int(text);
  if (!number || *number < 0 || *number > k_most)
    return refuse(finding, "bad_count",
                  fmt::format("{} is no whole number from 0 to {}", base::in_quotes(text),
                              base::group_digits(static_cast<std::uint64_t>(k_most))));
  out = std::to_string(*number);
  return true;
}

bool canonical_line(std::string_view text, const Reading&, std::string& out, base::Finding& finding) {
  const auto trimmed = base::trim(text);
  if (!sound_text(trimmed, k_line, false, finding)) return false;
  out = trimmed;
  return true;
}

bool canonical_name(std::string_view text, const Reading& reading, std::string& out, base::Finding& finding) {
  if (!canonical_line(text, reading, out, finding)) return false;
  return out != "-" || refuse(finding, "bad_name", "\"-\" stands for nothing, and is no name");
}

bool canonical_notes(std::string_view text, const Reading&, std::string& out, base::Finding& finding) {
  if (!sound_text(text, k_notes, true, finding)) return false;
  out = text;
  return true;
}

bool canonical_items(std::string_view text, const Reading& reading, Canonical each, std::string& out,
                     base::Finding& finding) {
  std::vector<std::string> parts;
  if (!each_part(text, reading, each, parts, finding)) return false;
  out = base::join(parts, "|");
  return true;
}

bool canonical_lines(std::string_view text, const Reading& reading, std::string& out,
                     base::Finding& finding) {
  return canonical_items(text, reading, canonical_name, out, finding);
}

bool canonical_words(std::string_view text, const Reading& reading, std::string& out,
                     base::Finding& finding) {
  if (text.find_first_of(",;") != std::string_view::npos)
    return refuse(finding, "wrong_separator",
                  fmt::format("{} has to have | between its words", base::in_quotes(text)));
  return canonical_lines(text, reading, out, finding);
}

bool canonical_phones(std::string_view text, const Reading& reading, std::string& out,
                      base::Finding& finding) {
  return canonical_items(text, reading, canonical_phone, out, finding);
}

bool canonical_emails(std::string_view text, const Reading& reading, std::string& out,
                      base::Finding& finding) {
  return canonical_items(text, reading, canonical_email, out, finding);
}

bool canonical_phone(std::string_view text, const Reading& reading, std::string& out,
                     base::Finding& finding) {
  std::error_code error;
  auto number = phone::E164::try_parse(text, error);
  if (!number) number = phone::try_parse_typed(text, reading.default_country, error);
  if (!number)
    return refuse(finding, phone::lacks_country(error) ? "no_country_code" : "bad_number",
                  fmt::format("{} {}", base::in_quotes(text), error.message()));
  out = number->view();
  return true;
}

bool canonical_email(std::string_view text, const Reading&, std::string& out, base::Finding& finding) {
  const auto bad = [&] {
    return refuse(finding, "bad_email", fmt::format("{} is no e-mail address", base::in_quotes(text)));
  };
  if (text.size() > k_email || !base::valid_utf8(text)) return bad();
  const auto at = text.find('@');
  if (at == 0 || at == std::string_view::npos || at + 1 == text.size() ||
      text.find('@', at + 1) != std::string_view::npos)
    return bad();
  const bool odd = std::any_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte <= 0x20 || byte == 0x7F || c == '|' || c == ',' || c == ';' || c == '"' || c == '<' ||
           c == '>';
  });
  if (odd) return bad();
  out = base::fold(text);
  return true;
}

bool canonical_country(std::string_view text, const Reading&, std::string& out, base::Finding& finding) {
  const auto region = phone::Region::try_parse(text);
  if (!region)
    return refuse(finding, "bad_country",
                  fmt::format("{} is no country code (like US or GB)", base::in_quotes(text)));
  out = region->view();
  return true;
}

namespace {

bool canonical_destination(std::string_view text, const Reading& reading, std::string& out,
                           base::Finding& finding) {
  if (text == "*") return out = "*", true;
  if (!text.starts_with('+')) return canonical_country(text, reading, out, finding);
  if (!phone::is_number_prefix(text))
    return refuse(finding, "bad_prefix",
                  fmt::format("{} is no beginning of numbers beyond a country's own code (like +1900)",
                              base::in_quotes(text)));
  out = text;
  return true;
}

}  // namespace

bool canonical_countries(std::string_view text, const Reading& reading, std::string& out,
                         base::Finding& finding) {
  std::vector<std::string> parts;
  if (!each_part(text, reading, canonical_destination, parts, finding)) {
    if (text.find(',') != std::string_view::npos) finding.message += "; | separates them: US|CA";
    return false;
  }
  std::sort(parts.begin(), parts.end());
  if (!parts.empty() && parts.front() == "*")  // every country: naming some of them says nothing more
    std::erase_if(parts, [](const std::string& part) { return part.front() >= 'A'; });
  out = base::join(parts, "|");
  return true;
}

std::optional<std::int64_t> try_parse_seconds(std::string_view text) {
  if (const auto number = base::parse_int(text)) return number;
  try {
    const auto given = base::parse_duration(text);
    const auto whole = std::chrono::duration_cast<std::chrono::seconds>(given);
    return whole == given ? std::optional(std::int64_t{whole.count()}) : std::nullopt;
  } catch (const Error&) {  // said by the caller
    return std::nullopt;
  }
}

bool canonical_moment(std::string_view text, const Reading&, std::string& out, base::Finding& finding) {
  try {
    // Only absolute forms: a file means the same whenever it is read.
    out = base::format_utc(base::parse_instant(text, base::Zone::utc(), base::Instant{}));
    if (!text.empty() && text.front() >= '0' && text.front() <= '9') return true;
  } catch (const Error&) {  // said below
  }
  return refuse(finding, "bad_time",
                fmt::format("{} is no time (like 2026-03-08T07:59:58Z)", base::in_quotes(text)));
}

bool looks_like_phone(std::string_view text) {
  const bool digits = std::any_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
  const bool letters =
      std::any_of(text.begin(), text.end(), [](char c) { return (c | 0x20) >= 'a' && (c | 0x20) <= 'z'; });
  return digits && !letters;
}

std::string stored_list(std::string_view canonical) {
  if (canonical.empty()) return {};
  nlohmann::json array = nlohmann::json::array();
  for (const auto part : base::split(canonical, '|')) array.push_back(part);
  return array.dump();
}

std::string list_text(std::string_view stored) {
  if (stored == "[]") return {};
  const auto array = nlohmann::json::parse(stored, nullptr, false);
  std::vector<std::string> parts;
  if (array.is_array())
    for (const auto& part : array)
      if (part.is_string()) parts.push_back(part.get<std::string>());
  return base::join(parts, "|");
}

std::string read_value(const db::Rows& row, int column, Kind kind) {
  if (row.is_null(column)) return {};
  switch (kind) {
    case Kind::flag:
      return row.boolean(column) ? "yes" : "no";
    case Kind::list:
      return list_text(row.text(column));
    case Kind::moment:
      return base::format_utc(row.instant(column));
    case Kind::text:
    case Kind::integer:
    case Kind::json:
    case Kind::reference:
      break;
  }
  return std::string(row.text(column));
}

}  // namespace ringctl::records
