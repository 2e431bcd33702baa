#pragma once
// What the listener and the journal counted themselves, in Prometheus' text form: to stand after Metrics'.

#include <string>

#include "net/stats.hpp"
#include "serve/journal.hpp"

namespace ringctl::serve {

/// ringctl_refused_total{reason}, ringctl_timeouts_total{phase} and what else net/stats.hpp names.
std::string listener_text(const net::Stats&);
/// ringctl_journal_...: what was written and how long the disk took, and what went wrong.
std::string journal_text(const Journal::Stats&);

}  // namespace ringctl::serve
