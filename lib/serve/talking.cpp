#include "serve/talking.hpp"

#include <algorithm>

namespace ringctl::serve {
namespace {

// Far more than can change hands in the time that is kept; past it old ones go.
constexpr std::size_t k_many = 4096;

}  // namespace

void Talking::answered(const base::Uuid& workspace, const base::Uuid& user, std::string_view leg_sid,
                       base::Instant at) {
  const std::lock_guard lock(mutex_);
  forget_old(at);
  legs_.try_emplace(std::string(leg_sid), Heard{workspace, user, true, at});
}

void Talking::ended(const base::Uuid& workspace, const base::Uuid& user, std::string_view leg_sid,
                    base::Instant at) {
  const std::lock_guard lock(mutex_);
  forget_old(at);
  legs_.insert_or_assign(std::string(leg_sid), Heard{workspace, user, false, at});
}

std::shared_ptr<const routing::Presence> Talking::corrected(const base::Uuid& workspace,
                                                            std::shared_ptr<const routing::Presence> said,
                                                            base::Instant now) const {
  const std::lock_guard lock(mutex_);
  const auto counts = [&](const auto& entry) {
    return entry.second.workspace == workspace && now - entry.second.at < keep_;
  };
  if (std::none_of(legs_.begin(), legs_.end(), counts)) return said;
  auto corrected = said ? *said : routing::Presence{};
  auto& on_call = corrected.on_call;
  // Ends first: who ended one call may have answered another.
  for (const auto& entry : legs_)
    if (counts(entry) && !entry.second.talking) std::erase(on_call, entry.second.user);
  for (const auto& entry : legs_)
    if (counts(entry) && entry.second.talking &&
        std::find(on_call.begin(), on_call.end(), entry.second.user) == on_call.end())
      on_call.push_back(entry.second.user);
  return std::make_shared<const routing::Presence>(std::move(corrected));
}

void Talking::forget_old(base::Instant now) {
  if (legs_.size() < k_many) return;
  std::erase_if(legs_, [&](const auto& entry) { return now - entry.second.at >= keep_; });
}

}  // namespace ringctl::serve
