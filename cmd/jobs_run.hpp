#pragma once
#include "cmd/registry.hpp"

namespace ringctl::cmd {

/// `jobs resume`, `jobs resolve` and `jobs undo`.
void add_jobs_resume(Noun&);
void add_jobs_resolve(Noun&);  ///< jobs_resolve.cpp
void add_jobs_undo(Noun&);

}  // namespace ringctl::cmd
