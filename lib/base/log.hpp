#pragma once
// Diagnostics on stderr. Off unless asked for; lib rooms call these, only cmd configures them.

#include <cstdint>
#include <initializer_list>
#include <string_view>
#include <variant>

namespace ringctl::base {

enum class LogLevel { error, warn, info, debug, trace };
enum class LogFormat { text, json };

/// Until called, warnings and errors go to stderr as text.
void configure_log(LogLevel, LogFormat);
bool log_enabled(LogLevel);
/// One line per event; control characters in `message` are escaped. Never pass a secret.
void log(LogLevel, std::string_view event, std::string_view message);

/// Something a line tells beside its event. Empty texts are left out.
struct LogField {
  std::string_view name;  ///< lower case with underscores
  std::variant<std::string_view, std::int64_t, double> value;
};
/// `event name=value ...` as text; members of the object as JSON.
void log(LogLevel, std::string_view event, std::initializer_list<LogField> fields);

}  // namespace ringctl::base
