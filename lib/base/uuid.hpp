#pragma once
// UUIDs as lower-case text held inline, so that binding, comparing and printing one never allocates.

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"

namespace ringctl::base {

class Uuid {
 public:
  Uuid() { text_.fill('0'); }
  /// Accepts upper case; nullopt unless 8-4-4-4-12 hex digits.
  static std::optional<Uuid> try_parse(std::string_view);
  /// Throws Errc::invalid [id.malformed].
  static Uuid parse(std::string_view);

  std::string_view view() const { return {text_.data(), text_.size()}; }
  std::string text() const { return std::string(view()); }
  /// Last eight hex digits: how jobs are shown.
  std::string short_id() const { return text().substr(28); }
  auto operator<=>(const Uuid&) const = default;  // NOLINT(modernize-use-nullptr): the 0 it compares with

 private:
  friend class UuidGenerator;
  std::array<char, 36> text_{};
};

/// Makes UUIDv7 (RFC 9562): milliseconds, then a counter within the millisecond, then random bits,
/// so ids of one generator sort in the order they were made, even if the clock steps back. Not thread-safe.
class UuidGenerator {
 public:
  explicit UuidGenerator(const Clock& clock) : clock_(clock) {}
  Uuid next();

 private:
  const Clock& clock_;
  std::uint64_t random(std::size_t bytes);
  std::int64_t last_ms_ = -1;
  std::uint32_t counter_ = 0;
  /// Random bytes fetched ahead: one system call per id would cost more than the id.
  std::array<unsigned char, 512> pool_{};
  std::size_t pool_used_ = sizeof pool_;
};

}  // namespace ringctl::base
