#pragma once
// What came back from a webhook, as the network takes it.

#include <string>
#include <string_view>

#include "http/message.hpp"
#include "sim/overrides.hpp"
#include "sim/web.hpp"

namespace ringctl::sim {

/// Why it might be asked again.
Miss miss_of(const http::Outcome&);

/// 301 302 303 307 308 with a place to go to; else "".
std::string_view redirect_of(const http::Outcome&);
/// Whether a POST stays one, with its body, where it is redirected by this status.
bool redirect_keeps_body(int status);

/// `url`: where it came from. An answer that is no use has an error; TwiML that is XML and breaks the schema
/// has none here, since whoever runs it says what is wrong with it. `detailed`: a failure in the words of
/// libcurl, which differ from run to run.
WebAnswer read_answer(const http::Outcome&, bool wants_twiml, std::string url, bool detailed);

/// The verbs in one line; "" where there is no TwiML.
std::string twiml_of(const WebAnswer&, bool wants_twiml);

}  // namespace ringctl::sim
