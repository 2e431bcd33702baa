#include "sim/media.hpp"

#include <algorithm>

#include "support/catch.hpp"

using namespace ringctl::sim;
using namespace std::chrono_literals;

namespace {

/// The lowest byte first.
std::size_t number_at(const std::string& wav, std::size_t at, std::size_t bytes) {
  std::size_t value = 0;
  for (std::size_t i = bytes; i-- > 0;) value = value << 8U | static_cast<unsigned char>(wav[at + i]);
  return value;
}

}  // namespace

TEST_CASE("a recording is as long as what was recorded", "[sim]") {
  for (const int channels : {1, 2}) {
    const auto wav = silence_wav(2500ms, channels);
    CHECK(wav.substr(0, 4) == "RIFF");
    CHECK(wav.substr(8, 8) == "WAVEfmt ");
    CHECK(number_at(wav, 4, 4) == wav.size() - 8);
    CHECK(number_at(wav, 20, 2) == 1);
    CHECK(number_at(wav, 22, 2) == static_cast<std::size_t>(channels));
    CHECK(number_at(wav, 24, 4) == 8000);
    const auto a_second = number_at(wav, 28, 4);
    CHECK(a_second == 16000U * static_cast<std::size_t>(channels));
    CHECK(number_at(wav, 34, 2) == 16);
    CHECK(number_at(wav, 40, 4) * 1000 == a_second * 2500);
    CHECK(wav.size() == 44 + number_at(wav, 40, 4));
    CHECK(wav.size() == silence_wav_size(2500ms, channels));
    CHECK(std::all_of(wav.begin() + 44, wav.end(), [](char c) { return c == 0; }));
  }
}

TEST_CASE("a recording of nothing is a file all the same", "[sim]") {
  CHECK(silence_wav(0ms).size() == 44);
  CHECK(silence_wav(-5s).size() == 44);
  CHECK(silence_wav_size(1000h) == silence_wav_size(24h));
}

TEST_CASE("an MP3 file of silence is whole frames of 72 ms", "[sim]") {
  CHECK(silence_mp3(0ms).empty());
  CHECK(silence_mp3(1ms).size() == 72);
  const auto mono = silence_mp3(720ms), stereo = silence_mp3(721ms, 2);
  CHECK(mono.size() == 720);
  CHECK(stereo.size() == 792);
  // The sync word, MPEG 2.5 layer III, 8 kbit/s at 8 kHz, one channel or two.
  CHECK(mono.substr(648, 4) == "\xFF\xE3\x18\xC0");
  CHECK(stereo.substr(0, 4) == std::string("\xFF\xE3\x18\0", 4));
}
