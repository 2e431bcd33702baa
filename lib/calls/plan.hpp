#pragma once
// The ring plan that a call was decided with, for whoever goes on with the call.

#include <string>
#include <string_view>

#include "base/uuid.hpp"
#include "db/connection.hpp"

namespace ringctl::calls {

/// JSON, as the decision gave it; "" for a call that is not known (yet) or has none. In a transaction of its
/// own.
std::string find_plan(db::Connection&, const base::Uuid& workspace, std::string_view call_sid);

}  // namespace ringctl::calls
