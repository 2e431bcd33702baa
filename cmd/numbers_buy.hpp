#pragma once
#include <map>
#include <string>
#include <vector>

#include "cmd/context.hpp"
#include "sync/purchase.hpp"

namespace ringctl::cmd {

/// "2 numbers for 2.30 USD a month"
std::string purchase_text(const sync::BuyPlan&);
/// Warns of numbers that the account had, and that their job did not buy.
void warn_of_found(const std::vector<sync::EffectRow>&, Context&);
/// What going on with a purchase would buy and ask about.
void show_resume_plan(const sync::ResumePlan&, Context&);
/// Lists what became of each number, and throws as `numbers buy` ends: Errc::partial, unknown_outcome, or
/// what stopped it.
/// `prices`: by number, as they are shown.
void show_purchases(const sync::BuyReport&, const std::map<std::string, std::string>& prices, Context&);

}  // namespace ringctl::cmd
