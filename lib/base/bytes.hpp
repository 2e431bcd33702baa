#pragma once
// Values as bytes, for records that other versions of ringctl read: numbers as variable-length integers,
// texts with their length before them, what may be missing behind a flag.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

#include "base/clock.hpp"
#include "base/uuid.hpp"

namespace ringctl::base {

/// Why bytes are not what they should be.
enum class BytesErrc {
  too_large = 1,
  truncated,
  trailing_bytes,
  unknown_version,
  bad_value,
};
const std::error_category& bytes_category() noexcept;
std::error_code make_error_code(BytesErrc) noexcept;

}  // namespace ringctl::base

template <>
struct std::is_error_code_enum<ringctl::base::BytesErrc> : std::true_type {};

namespace ringctl::base {

class ByteWriter {
 public:
  void byte(std::uint8_t value) { out_.push_back(static_cast<char>(value)); }
  void number(std::uint64_t value) {
    for (; value >= 0x80; value >>= 7) byte(static_cast<std::uint8_t>(value | 0x80));
    byte(static_cast<std::uint8_t>(value));
  }
  /// Small ones of either sign stay small.
  void integer(std::int64_t value) {
    number((static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63));
  }
  void text(std::string_view value) {
    number(value.size());
    out_.append(value);
  }
  void instant(Instant value) { integer(value.time_since_epoch().count()); }
  void uuid(const Uuid& value) { out_.append(value.view()); }
  template <class T, class Write>
  void maybe(const std::optional<T>& value, Write&& write) {
    byte(value ? 1 : 0);
    if (value) write(*value);
  }
  void maybe_uuid(const std::optional<Uuid>& value) {
    maybe(value, [&](const Uuid& id) { uuid(id); });
  }
  std::string take() { return std::move(out_); }

 private:
  std::string out_;
};

/// After the first mistake everything reads as nothing.
class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : bytes_(bytes) {}

  bool ok() const { return !error_; }
  std::error_code error() const { return error_; }
  bool at_end() const { return bytes_.empty(); }
  void fail(BytesErrc why) {
    if (!error_) error_ = why;
    bytes_ = {};
  }

  std::uint8_t byte() {
    if (bytes_.empty()) {
      fail(BytesErrc::truncated);
      return 0;
    }
    const auto value = static_cast<std::uint8_t>(bytes_.front());
    bytes_.remove_prefix(1);
    return value;
  }
  std::uint8_t byte_up_to(std::uint8_t most) {
    const auto value = byte();
    if (value > most) fail(BytesErrc::bad_value);
    return value > most ? 0 : value;
  }
  bool flag() { return byte_up_to(1) == 1; }
  std::uint64_t number() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      const auto next = byte();
      const std::uint64_t bits = next & 0x7fU;
      if ((bits << shift) >> shift != bits) break;
      value |= bits << shift;
      if ((next & 0x80U) == 0) return value;
    }
    fail(BytesErrc::bad_value);
    return 0;
  }
  std::int64_t integer() {
    const auto value = number();
    return static_cast<std::int64_t>(value >> 1) ^ -static_cast<std::int64_t>(value & 1);
  }
  std::string text() {
    const auto size = number();
    if (size > bytes_.size()) {
      fail(BytesErrc::truncated);
      return {};
    }
    std::string value(bytes_.substr(0, size));
    bytes_.remove_prefix(size);
    return value;
  }
  /// Years 0000 to 9999, which format_utc can write.
  Instant instant() {
    constexpr std::int64_t k_first = -62167219200000, k_last = 253402300799999;
    const auto value = integer();
    if (value < k_first || value > k_last) fail(BytesErrc::bad_value);
    return Instant(std::chrono::milliseconds(ok() ? value : 0));
  }
  Uuid uuid() {
    constexpr std::size_t k_size = 36;
    const auto id = Uuid::try_parse(bytes_.substr(0, k_size));
    if (!id) {
      fail(bytes_.size() < k_size ? BytesErrc::truncated : BytesErrc::bad_value);
      return {};
    }
    bytes_.remove_prefix(k_size);
    return *id;
  }
  template <class Read>
  auto maybe(Read&& read) -> std::optional<decltype(read())> {
    if (!flag()) return std::nullopt;
    return read();
  }
  std::optional<Uuid> maybe_uuid() {
    return maybe([&] { return uuid(); });
  }

 private:
  std::string_view bytes_;
  std::error_code error_;
};

}  // namespace ringctl::base
