#pragma once
// Answers as the XML that Twilio reads. Whatever bytes the texts hold, the result is well-formed UTF-8: text
// stays text, characters that XML forbids (most control characters, U+FFFE, U+FFFF) are left out, and each
// byte that is not UTF-8 becomes U+FFFD. Nothing here throws, but for memory.

#include <optional>
#include <string>
#include <string_view>

#include "twiml/problem.hpp"
#include "twiml/verbs.hpp"

namespace ringctl::twiml {

/// The whole document. Values outside Twilio's limits are written as they are; try_write says which.
std::string write(const Response&);
/// The same, appended: for a buffer that is used again.
void append(std::string& out, const Response&);

/// The document, or nothing and a problem where Twilio would not take it (limits.hpp).
std::optional<std::string> try_write(const Response&, Problem&);
/// The document of `wanted`, or of `safe` where Twilio would not take that one (the problem says why), or of
/// a bare Hangup where it takes neither.
std::string write_or(const Response& wanted, const Response& safe, Problem&);

/// What write() lets through of a text.
std::string clean(std::string_view text);

}  // namespace ringctl::twiml
