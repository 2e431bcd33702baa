#pragma once
// The ring plan that a call was decided with, for whoever goes on with the call.

#include <string>
#include <string_view>

#include "base/uuid.hpp"
#include "db/connection.hpp"

namespace ringctl::calls {

/// Asks for the plan of a call: JSON, as the decision gave it. The texts must outlive it.
db::Read plan_read(const base::Uuid& workspace, std::string_view call_sid);
/// What was asked for; "" for a call that is not known (yet) or has none.
std::string plan_of(db::Rows&);

}  // namespace ringctl::calls
