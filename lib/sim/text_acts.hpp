#pragma once
// What users do with texts in a scenario: as the commands of `messages` do it, but that the Twilio they reach
// is the network of the scenario.

#include <optional>
#include <string>

#include "sim/scenario.hpp"
#include "sim/scene.hpp"

namespace ringctl::sim {

/// Why it was not done. `code`: the error's ("messages.claimed"), of a message that may not be sent the
/// reasons ("opted_out,number_inactive"), of what Twilio refused its code ("21610").
struct ActRefused {
  std::string code = {}, why = {};
};

/// All that serve was told is in the database. nullopt: it is done; also where a fault kept back what Twilio
/// answered, or its answer tells nothing: if it was done a status callback will tell.
std::optional<ActRefused> do_for_user(Scene&, const SendStep&);
std::optional<ActRefused> do_for_user(Scene&, const ThreadStep&);

}  // namespace ringctl::sim
