#include "limits/facts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "base/error.hpp"
#include "base/text.hpp"
#include "limits/countries.hpp"
#include "records/values.hpp"

namespace ringctl::limits {
namespace {

constexpr std::string_view k_callable_provider = "twilio";

constexpr std::string_view k_no_calls = "(o.channel = 'voice' OR o.channel = 'all')";

constexpr std::string_view k_candidates =
    "SELECT a.id, n.phone_number, n.provider, n.status, a.agent_default, a.daily_limit, a.allowed_countries, "
    "a.last_reserved_at, coalesce(d.reserved - d.refunded - d.adjusted, 0), "
    "(SELECT count(*) FROM reservations r WHERE r.workspace_id = a.workspace_id AND r.state = 'open' "
    "AND r.call_sid IS NULL AND r.expires_at <= $4 AND r.assignment_id = a.id AND r.day = $3) "
    "FROM agent_phone_numbers a JOIN phone_numbers n ON n.id = a.phone_number_id "
    "LEFT JOIN daily_usage d ON d.assignment_id = a.id AND d.day = $3 "
    "WHERE a.workspace_id = $1 AND a.agent_id = $2 AND a.voice = TRUE AND a.is_active = TRUE "
    "ORDER BY n.phone_number";

std::vector<std::string> entries_of(std::string_view stored) {
  std::vector<std::string> entries;
  const auto text = records::list_text(stored);
  if (text.empty()) return entries;
  for (const auto entry : base::split(text, '|')) entries.emplace_back(entry);
  return entries;
}

Candidate read_candidate(const db::Rows& row) {
  return {.assignment = row.uuid(0),
          .number = std::string(row.text(1)),
          .provider = std::string(row.text(2)),
          .number_active = row.text(3) == "active",
          .agent_default = row.boolean(4),
          .limit = row.integer(5),
          .used = row.integer(8),
          .due = row.integer(9),
          .allowed_countries = entries_of(row.text(6)),
          .last_reserved_at = row.maybe_instant(7)};
}

std::string statement_for(std::string_view user) {
  return fmt::format(
      "SELECT {}, EXISTS (SELECT 1 FROM opt_outs o WHERE o.workspace_id = w.id AND o.phone_number = $3 AND {}), "
      "u.id, u.email, u.is_active FROM workspaces w LEFT JOIN users u ON u.workspace_id = w.id AND u.{} = $2 "
      "WHERE w.id = $1",
      k_settings_columns, k_no_calls, user);
}

/// What the workspace decides, the agent, and whether `to` opted out.
Facts read_basis(db::Connection& db, const base::Uuid& workspace, std::string_view asked,
                 const std::optional<phone::E164>& to) {
  static const auto k_by_id = statement_for("id"), k_by_email = statement_for("email");
  const auto id = base::Uuid::try_parse(asked);
  const auto email = base::fold(asked);
  const db::Param who = id ? db::Param(*id) : db::Param(email);
  const db::Param number = to ? db::Param(to->view()) : db::Param(nullptr);
  auto rows = db.query(id ? k_by_id : k_by_email, {workspace, who, number});
  if (!rows.next())
    throw Error(Errc::not_found, "limits.unknown_workspace", "the workspace is not there",
                "ringctl workspaces list");
  if (rows.is_null(k_after_settings + 1))
    throw Error(Errc::not_found, "limits.unknown_agent",
                fmt::format("there is no agent {}", base::in_quotes(asked)), "ringctl users list");
  return {.settings = settings_of(rows),
          .agent = rows.uuid(k_after_settings + 1),
          .email = std::string(rows.text(k_after_settings + 2)),
          .agent_active = rows.boolean(k_after_settings + 3),
          .opted_out = rows.boolean(k_after_settings),
          .candidates = {}};
}

std::string country_message(const Candidate& from, const phone::E164& to, const CountryVerdict& verdict) {
  const auto allowed = from.allowed_countries.empty() ? std::string("its own country")
                                                      : base::join(from.allowed_countries, ", ");
  switch (verdict.reason) {
    case CountryReason::unknown_region:
      return fmt::format("{} is of no known country, and {} does not name it", to.view(), from.number);
    case CountryReason::premium:
      return fmt::format("{} is a premium-rate number, and {} does not name it", to.view(), from.number);
    case CountryReason::shared_cost:
      return fmt::format("{} is a shared-cost number, and {} does not name it", to.view(), from.number);
    case CountryReason::other_country:
    case CountryReason::allowed:
      break;
  }
  return fmt::format("{} is in {}, and {} may call {}", to.view(), verdict.region, from.number, allowed);
}

/// What stands against calling from this number. None: it is open.
std::vector<Reason> reasons_against(const Facts& facts, const Candidate& from, const phone::E164& to,
                                    bool pays_only) {
  std::vector<Reason> reasons;
  if (!from.number_active)
    reasons.push_back({Refusal::number_inactive, from.number, fmt::format("{} is not active", from.number)});
  if (from.provider != k_callable_provider)
    reasons.push_back(
        {Refusal::provider_not_callable, from.number,
         fmt::format("{} is held at {}; only numbers of Twilio can call", from.number, from.provider)});
  if (!pays_only && to.view() == from.number) reasons.push_back(same_number(from.number));
  if (const auto verdict = judge_destination(to, from.allowed_countries, phone::E164::parse(from.number));
      !verdict)
    reasons.push_back({.refusal = Refusal::country_not_allowed,
                       .number = from.number,
                       .message = country_message(from, to, verdict),
                       .region = std::string(verdict.region)});
  if (const auto used = from.used - from.due; used >= from.limit)
    reasons.push_back({Refusal::limit_reached, from.number,
                       fmt::format("{} has made {} of {} calls on {}", from.number, used, from.limit,
                                   base::format_day(facts.day)),
                       from.limit, used});
  return reasons;
}

/// What stands against the call whatever number it is made from.
std::vector<Reason> general_reasons(const Facts& facts, const phone::E164& to) {
  std::vector<Reason> reasons;
  if (!facts.agent_active)
    reasons.push_back({Refusal::agent_inactive, {}, fmt::format("{} is not active", facts.email)});
  if (facts.opted_out)
    reasons.push_back({Refusal::opted_out, {}, fmt::format("{} asked not to be called", to.view())});
  return reasons;
}

Reason no_number(const Facts& facts, std::string_view from) {
  if (from.empty())
    return {Refusal::no_number, {}, fmt::format("{} has no number to call from", facts.email)};
  return {Refusal::no_number, std::string(from), fmt::format("{} is not assigned to {}", from, facts.email)};
}

}  // namespace

bool Candidate::is_callable() const { return number_active && provider == k_callable_provider; }

Facts read_facts(db::Connection& db, const base::Uuid& workspace, std::string_view agent,
                 const std::optional<phone::E164>& to, const base::Clock& clock) {
  auto facts = read_basis(db, workspace, agent, to);
  facts.at = clock.now();
  facts.day = facts.settings.open_day(facts.at);
  const auto day = base::format_day(facts.day);
  auto rows = db.query(k_candidates, {workspace, facts.agent, day, facts.at});
  while (rows.next()) facts.candidates.push_back(read_candidate(rows));
  return facts;
}

bool is_opted_out(db::Connection& db, const base::Uuid& workspace, const phone::E164& number) {
  static const auto k_sql = fmt::format(
      "SELECT 1 FROM opt_outs o WHERE o.workspace_id = $1 AND o.phone_number = $2 AND {}", k_no_calls);
  return db.integer(k_sql, {workspace, number.view()}).has_value();
}

std::vector<const Candidate*> in_rotation(const Facts& facts) {
  std::vector<const Candidate*> order;
  for (const auto& candidate : facts.candidates) order.push_back(&candidate);
  const auto by = [&](auto key) {
    std::stable_sort(order.begin(), order.end(),
                     [&](const Candidate* a, const Candidate* b) { return key(*a) < key(*b); });
  };
  switch (facts.settings.rotation) {
    case Rotation::agent_default:
      by([](const Candidate& c) { return !c.agent_default; });
      break;
    case Rotation::least_used:
      by([](const Candidate& c) { return c.used; });
      break;
    case Rotation::round_robin:
      by([](const Candidate& c) { return c.last_reserved_at.value_or(base::Instant::min()); });
      break;
  }
  return order;
}

Reason same_number(std::string_view number) {
  return {Refusal::same_number, std::string(number),
          fmt::format("{} is the number it would be called from", number)};
}

Decision decide(const Facts& facts, const phone::E164& to, std::string_view from, bool pays_only) {
  Decision decision{.open = {}, .refusals = general_reasons(facts, to)};
  const bool in_general = decision.refusals.empty();
  bool seen = false;
  for (const auto* candidate : in_rotation(facts)) {
    if (!from.empty() && candidate->number != from) continue;
    seen = true;
    auto reasons = reasons_against(facts, *candidate, to, pays_only);
    if (reasons.empty() && in_general) decision.open.push_back(candidate);
    std::move(reasons.begin(), reasons.end(), std::back_inserter(decision.refusals));
  }
  if (!seen) decision.refusals.push_back(no_number(facts, from));
  if (!decision.open.empty()) decision.refusals.clear();
  return decision;
}

}  // namespace ringctl::limits
