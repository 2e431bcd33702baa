#pragma once
// The bytes that came on a connection and were not served yet.

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>
#include <string_view>

namespace ringctl::net {

class InputBuffer {
 public:
  std::string_view bytes() const { return {data_.get() + begin_, end_ - begin_}; }
  char* data() { return data_.get() + begin_; }
  std::size_t size() const { return end_ - begin_; }
  bool empty() const { return begin_ == end_; }

  /// Makes room for `least` bytes more: at the end, by moving what is there to the front, or in a larger
  /// piece.
  void reserve(std::size_t least) {
    if (capacity_ - end_ >= least) return;
    if (capacity_ - size() >= least) {
      std::memmove(data_.get(), data_.get() + begin_, size());
    } else {
      const auto capacity = std::max(k_first, std::max(capacity_ * 2, size() + least));
      std::unique_ptr<char[]> larger(
          new char[capacity]);  // not make_unique: nobody reads the zeros it writes
      if (!empty()) std::memcpy(larger.get(), data_.get() + begin_, size());
      data_ = std::move(larger);
      capacity_ = capacity;
    }
    end_ = size();
    begin_ = 0;
  }
  char* room() { return data_.get() + end_; }
  std::size_t room_size() const { return capacity_ - end_; }

  void came(std::size_t n) { end_ += n; }
  void resize(std::size_t n) { end_ = begin_ + n; }  ///< n <= size()
  void consume(std::size_t n) {
    begin_ += n;
    if (begin_ == end_) begin_ = end_ = 0;
  }
  /// Gives the memory of an unusually large request back. Only when empty.
  void trim() {
    if (capacity_ <= k_keep) return;
    data_.reset();
    capacity_ = begin_ = end_ = 0;
  }

 private:
  static constexpr std::size_t k_first = 4 * 1024;  // nearly every webhook
  static constexpr std::size_t k_keep = 16 * 1024;
  std::unique_ptr<char[]> data_;
  std::size_t capacity_ = 0, begin_ = 0, end_ = 0;
};

}  // namespace ringctl::net
