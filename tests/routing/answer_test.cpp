#include "routing/answer.hpp"

#include "directory/people.hpp"
#include "routing/world.hpp"
#include "twiml/limits.hpp"
#include "twiml/write.hpp"

using namespace ringctl;
using namespace ringctl::routing;
using test::World;

namespace {

const Links k_links{"/api/workspaces/w/voice", "w"};

template <class Verb>
const Verb& only(const twiml::Response& response) {
  REQUIRE(response.verbs.size() == 1);
  REQUIRE(std::holds_alternative<Verb>(response.verbs.front()));
  return std::get<Verb>(response.verbs.front());
}
template <class Verb>
const Verb& verb(const twiml::Response& response, std::size_t i) {
  REQUIRE(response.verbs.size() > i);
  REQUIRE(std::holds_alternative<Verb>(response.verbs[i]));
  return std::get<Verb>(response.verbs[i]);
}

/// The places a call goes through if nobody ever answers, "s0w0 s0w1 ..."; at most a thousand.
std::string way(const Plan& plan) {
  std::string out;
  std::optional<Place> place = Place{};
  for (int i = 0; place && i < 1000; ++i) {
    out += (out.empty() ? "" : " ") + to_text(*place);
    const auto response = answer(plan, *place, k_links);
    if (std::holds_alternative<twiml::Enqueue>(response.verbs.back()))
      place = after(plan, *place, {.queue_result = "leave", .queue_time_s = 10});
    else if (std::holds_alternative<twiml::Dial>(response.verbs.back()))
      place = after(plan, *place, {.dial_status = "no-answer"});
    else
      return out;
  }
  return out + " ...";
}

}  // namespace

TEST_CASE("places print and read back, and nothing else reads", "[routing]") {
  for (const auto& place : {Place{}, Place{2, 0, 0, false}, Place{2, 3, 140, false}, Place{2, 3, 140, true},
                            Place{0, 1, 0, true}})
    CHECK(try_parse_place(to_text(place)) == place);
  CHECK(to_text({2, 3, 140, true}) == "s2w3t140r");
  for (const auto* text : {"", "s", "s1", "w0", "s1w", "s-1w0", "s1w-1", "s1w0x", "s1w0t", "s1w0rt5",
                           "s1w0r ", "s99999999999w0", "s1w0t-5", "../s1w0", "S1W0"})
    CHECK_FALSE(try_parse_place(text));
}

TEST_CASE("a step is one Dial with the caller's number, its clients and their status callbacks",
          "[routing]") {
  World world;
  world.agents(2);
  const auto response = answer(world.plan(), {}, k_links);
  const auto& dial = only<twiml::Dial>(response);
  CHECK(dial.caller_id == test::k_caller);
  CHECK_FALSE(dial.answer_on_bridge);
  CHECK(dial.timeout == std::chrono::seconds(30));
  CHECK(dial.action == "/api/workspaces/w/voice/next/s0w0");
  CHECK(dial.record == twiml::RecordFrom::do_not_record);
  REQUIRE(dial.nouns.size() == 2);
  const auto& client = std::get<twiml::Client>(dial.nouns[0]);
  CHECK(client.identity == directory::identity_of(world.snapshot.agents[0].id));
  CHECK(client.status_callback == "/api/workspaces/w/voice/status/s0w0");
  CHECK(client.status_callback_event ==
        twiml::Set<twiml::CallEvent>{twiml::CallEvent::initiated, twiml::CallEvent::ringing,
                                     twiml::CallEvent::answered, twiml::CallEvent::completed});
}

TEST_CASE("an agent's phone asks for a key, an outside one does not, and may be told not to", "[routing]") {
  World world;
  auto& ann = world.agent("ann");
  ann.ring_on = RingOn::phone, ann.phone = "+12025550190";
  world.rule("r", "{}", R"([{"user":"ann@example.com"},{"number":"+12025550177"}])");
  const auto urls = [&] {
    const auto response = answer(world.plan(), {}, k_links);
    std::string all;
    for (const auto& noun : only<twiml::Dial>(response).nouns) all += "|" + std::get<twiml::Number>(noun).url;
    return all;
  };
  CHECK(urls() == "|/api/workspaces/w/voice/accept/s0w0|");
  world.snapshot.settings.accept_prompt = false;
  CHECK(urls() == "||");
  const auto prompt = accept_answer({}, k_links);
  CHECK(verb<twiml::Gather>(prompt, 0).action == "/api/workspaces/w/voice/accepted/s0w0");
  CHECK(verb<twiml::Gather>(prompt, 0).num_digits == 1);
  verb<twiml::Hangup>(prompt, 1);
  CHECK(accepted_answer("5").verbs.empty());
  only<twiml::Hangup>(accepted_answer(""));
}

TEST_CASE("the menu gathers as many digits as extensions have, and goes on to the main line", "[routing]") {
  World world;
  world.agent("ann");
  world.extension("101", "ann");
  auto response = answer(world.plan(), {}, k_links);
  const auto& gather = verb<twiml::Gather>(response, 0);
  CHECK(gather.action == "/api/workspaces/w/voice/menu/0");
  CHECK(gather.num_digits == 3);
  CHECK(gather.timeout == std::chrono::seconds(5));
  REQUIRE(gather.prompts.size() == 1);
  CHECK(std::get<twiml::Say>(gather.prompts[0]).text ==
        "Press the extension you wish to reach, or stay on the line for the main line.");
  CHECK(verb<twiml::Dial>(response, 1).action == "/api/workspaces/w/voice/next/s1w0");
  world.extension("5", "ann");
  response = answer(world.plan(), {}, k_links);
  CHECK_FALSE(verb<twiml::Gather>(response, 0).num_digits);
  CHECK(verb<twiml::Gather>(response, 0).finish_on_key == "#");
  world.facts.menu = MenuAnswer{"999", 0};
  CHECK(verb<twiml::Gather>(answer(world.plan(), {}, k_links), 0).action == "/api/workspaces/w/voice/menu/1");
}

TEST_CASE("a silent step leads to the next, an answered one to the end", "[routing]") {
  World world;
  world.agents(2);
  world.contact({"agent001"});
  const auto plan = world.plan();
  for (const auto* status : {"no-answer", "busy", "failed", "canceled", ""})
    CHECK(after(plan, {}, {.dial_status = status}) == Place{1});
  for (const auto* status : {"completed", "answered"}) {
    CHECK_FALSE(after(plan, {}, {.dial_status = status}));
    CHECK_FALSE(after(plan, {}, {.dial_status = status, .bridged = true}));
    CHECK(after(plan, {}, {.dial_status = status, .bridged = false}) == Place{1});
  }
  CHECK_FALSE(after(plan, {9}, {.dial_status = "no-answer"}));
  CHECK_FALSE(after(plan, {-1}, {.dial_status = "no-answer"}));
  only<twiml::Hangup>(answer(plan, {9}, k_links));
  only<twiml::Hangup>(answer(plan, {-1}, k_links));
}

TEST_CASE("a call that nobody answers goes through every wave and ends in the last step", "[routing]") {
  World world;
  world.agents(25);
  world.contact({"agent007"});
  CHECK(way(world.plan()) == "s0w0 s1w0 s1w1 s1w2 s2w0");
  world.facts.contact.reset();
  world.agents(35);
  const auto walked = way(world.plan());
  CHECK_THAT(walked, Catch::Matchers::StartsWith("s0w0 s0w0t10r s0w1t25 s0w1t35r s0w2t50 "));
  CHECK_THAT(walked, Catch::Matchers::EndsWith(" s1w0"));
}

TEST_CASE("a queue plays between its waves, rings each, and ends when the wait is over", "[routing]") {
  World world;
  world.agents(60);
  world.snapshot.settings.hold_music_url = "https://example.com/hold.mp3";
  const auto plan = world.plan();
  const auto first = answer(plan, {}, k_links);
  const auto& enqueue = only<twiml::Enqueue>(first);
  CHECK(enqueue.name == "w");
  CHECK(enqueue.action == "/api/workspaces/w/voice/next/s0w0");
  CHECK(enqueue.wait_url == "/api/workspaces/w/voice/wait/s0w0");
  verb<twiml::Say>(wait_answer(plan, {}), 0);
  verb<twiml::Leave>(wait_answer(plan, {}), 1);
  CHECK(verb<twiml::Play>(wait_answer(plan, {0, 1, 20}), 0).url == "https://example.com/hold.mp3");
  const auto ringing = after(plan, {}, {.queue_result = "leave", .queue_time_s = 4});
  REQUIRE(ringing == Place{0, 0, 4, true});
  CHECK(only<twiml::Dial>(answer(plan, *ringing, k_links)).nouns.size() == 10);
  CHECK(after(plan, *ringing, {.dial_status = "no-answer"}) == Place{0, 1, 19, false});
  CHECK(after(plan, {0, 30, 590, true}, {.dial_status = "busy"}) == Place{1});
  CHECK(after(plan, {0, 30, 590}, {.queue_result = "leave", .queue_time_s = 60}) == Place{1});
  CHECK(after(plan, {0, 3, 60}, {.queue_result = "queue-full"}) == Place{0, 3, 60, true});
  CHECK_FALSE(after(plan, {0, 3, 60}, {.queue_result = "hangup"}));
  CHECK_FALSE(after(plan, {0, 3, 60}, {.queue_result = "bridged"}));
}

TEST_CASE("a queue rings who is free by then, and plays on while nobody is", "[routing]") {
  World world;
  world.agents(4);
  world.snapshot.settings.wave_size = 2;
  std::vector<base::Uuid> all;
  Presence presence;
  std::string users;
  for (const auto& agent : world.snapshot.agents) {
    all.push_back(agent.id);
    presence.on_call.push_back({agent.id});
    users += fmt::format(R"({}"{}")", users.empty() ? "" : ",", agent.email);
  }
  world.rule("q", "{}", R"([{"users":[)" + users + R"(]},{"queue":true}])");
  world.presence(std::move(presence));
  const auto plan = world.plan();
  const auto at = [&](const Place& place, std::vector<base::Uuid> talking) {
    auto rings = plan;
    const auto to = pass_over(rings, place, talking);
    return to_text(to) + " " + world.rings(rings.steps.at(0));
  };
  CHECK(at({0, 0, 4, true}, {}) == "s0w0t4r [agent000 agent001] [agent002 agent003]");
  CHECK(at({0, 0, 4, true}, {all[0]}) == "s0w0t4r [agent001] [agent002 agent003]");
  CHECK(at({0, 0, 4, true}, {all[0], all[1], all[2]}) == "s0w1t4r [agent000 agent001] [agent003]");
  CHECK(at({0, 5, 4, true}, {all[2], all[3], all[1]}) == "s0w6t4r [agent000] [agent002 agent003]");
  CHECK(at({0, 5, 4, true}, all) == "s0w6t5 [agent000 agent001] [agent002 agent003]");
}

TEST_CASE("voicemail records, says what the workspace says, and hangs up", "[routing]") {
  World world;
  world.snapshot.settings.after_ring_message = "Leave a message.";
  const auto response = answer(world.plan(), {}, k_links);
  CHECK(verb<twiml::Say>(response, 0).text == "Leave a message.");
  const auto& record = verb<twiml::Record>(response, 1);
  CHECK(record.action == "/api/workspaces/w/voice/voicemail");
  CHECK(record.recording_status_callback == "/api/workspaces/w/voice/recording");
  verb<twiml::Hangup>(response, 2);
}

TEST_CASE("messages, rejections and unknown numbers end the call", "[routing]") {
  World world;
  world.agent("ann");
  world.rule("r", "{}", R"([{"reject":"busy"}])");
  CHECK(only<twiml::Reject>(answer(world.plan(), {}, k_links)).reason == twiml::RejectReason::busy);
  world.facts.number.reset();
  const auto response = answer(world.plan(), {}, k_links);
  CHECK(verb<twiml::Say>(response, 0).text == "The number you have called is not in service.");
  verb<twiml::Hangup>(response, 1);
  World other;
  other.agent("ann");
  other.extension("1", "ann");
  other.rule("r", "{}", R"([{"reject":true}])");
  verb<twiml::Hangup>(answer(other.plan(), {}, k_links), 1);  // the menu has answered the call
}

TEST_CASE("a recorded call says so before it rings, once", "[routing]") {
  World world;
  world.agents(12);
  world.snapshot.settings.recording_policy = "always";
  const auto plan = world.plan();
  const auto first = answer(plan, {}, k_links);
  CHECK(verb<twiml::Say>(first, 0).text == "This call may be recorded.");
  CHECK(verb<twiml::Dial>(first, 1).record == twiml::RecordFrom::answer_dual);
  CHECK(verb<twiml::Dial>(first, 1).recording_status_callback == "/api/workspaces/w/voice/recording");
  only<twiml::Dial>(answer(plan, {0, 1}, k_links));
}

TEST_CASE("a call that was answered by the menu is not rejected but hung up", "[routing]") {
  World world;
  world.agent("ann");
  world.extension("101", "ann");
  world.rule("spam", "{}", R"([{"reject":true}])");
  world.facts.menu = MenuAnswer{"999", 1};
  const auto plan = world.plan();
  only<twiml::Hangup>(answer(plan, {}, k_links));
  CHECK(try_parse_plan(to_json(plan)) == plan);
}

TEST_CASE("a caller is promised a callback where the next thing said is just that", "[routing]") {
  const auto ring = Step{.kind = StepKind::ring, .parties = {{.address = "+12025550177"}}, .waves = {1}};
  const Plan plan{
      .steps = {{.kind = StepKind::menu}, ring, {.kind = StepKind::message}, {.kind = StepKind::callback}}};
  CHECK_FALSE(promises_call_back(plan, {}));
  CHECK_FALSE(promises_call_back(plan, {.step = 1}));
  CHECK(promises_call_back(plan, {.step = 2}));
  CHECK(promises_call_back(plan, {.step = 3}));
  for (const int step : {-1, 4}) CHECK_FALSE(promises_call_back(plan, {.step = step}));
  CHECK(promises_call_back({.steps = {{.kind = StepKind::menu}, {.kind = StepKind::callback}}}, {}));
}

TEST_CASE("Dial speaks of ours only where nobody else rings", "[routing]") {
  World world;
  world.agents(1);
  world.snapshot.settings.after_ring = "support";
  world.snapshot.settings.support_number = "+12025550199";
  world.rule("r", "{}", R"([{"user":"agent000@example.com"},{"number":"+12025550177"}])", "in_order");
  const auto plan = world.plan();
  CHECK(world.text(plan) ==
        "rule ring: [agent000] [+12025550177]; everyone ring: agent000; last support; last voicemail");
  CHECK(rings_ours_alone(plan, {0, 0}));
  CHECK_FALSE(rings_ours_alone(plan, {0, 1}));
  CHECK(rings_ours_alone(plan, {1, 0}));
  CHECK_FALSE(rings_ours_alone(plan, {2, 0}));
  CHECK_FALSE(rings_ours_alone(plan, {9, 0}));
  auto together = plan;
  together.steps[0].waves = {2};
  CHECK_FALSE(rings_ours_alone(together, {0, 0}));
  CHECK(only_party(together, {0, 0}) == nullptr);
  CHECK(only_party(plan, {0, 0}) == &plan.steps[0].parties[0]);
  CHECK(only_party(plan, {0, 1}) == &plan.steps[0].parties[1]);
  for (const int step : {-1, 2, 9}) CHECK(only_party(plan, {.step = step}) == nullptr);
}
