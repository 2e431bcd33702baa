#include "routing/decide.hpp"

#include "routing/world.hpp"

using namespace ringctl;
using namespace ringctl::routing;
using test::World;

namespace {

World office() {
  World world;
  world.agent("ann");
  world.agent("bob");
  world.agent("cleo");
  return world;
}

}  // namespace

// --- R27 ---

TEST_CASE("a caller nobody knows rings all agents and admins", "[routing]") {
  auto world = office();
  world.agent("mia").in_everyone = false;  // a manager
  CHECK(world.text() == "everyone ring: ann bob cleo; last voicemail");
}

TEST_CASE("an assigned contact rings its agents alone, all at once, then everyone", "[routing]") {
  auto world = office();
  world.contact({"ann"});
  CHECK(world.text() == "assigned ring: ann; everyone ring: ann bob cleo; last voicemail");
  world.contact({"cleo", "bob"});
  CHECK(world.text() == "assigned ring: cleo bob; everyone ring: ann bob cleo; last voicemail");
  CHECK(world.plan().steps[0].timeout_s == 30);
  CHECK(world.plan().routed_by == Reason::assigned);
}

TEST_CASE("who is on a call does not ring, the free ones do", "[routing]") {
  auto world = office();
  world.presence({.on_call = {{world.id_of("bob")}}});
  const auto plan = world.plan();
  CHECK(world.text(plan) == "everyone ring: ann cleo; last voicemail");
  CHECK(world.skipped(plan) == "bob on_a_call");
  world.contact({"bob"});
  CHECK(world.text() == "everyone ring: ann cleo; last voicemail");
  world.snapshot.settings.ring_unavailable = true;
  CHECK(world.text() == "assigned ring: bob; everyone ring: ann bob cleo; last voicemail");
}

// --- who is skipped ---

TEST_CASE("offline, busy and deactivated agents are skipped, each with the reason", "[routing]") {
  World world;
  world.agent("ann").availability = Availability::offline;
  world.agent("bob").availability = Availability::busy;
  world.agent("cleo").is_active = false;
  world.agent("dan").ring_on = RingOn::phone;
  auto& eve = world.agent("eve");
  eve.ring_on = RingOn::phone;
  eve.phone = test::k_caller;
  world.rule(
      "all", "{}",
      R"([{"users":["ann@example.com","bob@example.com","cleo@example.com","dan@example.com","eve@example.com"]}])");
  const auto plan = world.plan();
  CHECK(world.text(plan) == "last voicemail");
  CHECK_THAT(
      world.skipped(plan),
      Catch::Matchers::StartsWith("ann offline, bob busy, cleo deactivated, dan no_phone, eve is_caller"));
  world.snapshot.settings.ring_unavailable = true;
  CHECK_THAT(world.text(), Catch::Matchers::StartsWith("rule ring: ann bob;"));
}

TEST_CASE("a user rings on client, phone or both, and never on a number of ours", "[routing]") {
  World world;
  for (const auto on : {RingOn::client, RingOn::phone, RingOn::both}) {
    auto& agent = world.agent(on == RingOn::client ? "ann" : on == RingOn::phone ? "bob" : "cleo");
    agent.ring_on = on;
    agent.phone = fmt::format("+1202555019{}", static_cast<int>(on));
  }
  CHECK(world.text() == "everyone ring: ann bob+ cleo cleo+; last voicemail");
  world.snapshot.agents[2].phone_is_ours = world.snapshot.agents[1].phone_is_ours = true;
  CHECK(world.text() == "everyone ring: ann cleo; last voicemail");
}

TEST_CASE("a number that is a user's own rings that user", "[routing]") {
  auto world = office();
  world.snapshot.agents[1].phone = test::k_called;
  world.snapshot.agents[1].phone_is_ours = true;
  CHECK(world.text() == "direct_line ring: bob; last voicemail");
  world.snapshot.agents[1].is_active = false;
  CHECK(world.text() == "everyone ring: ann cleo; last voicemail");
}

// --- owner, last step, numbers ---

TEST_CASE("the owner of the number has a step of their own, unless rung before or switched off",
          "[routing]") {
  auto world = office();
  world.facts.number->owner = world.id_of("cleo");
  CHECK(world.text() == "owner ring: cleo; everyone ring: ann bob cleo; last voicemail");
  world.contact({"cleo"});
  CHECK(world.text() == "assigned ring: cleo; everyone ring: ann bob cleo; last voicemail");
  world.facts.contact.reset();
  world.snapshot.settings.ring_owner = false;
  CHECK(world.text() == "everyone ring: ann bob cleo; last voicemail");
}

TEST_CASE("the last step is what the workspace says, and voicemail behind a support number", "[routing]") {
  World world;
  auto& settings = world.snapshot.settings;
  CHECK(world.text() == "last voicemail");
  settings.after_ring = "callback";
  CHECK(world.text() == "last callback");
  settings.after_ring = "message";
  CHECK(world.text() == "last message");
  settings.after_ring = "support";
  CHECK(world.text() == "last voicemail");
  settings.support_number = "+12025550199";
  CHECK(world.text() == "last support; last voicemail");
  settings.support_number = test::k_called;  // would come back
  CHECK(world.text() == "last voicemail");
}

TEST_CASE("a number that is unknown or not active says so and ends", "[routing]") {
  auto world = office();
  world.facts.number->active = false;
  CHECK(world.text() == "inactive_number message");
  world.facts.number.reset();
  CHECK(world.text() == "unknown_number message");
}

TEST_CASE("callers without a number are answered; phones see the number called", "[routing]") {
  auto world = office();
  for (const auto* from : {"anonymous", "sip:door@example.com", "client:kiosk", "", "266696687", "\xff"}) {
    world.facts.from = from;
    CHECK(world.text() == "everyone ring: ann bob cleo; last voicemail");
    CHECK(world.plan().caller_id == test::k_called);
  }
  world.facts.from = test::k_caller;
  CHECK(world.plan().caller_id == test::k_caller);
}

// --- rules ---

TEST_CASE("the first rule that holds is used; owner and everyone come behind it", "[routing]") {
  auto world = office();
  world.rule("no", R"({"caller":{"country":"FR"}})", R"([{"user":"ann@example.com"}])");
  world.rule("yes", R"({"caller":{"known":false}})", R"([{"user":"bob@example.com"}])", "ring_all", 20);
  world.rule("later", "{}", R"([{"user":"cleo@example.com"}])");
  world.facts.caller_country = "US";
  Trace trace;
  const auto plan = world.plan(&trace);
  CHECK(world.text(plan) == "rule ring: bob; everyone ring: ann bob cleo; last voicemail");
  CHECK(plan.rule == "yes");
  CHECK(plan.steps[0].timeout_s == 20);
  const auto refused =
      std::find_if(trace.begin(), trace.end(), [](const auto& line) { return line.subject == "no"; });
  REQUIRE(refused != trace.end());
  CHECK(refused->why == "caller/country");
}

TEST_CASE("a rule that ends the call is followed by nothing", "[routing]") {
  auto world = office();
  world.rule("night", "{}", R"([{"message":"We are closed."},{"voicemail":true}])");
  CHECK(world.text() == "rule message; rule voicemail");
  World other;
  other.rule("no", "{}", R"([{"reject":"busy"}])");
  CHECK(other.text() == "rule reject");
}

TEST_CASE("behind a message that is no list's end comes the last step, whoever could not be rung",
          "[routing]") {
  World world;
  world.agent("ann").availability = Availability::offline;
  world.rule("greeting", "{}", R"([{"message":"Welcome."},{"user":"ann@example.com"}])");
  const auto plan = world.plan();
  CHECK(world.text(plan) == "rule message; last voicemail");
  CHECK(world.skipped(plan) == "ann offline, ann offline");
}

TEST_CASE("whoever is rejected or hung up on is not to be called back, and the plan says so", "[routing]") {
  const auto says_so = [](const char* ring, bool menu = false) {
    World world;
    world.agent("ann");
    if (menu) world.extension("101", "ann");
    world.rule("r", "{}", ring);
    return to_json(world.plan()).find(R"("call_back":false)") != std::string::npos;
  };
  CHECK(says_so(R"([{"reject":true}])"));
  CHECK(says_so(R"([{"reject":true}])", true));
  CHECK(says_so(R"([{"hangup":true}])"));
  CHECK(says_so(R"([{"message":"We do not take such calls."},{"hangup":true}])"));
  CHECK(says_so(R"([{"message":"We do not take such calls."},{"hangup":true}])", true));
  CHECK_FALSE(says_so(R"([{"message":"We are closed."}])"));
  CHECK_FALSE(says_so(R"([{"message":"We are closed."},{"voicemail":true}])"));
  CHECK_FALSE(says_so(R"([{"user":"ann@example.com"},{"hangup":true}])"));
  CHECK_FALSE(says_so(R"([{"user":"ann@example.com"},{"message":"Later."},{"hangup":true}])"));
  World nowhere;
  nowhere.facts.number->active = false;
  CHECK(to_json(nowhere.plan()).find(R"("call_back":false)") != std::string::npos);
}

TEST_CASE("who meets a list that ends in a hangup while its agents are away is called back", "[routing]") {
  World world;
  world.agent("ann").availability = Availability::offline;
  world.rule("r", R"({"after_assigned":true})", R"([{"user":"ann@example.com"},{"hangup":true}])");
  const auto plan = world.plan();
  CHECK(world.text(plan) == "rule hangup");
  CHECK(world.skipped(plan) == "ann offline");
  CHECK_FALSE(reaches_nobody(plan));
  World rejected;
  rejected.agent("ann").availability = Availability::offline;
  rejected.contact({"ann"});
  rejected.rule("r", R"({"after_assigned":true})", R"([{"reject":true}])");
  CHECK(reaches_nobody(rejected.plan()));
}

TEST_CASE("a rule is asked about an assigned contact only if it says after_assigned", "[routing]") {
  auto world = office();
  world.contact({"ann"});
  world.rule("plain", "{}", R"([{"user":"bob@example.com"}])");
  CHECK(world.text() == "assigned ring: ann; everyone ring: ann bob cleo; last voicemail");
  world.rule("after", R"({"after_assigned":true})", R"([{"user":"cleo@example.com"},{"voicemail":true}])");
  CHECK(world.text() == "assigned ring: ann; rule ring: cleo; rule voicemail");
}

TEST_CASE("every condition of contact and caller is tested", "[routing]") {
  auto world = office();
  auto& contact = world.contact();
  contact.lead_status = "qualified", contact.product = "solar", contact.market = "residential",
  contact.state = "ca";
  contact.country = "US", contact.tags = {"web", "vip"};
  world.facts.caller_country = "US";
  const auto holds = [&](const std::string& when) {
    auto other = world;
    other.rule("r", when, R"([{"voicemail":true}])");
    return other.plan().rule == "r";
  };
  for (const auto* yes : {R"({"contact":{"lead_status":["new","Qualified"]}})",
                          R"({"contact":{"product":"SOLAR","market":"residential"}})",
                          R"({"contact":{"state":"CA","country":"US"}})",
                          R"({"contact":{"tags":["gold","VIP"]}})", R"({"contact":{"assigned":false}})",
                          R"({"caller":{"known":true,"country":["FR","US"],"prefix":["+1626"]}})",
                          R"({"called":["+12025550124","+12025550123"]})",
                          R"({"any":[{"called":"+12025550124"},{"caller":{"known":true}}]})",
                          R"({"not":{"caller":{"known":false}}})",
                          R"({"all":[{"caller":{"known":true}},{"contact":{"state":"CA"}}]})"}) {
    INFO(yes);
    CHECK(holds(yes));
  }
  for (const auto* no :
       {R"({"contact":{"lead_status":"new"}})", R"({"contact":{"product":"solar","market":"commercial"}})",
        R"({"contact":{"country":"CA"}})", R"({"contact":{"tags":["gold"]}})",
        R"({"contact":{"assigned":true}})", R"({"caller":{"country":"FR"}})",
        R"({"caller":{"prefix":"+1627"}})", R"({"called":"+12025550124"})",
        R"({"any":[{"called":"+12025550124"},{"caller":{"known":false}}]})",
        R"({"not":{"caller":{"known":true}}})",
        R"({"all":[{"caller":{"known":true}},{"contact":{"state":"TX"}}]})"}) {
    INFO(no);
    CHECK_FALSE(holds(no));
  }
}

TEST_CASE("targets are looked up: team, skill, extension, owner, outside numbers; what is gone is passed by",
          "[routing]") {
  auto world = office();
  world.snapshot.agents[0].team = "Sales";
  world.snapshot.agents[1].skills = {"german"};
  world.extension("7", "cleo");
  world.facts.number->owner = world.id_of("bob");
  world.facts.menu = MenuAnswer{};  // past the menu
  world.rule(
      "r", "{}",
      R"([{"team":"Sales"},{"skill":"German"},{"extension":"7"},{"owner":true},{"number":"+12025550177"},)"
      R"({"assistant":"sip:a@example.com"},{"team":"Gone"},{"voicemail":true}])");
  Trace trace;
  CHECK(world.text(world.plan(&trace)) ==
        "rule ring: ann bob cleo +12025550177 sip:a@example.com; rule voicemail");
  CHECK(std::any_of(trace.begin(), trace.end(),
                    [](const auto& line) { return line.why.starts_with("team \"Gone\" is gone"); }));
}

TEST_CASE("strategies ring one after the other, in their order", "[routing]") {
  auto world = office();
  const auto order = [&](const char* strategy) {
    auto other = world;
    other.rule("r", "{}",
               R"([{"users":["ann@example.com","bob@example.com","cleo@example.com"]},{"voicemail":true}])",
               strategy);
    const auto plan = other.plan();
    return other.rings(plan.steps.at(0));
  };
  const auto at = [](const char* text) { return base::parse_utc(text); };
  world.snapshot.agents[0].last_call_ended_at = at("2026-03-08T11:00:00.000Z");
  world.presence({.used = {{world.id_of("bob"), at("2026-03-08T10:00:00.000Z"), 5},
                           {world.id_of("cleo"), at("2026-03-08T11:30:00.000Z"), 1}}});
  CHECK(order("ring_all") == "ann bob cleo");
  CHECK(order("in_order") == "[ann] [bob] [cleo]");
  CHECK(order("longest_idle") == "[bob] [ann] [cleo]");
  CHECK(order("least_used") == "[ann] [cleo] [bob]");
  world.facts.turn = 4;
  CHECK(order("round_robin") == "[bob] [cleo] [ann]");
  const auto drawn = order("random");
  CHECK(order("random") == drawn);
  bool differs = false;
  for (world.facts.turn = 0; world.facts.turn < 20; ++world.facts.turn) differs |= order("random") != drawn;
  CHECK(differs);
}

// --- waves and queue ---

TEST_CASE("twenty-five agents ring in three waves, longest idle first, in sixty seconds", "[routing]") {
  World world;
  world.agents(25);
  for (std::size_t i = 0; i < 24; ++i)  // the last one never took a call
    world.snapshot.agents[i].last_call_ended_at = world.clock.now() - std::chrono::minutes(i);
  const auto step = world.plan().steps.at(0);
  CHECK(step.waves == std::vector<std::uint8_t>{10, 10, 5});
  CHECK(step.timeout_s == 15);
  CHECK_THAT(world.rings(step), Catch::Matchers::StartsWith("[agent024 agent023 agent022"));
}

TEST_CASE("forty-five agents share the sixty seconds; a person's devices ring together", "[routing]") {
  World world;
  world.agents(45);
  CHECK(world.plan().steps.at(0).timeout_s == 12);
  World both;
  both.agents(11);
  for (auto& agent : both.snapshot.agents) agent.ring_on = RingOn::both, agent.phone = "+12025550190";
  both.snapshot.settings.wave_size = 9;
  CHECK(both.plan().steps.at(0).waves == std::vector<std::uint8_t>{8, 8, 6});
}

TEST_CASE("more than fifty wait in a queue, and so does a target queue", "[routing]") {
  World world;
  world.agents(60);
  const auto step = world.plan().steps.at(0);
  CHECK(step.kind == StepKind::queue);
  CHECK(step.waves.size() == 6);
  CHECK(step.wait_s == 600);
  World few;
  few.agents(2);
  few.rule("q", "{}", R"([{"users":["agent000@example.com","agent001@example.com"]},{"queue":true}])");
  CHECK(few.text() == "rule queue: agent000 agent001; everyone ring: agent000 agent001; last voicemail");
}

TEST_CASE("a queue keeps who is on a call for later, behind those who are free", "[routing]") {
  auto world = office();
  world.snapshot.agents[2].availability = Availability::offline;
  world.snapshot.settings.wave_size = 1;
  world.presence({.on_call = {{world.id_of("ann")}}});
  const std::string all = R"([{"users":["ann@example.com","bob@example.com","cleo@example.com"]})";
  world.rule("q", "{}", all + R"(,{"queue":true},{"voicemail":true}])");
  Trace trace;
  const auto plan = world.plan(&trace);
  CHECK(world.text(plan) == "rule queue: [bob] [ann]; rule voicemail");
  CHECK(world.skipped(plan) == "cleo offline");
  CHECK(std::any_of(trace.begin(), trace.end(), [](const auto& line) {
    return line.subject == "ann@example.com" && line.verdict == "rings once free" && line.why == "on_a_call";
  }));
  world.presence({.on_call = {{world.id_of("ann")}, {world.id_of("bob")}}});
  CHECK(world.text() == "rule queue: [ann] [bob]; rule voicemail");
}

TEST_CASE("a rule's time is that of each wave, of a queue too, within that of all", "[routing]") {
  World world;
  world.agents(25);
  for (auto& agent : world.snapshot.agents) agent.team = "Sales";
  const auto timeout_s = [&](const char* ring, int timeout) {
    auto other = world;
    other.rule("r", "{}", ring, "ring_all", timeout);
    return other.plan().steps.at(0).timeout_s;
  };
  CHECK(timeout_s(R"([{"team":"Sales"}])", 0) == 15);
  CHECK(timeout_s(R"([{"team":"Sales"}])", 18) == 18);
  CHECK(timeout_s(R"([{"team":"Sales"}])", 40) == 20);
  CHECK(timeout_s(R"([{"team":"Sales"},{"queue":true}])", 0) == 15);
  CHECK(timeout_s(R"([{"team":"Sales"},{"queue":true}])", 40) == 40);
}

TEST_CASE("outside numbers that do not ring are in the trace with the reason", "[routing]") {
  World world;
  std::string ring = R"([{"number":")" + test::k_caller + R"("})";
  for (int i = 0; i < 11; ++i) ring += fmt::format(R"(,{{"number":"+120255501{:02}"}})", i + 60);
  world.rule("r", "{}", ring + "]", "in_order");
  Trace trace;
  world.plan(&trace);
  const auto why = [&](const std::string& subject) {
    for (const auto& line : trace)
      if (line.subject == subject && line.verdict == "skipped") return line.why;
    return std::string();
  };
  CHECK(why(test::k_caller) == "is_caller");
  CHECK(why("+12025550169").empty());
  CHECK(why("+12025550170") == "not_reached");
}

// --- menu ---

TEST_CASE("extensions are asked for first: found, wrong twice, and none", "[routing]") {
  auto world = office();
  world.snapshot.agents[1].phone = "+12025550190";
  world.extension("101", "ann");
  world.extension("102", "bob");
  const std::string main = "everyone ring: ann bob cleo; last voicemail";
  CHECK(world.text() == "menu menu; " + main);
  CHECK(world.plan().steps[0].digits == 3);
  world.facts.menu = MenuAnswer{"102", 0};
  CHECK(world.text() == "extension ring: bob bob+; last voicemail");
  world.facts.menu = MenuAnswer{"999", 0};
  CHECK(world.text() == "menu menu; " + main);
  CHECK(world.plan().steps[0].attempt == 1);
  world.facts.menu = MenuAnswer{"999", 1};
  CHECK(world.text() == main);
  world.facts.menu = MenuAnswer{"", 0};
  CHECK(world.text() == main);
  world.extension("5", "cleo");
  world.facts.menu.reset();
  CHECK(world.plan().steps[0].digits == 0);
}

TEST_CASE("extensions of another number, and of who is deactivated, are out of scope", "[routing]") {
  auto world = office();
  world.snapshot.agents[0].is_active = false;
  world.extension("101", "ann");
  CHECK(world.text() == "everyone ring: bob cleo; last voicemail");
  auto snapshot = world.built();
  snapshot.extensions.push_back({"102", 1, world.ids.next()});
  CHECK(world.text(decide(snapshot, world.facts)) == "everyone ring: bob cleo; last voicemail");
  snapshot.extensions.back().number = world.facts.number->id;
  CHECK(decide(snapshot, world.facts).steps[0].kind == StepKind::menu);
}

// --- recording ---

TEST_CASE("rule before number before workspace decides on recording", "[routing]") {
  auto world = office();
  CHECK_FALSE(world.plan().recorded);
  world.snapshot.settings.recording_policy = "outbound";
  CHECK_FALSE(world.plan().recorded);
  world.snapshot.settings.recording_policy = "inbound";
  CHECK(world.plan().recorded);
  world.facts.number->record_policy = "never";
  CHECK_FALSE(world.plan().recorded);
  world.rule("r", "{}", R"([{"user":"ann@example.com"},{"recording":"always"}])");
  CHECK(world.plan().recorded);
}

TEST_CASE("consent is announced once, where policy or country ask for it", "[routing]") {
  auto world = office();
  auto& settings = world.snapshot.settings;
  CHECK_FALSE(world.plan().announced);
  settings.recording_policy = "always";
  CHECK(world.plan().announced);
  settings.consent_policy = "countries";
  settings.consent_countries = {"DE"};
  CHECK(world.plan().announced);  // of no known country
  world.facts.caller_country = "US";
  CHECK_FALSE(world.plan().announced);
  world.facts.caller_country = "DE";
  CHECK(world.plan().announced);
  world.facts.menu = MenuAnswer{"", 0, true};
  CHECK_FALSE(world.plan().announced);  // it was, before the menu
  world.facts.menu.reset();
  settings.consent_policy = "never";
  CHECK_FALSE(world.plan().announced);
  settings.consent_policy = "always";
  settings.recording_policy = "never";
  CHECK(world.plan().announced);
}

TEST_CASE("what begins to be recorded behind the menu is announced there", "[routing]") {
  auto world = office();
  world.snapshot.settings.recording_policy = "always";
  world.extension("101", "ann");
  world.rule("private", "{}", R"([{"user":"bob@example.com"},{"recording":"never"}])");
  const auto first = world.plan();
  CHECK_FALSE(first.recorded);
  CHECK_FALSE(first.announced);
  world.facts.menu = MenuAnswer{"101", 0, first.announced};  // no rule is asked
  const auto second = world.plan();
  CHECK(second.recorded);
  CHECK(second.announced);
  CHECK_FALSE(second.told);
  world.facts.menu = MenuAnswer{"101", 1, second.announced};
  CHECK_FALSE(world.plan().announced);
  CHECK(world.plan().told);
}
