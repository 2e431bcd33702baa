#pragma once
#include "base/clock.hpp"
#include "cmd/checks.hpp"
#include "cmd/serve_options.hpp"

namespace ringctl::cmd {

/// Whether this machine has what `serve` needs beside the database: public URL, auth tokens, TLS files,
/// address, room for the journal, the key that access tokens are made with. Changes nothing.
Report check_serve(const ServeOptions&, const config::Settings&, const base::Clock&);

}  // namespace ringctl::cmd
