#include "phone/region.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.hpp"
#include "base/text.hpp"
#include "phone/library.hpp"
#include "phone/lookup.hpp"
#include "phone/overlay_lookup.hpp"

namespace ringctl::phone {
namespace {

using i18n::phonenumbers::PhoneNumberUtil;

std::string_view code_of_row(const RegionRow& row) { return {row.code, 2}; }

const RegionRow* find_row(std::string_view code) {
  const auto row = std::ranges::lower_bound(k_tables.regions, code, {}, code_of_row);
  return row != k_tables.regions.end() && code_of_row(*row) == code ? &*row : nullptr;
}

std::string format(const E164& number, PhoneNumberUtil::PhoneNumberFormat style) {
  std::string text;
  if (!number.view().empty()) library().Format(to_library(digits_of(number.view())), style, &text);
  return text;
}

}  // namespace

std::optional<Region> Region::try_parse(std::string_view text) {
  if (text.size() != 2) return std::nullopt;
  auto code = base::ascii_upper(text);
  if (code == "UK") code = "GB";
  const auto* row = find_row(code);
  if (row == nullptr) return std::nullopt;
  Region region;
  std::ranges::copy(row->code, region.code_);
  return region;
}

Region Region::parse(std::string_view text) {
  if (const auto region = try_parse(text)) return *region;
  throw Error(Errc::invalid, "phone.unknown_region", fmt::format("unknown country code \"{}\"", text),
              "use two letters of ISO 3166 such as US, CA or GB");
}

int Region::calling_code() const {
  const auto* row = find_row(view());
  return row == nullptr ? 0 : row->calling_code;
}

std::string_view region_code_of(const E164& number) {
  const auto digits = digits_of(number.view());
  auto index = region_index_of(digits);
  if (index == k_no_region) index = overlay_region_of(digits);
  return index == k_no_region ? std::string_view() : code_of_row(k_tables.regions[index]);
}

std::int64_t regions_digest() {
  static const std::uint32_t k_of_tables = [] {
    std::uint32_t digest = 2166136261U;
    for (const auto& row : k_tables.regions)
      for (const char letter : row.code) digest = take_into(digest, static_cast<unsigned char>(letter));
    for (const auto& row : k_tables.codes)
      digest = take_into(take_into(take_into(digest, row.code), row.region), row.root);
    for (const auto& node : k_tables.nodes) {
      for (const auto next : node.next) digest = take_into(digest, next);
      digest = take_into(digest, node.region);
    }
    return digest;
  }();
  return digest_of_overlay(k_of_tables);
}

std::optional<Region> region_of(const E164& number) {
  const auto code = region_code_of(number);
  if (code.empty()) return std::nullopt;
  Region region;
  std::ranges::copy(code, region.code_);
  return region;
}

bool belongs_to(const E164& number, const Region& region) {
  const auto own = region_of(number);
  return own ? *own == region : calling_code(number) == region.calling_code();
}

std::vector<std::string> all_regions() {
  std::vector<std::string> codes;
  codes.reserve(k_tables.regions.size());
  for (const auto& row : k_tables.regions) codes.emplace_back(code_of_row(row));
  return codes;
}

std::string format_international(const E164& number) {
  return format(number, PhoneNumberUtil::INTERNATIONAL);
}

std::string format_national(const E164& number) { return format(number, PhoneNumberUtil::NATIONAL); }

}  // namespace ringctl::phone
