#pragma once
// How long things take, the same everywhere, so that timings can be said beforehand.

#include <chrono>

namespace ringctl::sim {

inline constexpr std::chrono::milliseconds k_character{60};  ///< of what is said
inline constexpr std::chrono::milliseconds k_shortest_say{1000};
inline constexpr std::chrono::milliseconds k_play{5000};
inline constexpr std::chrono::milliseconds k_tone{100};
inline constexpr std::chrono::milliseconds k_tone_pause{500};
inline constexpr std::chrono::milliseconds k_long_tone_pause{1000};
inline constexpr int k_most_loops = 1000;  ///< of loop="0"
/// Of a document that is asked for again and again while a call waits: however short it is.
inline constexpr std::chrono::milliseconds k_shortest_wait{1000};
/// Documents of one leg, one after the other, that take no time; then it is taken for a loop. Of those that do
/// nothing but lead on by Redirect, no more than a URL may redirect over HTTP.
inline constexpr int k_most_fetches = 100;
inline constexpr int k_most_redirects = 10;
/// From the end of a recording to the callback about it.
inline constexpr std::chrono::milliseconds k_until_recorded{1000};
/// Who or what picked up: until the network can tell.
inline constexpr std::chrono::milliseconds k_until_detected{2000};
inline constexpr std::chrono::milliseconds k_until_beep{5000};
/// After what was said with speechTimeout="auto".
inline constexpr std::chrono::milliseconds k_auto_silence{1000};

}  // namespace ringctl::sim
