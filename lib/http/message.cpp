#include "http/message.hpp"

#include <algorithm>
#include <array>

#include "base/text.hpp"

namespace ringctl::http {
namespace {

struct FaultInfo {
  std::string_view slug;
  Errc code;
};

/// In the order of the enumeration.
constexpr std::array<FaultInfo, 7> k_faults{{
    {"http.unreachable", Errc::twilio_down},
    {"http.tls", Errc::twilio_down},
    {"http.timeout", Errc::twilio_down},
    {"http.broken", Errc::twilio_down},
    {"http.garbage", Errc::twilio_garbage},
    {"http.too_large", Errc::twilio_garbage},
    {"http.cancelled", Errc::interrupted},
}};

const FaultInfo& info_of(Fault fault) { return k_faults.at(static_cast<std::size_t>(fault)); }

}  // namespace

bool is_idempotent(std::string_view method) {
  static constexpr std::array<std::string_view, 6> k_idempotent = {"GET",    "HEAD",    "PUT",
                                                                   "DELETE", "OPTIONS", "TRACE"};
  return std::ranges::find(k_idempotent, method) != k_idempotent.end();
}

std::string_view Response::field(std::string_view name) const {
  const auto wanted = base::ascii_lower(name);
  for (const auto& [key, value] : fields)
    if (base::ascii_lower(key) == wanted) return value;
  return {};
}

std::string_view slug_of(Fault fault) { return info_of(fault).slug; }

Error to_error(const Failure& failure) {
  const auto& info = info_of(failure.fault);
  return {info.code, std::string(info.slug), failure.message};
}

}  // namespace ringctl::http
