#include "sim/media.hpp"

#include <algorithm>
#include <cstdint>

namespace ringctl::sim {
namespace {

using std::chrono::milliseconds;

constexpr std::uint32_t k_rate = 8000, k_bytes_of_sample = 2, k_header = 44;

std::uint32_t channels_of(int channels) { return channels == 2 ? 2 : 1; }

milliseconds within_a_day(milliseconds length) {
  return std::clamp(length, milliseconds(0), milliseconds(std::chrono::hours(24)));
}

/// Whole samples only.
std::uint32_t data_size(milliseconds length, int channels) {
  const auto samples = static_cast<std::uint32_t>(within_a_day(length).count() * (k_rate / 1000));
  return samples * k_bytes_of_sample * channels_of(channels);
}

/// The lowest byte first.
void append_number(std::string& out, std::uint32_t value, int bytes) {
  for (int i = 0; i < bytes; ++i)
    out += static_cast<char>(static_cast<unsigned char>(value >> (8U * static_cast<unsigned>(i))));
}

}  // namespace

std::size_t silence_wav_size(milliseconds length, int channels) {
  return k_header + data_size(length, channels);
}

std::string silence_wav(milliseconds length, int channels) {
  const auto count = channels_of(channels), data = data_size(length, channels);
  std::string wav;
  wav.reserve(k_header + data);
  wav += "RIFF";
  append_number(wav, k_header - 8 + data, 4);
  wav += "WAVEfmt ";
  append_number(wav, 16, 4);  // bytes of what follows
  append_number(wav, 1, 2);   // plain samples
  append_number(wav, count, 2);
  append_number(wav, k_rate, 4);
  append_number(wav, k_rate * k_bytes_of_sample * count, 4);
  append_number(wav, k_bytes_of_sample * count, 2);
  append_number(wav, k_bytes_of_sample * 8, 2);
  wav += "data";
  append_number(wav, data, 4);
  wav.resize(k_header + data);
  return wav;
}

std::string silence_mp3(milliseconds length, int channels) {
  // MPEG 2.5, layer III, 8 kbit/s at 8 kHz: each frame is 576 samples in 72 bytes, and one of nothing but
  // zeros behind its header says nothing.
  constexpr std::size_t k_frame = 72;
  constexpr milliseconds::rep k_frame_ms = 72;
  constexpr char k_stereo = 0x00, k_mono = static_cast<char>(0xC0);
  const char header[] = {static_cast<char>(0xFF), static_cast<char>(0xE3), 0x18,
                         channels_of(channels) == 2 ? k_stereo : k_mono};
  std::string mp3;
  const auto frames = (within_a_day(length).count() + k_frame_ms - 1) / k_frame_ms;
  mp3.reserve(static_cast<std::size_t>(frames) * k_frame);
  for (milliseconds::rep i = 0; i < frames; ++i)
    mp3.append(header, sizeof header).append(k_frame - sizeof header, '\0');
  return mp3;
}

}  // namespace ringctl::sim
