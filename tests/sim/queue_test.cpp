#include "network_world.hpp"

namespace ringctl::sim {
namespace {

const std::string k_agents = "+12025550101";

/// Callers of our number wait in line; callers of the agents' number take them out of it.
struct Line : World {
  Line() {
    Number number;
    number.sid = "PN00000000000000000000000000000002";
    number.phone_number = k_agents;
    number.voice_hook.url = k_base + "/agent";
    account.numbers.add(number);
    web.answer("/voice", {"<Enqueue waitUrl=\"/wait\" action=\"/queued\">line</Enqueue>"});
    web.answer("/wait", {"<Play>https://x.example/music.mp3</Play>"});
    web.answer("/queued", {"<Hangup/>"});
    web.answer("/agent", {"<Dial action=\"/after\"><Queue>line</Queue></Dial>"});
    web.answer("/after", {"<Hangup/>"});
  }
  std::string agent(std::vector<Doing> then = {}) {
    return network.call_in("+16265550109", k_agents, std::move(then));
  }
  std::string result(std::size_t which = 0) const {
    const auto asked = web.of("enqueue");
    return which < asked.size() ? asked[which].get("QueueResult") : "(not asked)";
  }
};

TEST_CASE("a caller waits with music until an agent takes the call", "[sim]") {
  Line world;
  const auto caller = world.call();
  world.run_for(12s);
  CHECK(world.web.of("queue-wait").size() == 3);
  CHECK(world.web.of("queue-wait")[2].get("QueueTime") == "10");
  CHECK(world.web.of("queue-wait")[2].get("QueuePosition") == "1");
  const auto agent = world.agent({WaitForSomebody{}, Speak{"hello", 1s}, WaitFor{9s}, HangUp{}});
  world.finish();
  CHECK(world.heard(caller, "hello"));
  CHECK(world.result() == "bridged");
  CHECK(world.web.of("enqueue")[0].get("QueueTime") == "12");
  REQUIRE(world.web.of("dial").size() == 1);
  CHECK(world.web.of("dial")[0].get("DialCallSid") == caller);
  CHECK(world.lasted(agent) == 10s);
  CHECK(world.lasted(caller) == 22s);
}

TEST_CASE("two agents and one caller: one of them has the call, the other waits on", "[sim]") {
  Line world;
  const auto one = world.agent();
  const auto two = world.network.call_in("+16265550108", k_agents, {});
  world.run_for(5s);
  const auto caller = world.call({WaitForSomebody{}, WaitFor{10s}, HangUp{}});
  world.finish();
  const auto asked = world.web.of("dial");
  REQUIRE(asked.size() == 2);
  int bridged = 0;
  for (const auto& dial : asked) bridged += dial.get("DialBridged") == "true" ? 1 : 0;
  CHECK(bridged == 1);
  CHECK(world.lasted(caller) == 10s);
  CHECK(world.lasted(one) + world.lasted(two) == 45s);  // 15 with the caller, 30 in vain
}

TEST_CASE("a caller who hangs up in the queue is told of, and gone", "[sim]") {
  Line world;
  const auto caller = world.call({WaitFor{7s}, HangUp{}});
  world.finish();
  CHECK(world.result() == "hangup");
  CHECK(world.web.of("enqueue")[0].get("CallStatus") == "completed");
  CHECK(world.lasted(caller) == 7s);
  world.account.queues.each([](const Queue& queue) { CHECK(queue.members.empty()); });
}

TEST_CASE("the music may end the wait", "[sim]") {
  Line world;
  world.web.answer("/wait", {"<Say>Please hold</Say><Leave/>"});
  world.call();
  world.finish();
  CHECK(world.result() == "leave");
}

TEST_CASE("an empty document of music does not spin", "[sim]") {
  Line world;
  world.web.answer("/wait", {""});
  world.call({WaitFor{30s}, HangUp{}});
  world.finish();
  CHECK(world.web.of("queue-wait").size() <= 31);
}

TEST_CASE("a queue that is full takes nobody", "[sim]") {
  Line world;
  Queue queue;
  queue.sid = "QU00000000000000000000000000000001";
  queue.friendly_name = "line";
  queue.max_size = 0;
  world.account.queues.add(queue);
  world.call();
  world.finish();
  CHECK(world.result() == "queue-full");
}

TEST_CASE("REST takes a call out of the queue to a URL of its own", "[sim]") {
  Line world;
  world.web.answer("/taken", {"<Say>Come with me</Say>"});
  const auto caller = world.call();
  world.run_for(3s);
  auto* const queue = world.account.queues.first([](const Queue&) { return true; });
  REQUIRE(queue != nullptr);
  std::optional<Refusal> refusal;
  CHECK(world.network.dequeue(queue->sid, "Front", Hook{k_base + "/taken", "POST"}, refusal) == caller);
  CHECK_FALSE(refusal);
  world.network.dequeue(queue->sid, caller, Hook{k_base + "/taken", "POST"}, refusal);
  REQUIRE(refusal);
  CHECK(refusal->code == 20404);
  world.finish();
  CHECK(world.heard(caller, "Come with me"));
  CHECK(world.result() == "redirected");
}

TEST_CASE("an agent who finds nobody gives up after the timeout", "[sim]") {
  Line world;
  const auto agent = world.agent();
  world.finish();
  CHECK(world.lasted(agent) == 30s);
  CHECK(world.web.of("dial")[0].get("DialBridged") == "false");
}

TEST_CASE("a waiting caller hears a document before being connected", "[sim]") {
  Line world;
  world.web.answer("/agent", {"<Dial><Queue url=\"/hear\">line</Queue></Dial>"});
  world.web.answer("/hear", {"<Say>You are next</Say>"});
  const auto caller = world.call();
  world.run_for(2s);
  SECTION("and then is") {
    const auto agent = world.agent({WaitForSomebody{}, WaitFor{2s}, HangUp{}});
    world.finish();
    CHECK(world.heard(caller, "You are next"));
    CHECK(world.web.of("whisper")[0].get("DequeingCallSid") == agent);
    CHECK(world.result() == "bridged");
  }
  SECTION("unless they hang up then") {
    const auto agent = world.agent();
    world.run_for(500ms);
    world.network.do_now(caller, HangUp{});
    world.finish();
    CHECK(world.result() == "hangup");
    CHECK(world.status(agent) == "completed");
  }
}

}  // namespace
}  // namespace ringctl::sim
