#pragma once
// The sound of recordings: nobody speaks in this network, so silence of the right length.

#include <chrono>
#include <cstddef>
#include <string>

namespace ringctl::sim {

/// A WAV file as Twilio's recordings are: 8 kHz, 16 bit, one channel or two. A length below 0 is 0; one past
/// a day, which no call lasts, is a day.
std::string silence_wav(std::chrono::milliseconds length, int channels = 1);
/// The same as an MP3 file, in whole frames of 72 ms.
std::string silence_mp3(std::chrono::milliseconds length, int channels = 1);
/// How many bytes a WAV file of that length is.
std::size_t silence_wav_size(std::chrono::milliseconds length, int channels = 1);

}  // namespace ringctl::sim
