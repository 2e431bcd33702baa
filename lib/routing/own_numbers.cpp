#include "routing/own_numbers.hpp"

#include <algorithm>
#include <charconv>

#include "db/transaction.hpp"

namespace ringctl::routing {
namespace {

constexpr std::string_view k_all =
    "SELECT phone_number FROM phone_numbers WHERE workspace_id = $1 AND status = 'active'";

constexpr std::string_view k_first =
    "SELECT min(phone_number) FROM phone_numbers WHERE workspace_id = $1 AND status = 'active' "
    "AND provider = 'twilio'";

constexpr std::string_view k_of_agents =
    "SELECT a.agent_id, n.phone_number FROM agent_phone_numbers a JOIN phone_numbers n ON n.id = a.phone_number_id "
    "WHERE a.workspace_id = $1 AND a.voice = TRUE AND a.is_active = TRUE AND n.status = 'active' "
    "AND n.provider = 'twilio' ORDER BY a.agent_default DESC, n.phone_number";

/// 0 for what is no E.164 number.
std::uint64_t digits_of(std::string_view number) {
  if (!number.starts_with('+')) return 0;
  std::uint64_t digits = 0;
  const auto* const end = number.data() + number.size();
  const auto [at, wrong] = std::from_chars(number.data() + 1, end, digits);
  return wrong == std::errc() && at == end ? digits : 0;
}

}  // namespace

bool OwnNumbers::holds(std::string_view number) const {
  const auto digits = digits_of(number);
  return digits != 0 && std::binary_search(all.begin(), all.end(), digits);
}

const std::string& OwnNumbers::of(const base::Uuid& agent) const {
  const auto found = of_agent.find(agent.view());
  return found == of_agent.end() ? first : found->second;
}

OwnNumbers read_own_numbers(db::Connection& db, const base::Uuid& workspace) {
  OwnNumbers own;
  db::Transaction transaction(db, db::Scope::of(workspace), db::Access::read);
  {
    auto rows = db.query(k_all, {workspace});
    while (rows.next()) own.all.push_back(digits_of(rows.text(0)));
  }
  std::sort(own.all.begin(), own.all.end());
  own.first = db.text(k_first, {workspace}).value_or(std::string());
  auto agents = db.query(k_of_agents, {workspace});
  while (agents.next()) own.of_agent.try_emplace(std::string(agents.text(0)), agents.text(1));
  transaction.commit();
  return own;
}

}  // namespace ringctl::routing
