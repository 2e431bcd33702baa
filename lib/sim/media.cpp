#include "sim/media.hpp"

#include <algorithm>
#include <cstdint>

namespace ringctl::sim {
namespace {

using std::chrono::milliseconds;

constexpr std::uint32_t k_rate = 8000, k_bytes_of_sample = 2, k_header = 44;

std::uint32_t channels_of(int channels) { return channels == 2 ? 2 : 1; }

/// Whole samples only.
std::uint32_t data_size(milliseconds length, int channels) {
  const auto most = std::chrono::duration_cast<milliseconds>(std::chrono::hours(24));
  const auto ms = std::clamp(length, milliseconds(0), most).count();
  const auto samples = static_cast<std::uint32_t>(ms * (k_rate / 1000));
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

}  // namespace ringctl::sim
