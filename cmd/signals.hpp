#pragma once
// SIGINT, SIGTERM, SIGHUP, SIGPIPE, SIGXFSZ and the deadline of --timeout.
// A command that works in batches asks for a graceful stop: the first signal then only sets the token, and
// the second ends the process. Every other command ends at the first.

#include <chrono>

#include "base/cancel.hpp"

namespace ringctl::cmd::signals {

/// Call once, before anything else runs. Signals that were ignored (nohup, a background job) stay ignored.
void install(base::CancelToken&);

/// `say`: tell people what the first Ctrl-C does.
void stop_gracefully(bool say = true);

/// For a server: SIGHUP no longer ends it, but asks for what take_hangup() tells of.
void reload_on_hangup();
/// True once after every SIGHUP.
bool take_hangup();

/// After `limit` the token is cancelled with 41; a command that does not stop by itself is ended, soon after
/// if it promised to stop gracefully. `json`: how the message is to look.
void set_deadline(std::chrono::milliseconds limit, bool json);
/// The same once it is known better. May be called without a deadline.
void report_as_json(bool json);

/// Opens what is closed of descriptors 0 to 2, so that no file opened later is taken for standard output.
void reserve_standard_streams();

}  // namespace ringctl::cmd::signals
