#pragma once
#include <memory>
#include <string_view>
#include <vector>

#include "bulk/adapter.hpp"

namespace ringctl::bulk {

/// The adapter that a job's kind ("numbers.import") was made with. Throws Errc::failure for a kind there is
/// none for.
std::unique_ptr<Adapter> adapter_for_job(std::string_view kind);
std::vector<std::unique_ptr<Adapter>> all_adapters();

}  // namespace ringctl::bulk
