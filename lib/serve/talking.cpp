#include "serve/talking.hpp"

#include <algorithm>

namespace ringctl::serve {

void Talking::answered(const base::Uuid& workspace, const base::Uuid& user, std::string_view leg_sid,
                       base::Instant at) {
  hear(leg_sid, {workspace, user, true, at}, false);
}

void Talking::ended(const base::Uuid& workspace, const base::Uuid& user, std::string_view leg_sid,
                    base::Instant at) {
  hear(leg_sid, {workspace, user, false, at}, true);
}

/// `in_any_case`: also of a leg that was heard of before.
void Talking::hear(std::string_view leg_sid, const Heard& heard, bool in_any_case) {
  const std::lock_guard lock(mutex_);
  const auto is_old = [&](base::Instant at) { return heard.at - at >= keep_; };
  for (; !order_.empty() && is_old(order_.front().first); order_.pop_front())
    if (const auto found = legs_.find(order_.front().second);
        found != legs_.end() && is_old(found->second.at))
      legs_.erase(found);
  const auto [leg, first] = legs_.try_emplace(std::string(leg_sid), heard);
  if (!first && !in_any_case) return;
  leg->second = heard;
  order_.emplace_back(heard.at, leg_sid);
}

std::size_t Talking::size() const {
  const std::lock_guard lock(mutex_);
  return legs_.size();
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

}  // namespace ringctl::serve
