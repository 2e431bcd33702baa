// All automata of a calling code are stepped side by side through every sequence of digits; equal situations
// at equal depth are explored once, and equal nodes are kept once.
#include "phone/generate/decision.hpp"

#include <algorithm>

#include "phone/tables.hpp"

namespace ringctl::phone::generate {

/// National numbers are at most this long where the whole has at most 15 digits.
constexpr unsigned k_longest = 14;

class Explorer {
 public:
  Explorer(DecisionTable& table, const std::vector<RegionRule>& rules) : table_(table), rules_(rules) {}

  int explore_from_start() {
    Situation start;
    for (const auto& rule : rules_) {
      Progress progress;
      if (rule.leading) progress.sets.push_back(rule.leading->start());
      if (rule.general) progress.sets.push_back(rule.general->pattern.start());
      for (const auto& kind : rule.kinds) progress.sets.push_back(kind.pattern.start());
      start.push_back(std::move(progress));
    }
    return explore(start, 0);
  }

 private:
  /// How far one rule has come.
  struct Progress {
    std::vector<States> sets;  ///< of the leading digits, or of the general description and then each kind
    bool has_led = false;      ///< the leading digits have matched; the region is this one whatever follows
    auto operator<=>(const Progress&) const = default;  // NOLINT(modernize-use-nullptr): as in Node
    bool dead() const { return !has_led && std::ranges::all_of(sets, &States::empty); }
  };
  using Situation = std::vector<Progress>;

  int explore(const Situation& situation, unsigned depth) {
    const auto alive = std::ranges::find_if(situation, [](const Progress& p) { return !p.dead(); });
    if (alive == situation.end() || depth > k_longest) return 0;
    if (alive->has_led)
      return table_.absorbing(rules_[static_cast<std::size_t>(alive - situation.begin())].region);
    const std::pair key(depth, situation);
    if (const auto known = seen_.find(key); known != seen_.end()) return known->second;
    Node node;
    node.region = region_at(situation, depth);
    for (int digit = 0; digit < 10; ++digit)
      node.next[static_cast<std::size_t>(digit)] = explore(step(situation, digit), depth + 1);
    return seen_[key] = table_.intern(node);
  }

  Situation step(const Situation& from, int digit) const {
    Situation to(from.size());
    for (std::size_t i = 0; i < from.size(); ++i) {
      to[i] = step(rules_[i], from[i], digit);
      if (to[i].has_led) break;  // the rules after it no longer count
    }
    return to;
  }

  static Progress step(const RegionRule& rule, const Progress& from, int digit) {
    Progress to;
    if (from.has_led || from.dead()) return from.has_led ? from : to;
    if (rule.leading) {
      to.sets.push_back(rule.leading->step(from.sets[0], digit));
      to.has_led = rule.leading->accepts(to.sets[0]);
      if (to.has_led) to.sets.clear();
      return to;
    }
    to.sets.push_back(rule.general->pattern.step(from.sets[0], digit));
    for (std::size_t i = 0; i < rule.kinds.size(); ++i)
      to.sets.push_back(to.sets[0].empty() ? States() : rule.kinds[i].pattern.step(from.sets[i + 1], digit));
    return to;
  }

  std::uint8_t region_at(const Situation& situation, unsigned length) const {
    for (std::size_t i = 0; i < situation.size(); ++i) {
      const auto& rule = rules_[i];
      const auto& sets = situation[i].sets;
      if (situation[i].has_led) return rule.region;
      if (rule.leading || sets.empty() || !rule.general->fits(sets[0], length)) continue;
      for (std::size_t kind = 0; kind < rule.kinds.size(); ++kind)
        if (rule.kinds[kind].fits(sets[kind + 1], length)) return rule.region;
    }
    return k_no_region;
  }

  DecisionTable& table_;
  const std::vector<RegionRule>& rules_;
  std::map<std::pair<unsigned, Situation>, int> seen_;
};

DecisionTable::DecisionTable() { nodes_.push_back({{}, k_no_region}); }

int DecisionTable::intern(const Node& node) {
  if (node == nodes_[0]) return 0;
  const auto [place, is_new] = index_.try_emplace(node, static_cast<int>(nodes_.size()));
  if (is_new) nodes_.push_back(node);
  return place->second;
}

int DecisionTable::absorbing(std::uint8_t region) {
  const auto [place, is_new] = absorbing_.try_emplace(region, static_cast<int>(nodes_.size()));
  if (is_new) {
    Node node{{}, region};
    node.next.fill(place->second);
    nodes_.push_back(node);
  }
  return place->second;
}

int DecisionTable::add(const std::vector<RegionRule>& rules) {
  return Explorer(*this, rules).explore_from_start();
}

}  // namespace ringctl::phone::generate
