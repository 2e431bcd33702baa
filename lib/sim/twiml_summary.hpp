#pragma once
// An answer's TwiML as the timeline tells it, and Twilio's code for what is wrong with one.

#include <string>

#include "twiml/problem.hpp"
#include "twiml/verbs.hpp"

namespace ringctl::sim {

/// The verbs in one line, with whom they reach: "Say; Dial client:ann +12025550177; Enqueue support". What is
/// spoken and asked is left out.
std::string summary_of(const twiml::Response&);

/// 12100 for what is no XML document, 12200 for what is not in the schema or past its limits.
int code_of(const twiml::Problem&);
/// "line 3, Dial: an attribute is not known"
std::string text_of(const twiml::Problem&);

}  // namespace ringctl::sim
