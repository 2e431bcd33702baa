// Queues and those who wait in them.

#include <fmt/format.h>

#include <algorithm>

#include "sim/rest_page.hpp"
#include "sim/rest_show.hpp"

namespace ringctl::sim {
namespace {

constexpr std::array k_create = {keys::needed(keys::text("FriendlyName", 64)),
                                 keys::whole("MaxSize", 1, 5000)};
constexpr std::array k_update = {keys::text("FriendlyName", 64), keys::whole("MaxSize", 1, 5000)};
constexpr std::array k_dequeue = {keys::needed(keys::url("Url"), 21205), keys::method("Method")};

void write(const Desk& desk, JsonText& json, const Queue& queue) {
  json.text("sid", queue.sid);
  json.text("account_sid", desk.account.sid);
  json.text("friendly_name", queue.friendly_name);
  json.number("current_size", static_cast<std::int64_t>(queue.members.size()));
  json.number("max_size", queue.max_size);
  json.number("average_wait_time", queue.left == 0 ? 0 : queue.waited_in_all.count() / queue.left);
  write_dates(json, queue.created_at, queue.updated_at);
  json.text("uri", uri_of(desk, fmt::format("/Queues/{}.json", queue.sid)));
}

struct Member {
  const Queue& queue;
  std::size_t place = 0;
};

void write_member(const Desk& desk, JsonText& json, const Member& member) {
  const auto& call_sid = member.queue.members[member.place];
  const auto entered = member.queue.enqueued_at.find(call_sid);
  const auto since = entered == member.queue.enqueued_at.end() ? desk.now() : entered->second;
  json.text("call_sid", call_sid);
  json.text("queue_sid", member.queue.sid);
  json.text("date_enqueued", rfc2822(since));
  json.number("position", static_cast<std::int64_t>(member.place) + 1);
  json.number("wait_time", std::chrono::floor<seconds>(desk.now() - since).count());
  json.text("uri", uri_of(desk, fmt::format("/Queues/{}/Members/{}.json", member.queue.sid, call_sid)));
}

std::optional<Member> find_member(Desk& desk, const Ask& ask) {
  const auto* const queue = desk.account.queues.find(ask.ids[0]);
  if (queue == nullptr) return std::nullopt;
  const auto& members = queue->members;
  const auto found =
      ask.ids[1] == "Front" ? members.begin() : std::find(members.begin(), members.end(), ask.ids[1]);
  if (found == members.end()) return std::nullopt;
  return Member{*queue, static_cast<std::size_t>(found - members.begin())};
}

// --- operations ---

RestAnswer list(Desk& desk, const Ask& ask) {
  return page_of(ask, "queues", desk.account.queues, k_everything,
                 [&](JsonText& json, const Queue& queue) { write(desk, json, queue); });
}

RestAnswer create(Desk& desk, const Ask& ask) {
  Queue queue;
  queue.friendly_name = ask.fields.text("FriendlyName");
  queue.max_size = static_cast<int>(ask.fields.whole("MaxSize", queue.max_size));
  queue.sid = desk.sids.next("QU");
  queue.created_at = queue.updated_at = desk.now();
  return answer_created(shown(desk, &write, desk.account.queues.add(std::move(queue))));
}

RestAnswer fetch(Desk& desk, const Ask& ask) {
  const auto* const queue = desk.account.queues.find(ask.id());
  return queue == nullptr ? not_found(ask.path) : answer_ok(shown(desk, &write, *queue));
}

RestAnswer update(Desk& desk, const Ask& ask) {
  auto* const queue = desk.account.queues.find(ask.id());
  if (queue == nullptr) return not_found(ask.path);
  ask.fields.set("FriendlyName", queue->friendly_name);
  ask.fields.set("MaxSize", queue->max_size);
  queue->updated_at = desk.now();
  return answer_ok(shown(desk, &write, *queue));
}

RestAnswer remove(Desk& desk, const Ask& ask) {
  const auto* const queue = desk.account.queues.find(ask.id());
  if (queue == nullptr) return not_found(ask.path);
  if (!queue->members.empty()) return refuse(400, 22002, "Queue is not empty and cannot be deleted");
  desk.account.queues.remove(ask.id());
  return answer_gone();
}

RestAnswer list_members(Desk& desk, const Ask& ask) {
  const auto* const queue = desk.account.queues.find(ask.id());
  if (queue == nullptr) return not_found(ask.path);
  std::vector<std::size_t> places(queue->members.size());
  for (std::size_t i = 0; i < places.size(); ++i) places[i] = i;
  return page_of_list(ask, "queue_members", places, [&](JsonText& json, std::size_t place) {
    write_member(desk, json, Member{*queue, place});
  });
}

RestAnswer fetch_member(Desk& desk, const Ask& ask) {
  const auto member = find_member(desk, ask);
  return member ? answer_ok(shown(desk, &write_member, *member)) : not_found(ask.path);
}

/// The answer shows the member as it stood in the queue: it is gone from there then.
RestAnswer dequeue(Desk& desk, const Ask& ask) {
  const auto member = find_member(desk, ask);
  if (!member) return not_found(ask.path);
  auto before = shown(desk, &write_member, *member);
  std::optional<Refusal> refusal;
  desk.network.dequeue(ask.ids[0], ask.ids[1], ask.fields.hook("Url", "Method"), refusal);
  return refusal ? refuse(*refusal) : answer_ok(std::move(before));
}

}  // namespace

std::span<const Route> queue_routes() {
  static constexpr Route k_routes[] = {{"Queues", {list, keys::k_page}, {create, k_create}},
                                       {"Queues/{QU}", {fetch}, {update, k_update}, {remove}},
                                       {"Queues/{QU}/Members", {list_members, keys::k_page}},
                                       {"Queues/{QU}/Members/{*}", {fetch_member}, {dequeue, k_dequeue}}};
  return k_routes;
}

}  // namespace ringctl::sim
