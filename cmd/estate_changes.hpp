#pragma once
// The rows that `apply` makes and changes, as a list.

#include <span>
#include <vector>

#include "bulk/estate.hpp"
#include "cmd/io.hpp"

namespace ringctl::cmd {

/// noun, record, action, changes, job
std::span<const Column> estate_change_columns();

/// Every row that the steps tell of; a table shows the first of each step and how many more there are, unless
/// it is to show `all`.
void show_changes(Io&, std::vector<bulk::EstateStep>&, bool all);

/// Says which rows are out of use and would be in use again: of all that a file can do, what is overlooked
/// most easily.
void warn_of_activated(Io&, std::vector<bulk::EstateStep>&);

}  // namespace ringctl::cmd
