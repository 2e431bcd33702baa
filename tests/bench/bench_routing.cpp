// How long one decision takes, with a thousand rules and a hundred agents. Prints one JSON object:
// microseconds, the median and the 99th of a hundred, per kind of call.

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/uuid.hpp"
#include "routing/decide.hpp"

using namespace ringctl;
using Steady = std::chrono::steady_clock;

namespace {

constexpr int k_rules = 1000, k_agents = 100, k_calls = 20'000;

/// Rules of an estate that grew: by number called, by contact, by country and by the hour.
std::string conditions(int i) {
  switch (i % 4) {
    case 0:
      return fmt::format(R"({{"called":"+1202555{:04}"}})", 1000 + i);
    case 1:
      return fmt::format(R"({{"contact":{{"product":"product {}","state":"TX"}}}})", i);
    case 2:
      return fmt::format(R"({{"caller":{{"prefix":"+4420{}"}}}})", i);
    default:
      return fmt::format(R"({{"called":"+1202555{:04}","hours":{{"from":"08:00","to":"18:00"}}}})", 1000 + i);
  }
}

routing::Snapshot estate(base::UuidGenerator& ids) {
  routing::Snapshot snapshot;
  snapshot.zone = base::Zone::parse("America/New_York");
  for (int i = 0; i < k_agents; ++i) {
    auto& agent = snapshot.agents.emplace_back();
    agent.id = ids.next();
    agent.email = fmt::format("agent{:03}@example.com", i);
    agent.team = fmt::format("team {}", i % 10);
  }
  routing::index_agents(snapshot);
  std::vector<routing::RuleText> rules;
  for (int i = 0; i < k_rules; ++i)
    rules.push_back({fmt::format("rule {}", i), conditions(i),
                     fmt::format(R"([{{"team":"team {}"}}])", i % 10), "ring_all", 0});
  routing::compile_rules(snapshot, rules);
  return snapshot;
}

std::string measure(const routing::Snapshot& snapshot, const routing::Facts& facts, std::string_view name) {
  std::vector<double> times;
  std::size_t steps = 0;
  for (int i = 0; i < k_calls; ++i) {
    const auto start = Steady::now();
    steps += routing::decide(snapshot, facts).steps.size();
    times.push_back(std::chrono::duration<double, std::micro>(Steady::now() - start).count());
  }
  if (steps == 0) std::abort();
  std::sort(times.begin(), times.end());
  return fmt::format(R"("{}":{{"p50_us":{:.2f},"p99_us":{:.2f}}})", name, times[times.size() / 2],
                     times[times.size() * 99 / 100]);
}

}  // namespace

int main() {
  const base::SystemClock clock;
  base::UuidGenerator ids(clock);
  const auto snapshot = estate(ids);
  routing::Facts facts;
  facts.from = "+16265550101";
  facts.to = "+12025552500";  // called by the middle rule
  facts.now = clock.now();
  facts.caller_country = "US";
  facts.number.emplace().id = ids.next();
  std::string out = fmt::format(R"({{"rules":{},"agents":{})", k_rules, k_agents);
  facts.to = fmt::format("+1202555{:04}", 1000 + k_rules / 2);
  out += "," + measure(snapshot, facts, "middle_rule");
  facts.to = "+12025550123";
  out += "," + measure(snapshot, facts, "no_rule");
  auto& contact = facts.contact.emplace();
  contact.product = "product 997", contact.state = "tx";
  out += "," + measure(snapshot, facts, "last_rules");
  contact.agents = {snapshot.agents[3].id};
  out += "," + measure(snapshot, facts, "assigned");
  std::puts((out + "}").c_str());
  return 0;
}
