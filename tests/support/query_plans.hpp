#pragma once
// The statements that work runs, and how the engine itself says that it finds their rows: for tests that hold
// them to indexes.

#include <functional>
#include <set>
#include <string>

#include "support/session.hpp"

namespace ringctl::test {

/// The texts of all statements that `work` runs, from the log of statements.
std::set<std::string> statements_of(const std::function<void()>& work);

/// The engine's explanation of a statement for any values. PostgreSQL is told to read no table whole where an
/// index serves: tables as small as those of tests it would.
std::string plan_of(Estate&, const std::string& sql);

/// Lines of a plan that read one of these tables whole, which are named as the statement names them.
std::string whole_reads(const std::string& plan, const std::set<std::string>& tables);

}  // namespace ringctl::test
