#pragma once
// How calls come to be: somebody calls one of the account's numbers or from a browser, or REST places one.

#include <optional>
#include <string>
#include <vector>

#include "sim/behaviour.hpp"
#include "sim/conferences.hpp"
#include "sim/network.hpp"

namespace ringctl::sim {

class Core;
class Leg;

// What Network's functions of the same names do.
std::string call_in(Core& core, const std::string& from, const std::string& to, std::vector<Doing> then,
                    const Parameters& extra);
std::string call_from_client(Core& core, const std::string& identity, const std::string& application_sid,
                             const Parameters& own, std::vector<Doing> then);
/// A leg that rings one of our own numbers becomes one end of a line: a call comes in at the other, runs what
/// the number says, and answers or ends the leg by that.
void call_number(Leg& leg);
/// With `join`, whoever answers comes into that conference instead of running TwiML.
std::string place(Core& core, const PlacedCall& placed, std::optional<Join> join,
                  std::optional<Refusal>& refusal);

}  // namespace ringctl::sim
