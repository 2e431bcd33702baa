#pragma once
// What commands say about how they may end, held against how they did.

#include "support/process.hpp"

namespace ringctl::test {

/// Whether the command that was run lists its exit status in its help; true for a line without a command.
/// May be called by several threads.
bool ended_as_documented(const ProcessResult&);

}  // namespace ringctl::test
