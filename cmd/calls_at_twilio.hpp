#pragma once
// What the verbs share that do something to calls at Twilio.

#include <span>
#include <string>

#include "calls/calls.hpp"
#include "cmd/context.hpp"
#include "db/transaction.hpp"
#include "sync/talk.hpp"

namespace ringctl::cmd {

/// As calls::get(), in a transaction of its own.
calls::Call call_named(Context&, const std::string& what);

std::span<const Column> started_columns();
/// What was started, or would be.
void report_started(Context&, const sync::Started&);

}  // namespace ringctl::cmd
