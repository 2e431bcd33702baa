#pragma once
// The database half of the context, apart because it is the only part of the frame that knows rooms above
// config.

#include <memory>
#include <optional>

#include "audit/log.hpp"
#include "cmd/context.hpp"
#include "config/settings.hpp"
#include "db/connection.hpp"
#include "directory/workspaces.hpp"

namespace ringctl::cmd {

struct Context::Database {
  std::unique_ptr<db::Connection> connection;
  std::optional<audit::Session> session;
  std::optional<directory::Workspace> workspace;
};

/// How the configuration wants a database opened.
db::OpenOptions open_options(const config::Settings&, bool create = false);

}  // namespace ringctl::cmd
