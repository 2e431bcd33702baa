#include "routing/own_numbers.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <iterator>

#include "db/transaction.hpp"

namespace ringctl::routing {
namespace {

constexpr std::string_view k_all =
    "SELECT phone_number, CASE WHEN provider = 'twilio' THEN 1 ELSE 0 END, record_policy FROM phone_numbers "
    "WHERE workspace_id = $1 AND status = 'active'";

constexpr std::string_view k_first =
    "SELECT min(phone_number) FROM phone_numbers WHERE workspace_id = $1 AND status = 'active' "
    "AND provider = 'twilio'";

constexpr std::string_view k_of_agents =
    "SELECT a.agent_id, n.phone_number FROM agent_phone_numbers a JOIN phone_numbers n ON n.id = a.phone_number_id "
    "WHERE a.workspace_id = $1 AND a.voice = TRUE AND a.is_active = TRUE AND n.status = 'active' "
    "AND n.provider = 'twilio' ORDER BY a.agent_default DESC, n.phone_number";

constexpr std::string_view k_version =
    "SELECT 1, count(*), CAST(coalesce(sum(version), 0) AS bigint), max(updated_at) FROM phone_numbers "
    "WHERE workspace_id = $1 UNION ALL "
    "SELECT 2, count(*), CAST(coalesce(sum(version), 0) AS bigint), max(updated_at) FROM agent_phone_numbers "
    "WHERE workspace_id = $1 ORDER BY 1";

std::string read_version(db::Connection& db, const base::Uuid& workspace) {
  std::string version;
  auto rows = db.query(k_version, {workspace});
  while (rows.next()) {
    const auto newest = rows.maybe_instant(3);
    fmt::format_to(std::back_inserter(version), "{}.{}.{}/", rows.integer(1), rows.integer(2),
                   newest ? newest->time_since_epoch().count() : 0);
  }
  return version;
}
constexpr std::size_t k_longest_number = 16;  // "+" and 15 digits, which fit into OwnNumber::digits
constexpr std::array<std::string_view, 5> k_policies{"", "never", "always", "inbound", "outbound"};
constexpr std::size_t k_never = 1;

/// 0 for what is no E.164 number.
std::uint64_t digits_of(std::string_view number) {
  if (!number.starts_with('+') || number.size() > k_longest_number) return 0;
  std::uint64_t digits = 0;
  const auto* const end = number.data() + number.size();
  const auto [at, wrong] = std::from_chars(number.data() + 1, end, digits);
  return wrong == std::errc() && at == end ? digits : 0;
}

/// A policy that is not known here records nothing.
std::size_t place_of(std::string_view policy) {
  const auto* const found = std::find(k_policies.begin(), k_policies.end(), policy);
  return found == k_policies.end() ? k_never : static_cast<std::size_t>(found - k_policies.begin());
}

/// `row` is one of k_all.
OwnNumber number_in(const db::Rows& row) {
  OwnNumber number{};
  number.digits = digits_of(row.text(0)) & 0xFF'FFFF'FFFF'FFFFU;
  number.callable = row.integer(1) == 1 ? 1U : 0U;
  number.policy = place_of(row.text(2)) & 0x7FU;
  return number;
}

bool by_digits(const OwnNumber& a, const OwnNumber& b) { return a.digits < b.digits; }

}  // namespace

const OwnNumber* OwnNumbers::find(std::string_view number) const {
  const auto digits = digits_of(number);
  const auto found =
      std::partition_point(all.begin(), all.end(), [&](const OwnNumber& own) { return own.digits < digits; });
  return digits != 0 && found != all.end() && found->digits == digits ? &*found : nullptr;
}

bool OwnNumbers::holds(std::string_view number) const { return find(number) != nullptr; }

bool OwnNumbers::can_call_from(std::string_view number) const {
  const auto* const own = find(number);
  return own != nullptr && own->callable == 1;
}

std::optional<std::string> OwnNumbers::record_policy(std::string_view number) const {
  const auto* const own = find(number);
  return own == nullptr ? std::nullopt : std::optional<std::string>(k_policies.at(own->policy));
}

const std::string& OwnNumbers::of(const base::Uuid& agent) const {
  const auto found = of_agent.find(agent.view());
  return found == of_agent.end() ? first : found->second.front();
}

bool OwnNumbers::is_of(const base::Uuid& agent, std::string_view number) const {
  const auto found = of_agent.find(agent.view());
  return found != of_agent.end() &&
         std::find(found->second.begin(), found->second.end(), number) != found->second.end();
}

OwnNumbers read_own_numbers(db::Connection& db, const base::Uuid& workspace) {
  OwnNumbers own;
  db::Transaction transaction(db, db::Scope::of(workspace), db::Access::read);
  own.version = read_version(db, workspace);
  {
    auto rows = db.stream(k_all, {workspace});
    while (rows.next()) own.all.push_back(number_in(rows));
  }
  std::sort(own.all.begin(), own.all.end(), by_digits);
  own.first = db.text(k_first, {workspace}).value_or(std::string());
  auto agents = db.query(k_of_agents, {workspace});
  while (agents.next()) own.of_agent[std::string(agents.text(0))].emplace_back(agents.text(1));
  transaction.commit();
  return own;
}

std::string own_numbers_version(db::Connection& db, const base::Uuid& workspace) {
  db::Transaction transaction(db, db::Scope::of(workspace), db::Access::read);
  auto version = read_version(db, workspace);
  transaction.commit();
  return version;
}

}  // namespace ringctl::routing
