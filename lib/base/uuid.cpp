// Layout of an id: 48 bits of milliseconds, version, 12 + 14 bits of counter around the variant, 48 random
// bits. The counter starts anew at a random value in each millisecond; 26 bits do not run out in one.
#include "base/uuid.hpp"

#include <fmt/format.h>
#include <sodium.h>

#include <algorithm>

#include "base/error.hpp"

namespace ringctl::base {
namespace {

constexpr std::uint32_t k_counter_limit = 1U << 26;

constexpr bool is_dash(std::size_t i) { return i == 8 || i == 13 || i == 18 || i == 23; }

void put_hex(char* out, std::uint64_t value, int digits) {
  for (int i = digits - 1; i >= 0; --i) {
    out[i] = "0123456789abcdef"[value & 0xF];
    value >>= 4;
  }
}

}  // namespace

std::optional<Uuid> Uuid::try_parse(std::string_view text) {
  if (text.size() != 36) return std::nullopt;
  Uuid id;
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c >= 'A' && c <= 'F') c = static_cast<char>(c - 'A' + 'a');
    const bool hex = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
    if (is_dash(i) ? c != '-' : !hex) return std::nullopt;
    id.text_[i] = c;
  }
  return id;
}

Uuid Uuid::parse(std::string_view text) {
  if (auto id = try_parse(text)) return *id;
  throw Error(Errc::invalid, "id.malformed",
              fmt::format("\"{}\" is not an id (expected 8-4-4-4-12 hex digits)", text));
}

std::uint64_t UuidGenerator::random(std::size_t bytes) {
  if (pool_.size() - pool_used_ < bytes) {
    randombytes_buf(pool_.data(), pool_.size());
    pool_used_ = 0;
  }
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < bytes; ++i) value = value << 8 | pool_[pool_used_++];
  return value;
}

Uuid UuidGenerator::next() {
  const std::int64_t now_ms = clock_.now().time_since_epoch().count();
  if (now_ms > last_ms_) {
    last_ms_ = now_ms;
    counter_ = static_cast<std::uint32_t>(random(3));  // the two top bits stay free to count in
  } else if (++counter_ == k_counter_limit) {
    ++last_ms_;
    counter_ = 0;
  }
  Uuid id;
  auto& text = id.text_;
  const auto ms = static_cast<std::uint64_t>(last_ms_);
  put_hex(text.data(), ms >> 16, 8);
  put_hex(text.data() + 9, ms & 0xFFFF, 4);
  put_hex(text.data() + 14, 0x7000U | counter_ >> 14, 4);
  put_hex(text.data() + 19, 0x8000U | (counter_ & 0x3FFF), 4);
  put_hex(text.data() + 24, random(6), 12);
  for (const std::size_t dash : {8U, 13U, 18U, 23U}) text[dash] = '-';
  return id;
}

}  // namespace ringctl::base
