#pragma once
// Diagnostics on stderr. Off unless asked for; lib rooms call these, only cmd configures them.

#include <string_view>

namespace ringctl::base {

enum class LogLevel { error, warn, info, debug, trace };
enum class LogFormat { text, json };

/// Until called, warnings and errors go to stderr as text.
void configure_log(LogLevel, LogFormat);
bool log_enabled(LogLevel);
/// One line per event; control characters in `message` are escaped. Never pass a secret.
void log(LogLevel, std::string_view event, std::string_view message);

}  // namespace ringctl::base
