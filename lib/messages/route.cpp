#include "messages/route.hpp"

#include <algorithm>

namespace ringctl::messages {
namespace {

/// Everybody once: who is told twice is told for the first reason.
void tell(Route& route, const base::Uuid& user, Reason reason) {
  const bool told =
      std::any_of(route.told.begin(), route.told.end(), [&](const Told& one) { return one.user == user; });
  if (!told) route.told.push_back({user, reason});
}

void tell_all(Route& route, const std::vector<base::Uuid>& users, Reason reason) {
  for (const auto& user : users) tell(route, user, reason);
}

void tell_pool(Route& route, const std::vector<Member>& pool) {
  for (const auto& member : pool) tell(route, member.user, Reason::pool);
}

bool is_member(const RouteFacts& facts, const base::Uuid& user) {
  return std::any_of(facts.pool.begin(), facts.pool.end(),
                     [&](const Member& member) { return member.user == user && member.may_answer; });
}

/// The first of R97 that there is.
void tell_fallback(Route& route, const RouteFacts& facts) {
  if (!facts.contact_agents.empty()) return tell_all(route, facts.contact_agents, Reason::contact);
  if (facts.number_owner) return tell(route, *facts.number_owner, Reason::number_owner);
  if (facts.default_user) return tell(route, *facts.default_user, Reason::default_user);
  tell_all(route, facts.admins, Reason::support);
}

/// Whoever follows the last turn in the circle of those that can be dealt to; nullptr: nobody can.
const Member* next_turn(const RouteFacts& facts) {
  const Member* first = nullptr;
  for (const auto& member : facts.pool) {
    if (!member.may_answer || (facts.skip_offline && member.offline)) continue;
    if (!facts.last_turn || member.user > *facts.last_turn) return &member;
    if (first == nullptr) first = &member;
  }
  return first;
}

void deal(Route& route, const RouteFacts& facts) {
  const auto* const next = next_turn(facts);
  if (next == nullptr) return tell_pool(route, facts.pool);
  route.assign = next->user;
  route.by = By::round_robin;
  route.took_turn = true;
  tell(route, next->user, Reason::turn);
}

void name_extension(Route& route, const RouteFacts& facts) {
  tell(route, *facts.extension, Reason::extension);
  if (facts.owner) return tell(route, *facts.owner, Reason::owner);
  route.assign = facts.extension;
  route.by = By::extension;
}

}  // namespace

Mode mode_from(std::string_view word) {
  if (word == "claim") return Mode::claim;
  return word == "round_robin" ? Mode::round_robin : Mode::notify_all;
}

std::string_view by_name(By by) {
  switch (by) {
    case By::claim:
      return "claim";
    case By::reply:
      return "reply";
    case By::round_robin:
      return "round_robin";
    case By::extension:
      return "extension";
    case By::reassign:
      return "reassign";
  }
  return "";
}

std::string_view reason_name(Reason reason) {
  switch (reason) {
    case Reason::pool:
      return "pool";
    case Reason::owner:
      return "owner";
    case Reason::turn:
      return "turn";
    case Reason::extension:
      return "extension";
    case Reason::contact:
      return "contact";
    case Reason::number_owner:
      return "number_owner";
    case Reason::default_user:
      return "default_user";
    case Reason::support:
      return "support";
  }
  return "";
}

Route route(const RouteFacts& facts) {
  Route route;
  if (facts.keyword != OptWord::none) {
    if (facts.owner) tell(route, *facts.owner, Reason::owner);
    return route;
  }
  if (facts.extension && is_member(facts, *facts.extension)) {
    name_extension(route, facts);
    return route;
  }
  if (facts.owner) tell(route, *facts.owner, Reason::owner);
  if (facts.mode == Mode::notify_all) tell_pool(route, facts.pool);
  if (!route.told.empty()) return route;
  if (facts.pool.empty())
    tell_fallback(route, facts);
  else if (facts.mode == Mode::round_robin)
    deal(route, facts);
  else
    tell_pool(route, facts.pool);
  return route;
}

}  // namespace ringctl::messages
