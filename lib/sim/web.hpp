#pragma once
// The network's side of webhooks: a URL is asked with Twilio's parameters, and what comes back is TwiML, or
// why there is none. Signatures, retries, redirects, limits and faults are behind this (hooks.hpp); tests put
// a fake in its place.

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "sim/resources.hpp"

namespace ringctl::sim {

using Parameters = std::vector<std::pair<std::string, std::string>>;

struct WebRequest {
  std::string kind =
      {};  ///< for timeline and faults: "voice" "gather" "dial" "status" "recording" "queue-wait"...
  std::string call_sid = {};  ///< whose timeline it belongs to; "" = none
  std::string url = {};       ///< absolute; its fragment holds connection overrides
  std::string method = "POST";
  Parameters parameters = {};
  bool wants_twiml = true;  ///< else it only tells
};

struct WebAnswer {
  int status = 0;  ///< 0: there was no answer
  std::string content_type = {}, body = {};
  std::string url = {};  ///< where the answer came from in the end: relative URLs in it are relative to this
  /// Twilio's debugger code, e.g. 11200; 0 = the answer is good. Whoever wanted TwiML puts it into the
  /// timeline as a problem; of what only tells it stands there already. TwiML that is no XML is one (12100);
  /// TwiML that breaks the schema is for whoever runs it to see.
  int error = 0;
  std::string problem = {};
};

class Web {
 public:
  virtual ~Web() = default;
  /// `done` is called once, from a later step of the agenda, never from within.
  virtual void ask(WebRequest, std::function<void(WebAnswer)> done) = 0;
};

}  // namespace ringctl::sim
