#pragma once
// What whoever holds the other end of a leg does: callers and agents of a scenario, the phones and browsers
// that `sim serve` is told of.

#include <chrono>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace ringctl::sim {

/// How a phone or browser takes a call that rings it.
enum class Pickup {
  answer,
  decline,      ///< busy to whoever calls
  ring_out,     ///< nobody comes: no-answer at the caller's timeout
  busy,         ///< at once
  unreachable,  ///< failed at once: no such number
  voicemail,    ///< a machine picks up; to the network that is an answer
};

// What a person does on a leg that is up, one after the other.
struct WaitFor {
  std::chrono::milliseconds time{};
};
/// Until something with this text in it is heard (Say's text, Play's URL), or at once if it was already since
/// the last of these; gives up after a minute and goes on.
struct WaitToHear {
  std::string text = {};
};
/// Until somebody else is on the line (bridged, or in a conference).
struct WaitForSomebody {};
struct Press {
  std::string digits = {};  ///< 0-9 * # and w for half a second; a tenth of a second each
};
struct Speak {
  std::string text = {};
  std::chrono::milliseconds takes{2000};
};
struct HangUp {};
using Doing = std::variant<WaitFor, WaitToHear, WaitForSomebody, Press, Speak, HangUp>;

struct Behaviour {
  Pickup pickup = Pickup::answer;
  std::chrono::milliseconds after{3000};  ///< ringing before that
  std::vector<Doing> then = {};           ///< afterwards the person listens until the other side ends it
  bool registered = true;                 ///< browsers and SIP phones: whether there is one to ring at all
  /// On a call already: another one is declined as busy. False: rings all the same (call waiting).
  bool one_call_at_a_time = true;
  std::string answered_by = "human";  ///< for answering machine detection
};

}  // namespace ringctl::sim
