#pragma once
// What --trace shows of a request and its answer. Internal to this room.

#include <string>
#include <string_view>

#include "http/message.hpp"

namespace ringctl::http {

/// "content-type=text/xml authorization=***": values only of fields that are known to hold no secret, since
/// nobody knows all that do.
std::string fields_text(const Fields&);

/// At level trace: before it goes out, and its answer or failure. Bodies are never shown, only their size.
void trace_request(const Request&, std::string_view redacted_url);
void trace_outcome(const Outcome&, std::string_view redacted_url);

}  // namespace ringctl::http
