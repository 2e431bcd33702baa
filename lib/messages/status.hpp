#pragma once
// The states of a message, in the one order in which it moves: forward only, whatever order callbacks come
// in.

#include <string_view>

namespace ringctl::messages {

/// accepted and scheduled < queued < sending < sent < canceled < failed < undelivered < partially_delivered <
/// delivered < read; receiving < received. 0 for a word that is none. No two that end a message have the same
/// rank, so that any order of callbacks gives the same state.
int rank_of(std::string_view status);
/// canceled and all past it, received.
bool is_over(std::string_view status);
/// Whether a message that has `from` takes `to`.
inline bool moves_on(std::string_view from, std::string_view to) { return rank_of(to) > rank_of(from); }

}  // namespace ringctl::messages
