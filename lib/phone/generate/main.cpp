// Writes phone_tables_generated.cpp from the metadata inside libphonenumber. Run by the build: generate
// OUT.cpp
#include <fmt/format.h>
#include <phonenumbers/phonemetadata.pb.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <limits>
#include <map>
#include <stdexcept>

#include "phone/generate/decision.hpp"
#include "phone/tables.hpp"

// Exported by the library; the header that declares them is not installed.
namespace i18n::phonenumbers {
int metadata_size();
const void* metadata_get();
}  // namespace i18n::phonenumbers

namespace {

using i18n::phonenumbers::PhoneMetadata;
using i18n::phonenumbers::PhoneMetadataCollection;
using i18n::phonenumbers::PhoneNumberDesc;
using namespace ringctl::phone;
using namespace ringctl::phone::generate;

/// Regions of each calling code, the main one first, as the library orders them.
using Sharing = std::map<int, std::vector<const PhoneMetadata*>>;

template <typename Lengths>
std::uint32_t mask_of(const Lengths& lengths) {
  std::uint32_t mask = 0;
  for (const int length : lengths)
    if (length > 0) mask |= 1U << static_cast<unsigned>(length);
  return mask;
}

Description description_of(const PhoneNumberDesc& desc) {
  return {Pattern(desc.national_number_pattern()), mask_of(desc.possible_length())};
}

class Writer {
 public:
  explicit Writer(const PhoneMetadataCollection& metadata) {
    for (const auto& entry : metadata.metadata()) {
      if (entry.id().size() == 2) regions_[entry.id()] = entry.country_code();
      auto& sharers = sharing_[entry.country_code()];
      sharers.insert(entry.main_country_for_code() ? sharers.begin() : sharers.end(), &entry);
    }
    if (regions_.size() >= k_no_region) throw std::runtime_error("more regions than a byte can number");
  }

  std::string text() {
    std::string rows;
    std::array<int, 1000> prefix{};
    int index = 0;
    for (const auto& [code, sharers] : sharing_) {
      rows += code_row(code, sharers);
      ++index;
      const int width = code < 10 ? 100 : code < 100 ? 10 : 1;
      std::fill_n(prefix.begin() + code * width, width, index);
    }
    if (index > std::numeric_limits<std::uint8_t>::max())
      throw std::runtime_error("more calling codes than a byte can number");
    std::string out =
        "// Generated from libphonenumber's metadata; do not edit.\n#include \"phone/tables.hpp\"\n\n"
        "namespace ringctl::phone {\nnamespace {\n\n";
    out += "constexpr RegionRow k_regions[] = {\n" + region_rows() + "};\n\n";
    out += "constexpr CodeRow k_codes[] = {\n  {0, 0, k_no_region, 0, 0},\n" + rows + "};\n\n";
    out += fmt::format("constexpr std::uint8_t k_prefix[1000] = {{{}}};\n\n", fmt::join(prefix, ","));
    out += "constexpr DecisionNode k_nodes[] = {\n" + node_rows() + "};\n\n}  // namespace\n\n";
    return out +
           "constexpr Tables k_tables{k_regions, k_codes, k_prefix, k_nodes};\n\n}  // namespace "
           "ringctl::phone\n";
  }

 private:
  std::uint8_t region_index(const std::string& id) const {
    const auto found = regions_.find(id);  // "001", no region, is not in it
    if (found == regions_.end()) return k_no_region;
    return static_cast<std::uint8_t>(std::distance(regions_.begin(), found));
  }

  RegionRule rule_of(const PhoneMetadata& entry) const {
    RegionRule rule;
    rule.region = region_index(entry.id());
    if (entry.has_leading_digits()) {
      rule.leading.emplace(entry.leading_digits());
      return rule;
    }
    rule.general = description_of(entry.general_desc());
    for (const auto* desc : {&entry.premium_rate(), &entry.toll_free(), &entry.shared_cost(), &entry.voip(),
                             &entry.personal_number(), &entry.pager(), &entry.uan(), &entry.voicemail(),
                             &entry.fixed_line(), &entry.mobile()})
      if (!desc->national_number_pattern().empty()) rule.kinds.push_back(description_of(*desc));
    return rule;
  }

  std::string code_row(int code, const std::vector<const PhoneMetadata*>& sharers) {
    // What is dialled within an area only, without its code, is no number behind a country code.
    const auto lengths = mask_of(sharers.front()->general_desc().possible_length()) & 0x7FFFU;
    int root = 0;
    if (sharers.size() > 1) {
      std::vector<RegionRule> rules;
      rules.reserve(sharers.size());
      for (const auto* entry : sharers) rules.push_back(rule_of(*entry));
      root = decisions_.add(rules);
    }
    const int region = sharers.size() == 1 ? region_index(sharers.front()->id()) : k_no_region;
    return fmt::format("  {{{}, {}, {}, {}, {:#x}}},\n", code, std::to_string(code).size(), region, root,
                       lengths);
  }

  std::string region_rows() const {
    std::string rows;
    for (const auto& [id, code] : regions_)
      rows += fmt::format("  {{{{'{}', '{}'}}, {}}},\n", id[0], id[1], code);
    return rows;
  }

  std::string node_rows() const {
    if (decisions_.nodes().size() > std::numeric_limits<std::uint16_t>::max())
      throw std::runtime_error("more decision nodes than 16 bits can number");
    std::string rows;
    for (const auto& node : decisions_.nodes())
      rows += fmt::format("  {{{{{}}}, {}}},\n", fmt::join(node.next, ","), node.region);
    return rows;
  }

  std::map<std::string, int> regions_;
  Sharing sharing_;
  DecisionTable decisions_;
};

}  // namespace

int main(int argc, char** argv) try {
  if (argc != 2) throw std::runtime_error("usage: generate OUT.cpp");
  PhoneMetadataCollection metadata;
  if (!metadata.ParseFromArray(i18n::phonenumbers::metadata_get(), i18n::phonenumbers::metadata_size()))
    throw std::runtime_error("libphonenumber's metadata cannot be read");
  std::ofstream out(argv[1]);
  out << Writer(metadata).text();
  if (!out.flush()) throw std::runtime_error(std::string("could not write ") + argv[1]);
  return 0;
} catch (const std::exception& error) {
  std::fprintf(stderr, "generate: %s\n", error.what());
  return 1;
}
