#pragma once
// The XML of an answer back as verbs: for the simulator, which runs what a webhook answered, and for whoever
// wants to see what an answer says. Stricter than Twilio, which only warns of what it does not know: every
// verb, attribute and nesting that verbs.hpp has no place for is a problem, so that a slip of the pen is seen
// before a caller hears of it.

#include <optional>
#include <string_view>

#include "twiml/problem.hpp"
#include "twiml/verbs.hpp"

namespace ringctl::twiml {

/// The verbs of one <Response>, or nothing and the first problem with the line and element it is in. Reads
/// back what write() wrote as the same values (what is named or numbered, not spoken, without white space
/// around it). The text is UTF-8 without a document type; `&lt;`-like and numbered references only; at most
/// k_max_document bytes.
std::optional<Response> try_read(std::string_view xml, Problem&);

}  // namespace ringctl::twiml
