#pragma once
// How long requests took, in constant memory however many there are: buckets that grow with the value, each
// at most 1/64 of it wide.

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>

namespace ringctl::test {

class Histogram {
 public:
  void record(std::uint64_t value) {
    ++buckets_[std::min(place(value), buckets_.size() - 1)];
    ++count_;
    sum_ += value;
    max_ = std::max(max_, value);
  }
  std::uint64_t count() const { return count_; }
  std::uint64_t max() const { return max_; }
  double mean() const { return count_ == 0 ? 0 : static_cast<double>(sum_) / static_cast<double>(count_); }

  /// The least value that at least this share (0 to 1) of all values does not exceed, rounded up to the end
  /// of its bucket; 0 if there are none.
  std::uint64_t percentile(double share) const {
    const auto wanted = std::max<std::uint64_t>(
        1, static_cast<std::uint64_t>(share * static_cast<double>(count_) + 0.999999));
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < buckets_.size(); ++i) {
      seen += buckets_[i];
      if (seen >= wanted) return std::min(end_of(i), max_);
    }
    return max_;
  }

 private:
  static constexpr unsigned k_bits = 6;  // 64 buckets to a doubling
  static constexpr std::uint64_t k_linear = 1U << (k_bits + 1);

  /// Values under 128 have a bucket each; above, the highest seven bits say which.
  static std::size_t place(std::uint64_t value) {
    if (value < k_linear) return static_cast<std::size_t>(value);
    const auto shift = static_cast<unsigned>(std::bit_width(value)) - (k_bits + 1);
    return static_cast<std::size_t>((std::uint64_t{shift} << k_bits) + (value >> shift));
  }
  static std::uint64_t end_of(std::size_t place) {
    if (place < k_linear) return place;
    const auto shift = (place >> k_bits) - 1;
    const auto top = (place & ((1U << k_bits) - 1)) + (1U << k_bits);
    return ((top + 1) << shift) - 1;
  }

  std::array<std::uint64_t, 64 * (1U << k_bits)> buckets_{};
  std::uint64_t count_ = 0, sum_ = 0, max_ = 0;
};

}  // namespace ringctl::test
