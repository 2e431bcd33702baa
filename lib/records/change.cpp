#include "records/change.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.hpp"
#include "base/text.hpp"

namespace ringctl::records {
namespace {

bool clears(const std::string& text) { return text.empty() || text == "-"; }

/// False with a finding: refused.
bool take(const Field& field, const std::string& text, const Reading& reading, std::string& out,
          base::Finding& finding) {
  if (!clears(text)) return field.canonical(text, reading, out, finding);
  out = field.initial;
  if (!field.required || !out.empty()) return true;
  finding = {"missing", "cannot be empty"};
  return false;
}

Error refused(const Noun& noun, const std::string& what, const std::vector<std::string>& refusals) {
  const auto slug = fmt::format("{}.invalid", noun.noun);
  // A part of the key may be what is refused.
  const auto given = base::trim(what);
  const auto named = given.empty() ? fmt::format("the {}", noun.object) : std::string(given);
  if (refusals.size() == 1)
    return {Errc::invalid, slug, fmt::format("{} cannot be stored: {}", named, refusals[0])};
  Error error(Errc::invalid, slug,
              fmt::format("{} cannot be stored: {} values are refused", named, refusals.size()));
  for (const auto& refusal : refusals) error.detail(refusal);
  return error;
}

}  // namespace

Record blank(const Noun& noun) {
  Record record;
  for (const auto& field : noun.fields) record.cells.emplace_back(field.initial);
  record.extras.resize(noun.extras.size());
  return record;
}

Record changed(const Noun& noun, Record record, const Change& change, const Reading& reading,
               std::vector<base::Finding>& warnings) {
  std::vector<std::string> refusals;
  for (const auto& [field, text] : change) {
    const auto& described = noun.fields[field];
    base::Finding finding;
    const bool accepted = take(described, text, reading, record.cells[field], finding);
    if (!finding) continue;
    finding.message = fmt::format("{}: {}", described.name, finding.message);
    if (accepted)
      warnings.push_back(std::move(finding));
    else
      refusals.push_back(std::move(finding.message));
  }
  for (std::size_t i = 0; refusals.empty() && i < noun.fields.size(); ++i)
    if (noun.fields[i].required && record.cells[i].empty())
      refusals.push_back(fmt::format("{}: cannot be empty", noun.fields[i].name));
  if (!refusals.empty()) throw refused(noun, shown_key(key_text(noun, record.cells)), refusals);
  return record;
}

std::vector<std::size_t> differences(const Record& a, const Record& b) {
  std::vector<std::size_t> fields;
  for (std::size_t i = 0; i < a.cells.size(); ++i)
    if (a.cells[i] != b.cells[i]) fields.push_back(i);
  return fields;
}

std::vector<std::string> key_of(const Noun& noun, const Change& change, const Reading& reading) {
  std::vector<base::Finding> ignored;
  const auto record = changed(noun, blank(noun), change, reading, ignored);
  return {record.cells.begin(), record.cells.begin() + static_cast<std::ptrdiff_t>(noun.key_fields)};
}

}  // namespace ringctl::records
