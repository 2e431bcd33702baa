#pragma once
#include "cmd/registry.hpp"

namespace ringctl::cmd {

/// `ringctl reports account`.
void add_reports_account(Noun& reports);

}  // namespace ringctl::cmd
