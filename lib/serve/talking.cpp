#include "serve/talking.hpp"

#include <algorithm>
#include <chrono>

namespace ringctl::serve {
namespace {

/// For so long what was corrected holds, where nothing more was heard or read.
constexpr auto k_fresh = std::chrono::seconds(1);

}  // namespace

/// Whose answers are to be made anew.
Talking::Floor& Talking::change(const base::Uuid& workspace) {
  auto& floor = floors_[workspace];
  floor.last.reset();
  return floor;
}

void Talking::answered(const base::Uuid& workspace, const UserLeg& leg, base::Instant at) {
  const std::lock_guard lock(mutex_);
  auto& floor = change(workspace);
  if (floor.ended.contains(leg.sid) || floor.ended.contains(leg.call_sid)) return;
  if (const auto freed = floor.freed.find(leg.user); freed != floor.freed.end() && freed->second.since > at)
    return;  // they took another one since
  const auto [known, first] = floor.talking.try_emplace(leg.user);
  auto& talk = known->second;
  if (!first && (talk.leg_sid == leg.sid || talk.since > at)) return;
  talk = {std::string(leg.sid), std::string(leg.call_sid), at};
}

void Talking::ended(const base::Uuid& workspace, const UserLeg& leg, std::optional<base::Instant> since,
                    base::Instant at) {
  const std::lock_guard lock(mutex_);
  auto& floor = change(workspace);
  remember_end(floor, leg.sid);
  if (const auto known = floor.talking.find(leg.user); known != floor.talking.end()) {
    const auto& talk = known->second;
    const bool is_it = talk.leg_sid == leg.sid;
    if (!is_it && !(since > talk.since)) return;  // they talk on another one
    if (is_it) since = talk.since;
    floor.talking.erase(known);
  }
  if (since) note_free(floor, leg.user, {std::string(leg.call_sid), since, at});
}

void Talking::call_ended(const base::Uuid& workspace, std::string_view call_sid, base::Instant at) {
  const std::lock_guard lock(mutex_);
  auto& floor = change(workspace);
  remember_end(floor, call_sid);
  std::erase_if(floor.talking, [&](const auto& entry) {
    const auto& [user, talk] = entry;
    if (talk.call_sid != call_sid) return false;
    note_free(floor, user, {talk.call_sid, talk.since, at});
    return true;
  });
}

void Talking::note_free(Floor& floor, const base::Uuid& user, Freed freed) {
  const auto [known, first] = floor.freed.try_emplace(user, freed);
  if (!first && known->second.at <= freed.at) known->second = std::move(freed);
}

void Talking::remember_end(Floor& floor, std::string_view sid) {
  if (!floor.ended.emplace(sid).second) return;
  ends_in_order_.emplace_back(&floor, sid);
  for (; ends_in_order_.size() > most_ends_; ends_in_order_.pop_front())
    ends_in_order_.front().first->ended.erase(ends_in_order_.front().second);
}

std::size_t Talking::talking(const base::Uuid& workspace) const {
  const std::lock_guard lock(mutex_);
  const auto floor = floors_.find(workspace);
  return floor == floors_.end() ? 0 : floor->second.talking.size();
}

/// Of what the database names: its end was heard of, or they took another one since, which is over too.
bool Talking::is_over(const Floor& floor, const calls::Busy& busy) {
  if (floor.ended.contains(busy.call_sid)) return true;
  const auto known = floor.freed.find(busy.user);
  if (known == floor.freed.end()) return false;
  const auto& freed = known->second;
  return busy.since <= freed.at && (freed.call_sid == busy.call_sid || freed.since > busy.since);
}

std::shared_ptr<const routing::Presence> Talking::corrected(const Estate& estate, base::Instant now) {
  const std::lock_guard lock(mutex_);
  auto& floor = floors_[estate.snapshot->workspace];
  const auto& last = floor.last;
  if (!last || last->said != estate.presence || last->heard_until != estate.heard_until ||
      now - last->at >= k_fresh)
    floor.last = Corrected{estate.presence, correct(floor, estate, now), estate.heard_until, now};
  return floor.last->corrected;
}

std::shared_ptr<const routing::Presence> Talking::correct(Floor& floor, const Estate& estate,
                                                          base::Instant now) {
  const auto oldest = now - estate.snapshot->settings.on_call;
  std::erase_if(floor.talking, [&](const auto& entry) {  // what the database knows by now is its to say
    return entry.second.since <= estate.heard_until || entry.second.since < oldest;
  });
  auto corrected = estate.presence ? *estate.presence : routing::Presence{};
  auto& on_call = corrected.on_call;
  auto changes = std::erase_if(
      on_call, [&](const calls::Busy& busy) { return busy.since < oldest || is_over(floor, busy); });
  for (const auto& [user, talk] : floor.talking) {
    const auto is_theirs = [&who = user](const calls::Busy& busy) { return busy.user == who; };
    if (std::any_of(on_call.begin(), on_call.end(), is_theirs)) continue;
    on_call.push_back({user, talk.call_sid, talk.since});
    ++changes;
  }
  return changes == 0 ? estate.presence : std::make_shared<const routing::Presence>(std::move(corrected));
}

}  // namespace ringctl::serve
