#include "support/exit_statuses.hpp"

#include <map>
#include <nlohmann/json.hpp>
#include <set>

namespace ringctl::test {
namespace {

using Statuses = std::map<std::string, std::set<int>>;  ///< "numbers list" -> 0, 1, 2 ...

Statuses read_statuses() {
  Statuses all;
  for (const auto& command : nlohmann::json::parse(Machine().run({"help", "--tree", "json"}).out)["commands"])
    all[command["command"]] = command["exit_codes"].get<std::set<int>>();
  return all;
}

}  // namespace

bool ended_as_documented(const ProcessResult& result) {
  static const Statuses k_statuses = read_statuses();
  const auto& words = result.arguments;
  for (std::size_t i = 0; i < words.size(); ++i) {
    auto found = i + 1 < words.size() ? k_statuses.find(words[i] + " " + words[i + 1]) : k_statuses.end();
    if (found == k_statuses.end()) found = k_statuses.find(words[i]);
    if (found != k_statuses.end()) return found->second.contains(result.status);
  }
  return true;
}

}  // namespace ringctl::test
