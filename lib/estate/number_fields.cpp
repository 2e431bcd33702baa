#include "estate/number_fields.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <initializer_list>
#include <optional>

#include "base/sid.hpp"
#include "base/text.hpp"
#include "estate/capabilities.hpp"
#include "phone/region.hpp"

namespace ringctl::estate {
namespace {

constexpr std::size_t k_max_provider = 32;
constexpr std::ptrdiff_t k_max_label = 200;

bool refuse(base::Finding& finding, const char* code, std::string message) {
  finding.code = code;
  finding.message = std::move(message);
  return false;
}

bool is_lower_alnum(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }
char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

bool equals_ignoring_case(std::string_view text, std::string_view word) {
  return std::equal(text.begin(), text.end(), word.begin(), word.end(),
                    [](char a, char b) { return lower(a) == b; });
}

/// One of these words in any case, as it stands here.
bool take_word(std::string_view text, std::initializer_list<std::string_view> words, std::string& out) {
  for (const auto word : words) {
    if (!equals_ignoring_case(text, word)) continue;
    out.assign(word);
    return true;
  }
  return false;
}

}  // namespace

bool canonical_provider(std::string_view text, std::string& out, base::Finding& finding) {
  const bool well_formed =
      !text.empty() && text.size() <= k_max_provider && is_lower_alnum(lower(text.front())) &&
      std::all_of(text.begin(), text.end(),
                  [](char c) { return is_lower_alnum(lower(c)) || c == '_' || c == '-'; });
  if (!well_formed)
    return refuse(finding, "bad_provider",
                  fmt::format("{} is no provider (one lower-case word, like twilio)", base::in_quotes(text)));
  out.assign(text);
  std::transform(out.begin(), out.end(), out.begin(), lower);
  return true;
}

bool canonical_country(std::string_view text, std::string& out, base::Finding& finding) {
  const auto region = phone::Region::try_parse(text);
  if (!region)
    return refuse(finding, "bad_country",
                  fmt::format("{} is no country code (like US or GB)", base::in_quotes(text)));
  out.assign(region->view());
  if (equals_ignoring_case(text, "uk")) {
    finding.code = "country_alias";
    finding.message = "\"UK\" is read as GB";
  }
  return true;
}

bool canonical_label(std::string_view text, std::string& out, base::Finding& finding) {
  if (text.find('\0') != std::string_view::npos)
    return refuse(finding, "bad_label", "the label holds a NUL byte");
  if (const auto at = base::first_invalid_utf8(text))
    return refuse(finding, "bad_label", fmt::format("the label is not UTF-8 (byte {})", *at + 1));
  const auto characters = std::count_if(
      text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; });
  if (characters > k_max_label)
    return refuse(finding, "bad_label",
                  fmt::format("the label has {} characters, at most {} are kept", characters, k_max_label));
  out.assign(text);
  return true;
}

bool canonical_status(std::string_view text, std::string& out, base::Finding& finding) {
  if (take_word(text, {"active", "inactive"}, out)) return true;
  return refuse(finding, "bad_status",
                fmt::format("{} is no status (active or inactive)", base::in_quotes(text)));
}

bool canonical_record_policy(std::string_view text, std::string& out, base::Finding& finding) {
  if (take_word(text, {"never", "always", "inbound", "outbound"}, out)) return true;
  return refuse(
      finding, "bad_record_policy",
      fmt::format("{} is no recording policy (never, always, inbound or outbound)", base::in_quotes(text)));
}

bool canonical_sms_mode(std::string_view text, std::string& out, base::Finding& finding) {
  if (take_word(text, {"notify_all", "claim", "round_robin"}, out)) return true;
  return refuse(finding, "bad_sms_mode",
                fmt::format("{} is no way to deal messages out (notify_all, claim or round_robin)",
                            base::in_quotes(text)));
}

bool canonical_capabilities(std::string_view text, std::string& out, base::Finding& finding) {
  std::string_view bad_word;
  const auto set = parse_capabilities(text, bad_word);
  if (!set)
    return refuse(finding, "bad_capabilities",
                  fmt::format("{} is no capability (voice, sms, mms or fax, separated by |)",
                              base::in_quotes(bad_word)));
  out.assign(capabilities_text(*set));
  return true;
}

bool canonical_sid(std::string_view text, std::string& out, base::Finding& finding) {
  if (!base::is_sid(text, "PN"))
    return refuse(finding, "bad_sid",
                  fmt::format("{} is no number SID (PN and 32 hex digits)", base::in_quotes(text)));
  out.assign(text);
  return true;
}

bool check_country(const phone::E164& number, std::string_view country, base::Finding& finding) {
  const auto region = phone::region_of(number);
  if (region) {
    if (region->view() == country) return true;
    return refuse(finding, "country_mismatch",
                  fmt::format("{} is a number of {}, not of {}", number.view(), region->view(), country));
  }
  const auto claimed = phone::Region::try_parse(country);
  if (!claimed || claimed->calling_code() != phone::calling_code(number))
    return refuse(finding, "country_mismatch",
                  fmt::format("{} has calling code +{}, {} does not", number.view(),
                              phone::calling_code(number), country));
  finding.code = "unknown_region";
  finding.message =
      fmt::format("the region of {} is not known; {} fits its calling code", number.view(), country);
  return true;
}

std::string_view country_of(const phone::E164& number) { return phone::region_code_of(number); }

}  // namespace ringctl::estate
