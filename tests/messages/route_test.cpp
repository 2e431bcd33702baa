#include "messages/route.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <random>

#include "support/catch.hpp"
#include "support/fake_clock.hpp"

using namespace ringctl;
using messages::By;
using messages::Mode;
using messages::Reason;
using messages::Route;
using messages::RouteFacts;
using messages::Told;

namespace {

/// Users by number, whose ids are in that order.
struct People {
  People() {
    for (auto& id : ids) id = generator.next();
  }
  base::Uuid operator[](std::size_t n) const { return ids[n]; }
  std::vector<messages::Member> pool(std::initializer_list<std::size_t> members) const {
    std::vector<messages::Member> all;
    for (const auto n : members) all.push_back({.user = ids[n]});
    return all;
  }

  test::FakeClock clock;
  base::UuidGenerator generator{clock};
  std::array<base::Uuid, 16> ids;
};

std::vector<Told> all_for(Reason reason, std::initializer_list<base::Uuid> users) {
  std::vector<Told> told;
  for (const auto& user : users) told.push_back({user, reason});
  return told;
}

}  // namespace

TEST_CASE("words for modes, reasons and ways are those of the columns", "[messages]") {
  CHECK(messages::mode_from("claim") == Mode::claim);
  CHECK(messages::mode_from("round_robin") == Mode::round_robin);
  CHECK(messages::mode_from("notify_all") == Mode::notify_all);
  CHECK(messages::mode_from("?") == Mode::notify_all);
  CHECK(messages::by_name(By::round_robin) == "round_robin");
  CHECK(messages::reason_name(Reason::number_owner) == "number_owner");
}

TEST_CASE("notify_all tells the pool, and whoever has the conversation", "[messages]") {
  const People p;
  RouteFacts facts{.mode = Mode::notify_all, .pool = p.pool({0, 1, 2})};
  facts.pool[1].offline = true;
  CHECK(messages::route(facts).told == all_for(Reason::pool, {p[0], p[1], p[2]}));
  CHECK_FALSE(messages::route(facts).assign);
  facts.owner = p[1];
  CHECK(messages::route(facts).told ==
        std::vector<Told>{{p[1], Reason::owner}, {p[0], Reason::pool}, {p[2], Reason::pool}});
  facts.owner = p[5];  // no member
  CHECK(messages::route(facts).told.size() == 4);
}

TEST_CASE("claim tells the pool until somebody has the conversation", "[messages]") {
  const People p;
  RouteFacts facts{.mode = Mode::claim, .pool = p.pool({0, 1})};
  CHECK(messages::route(facts).told == all_for(Reason::pool, {p[0], p[1]}));
  CHECK_FALSE(messages::route(facts).assign);
  facts.owner = p[5];
  CHECK(messages::route(facts).told == all_for(Reason::owner, {p[5]}));
}

TEST_CASE("round_robin deals a free conversation to whoever follows the last turn", "[messages]") {
  const People p;
  RouteFacts facts{.mode = Mode::round_robin, .pool = p.pool({1, 3, 5})};
  const auto dealt = [&] {
    const auto route = messages::route(facts);
    REQUIRE(route.assign);
    CHECK(route.took_turn);
    CHECK(route.by == By::round_robin);
    CHECK(route.told == all_for(Reason::turn, {*route.assign}));
    return *route.assign;
  };
  CHECK(dealt() == p[1]);
  facts.last_turn = p[1];
  CHECK(dealt() == p[3]);
  facts.last_turn = p[5];
  CHECK(dealt() == p[1]);
  facts.last_turn = p[4];  // left the pool
  CHECK(dealt() == p[5]);
  facts.pool[2].offline = true;
  CHECK(dealt() == p[1]);
  facts.skip_offline = false;
  CHECK(dealt() == p[5]);
}

TEST_CASE("managers are told, and are dealt nothing", "[messages]") {
  const People p;
  RouteFacts facts{.mode = Mode::round_robin, .pool = p.pool({0, 1}), .last_turn = p[1]};
  facts.pool[0].may_answer = false;
  CHECK(messages::route(facts).assign == p[1]);
  facts.extension = p[0];
  CHECK(messages::route(facts).told == all_for(Reason::turn, {p[1]}));
  facts.mode = Mode::claim;
  CHECK(messages::route(facts).told == all_for(Reason::pool, {p[0], p[1]}));
  facts.mode = Mode::round_robin;
  facts.pool.pop_back();
  CHECK(messages::route(facts).told == all_for(Reason::pool, {p[0]}));
  CHECK_FALSE(messages::route(facts).assign);
}

TEST_CASE("round_robin leaves a conversation to whoever has it", "[messages]") {
  const People p;
  const auto route =
      messages::route({.mode = Mode::round_robin, .pool = p.pool({0, 1}), .last_turn = p[0], .owner = p[0]});
  CHECK(route.told == all_for(Reason::owner, {p[0]}));
  CHECK_FALSE(route.assign);
  CHECK_FALSE(route.took_turn);
}

TEST_CASE("where everybody is offline round_robin tells all, and nobody has it", "[messages]") {
  const People p;
  RouteFacts facts{.mode = Mode::round_robin, .pool = p.pool({0, 1}), .last_turn = p[0]};
  for (auto& member : facts.pool) member.offline = true;
  const auto route = messages::route(facts);
  CHECK(route.told == all_for(Reason::pool, {p[0], p[1]}));
  CHECK_FALSE(route.assign);
  CHECK_FALSE(route.took_turn);
}

TEST_CASE("a named extension of a member is told, and has a free conversation", "[messages]") {
  const People p;
  const auto mode = GENERATE(Mode::notify_all, Mode::claim, Mode::round_robin);
  RouteFacts facts{.mode = mode, .pool = p.pool({0, 1, 2}), .extension = p[2]};
  facts.pool[2].offline = true;
  auto route = messages::route(facts);
  CHECK(route.told == all_for(Reason::extension, {p[2]}));
  CHECK(route.assign == p[2]);
  CHECK(route.by == By::extension);
  CHECK_FALSE(route.took_turn);
  facts.owner = p[0];
  route = messages::route(facts);
  CHECK(route.told == std::vector<Told>{{p[2], Reason::extension}, {p[0], Reason::owner}});
  CHECK_FALSE(route.assign);
  facts.owner = p[2];
  CHECK(messages::route(facts).told == all_for(Reason::extension, {p[2]}));
}

TEST_CASE("an extension of somebody who is not of the pool is nothing", "[messages]") {
  const People p;
  const auto route = messages::route({.mode = Mode::claim, .pool = p.pool({0}), .extension = p[1]});
  CHECK(route.told == all_for(Reason::pool, {p[0]}));
  CHECK_FALSE(route.assign);
}

TEST_CASE("a word for the network is told to the owner alone, and takes no turn", "[messages]") {
  const People p;
  const auto word = GENERATE(messages::OptWord::stop, messages::OptWord::start, messages::OptWord::help);
  RouteFacts facts{.mode = Mode::round_robin, .pool = p.pool({0, 1}), .keyword = word, .admins = {p[9]}};
  CHECK(messages::route(facts).told.empty());
  CHECK_FALSE(messages::route(facts).took_turn);
  facts.owner = p[1];
  CHECK(messages::route(facts).told == all_for(Reason::owner, {p[1]}));
}

TEST_CASE("a pool with nobody in it falls back in the old order, whatever the mode", "[messages]") {
  const People p;
  const auto mode = GENERATE(Mode::notify_all, Mode::claim, Mode::round_robin);
  RouteFacts facts{.mode = mode,
                   .contact_agents = {p[1], p[2]},
                   .number_owner = p[3],
                   .default_user = p[4],
                   .admins = {p[5], p[6]}};
  const auto told = [&] {
    const auto route = messages::route(facts);
    CHECK_FALSE(route.assign);
    return route.told;
  };
  CHECK(told() == all_for(Reason::contact, {p[1], p[2]}));
  facts.contact_agents.clear();
  CHECK(told() == all_for(Reason::number_owner, {p[3]}));
  facts.number_owner.reset();
  CHECK(told() == all_for(Reason::default_user, {p[4]}));
  facts.default_user.reset();
  CHECK(told() == all_for(Reason::support, {p[5], p[6]}));
  facts.admins.clear();
  CHECK(told().empty());
  facts.owner = p[7];
  facts.admins = {p[5]};
  CHECK(told() == all_for(Reason::owner, {p[7]}));
}

TEST_CASE("over a million random pools everybody is told once, and a turn is dealt to who can take it",
          "[messages][slow]") {
  const People p;
  std::mt19937 random(7);
  const auto flip = [&] { return random() % 2 == 0; };
  const auto maybe = [&] { return flip() ? std::optional(p[random() % p.ids.size()]) : std::nullopt; };
  int broken = 0;
  for (int i = 0; i < 1000000; ++i) {
    RouteFacts facts{.mode = static_cast<Mode>(random() % 3)};
    for (const auto& id : p.ids)
      if (random() % 3 == 0) facts.pool.push_back({.user = id, .offline = flip(), .may_answer = flip()});
    facts.last_turn = maybe();
    facts.skip_offline = flip();
    facts.owner = maybe();
    facts.extension = maybe();
    facts.number_owner = maybe();
    facts.admins = {p[0], p[1]};
    const auto route = messages::route(facts);
    std::map<base::Uuid, int> times;
    for (const auto& one : route.told) ++times[one.user];
    const bool once = std::all_of(times.begin(), times.end(), [](const auto& t) { return t.second == 1; });
    const bool told = !route.told.empty() && (!route.assign || times.contains(*route.assign));
    const bool owner_told = !facts.owner || times.contains(*facts.owner);
    const auto member = std::find_if(facts.pool.begin(), facts.pool.end(), [&](const messages::Member& one) {
      return route.assign && one.user == *route.assign;
    });
    const bool can = !route.assign || (member != facts.pool.end() && member->may_answer && !facts.owner);
    const bool deals = !route.took_turn || (route.assign && facts.mode == Mode::round_robin &&
                                            !(member->offline && facts.skip_offline));
    if (!once || !told || !owner_told || !can || !deals) ++broken;
  }
  CHECK(broken == 0);
}

TEST_CASE("while the members stay the same no two of them differ by more than one turn", "[messages]") {
  const People p;
  std::mt19937 random(11);
  for (int period = 0; period < 500; ++period) {
    RouteFacts facts{.mode = Mode::round_robin};
    for (const auto& id : p.ids)
      if (random() % 2 == 0) facts.pool.push_back({.user = id, .offline = random() % 4 == 0});
    if (random() % 2 == 0) facts.last_turn = p[random() % p.ids.size()];
    std::map<base::Uuid, int> turns;
    for (const auto& member : facts.pool)
      if (!member.offline) turns[member.user] = 0;
    if (turns.empty()) continue;
    const auto texts = random() % 100;
    for (std::size_t i = 0; i < texts; ++i) {
      facts.last_turn = messages::route(facts).assign;
      REQUIRE(facts.last_turn);
      ++turns.at(*facts.last_turn);
    }
    const auto [least, most] = std::minmax_element(
        turns.begin(), turns.end(), [](const auto& a, const auto& b) { return a.second < b.second; });
    REQUIRE(most->second - least->second <= 1);
  }
}
