#pragma once
// Which jobs had to do with one object, whatever noun it is.

#include <string_view>
#include <vector>

#include "base/uuid.hpp"
#include "db/connection.hpp"

namespace ringctl::bulk {

/// Jobs whose journal names `key`, and the ones that made the rows of this key. Inside a transaction.
std::vector<base::Uuid> jobs_touching(db::Connection&, const base::Uuid& workspace, std::string_view key);

}  // namespace ringctl::bulk
