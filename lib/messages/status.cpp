#include "messages/status.hpp"

#include <algorithm>
#include <array>

namespace ringctl::messages {
namespace {

/// The rank of a word is its place here, from 1.
constexpr auto k_in_order = std::to_array<std::string_view>(
    {"accepted", "scheduled", "queued", "sending", "sent", "canceled", "failed", "undelivered",
     "partially_delivered", "delivered", "read", "receiving", "received"});

constexpr int k_first_end = 6;

}  // namespace

int rank_of(std::string_view status) {
  const auto* const found = std::find(k_in_order.begin(), k_in_order.end(), status);
  return found == k_in_order.end() ? 0 : static_cast<int>(found - k_in_order.begin()) + 1;
}

bool is_over(std::string_view status) { return rank_of(status) >= k_first_end && status != "receiving"; }

}  // namespace ringctl::messages
