#pragma once
#include "cmd/registry.hpp"

namespace ringctl::cmd {

/// `ringctl reports usage` and `ringctl reports costs`.
void add_reports_account(Noun& reports);

}  // namespace ringctl::cmd
