#include "http/pace.hpp"

#include <algorithm>
#include <cmath>

namespace ringctl::http {
namespace {

constexpr std::size_t k_rounds_below_ceiling = 10, k_most_rounds_below_ceiling = 160;

}  // namespace

Pace::Pace(std::size_t most)
    : most_(std::max<std::size_t>(1, most)),
      bound_(std::max<std::size_t>(1, most_ / 2)),
      ceiling_(most_),
      patience_(k_rounds_below_ceiling) {}

void Pace::set_most(std::size_t most) {
  most_ = std::max<std::size_t>(1, most);
  bound_ = std::min(bound_, most_);
  ceiling_ = std::min(ceiling_, most_);
}

void Pace::answered() {
  if (++good_ < bound_) return;
  good_ = 0;
  went_well_ = std::max(went_well_, bound_);
  if (bound_ < ceiling_) {
    ++bound_;
  } else if (bound_ < most_ && ++rounds_ >= patience_) {
    rounds_ = 0;
    bound_ = ++ceiling_;
  }
}

void Pace::refused(Time sent_at, Time now, std::optional<std::chrono::milliseconds> retry_after) {
  if (retry_after) paused_until_ = std::max(paused_until_.value_or(Time::min()), now + *retry_after);
  if (cut_at_ && sent_at <= *cut_at_) return;
  cut_at_ = now;
  good_ = rounds_ = 0;
  if (bound_ > 1 && bound_ > went_well_) {
    ceiling_ = bound_ - 1;
    if (ceiling_ == went_well_) {
      bound_ = ceiling_;
      patience_ = std::min(patience_ * 2, k_most_rounds_below_ceiling);
      return;
    }
  } else {  // a burst, or others that come and go
    ceiling_ = most_;
    patience_ = k_rounds_below_ceiling;
    if (bound_ > 1) --went_well_;
  }
  bound_ = std::max<std::size_t>(1, bound_ * 7 / 10);
}

std::optional<Pace::Time> Pace::paused_until(Time now) const {
  return paused_until_ && *paused_until_ > now ? paused_until_ : std::nullopt;
}

std::optional<std::chrono::milliseconds> delay_before(const Backoff& backoff, int retry, const Chance& chance,
                                                      std::optional<std::chrono::milliseconds> retry_after) {
  if (retry > backoff.retries) return std::nullopt;
  auto most = std::min(backoff.first, backoff.cap);
  for (int i = 1; i < retry && most < backoff.cap; ++i) most = std::min(most * 2, backoff.cap);
  const auto drawn = std::floor(static_cast<double>(most.count()) * std::clamp(chance(), 0.0, 1.0));
  const std::chrono::milliseconds delay(static_cast<std::chrono::milliseconds::rep>(drawn));
  return std::max(delay, retry_after.value_or(delay));
}

}  // namespace ringctl::http
