#pragma once
// Parts of the noun `jobs` that its files share.

#include "cmd/context.hpp"
#include "cmd/registry.hpp"

namespace ringctl::cmd {

void add_jobs_read(Noun&);

}  // namespace ringctl::cmd
