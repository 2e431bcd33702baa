// Thousands of random workspaces and calls: what holds for every plan.

#include <random>
#include <set>

#include "routing/world.hpp"
#include "twiml/limits.hpp"
#include "twiml/write.hpp"

using namespace ringctl;
using namespace ringctl::routing;
using test::World;

namespace {

class Random {
 public:
  explicit Random(unsigned seed) : engine_(seed) {}
  int upto(int most) { return std::uniform_int_distribution<int>(0, most)(engine_); }
  bool chance(int percent) { return upto(99) < percent; }
  template <class T>
  T one_of(std::initializer_list<T> all) {
    return all.begin()[static_cast<std::size_t>(upto(static_cast<int>(all.size()) - 1))];
  }

 private:
  std::mt19937 engine_;
};

/// How the name of a rule ends whose list ends the call.
constexpr const char* k_ends = " ends";

void add_rules(World& world, Random& random) {
  const auto user = [&] { return fmt::format("agent{:03}@example.com", random.upto(20)); };
  for (int i = random.upto(4); i > 0; --i) {
    auto ring = fmt::format(R"([{{"user":"{}"}},{{"team":"Sales"}})", user());
    if (random.chance(30)) ring += R"(,{"number":"+12025550177"},{"assistant":"sip:a@example.com"})";
    if (random.chance(20)) ring += R"(,{"owner":true})";
    if (random.chance(30)) ring += R"(,{"queue":true})";
    if (random.chance(30)) ring += R"(,{"message":"Hello <&> \"you\"."})";
    if (random.chance(40)) ring += R"(,{"voicemail":true})";
    if (random.chance(20)) ring.replace(0, 1, R"([{"message":"Welcome."},)");
    if (random.chance(20)) ring = R"([{"reject":true})";
    const bool ends = ring.ends_with(R"("voicemail":true})") || ring.ends_with(R"("reject":true})") ||
                      ring.ends_with(R"("you\"."})");
    world.rule(fmt::format("rule \"{}\" é{}", i, ends ? k_ends : ""),
               random.chance(50) ? R"({"after_assigned":true})" : "{}", ring + "]",
               random.one_of({"ring_all", "in_order", "round_robin", "longest_idle", "least_used", "random"}),
               random.chance(50) ? 0 : 20);
  }
}

World random_world(Random& random) {
  World world;
  world.agents(random.one_of({0, 1, 3, 12, 45, 70}));
  Presence presence;
  for (auto& agent : world.snapshot.agents) {
    agent.is_active = !random.chance(10);
    agent.in_everyone = !random.chance(10);
    agent.availability = random.one_of(
        {Availability::online, Availability::online, Availability::offline, Availability::busy});
    agent.ring_on = random.one_of({RingOn::client, RingOn::phone, RingOn::both});
    if (random.chance(70))
      agent.phone = random.one_of({"+12025550190", "+12025550191", test::k_caller.c_str()});
    agent.phone_is_ours = random.chance(10);
    if (random.chance(30)) agent.team = "Sales";
    if (random.chance(20)) presence.on_call.push_back({agent.id});
    if (random.chance(30)) presence.used.push_back({agent.id, world.clock.now(), random.upto(9)});
  }
  world.presence(std::move(presence));
  auto& settings = world.snapshot.settings;
  settings.wave_size = 1 + random.upto(9);
  settings.ring_unavailable = random.chance(20);
  settings.after_ring = random.one_of({"voicemail", "callback", "message", "support"});
  if (random.chance(50)) settings.support_number = "+12025550199";
  settings.recording_policy = random.one_of({"never", "always"});
  if (random.chance(30)) settings.after_ring_message = std::string(4000, '&');
  if (!world.snapshot.agents.empty() && random.chance(30)) world.extension("101", "agent000");
  if (!world.snapshot.agents.empty() && random.chance(50)) {
    world.contact({"agent000"});
    world.facts.number->owner = world.snapshot.agents.back().id;
  }
  if (random.chance(20)) world.facts.menu = MenuAnswer{random.one_of({"101", "9", ""}), random.upto(1)};
  if (random.chance(10))
    world.facts.from = random.one_of({"anonymous", "sip:x@example.com", "client:x", "\x01\xff"});
  if (random.chance(5)) world.facts.number->active = false;
  world.facts.turn = static_cast<std::uint64_t>(random.upto(1000));
  add_rules(world, random);
  return world;
}

}  // namespace

TEST_CASE("every plan ends, rings nobody it skipped, fits into Twilio's limits and reads back", "[routing]") {
  Random random(4);
  const Links links{"https://voice.example.com/api/workspaces/0190f5fe-7c00-7a00-8000-000000000001/voice",
                    "w"};
  for (int round = 0; round < 1500; ++round) {
    const auto world = random_world(random);
    const auto snapshot = world.built();
    const auto plan = decide(snapshot, world.facts);
    INFO(world.text(plan));
    REQUIRE_FALSE(plan.steps.empty());
    REQUIRE(ends_call(plan.steps.back().kind));
    REQUIRE(decide(snapshot, world.facts) == plan);
    const bool by_rule = plan.rule.ends_with(k_ends) || !world.facts.number->active;
    REQUIRE((plan.steps.back().reason == Reason::last) != by_rule);
    const auto json = to_json(plan);
    const auto back = try_parse_plan(json);
    REQUIRE(back);
    REQUIRE(*back == plan);
    REQUIRE(to_json(*back) == json);
    for (std::size_t i = 0; i < plan.steps.size(); ++i) {
      const auto& step = plan.steps[i];
      std::set<base::Uuid> skipped;
      for (const auto& skip : step.skipped) skipped.insert(skip.user);
      for (const auto& party : step.parties) {
        if (party.user) REQUIRE_FALSE(skipped.contains(*party.user));
        REQUIRE(party.address != world.facts.from);
      }
      for (std::size_t wave = 0; wave < std::max<std::size_t>(step.waves.size(), 1); ++wave)
        for (const bool ringing : {false, true}) {
          const Place place{static_cast<int>(i), static_cast<int>(wave), 0, ringing};
          const auto response = answer(plan, place, links);
          REQUIRE_FALSE(response.verbs.empty());
          const auto problem = twiml::find_problem(response);
          INFO((problem ? problem->message : std::string()));
          REQUIRE_FALSE(problem);
          REQUIRE(twiml::write(response).size() < twiml::k_max_document);
        }
    }
  }
}

TEST_CASE("what is no plan does not read as one", "[routing]") {
  World world;
  world.agents(2);
  // Nothing in it is what a key that is missing would mean.
  world.rule("r", "{}", R"([{"users":["agent000@example.com","agent001@example.com"]},{"voicemail":true}])",
             "in_order");
  const auto plan = world.plan();
  const auto json = to_json(plan);
  for (std::size_t i = 0; i < json.size(); ++i) {
    auto cut = json.substr(0, i);
    CHECK_FALSE(try_parse_plan(cut));
    auto other = json;
    other[i] = '?';
    if (const auto read = try_parse_plan(other)) CHECK(*read != plan);
  }
  for (const auto* text : {"", "null", "[]", "{}", R"({"v":1,"routed_by":"everyone","steps":[]})",
                           R"({"v":2,"routed_by":"last","steps":[{"kind":"voicemail","reason":"last"}]})",
                           R"({"v":1,"routed_by":"last","steps":[{"kind":"ring","reason":"last"}]})",
                           R"({"v":1,"routed_by":"last","steps":"voicemail"})"})
    CHECK_FALSE(try_parse_plan(text));
}
