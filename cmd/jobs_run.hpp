#pragma once
#include "cmd/registry.hpp"

namespace ringctl::cmd {

/// `jobs resume`, `jobs resolve`, `jobs undo` and `jobs purge`.
void add_jobs_resume(Noun&);
void add_jobs_resolve(Noun&);  ///< jobs_resolve.cpp
void add_jobs_undo(Noun&);
void add_jobs_purge(Noun&);  ///< jobs_purge.cpp

}  // namespace ringctl::cmd
