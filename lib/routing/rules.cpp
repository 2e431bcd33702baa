#include "routing/rules.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.hpp"
#include "base/text.hpp"
#include "db/transaction.hpp"
#include "records/rows.hpp"
#include "records/values.hpp"
#include "routing/plan.hpp"
#include "routing/rule.hpp"
#include "routing/rule_references.hpp"

namespace ringctl::routing {
namespace {

using records::Kind;
using records::Reading;
using records::Record;

constexpr std::int64_t k_most_position = 1'000'000;
constexpr records::Rank k_rank{k_position_step, k_most_position};
constexpr std::int64_t k_shortest_ring = 5, k_longest_ring = 600;  // what Twilio's Dial takes

bool canonical_position(std::string_view text, const Reading&, std::string& out, base::Finding& finding) {
  const auto position = base::parse_int(text);
  if (!position || *position < 1 || *position > k_most_position) {
    finding = {"bad_position", fmt::format("{} is no whole number from 1 to {}", base::in_quotes(text),
                                           base::group_digits(static_cast<std::uint64_t>(k_most_position)))};
    return false;
  }
  out = std::to_string(*position);
  return true;
}

bool canonical_ring_timeout(std::string_view text, const Reading&, std::string& out, base::Finding& finding) {
  const auto seconds = records::try_parse_seconds(text);
  if (!seconds || *seconds < k_shortest_ring || *seconds > k_longest_ring) {
    finding = {"bad_ring_timeout", fmt::format("{} is no time in whole seconds from {} to {}, like 20 or 20s",
                                               base::in_quotes(text), k_shortest_ring, k_longest_ring)};
    return false;
  }
  out = std::to_string(*seconds);
  return true;
}

bool canonical_strategy(std::string_view text, const Reading&, std::string& out, base::Finding& finding) {
  return records::one_of(text, strategy_names(), "strategy", out, finding);
}

bool canonical_when(std::string_view text, const Reading&, std::string& out, base::Finding& finding) {
  // In a JSON file an object of nothing but switches arrives as the names of those that are on.
  const auto switched = fmt::format("{{\"{}\": true}}", text);
  const auto when = try_parse_when(text == "after_assigned" ? switched : text, finding);
  if (when) out = text_of(*when);
  return when.has_value();
}

bool canonical_ring(std::string_view text, const Reading&, std::string& out, base::Finding& finding) {
  const auto ring = try_parse_ring(text, finding);
  if (ring) out = text_of(*ring);
  if (!ring && !text.starts_with('[') && !text.starts_with('{'))
    finding.message += R"(; what it rings is a list like [{"team": "Sales"}])";
  return ring.has_value();
}

bool is_text(std::string_view text) { return !text.empty() && !text.starts_with('{'); }

}  // namespace

const records::Noun& rules_noun() {
  static const records::Noun k_noun{
      .noun = "rules",
      .object = "rule",
      .table = "routing_rules",
      .fields =
          {{.name = "name",
            .kind = Kind::text,
            .canonical = records::canonical_name,
            .required = true,
            .aliases = {"rule", "rule_name"}},
           {.name = "position",
            .kind = Kind::integer,
            .canonical = canonical_position,
            .required = true,
            .aliases = {"priority", "order"},
            .rank = &k_rank},
           {.name = "enabled",
            .kind = Kind::flag,
            .canonical = records::canonical_flag,
            .initial = "yes",
            .aliases = {"is_active", "active"}},
           {.name = "when",
            .kind = Kind::json,
            .canonical = canonical_when,
            .initial = "{}",
            .required = true,
            .column = "conditions",
            .aliases = {"conditions"}},
           {.name = "ring",
            .kind = Kind::json,
            .canonical = canonical_ring,
            .required = true,
            .column = "targets",
            .aliases = {"targets"}},
           {.name = "strategy", .kind = Kind::text, .canonical = canonical_strategy, .initial = "ring_all"},
           {.name = "ring_timeout",
            .kind = Kind::integer,
            .canonical = canonical_ring_timeout,
            .column = "ring_timeout_s",
            .aliases = {"timeout"}}},
      .inspect = inspect_references,
      .looks_like_key = is_text,
  };
  return k_noun;
}

namespace {

std::vector<Record> rules_in_order(db::Connection& db, const base::Uuid& workspace, bool lock) {
  std::vector<Record> rules;
  records::read_where(db, workspace, rules_noun(), {}, lock,
                      [&](Record&& record) { rules.push_back(std::move(record)); });
  const auto position = [](const Record& rule) {
    return base::parse_int(rule.cells[k_rule_position]).value_or(0);
  };
  std::stable_sort(rules.begin(), rules.end(),
                   [&](const Record& a, const Record& b) { return position(a) < position(b); });
  return rules;
}

std::size_t index_of(const std::vector<Record>& rules, std::string_view name) {
  const auto canonical = base::trim(name);
  const auto found = std::find_if(rules.begin(), rules.end(), [&](const Record& rule) {
    return rule.cells[k_rule_name] == canonical || rule.id.view() == canonical;
  });
  if (found == rules.end())
    throw Error(Errc::not_found, "rules.unknown",
                fmt::format("{} is no rule of this workspace", base::in_quotes(name)), "ringctl rules list");
  return static_cast<std::size_t>(found - rules.begin());
}

/// Where it goes among the others, once it is taken out.
std::size_t wanted_index(const std::vector<Record>& rules, std::size_t moved, const NewPlace& place) {
  if (place.where == NewPlace::Where::to)
    return std::min(static_cast<std::size_t>(std::max<std::int64_t>(place.place, 1)), rules.size()) - 1;
  auto other = index_of(rules, place.other);
  if (other == moved)
    throw Error(Errc::usage, "usage.bad_value",
                fmt::format("{} cannot be moved before or after itself", base::in_quotes(place.other)));
  if (other > moved) --other;
  return place.where == NewPlace::Where::after ? other + 1 : other;
}

}  // namespace

Moved move_rule(audit::Session& session, const base::Uuid& workspace, std::string_view name,
                const NewPlace& place, bool write) {
  Moved moved;
  const auto decide = [&](bool lock) {
    auto rules = rules_in_order(session.db, workspace, lock);
    const auto from = index_of(rules, name);
    const auto to = wanted_index(rules, from, place);
    moved = {rules[from].cells[k_rule_name], static_cast<std::int64_t>(from) + 1,
             static_cast<std::int64_t>(to) + 1, 0};
    if (from == to) return;
    auto rule = std::move(rules[from]);
    rules.erase(rules.begin() + static_cast<std::ptrdiff_t>(from));
    rules.insert(rules.begin() + static_cast<std::ptrdiff_t>(to), std::move(rule));
    for (std::size_t i = 0; i < rules.size(); ++i) {
      auto after = rules[i];
      after.cells[k_rule_position] = std::to_string((static_cast<std::int64_t>(i) + 1) * k_position_step);
      if (after.cells == rules[i].cells) continue;
      ++moved.changed;
      if (lock) records::write_change(session, workspace, rules_noun(), rules[i], after, "move");
    }
  };
  if (write) {
    db::in_transaction(session.db, db::Scope::of(workspace), [&] { decide(true); });
  } else {
    const db::Transaction transaction(session.db, db::Scope::of(workspace), db::Access::read);
    decide(false);
  }
  return moved;
}

std::int64_t next_position(db::Connection& db, const base::Uuid& workspace) {
  const db::Transaction transaction(db, db::Scope::of(workspace), db::Access::read);
  const auto last = records::highest(db, workspace, rules_noun(), k_rule_position);
  return std::min((last / k_position_step + 1) * k_position_step, k_most_position);
}

}  // namespace ringctl::routing
