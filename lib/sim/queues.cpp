#include "sim/queues.hpp"

#include <algorithm>
#include <utility>

#include "sim/core.hpp"

namespace ringctl::sim {

Queue& Queues::open(const std::string& name) {
  auto* const known =
      core_.account.queues.first([&](const Queue& queue) { return queue.friendly_name == name; });
  if (known != nullptr) return *known;
  Queue queue;
  queue.sid = core_.sids.next("QU");
  queue.friendly_name = name;
  queue.created_at = queue.updated_at = core_.now();
  return core_.account.queues.add(std::move(queue));
}

bool Queues::enter(const Leg& leg, Queue& queue) {
  if (queue.members.size() >= static_cast<std::size_t>(std::max(queue.max_size, 0))) {
    core_.note(What::queue, leg.sid(), queue.friendly_name + " is full",
               {{"queue", queue.friendly_name}, {"event", "full"}});
    return false;
  }
  queue.members.push_back(leg.sid());
  queue.enqueued_at[leg.sid()] = core_.now();
  core_.note(What::queue, leg.sid(), "waits in " + queue.friendly_name,
             {{"queue", queue.friendly_name}, {"event", "enter"}});
  const auto waiting = diallers_.find(queue.sid);
  if (waiting == diallers_.end() || waiting->second.empty()) return true;
  // Everybody: who is first to look takes the call, the others wait on.
  for (const auto& sid : waiting->second)
    if (auto* const dialler = core_.find_leg(sid)) dialler->put_other({}, {});
  return true;
}

void Queues::leave(const std::string& queue_sid, const std::string& call_sid, const std::string& why) {
  auto* const queue = core_.account.queues.find(queue_sid);
  if (queue == nullptr || std::erase(queue->members, call_sid) == 0) return;
  const auto entered = queue->enqueued_at.find(call_sid);
  if (entered != queue->enqueued_at.end()) {
    queue->waited_in_all += std::chrono::duration_cast<seconds>(core_.now() - entered->second);
    queue->enqueued_at.erase(entered);
  }
  ++queue->left;
  core_.note(What::queue, call_sid, "leaves " + queue->friendly_name + ": " + why,
             {{"queue", queue->friendly_name}, {"event", "leave"}, {"why", why}});
}

std::string Queues::take_front(const std::string& queue_sid, const std::string& by) {
  auto* const queue = core_.account.queues.find(queue_sid);
  if (queue == nullptr) return {};
  const auto& line = queue->members;
  // Whoever has just gone, and was not yet taken out, is no use to anybody.
  const auto first = std::find_if(line.begin(), line.end(), [&](const std::string& sid) {
    const auto* const leg = core_.find_leg(sid);
    return leg != nullptr && !leg->leaving() && sid != by;
  });
  if (first == line.end()) return {};
  auto taken = *first;
  leave(queue_sid, taken, "taken");
  return taken;
}

bool Queues::is_in(const std::string& queue_sid, const std::string& call_sid) const {
  const auto* const queue = core_.account.queues.find(queue_sid);
  return queue != nullptr &&
         std::find(queue->members.begin(), queue->members.end(), call_sid) != queue->members.end();
}

void Queues::await(const std::string& queue_sid, const std::string& dialler_sid) {
  diallers_[queue_sid].push_back(dialler_sid);
}

void Queues::stop_waiting(const std::string& queue_sid, const std::string& dialler_sid) {
  const auto at = diallers_.find(queue_sid);
  if (at == diallers_.end()) return;
  std::erase(at->second, dialler_sid);
  if (at->second.empty()) diallers_.erase(at);
}

Parameters Queues::parameters(const std::string& queue_sid, const std::string& call_sid) const {
  const auto* const queue = core_.account.queues.find(queue_sid);
  if (queue == nullptr) return {};
  const auto& line = queue->members;
  const auto place = std::find(line.begin(), line.end(), call_sid) - line.begin();
  const auto entered = queue->enqueued_at.find(call_sid);
  const auto waited = entered == queue->enqueued_at.end()
                          ? seconds(0)
                          : std::chrono::duration_cast<seconds>(core_.now() - entered->second);
  const auto average = queue->left == 0 ? 0 : queue->waited_in_all.count() / queue->left;
  return {{"QueueSid", queue_sid},
          {"QueueTime", std::to_string(waited.count())},
          {"QueuePosition", std::to_string(place + 1)},
          {"AvgQueueTime", std::to_string(average)},
          {"CurrentQueueSize", std::to_string(line.size())},
          {"MaxQueueSize", std::to_string(queue->max_size)}};
}

}  // namespace ringctl::sim
