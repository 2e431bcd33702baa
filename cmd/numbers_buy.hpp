#pragma once
#include <map>
#include <string>

#include "cmd/context.hpp"
#include "sync/purchase.hpp"

namespace ringctl::cmd {

/// Lists what became of each number, and throws as `numbers buy` ends: Errc::partial, unknown_outcome.
/// `prices`: by number, as they are shown.
void show_purchases(const sync::BuyReport&, const std::map<std::string, std::string>& prices, Context&);

}  // namespace ringctl::cmd
