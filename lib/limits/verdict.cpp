#include "limits/verdict.hpp"

#include <algorithm>

namespace ringctl::limits {

std::string_view refusal_code(Refusal refusal) {
  switch (refusal) {
    case Refusal::no_number:
      return "no_number";
    case Refusal::limit_reached:
      return "limit_reached";
    case Refusal::country_not_allowed:
      return "country_not_allowed";
    case Refusal::number_inactive:
      return "number_inactive";
    case Refusal::agent_inactive:
      return "agent_inactive";
    case Refusal::opted_out:
      return "opted_out";
    case Refusal::provider_not_callable:
      return "provider_not_callable";
    case Refusal::same_number:
      return "same_number";
    case Refusal::limits_unavailable:
      return "limits_unavailable";
  }
  return "";
}

bool Verdict::refused_for(Refusal refusal) const {
  return std::any_of(refusals.begin(), refusals.end(),
                     [&](const Reason& reason) { return reason.refusal == refusal; });
}

}  // namespace ringctl::limits
