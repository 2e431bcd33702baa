#pragma once
// From a ring plan to what Twilio is told: the answer at each place of the plan, and where to go when a Dial
// or a queue has ended. Pure; the state of a call is in the paths of its follow-ups.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "routing/plan.hpp"
#include "twiml/verbs.hpp"

namespace ringctl::routing {

/// Where in its plan a call is.
struct Place {
  int step = 0;
  int wave = 0;          ///< of a queue it counts on: the waves come round again
  int waited_s = 0;      ///< in a queue, so far
  bool ringing = false;  ///< in a queue: the wave rings; else music plays
  friend bool operator==(const Place&, const Place&) = default;
};
/// As paths have it: "s2w0", in a queue "s2w3t140" and "s2w3t140r".
std::string to_text(const Place&);
std::optional<Place> try_parse_place(std::string_view);

/// How Twilio reaches us.
struct Links {
  std::string voice;              ///< "/api/workspaces/{id}/voice", with or without scheme and host
  std::string queue = "ringctl";  ///< the queue that callers of this workspace wait in; at most 64 characters

  std::string status(const Place& place) const { return voice + "/status/" + to_text(place); }
  std::string menu(int attempt) const { return voice + "/menu/" + std::to_string(attempt); }
  std::string next(const Place& place) const { return voice + "/next/" + to_text(place); }
  std::string wait(const Place& place) const { return voice + "/wait/" + to_text(place); }
  std::string accept(const Place& place) const { return voice + "/accept/" + to_text(place); }
  std::string accepted(const Place& place) const { return voice + "/accepted/" + to_text(place); }
  std::string consent() const { return voice + "/consent"; }
  std::string voicemail() const { return voice + "/voicemail"; }
  std::string recording() const { return voice + "/recording"; }
};

/// The queue that callers of a workspace wait in.
std::string queue_of(const base::Uuid& workspace);

/// What the caller gets at a place; past the plan's end, a Hangup.
twiml::Response answer(const Plan&, const Place&, const Links&);

/// Whether the answer at this place tells the caller that somebody will call back.
bool promises_call_back(const Plan&, const Place&);

/// True where all who ring are users. Elsewhere Dial's word that somebody answered does not say that one of
/// ours did: the support number, an outside number, an assistant.
bool rings_ours_alone(const Plan&, const Place&);
/// Who rings there if nobody else does; null elsewhere. Lives as long as the plan.
const Party* only_party(const Plan&, const Place&);

/// What a follow-up request says has ended.
struct FollowUp {
  std::string dial_status = {};      ///< DialCallStatus; "" = no Dial
  std::optional<bool> bridged = {};  ///< DialBridged
  std::string queue_result = {};     ///< QueueResult; "" = no Enqueue
  int queue_time_s = 0;              ///< QueueTime
};
/// nullopt: the call is over, or is somebody else's matter now.
std::optional<Place> after(const Plan&, const Place&, const FollowUp&);

/// Before a wave of a queue rings: leaves out of the plan who of it is talking. The place of the first wave
/// from there on that rings somebody all the same; where none does, that of more music.
Place pass_over(Plan&, const Place&, const std::vector<base::Uuid>& talking);

/// For waitUrl: what the waiting caller hears before the next wave rings. The first one rings at once.
twiml::Response wait_answer(const Plan&, const Place&);
/// For the url of phone legs: press a key to take the call.
twiml::Response accept_answer(const Place&, const Links&);
/// After that: connected, or hung up where no key was pressed.
twiml::Response accepted_answer(std::string_view digits);
/// What whoever was called hears before an agent's call is connected. `message`: "" = the built-in text.
twiml::Response consent_answer(const std::string& message);
/// When a message was recorded.
twiml::Response voicemail_answer();
/// For a call that no plan can be made for: said, and the support number ("" = none) rung.
twiml::Response apology(std::string_view support_number);

}  // namespace ringctl::routing
