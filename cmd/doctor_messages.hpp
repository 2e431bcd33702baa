#pragma once
#include "cmd/checks.hpp"
#include "cmd/context.hpp"

namespace ringctl::db {
class Connection;
}

namespace ringctl::cmd {

/// Of every workspace in use: whether somebody receives what is texted to its numbers, and whether its own
/// webhook for messages can be signed. Warnings.
void check_messages(db::Connection&, const config::Settings&, Context&, Report&);

}  // namespace ringctl::cmd
