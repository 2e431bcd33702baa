#include "base/bytes.hpp"

namespace ringctl::base {
namespace {

class BytesCategory final : public std::error_category {
 public:
  const char* name() const noexcept override { return "ringctl.bytes"; }
  std::string message(int code) const override {
    switch (static_cast<BytesErrc>(code)) {
      case BytesErrc::too_large:
        return "the record is too large";
      case BytesErrc::truncated:
        return "the record is cut off";
      case BytesErrc::trailing_bytes:
        return "there are bytes after the record";
      case BytesErrc::unknown_version:
        return "the record was written by a newer ringctl";
      case BytesErrc::bad_value:
        return "the record holds a value that it cannot hold";
    }
    return "unknown";
  }
};

}  // namespace

const std::error_category& bytes_category() noexcept {
  static const BytesCategory k_category;
  return k_category;
}

std::error_code make_error_code(BytesErrc code) noexcept {
  return {static_cast<int>(code), bytes_category()};
}

}  // namespace ringctl::base
