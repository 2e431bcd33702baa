#include "estate/number_change.hpp"

#include <fmt/format.h>

#include "base/error.hpp"
#include "estate/number_fields.hpp"
#include "estate/number_rows.hpp"

namespace ringctl::estate {
namespace {

constexpr SettableField k_fields[] = {
    {"provider", &NumberChange::provider, &Number::provider, canonical_provider, k_default_provider},
    {"country_code", &NumberChange::country_code, &Number::country_code, canonical_country, ""},
    {"label", &NumberChange::label, &Number::label, canonical_label, ""},
    {"status", &NumberChange::status, &Number::status, canonical_status, k_default_status},
    {"capabilities", &NumberChange::capabilities, &Number::capabilities, canonical_capabilities, ""},
    {"sid", &NumberChange::sid, &Number::sid, canonical_sid, ""},
    {"record_policy", &NumberChange::record_policy, &Number::record_policy, canonical_record_policy, ""},
    {"sms_mode", &NumberChange::sms_mode, &Number::sms_mode, canonical_sms_mode, k_default_sms_mode},
};

class Findings {
 public:
  explicit Findings(std::vector<base::Finding>& warnings) : warnings_(warnings) {}

  void take(bool accepted, std::string_view column, base::Finding& finding) {
    if (!finding) return;
    finding.message = fmt::format("{}: {}", column, finding.message);
    if (accepted)
      warnings_.push_back(finding);
    else
      refusals_.push_back(finding.message);
    finding.clear();
  }
  void require_none(std::string_view number) const {
    if (refusals_.empty()) return;
    if (refusals_.size() == 1)
      throw Error(Errc::invalid, "numbers.invalid",
                  fmt::format("{} cannot be stored: {}", number, refusals_.front()));
    Error error(Errc::invalid, "numbers.invalid",
                fmt::format("{} cannot be stored: {} values are refused", number, refusals_.size()));
    for (const auto& refusal : refusals_) error.detail(refusal);
    throw error;
  }
  bool clean() const { return refusals_.empty(); }

 private:
  std::vector<base::Finding>& warnings_;
  std::vector<std::string> refusals_;
};

}  // namespace

std::span<const SettableField> settable_fields() { return k_fields; }

Number blank_number(const phone::E164& number) {
  Number blank;
  blank.phone_number = number.text();
  for (const auto& field : k_fields) blank.*field.value = field.cleared;
  blank.country_code = country_of(number);
  blank.webhook_status = "configured";
  return blank;
}

Number changed(Number number, const NumberChange& change, std::vector<base::Finding>& warnings) {
  Findings findings(warnings);
  base::Finding finding;
  for (const auto& field : k_fields) {
    const auto& given = change.*field.given;
    if (!given) continue;
    if (given->empty() || *given == "-") {
      number.*field.value = field.value == &Number::country_code
                                ? country_of(phone::E164::parse(number.phone_number))
                                : field.cleared;
      continue;
    }
    findings.take(field.canonical(*given, number.*field.value, finding), field.column, finding);
  }
  if (findings.clean() && change.country_code && !number.country_code.empty())
    findings.take(check_country(phone::E164::parse(number.phone_number), number.country_code, finding),
                  "country_code", finding);
  findings.require_none(number.phone_number);
  return number;
}

std::vector<std::string_view> differences(const Number& a, const Number& b) {
  std::vector<std::string_view> columns;
  for (const auto& field : k_fields)
    if (a.*field.value != b.*field.value) columns.push_back(field.column);
  return columns;
}

std::vector<base::Finding> warnings_of(const phone::E164& number, const NumberChange& change) {
  std::vector<base::Finding> warnings;
  changed(blank_number(number), change, warnings);
  return warnings;
}

std::vector<std::string_view> NumberPlan::changed_fields() const {
  if (before) return differences(*before, after);
  Number nothing;
  nothing.sms_mode = k_default_sms_mode;  // what every number has, said or not
  return differences(nothing, after);
}

}  // namespace ringctl::estate
