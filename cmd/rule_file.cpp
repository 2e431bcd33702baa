#include "cmd/rule_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <tuple>

#include "base/error.hpp"
#include "base/text.hpp"
#include "bulk/header.hpp"
#include "bulk/records.hpp"
#include "csv/reader.hpp"
#include "routing/rules.hpp"

namespace ringctl::cmd {
namespace {

using Cells = std::vector<std::string>;

/// Reads rows as an import does, without a database: each field through its own check.
class RuleFile {
 public:
  explicit RuleFile(const std::string& path)
      : source_(csv::Source::open(path)), reader_(csv::Reader::open(source_, {})) {}

  std::vector<Cells> read() {
    csv::Record record;
    while (reader_->next(record)) {
      if (!record.error.empty())
        refuse(record.line, std::string(record.error));
      else if (!learn_columns(record))
        take(record);
    }
    if (refusals_.empty()) return std::move(rows_);
    Error error(Errc::invalid, "rules.bad_file",
                fmt::format("{}: {} of its rows cannot be rules", source_.name(), refusals_.size()));
    for (auto& refusal : refusals_) error.detail(std::move(refusal));
    throw error;
  }

 private:
  void refuse(std::uint64_t line, const std::string& why) {
    refusals_.push_back(fmt::format("{} {}: {}", reader_->unit(), line, why));
  }

  /// True if the record was the header.
  bool learn_columns(const csv::Record& record) {
    std::vector<std::string> names;
    if (reader_->format() == csv::Format::jsonl) {
      if (mapping_.size() == reader_->names().size()) return false;
      names.assign(reader_->names().begin(), reader_->names().end());
    } else {
      if (!mapping_.empty()) return false;
      for (const auto& field : record.fields) names.emplace_back(base::trim(field.text));
    }
    mapping_ = bulk::map_columns(names, *adapter_, {}, source_.name(), false);
    return reader_->format() != csv::Format::jsonl;
  }

  void take(const csv::Record& record) {
    Cells cells;
    for (const auto& field : noun_.fields) cells.emplace_back(field.initial);
    for (std::size_t i = 0; i < record.fields.size() && i < mapping_.size(); ++i) {
      const auto text = base::trim(record.fields[i].text);
      if (!mapping_[i] || record.fields[i].absent || text.empty() || text == "-") continue;
      const auto& field = noun_.fields[*mapping_[i]];
      base::Finding finding;
      if (!field.canonical(text, {}, cells[*mapping_[i]], finding))
        return refuse(record.line, fmt::format("{}: {}", field.name, finding.message));
    }
    for (std::size_t i = 0; i < cells.size(); ++i)
      if (noun_.fields[i].required && noun_.fields[i].rank == nullptr && cells[i].empty())
        return refuse(record.line, fmt::format("{} cannot be empty", noun_.fields[i].name));
    rows_.push_back(std::move(cells));
  }

  const records::Noun& noun_ = routing::rules_noun();
  std::unique_ptr<bulk::Adapter> adapter_ = bulk::records_adapter(noun_);
  csv::Source source_;
  std::unique_ptr<csv::Reader> reader_;
  bulk::Mapping mapping_;
  std::vector<Cells> rows_;
  std::vector<std::string> refusals_;
};

}  // namespace

std::vector<routing::RuleText> read_rule_file(const std::string& path) {
  auto rows = RuleFile(path).read();
  // Those that say no position come behind the others, in the order of the file.
  const auto place = [](const Cells& cells) {
    const auto position = base::parse_int(cells[routing::k_rule_position]);
    return position ? std::tuple(*position, cells[routing::k_rule_name])
                    : std::tuple(std::numeric_limits<std::int64_t>::max(), std::string());
  };
  std::stable_sort(rows.begin(), rows.end(),
                   [&](const Cells& a, const Cells& b) { return place(a) < place(b); });
  std::vector<routing::RuleText> rules;
  for (const auto& cells : rows)
    if (cells[routing::k_rule_enabled] == "yes")
      rules.push_back({cells[routing::k_rule_name], cells[routing::k_rule_when], cells[routing::k_rule_ring],
                       cells[routing::k_rule_strategy],
                       static_cast<int>(base::parse_int(cells[routing::k_rule_ring_timeout]).value_or(0))});
  return rules;
}

}  // namespace ringctl::cmd
