#pragma once
// A call log that fixtures/call_log.py wrote, put into a database: the same rows with the same ids on either
// engine.

#include <cstdint>
#include <filesystem>

#include "base/uuid.hpp"
#include "db/connection.hpp"

namespace ringctl::test {

struct LoadedLog {
  base::Uuid workspace;
  std::int64_t calls = 0, attempts = 0, recordings = 0;
};

/// Makes the log's workspace with its people and numbers, then its calls, in transactions of many rows each.
/// The database has its schema and knows none of them. Memory does not grow with the log. Throws
/// std::runtime_error for a file that is not as the loader knows it.
LoadedLog load_call_log(db::Connection&, const std::filesystem::path& folder);

}  // namespace ringctl::test
