#pragma once
#include "base/clock.hpp"
#include "cmd/checks.hpp"
#include "cmd/context.hpp"
#include "cmd/serve_options.hpp"
#include "directory/workspaces.hpp"

namespace ringctl::cmd {

using KnownWorkspaces = std::optional<std::vector<directory::Workspace>>;
/// nullopt where the database cannot be asked, whatever keeps it.
KnownWorkspaces workspaces_if_there(Context&);

/// Whether each active workspace has an account whose webhooks it takes.
Checked check_accounts(const config::Settings&, const KnownWorkspaces&);
/// Whether this machine has what `serve` needs beside the database: public URL, auth tokens, accounts, TLS
/// files, addresses, room for the journal, the key that access tokens are made with. Changes nothing.
/// `sealed`: auth tokens that the database keeps (cmd/auth_tokens.hpp).
Report check_serve(const ServeOptions&, const config::Settings&, const base::Clock&, const KnownWorkspaces&,
                   const std::vector<base::Secret>& sealed);

}  // namespace ringctl::cmd
