#include "routing/parties.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

namespace ringctl::routing {
namespace {

constexpr std::size_t k_most_in_turn = 10;  // who are rung one after the other
constexpr int k_shortest_wave = 5;          // seconds: Twilio's Dial takes no less
constexpr auto k_last = std::numeric_limits<std::int64_t>::max();

/// Well spread integers from one, the same everywhere (splitmix64).
class Draw {
 public:
  explicit Draw(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next() {
    state_ += 0x9E3779B97F4A7C15U;
    auto z = state_;
    z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9U;
    z = (z ^ (z >> 27U)) * 0x94D049BB133111EBU;
    return z ^ (z >> 31U);
  }

 private:
  std::uint64_t state_;
};

}  // namespace

Parties::Parties(const Snapshot& snapshot, const Facts& facts, Trace* trace)
    : s_(snapshot), f_(facts), trace_(trace) {
  const auto agents = snapshot.agents.size();
  taken_.resize(agents);
  on_call_.resize(agents);
  if (!facts.presence) return;
  for (const auto& busy : facts.presence->on_call)
    if (const auto agent = snapshot.find_agent(busy.user)) on_call_[*agent] = true;
}

const Presence::Used* Parties::used_of(AgentIndex agent) const {
  return used_.empty() ? nullptr : used_[agent];
}

/// Milliseconds; who never took a call has been idle for ever.
std::int64_t Parties::idle_since(AgentIndex agent) const {
  auto last = s_.agents[agent].last_call_ended_at;
  if (const auto* used = used_of(agent)) last = std::max(last, used->last_call_ended_at);
  return last ? last->time_since_epoch().count() : std::numeric_limits<std::int64_t>::min();
}

std::optional<Skipped> Parties::unavailable(AgentIndex index) const {
  const auto& agent = s_.agents[index];
  if (!agent.is_active) return Skipped::deactivated;
  if (s_.settings.ring_unavailable) return std::nullopt;
  if (agent.availability == Availability::offline) return Skipped::offline;
  if (agent.availability == Availability::busy) return Skipped::busy;
  if (on_call_[index]) return Skipped::on_a_call;
  return std::nullopt;
}

void Parties::skip(AgentIndex index, Skipped why, Step& step) {
  const auto& agent = s_.agents[index];
  step.skipped.push_back({agent.id, why});
  note(step, agent.email, "skipped", name_of(why));
}

void Parties::note(const Step& step, const std::string& subject, std::string_view verdict,
                   std::string_view why) {
  if (trace_ == nullptr) return;
  trace_->push_back({std::string(name_of(step.reason)), subject, std::string(verdict), std::string(why)});
}

/// Those who would come after what a step takes.
void Parties::leave_out(const Candidate& candidate, Step& step) {
  const auto& party = pool_[candidate.first];
  const auto agent = party.user ? s_.find_agent(*party.user) : std::nullopt;
  if (agent)
    skip(*agent, Skipped::not_reached, step);
  else
    note(step, party.address, "skipped", name_of(Skipped::not_reached));
}

void Parties::add_candidate(std::size_t before, std::int64_t order) {
  candidates_.push_back(
      {order, static_cast<std::uint32_t>(before), static_cast<std::uint32_t>(pool_.size() - before)});
}

void Parties::add_agent(AgentIndex index, const Wanted& wanted, Step& step) {
  if (taken_[index]) return;  // named twice
  taken_[index] = true;
  const auto why = unavailable(index);
  // Callers wait in a queue for just those: whoever still talks when it rings is left out then (pass_over).
  const bool later = why == Skipped::on_a_call && wanted.kind == StepKind::queue;
  if (why && !later) return skip(index, *why, step);
  const auto& agent = s_.agents[index];
  const auto before = pool_.size();
  const bool on_phone = wanted.both_devices || agent.ring_on != RingOn::client;
  const bool phone_rings = on_phone && !agent.phone.empty() && !agent.phone_is_ours;
  const bool is_caller = phone_rings && agent.phone == f_.from;
  if (wanted.both_devices || agent.ring_on != RingOn::phone) pool_.push_back({Device::client, agent.id, {}});
  if (phone_rings && !is_caller) pool_.push_back({Device::phone, agent.id, agent.phone});
  if (pool_.size() == before) return skip(index, is_caller ? Skipped::is_caller : Skipped::no_phone, step);
  if (later) {
    note(step, agent.email, "rings once free", name_of(*why));
    return add_candidate(before, k_last);
  }
  const bool by_use = wanted.strategy == Strategy::least_used;
  const auto* const used = used_of(index);
  add_candidate(before, by_use ? (used != nullptr ? used->calls_today : 0) : idle_since(index));
}

void Parties::add_outside(const RuleParty& party, Step& step) {
  if (party.address == f_.from) return note(step, party.address, "skipped", name_of(Skipped::is_caller));
  if (party.address == f_.to) return note(step, party.address, "skipped", "it is the number called");
  const auto before = pool_.size();
  pool_.push_back({party.kind == RuleParty::Kind::sip ? Device::sip : Device::number, {}, party.address});
  add_candidate(before, k_last);  // ours first
}

void Parties::arrange(Strategy strategy) {
  const auto by_order = [](const Candidate& a, const Candidate& b) { return a.order < b.order; };
  switch (strategy) {
    case Strategy::in_order:
    case Strategy::ring_all:
      return;
    case Strategy::longest_idle:
    case Strategy::least_used:
      return std::stable_sort(candidates_.begin(), candidates_.end(), by_order);
    case Strategy::round_robin: {
      const auto first = static_cast<std::ptrdiff_t>(f_.turn % candidates_.size());
      std::rotate(candidates_.begin(), candidates_.begin() + first, candidates_.end());
      return;
    }
    case Strategy::random: {
      Draw draw(f_.turn);
      for (auto left = candidates_.size(); left > 1; --left)
        std::swap(candidates_[left - 1], candidates_[draw.next() % left]);
      return;
    }
  }
}

/// Devices of one person ring in the same wave.
void Parties::take(const Candidate& candidate, Step& step) {
  for (std::uint32_t i = 0; i < candidate.count; ++i)
    step.parties.push_back(std::move(pool_[candidate.first + i]));
}

void Parties::fill_one_by_one(const Wanted& wanted, Step& step) {
  arrange(wanted.strategy);
  for (std::size_t i = 0; i < candidates_.size(); ++i) {
    const auto& candidate = candidates_[i];
    if (i >= k_most_in_turn) {
      leave_out(candidate, step);
      continue;
    }
    take(candidate, step);
    step.waves.push_back(static_cast<std::uint8_t>(candidate.count));
  }
}

void Parties::fill_together(const Wanted& wanted, Step& step) {
  const auto most =
      static_cast<std::size_t>(std::clamp(s_.settings.wave_size, 1, static_cast<int>(k_most_nouns)));
  const bool queued =
      wanted.kind == StepKind::queue || pool_.size() > static_cast<std::size_t>(s_.settings.queue_over);
  step.kind = queued ? StepKind::queue : StepKind::ring;
  if (pool_.size() > most) arrange(Strategy::longest_idle);
  const auto total = s_.settings.waves_total.count();
  const auto most_waves = static_cast<std::size_t>(std::max<std::int64_t>(total / k_shortest_wave, 1));
  for (const auto& candidate : candidates_) {
    // A person with two devices fits into a wave of one, too.
    const bool fresh = step.waves.empty() || step.waves.back() + candidate.count > most;
    if (fresh && !queued && step.waves.size() == most_waves) {
      leave_out(candidate, step);
      continue;
    }
    if (fresh) step.waves.push_back(0);
    step.waves.back() = static_cast<std::uint8_t>(step.waves.back() + candidate.count);
    take(candidate, step);
  }
  const auto wave =
      wanted.ring_timeout_s != 0 ? wanted.ring_timeout_s : static_cast<int>(s_.settings.wave_timeout.count());
  if (queued) {
    step.timeout_s = wave;
    step.wait_s = static_cast<int>(s_.settings.queue_wait.count());
    step.text = s_.settings.hold_music_url;
  } else if (step.waves.size() > 1) {
    const auto each = static_cast<int>(total) / static_cast<int>(step.waves.size());
    step.timeout_s = std::clamp(each, k_shortest_wave, std::max(wave, k_shortest_wave));
  }
}

Step Parties::step_for(const Wanted& wanted) {
  Step step{.kind = wanted.kind, .reason = wanted.reason, .strategy = wanted.strategy};
  candidates_.clear();
  pool_.clear();
  std::fill(taken_.begin(), taken_.end(), false);
  if (f_.presence && used_.empty() && !f_.presence->used.empty()) {
    used_.resize(s_.agents.size());
    for (const auto& used : f_.presence->used)
      if (const auto agent = s_.find_agent(used.user)) used_[*agent] = &used;
  }
  pool_.reserve(wanted.parties.size() + 1);
  for (const auto& party : wanted.parties) {
    if (party.kind == RuleParty::Kind::agent)
      add_agent(party.agent, wanted, step);
    else
      add_outside(party, step);
  }
  if (candidates_.empty()) return step;
  step.timeout_s =
      wanted.ring_timeout_s != 0 ? wanted.ring_timeout_s : static_cast<int>(s_.settings.ring_timeout.count());
  step.parties.reserve(pool_.size());
  if (wanted.strategy == Strategy::ring_all || wanted.kind == StepKind::queue)
    fill_together(wanted, step);
  else
    fill_one_by_one(wanted, step);
  return step;
}

}  // namespace ringctl::routing
