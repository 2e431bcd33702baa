#pragma once
// JSON text appended to a buffer, for output that must not be built in memory first.

#include <cstdint>
#include <string>
#include <string_view>

namespace ringctl::cmd {

/// "text" in quotes, escaped; bytes that are not UTF-8 become U+FFFD.
void append_json(std::string& out, std::string_view text);
/// Shortest decimal that reads back the same; null for what JSON has no number for.
void append_json(std::string& out, double value);
void append_integer(std::string& out, std::int64_t value);

}  // namespace ringctl::cmd
