#pragma once
// Each verb of TwiML as a script of the leg it runs on.

#include <string>
#include <string_view>

#include "sim/leg.hpp"

namespace ringctl::sim {

/// What a verb runs in.
struct Scene {
  Leg& leg;
  const Document& document;
  Place place;
};

bool stands_in(const twiml::Verb&, Place);

// Verbs refer to the document, which stays until they are done. A leg that is to stop makes each of them
// return soon; what Twilio asks even then, they only tell.
Task<Flow> run_verb(const Scene&, const twiml::Say&);
Task<Flow> run_verb(const Scene&, const twiml::Play&);
Task<Flow> run_verb(const Scene&, const twiml::Pause&);
Task<Flow> run_verb(const Scene&, const twiml::Gather&);
Task<Flow> run_verb(const Scene&, const twiml::Dial&);
Task<Flow> run_verb(const Scene&, const twiml::Record&);
Task<Flow> run_verb(const Scene&, const twiml::Enqueue&);
Task<Flow> run_verb(const Scene&, const twiml::Leave&);
Task<Flow> run_verb(const Scene&, const twiml::Hangup&);
Task<Flow> run_verb(const Scene&, const twiml::Redirect&);
Task<Flow> run_verb(const Scene&, const twiml::Reject&);
Task<Flow> run_verb(const Scene&, const twiml::Message&);
Task<Flow> run_verb(const Scene&, const twiml::Start&);
Task<Flow> run_verb(const Scene&, const twiml::Stop&);
Task<Flow> run_verb(const Scene&, const twiml::Connect&);

/// The nouns of a Dial that are no parties to ring.
Task<Flow> dial_conference(const Scene&, const twiml::Dial&, const twiml::Conference&);
Task<Flow> dial_queue(const Scene&, const twiml::Dial&, const twiml::Queue&);
/// A leg that meets others in a conference, until it leaves or is to stop.
struct Join;
Task<bool> meet(Leg&, const Join&, bool hangup_on_star, std::optional<Instant> until);
/// Two legs on one line, until one of them goes: "moved" if the other was led elsewhere.
Task<std::string> talk(Leg&, const std::string& other, bool hangup_on_star, std::optional<Instant> until);
/// What somebody hears before they are bridged: false if they are not to be.
Task<bool> listen(Leg&, Page whisper);

/// How long it takes to say or play it once.
milliseconds time_of(const twiml::Prompt&);
void hear(Leg&, const twiml::Prompt&);
int loops_of(const twiml::Prompt&);

/// A link in a document, absolute; "" stays "".
Hook hook_of(const Document&, const std::string& link, twiml::Method);
/// What comes after an action: its page where there is one, else the next verb.
Flow after(const Scene&, std::string_view kind, const std::string& action, twiml::Method,
           Parameters parameters);
/// The same for a leg that is over: the action is told, and whatever it answers is not run.
void tell_action(const Scene&, std::string_view kind, const std::string& action, twiml::Method,
                 Parameters parameters);

std::vector<std::string> names_of(const twiml::Set<twiml::CallEvent>&);
std::vector<std::string> names_of(const twiml::Set<twiml::RecordingEvent>&);
std::vector<std::string> names_of(const twiml::Set<twiml::ConferenceEvent>&);
std::string name_of(twiml::RecordingTrack);
std::string name_of(twiml::Beep);

}  // namespace ringctl::sim
