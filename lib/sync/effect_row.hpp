#pragma once
#include <string>

#include "jobs/effects.hpp"
#include "sync/account.hpp"

namespace ringctl::sync {

/// What became of an effect, as a run that made or settled it reports it.
struct EffectRow {
  std::string object;  ///< number, name or destination
  std::string kind;    ///< as Effect::kind
  std::string state;   ///< done, refused, unknown, undone
  std::string sid = {}, code = {}, message = {};
};

// One that is `sent` or `unknown`, asked about at Twilio (or LiveKit) and settled: the effect, and what
// should have followed it here. Nothing is bought, dialled or made. What cannot be told yet stays unknown.
/// number.buy, number.release, application.create (resolve.cpp)
EffectRow resolve_number_effect(Account&, const jobs::Effect&);
/// call.start, participant.add (resolve_calls.cpp)
EffectRow resolve_call_effect(Account&, const jobs::Effect&);
/// message.send (resolve_text.cpp): by the message's own row, else among what Twilio lists between the two
/// numbers around the time, with the same text.
EffectRow resolve_message_effect(Account&, const jobs::Effect&);
/// trunk.create, url.create; of livekit.* that they are to be settled by `assistants attach` again
/// (trunks.cpp)
EffectRow resolve_trunk_effect(Account&, const jobs::Effect&);

}  // namespace ringctl::sync
