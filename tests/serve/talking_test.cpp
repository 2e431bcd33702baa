#include "serve/talking.hpp"

#include <fmt/format.h>

#include "support/catch.hpp"

namespace ringctl::serve {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

const auto k_here = *base::Uuid::try_parse("0190f6d2-7b3c-7a10-8f00-1a2b3c4d5e6f");
const auto k_elsewhere = *base::Uuid::try_parse("0190f6d2-7b3c-7a10-8f00-1a2b3c4d5e70");
const auto k_ann = *base::Uuid::try_parse("0190f6d2-7b3c-7a10-8f00-000000000001");
const auto k_bob = *base::Uuid::try_parse("0190f6d2-7b3c-7a10-8f00-000000000002");
const base::Instant k_now = base::parse_utc("2026-03-08T12:00:00.000Z");

/// A workspace whose database says who is on a call, and knows what happened until half a minute ago.
struct Office {
  explicit Office(const base::Uuid& workspace = k_here)
      : snapshot(std::make_shared<const routing::Snapshot>(routing::Snapshot{.workspace = workspace})) {}

  /// The database is asked again now.
  void read(std::vector<calls::Busy> on_call) {
    presence = std::make_shared<const routing::Presence>(routing::Presence{.on_call = std::move(on_call)});
    heard_until = now - seconds(30);
  }
  Estate estate() const { return {.snapshot = snapshot, .presence = presence, .heard_until = heard_until}; }
  /// "CA1 CA2": the calls that somebody is on, Ann's first.
  std::string calls() {
    const auto corrected = talking.corrected(estate(), now);
    std::string all;
    for (const auto& user : {k_ann, k_bob})
      for (const auto& busy : corrected->on_call)
        if (busy.user == user) all += (all.empty() ? "" : " ") + busy.call_sid;
    return all;
  }
  /// Ann's leg of a call, or a call of hers, which has no leg.
  UserLeg ann(std::string_view call, std::string_view leg = {}) const {
    return {k_ann, leg.empty() ? call : leg, call};
  }
  void answered(const UserLeg& leg) { talking.answered(k_here, leg, now); }
  void ended(const UserLeg& leg, seconds after) { talking.ended(k_here, leg, now - after, now); }

  std::shared_ptr<const routing::Snapshot> snapshot;
  std::shared_ptr<const routing::Presence> presence = std::make_shared<const routing::Presence>();
  base::Instant now = k_now, heard_until = k_now - seconds(30);
  Talking talking;
};

TEST_CASE("who answered is talking before the database knows, and no longer when the call has ended",
          "[serve]") {
  Office office;
  office.read({{k_bob, "CA2", k_now - minutes(1)}});
  office.answered(office.ann("CA1", "CA11"));
  CHECK(office.calls() == "CA1 CA2");
  const auto others = Office(k_elsewhere).estate();
  CHECK(office.talking.corrected(others, k_now) == others.presence);
  office.now += seconds(5);
  office.read({{k_ann, "CA1", k_now}, {k_bob, "CA2", k_now - minutes(1)}});
  office.ended(office.ann("CA1", "CA11"), seconds(5));
  CHECK(office.calls() == "CA2");
}

TEST_CASE("where nothing is to be corrected the database's own word is handed on", "[serve]") {
  Office office;
  office.read({{k_ann, "CA1", k_now}});
  CHECK(office.talking.corrected(office.estate(), k_now) == office.presence);
  office.answered(office.ann("CA1", "CA11"));
  CHECK(office.talking.corrected(office.estate(), k_now) == office.presence);
  office.presence = nullptr;
  CHECK(office.talking.corrected(office.estate(), k_now)->on_call.size() == 1);
}

TEST_CASE("a leg that only rang ends nobody's call", "[serve]") {
  Office office;
  // Rung for one call, which Bob takes, Ann dials out.
  office.talking.ended(k_here, office.ann("CA1", "CA11"), std::nullopt, k_now);
  office.now += seconds(5);
  office.answered(office.ann("CA2"));
  CHECK(office.calls() == "CA2");
  office.now += seconds(5);
  office.read({{k_ann, "CA2", k_now + seconds(5)}});
  CHECK(office.calls() == "CA2");
}

TEST_CASE("a leg of the same call that only rang leaves the one that was answered", "[serve]") {
  Office office;
  office.read({{k_ann, "CA1", k_now}});  // in the browser; her phone rang too
  office.talking.ended(k_here, office.ann("CA1", "CA12"), std::nullopt, k_now + seconds(1));
  CHECK(office.calls() == "CA1");
}

TEST_CASE("who dials out right after a call is on that one, also when the database still has the first",
          "[serve]") {
  Office office;
  office.read({{k_ann, "CA1", k_now - minutes(2)}});
  office.ended(office.ann("CA1", "CA11"), minutes(2));
  CHECK(office.calls().empty());
  office.now += seconds(5);
  office.answered(office.ann("CA2"));
  CHECK(office.calls() == "CA2");
  office.read({{k_ann, "CA2", office.now}});
  CHECK(office.calls() == "CA2");
  office.now += seconds(5);
  office.talking.call_ended(k_here, "CA2", office.now);
  CHECK(office.calls().empty());
}

TEST_CASE("an end that comes before its answer stays an end", "[serve]") {
  Office office;
  SECTION("of the leg") { office.ended(office.ann("CA1", "CA11"), seconds(3)); }
  SECTION("of the call") { office.talking.call_ended(k_here, "CA1", k_now); }
  SECTION("of a later call") { office.ended(office.ann("CA2", "CA21"), seconds(-1)); }
  office.answered(office.ann("CA1", "CA11"));
  CHECK(office.calls().empty());
}

TEST_CASE("a report that is sent once more changes nobody", "[serve]") {
  Office office;
  office.answered(office.ann("CA1", "CA11"));
  office.now += minutes(1);
  office.ended(office.ann("CA1", "CA11"), minutes(1));
  office.now += hours(1);
  office.read({});
  SECTION("its end is remembered") { office.talking.answered(k_here, office.ann("CA1", "CA11"), office.now); }
  SECTION("it says when that was") { office.talking.answered(k_here, office.ann("CA1", "CA19"), k_now); }
  CHECK(office.calls().empty());
  // The same while she talks: an old answer, and an old end.
  office.answered(office.ann("CA2", "CA21"));
  office.talking.answered(k_here, office.ann("CA1", "CA11"), k_now);
  office.talking.ended(k_here, office.ann("CA1", "CA11"), k_now, k_now + minutes(1));
  CHECK(office.calls() == "CA2");
}

TEST_CASE("the last call of a user decides, where the end of another one was lost", "[serve]") {
  Office office;
  office.read({{k_ann, "CA1", k_now}});
  office.now += minutes(1);
  SECTION("heard of here") {
    office.answered(office.ann("CA2", "CA21"));
    office.now += minutes(1);
  }
  SECTION("of which only the end was heard here") {
    office.talking.answered(k_here, office.ann("CA1", "CA11"), k_now);
    office.now += minutes(1);
  }
  office.ended(office.ann("CA2", "CA21"), minutes(1));
  CHECK(office.calls().empty());
}

TEST_CASE("the end of a call ends no newer one, which may have been heard of elsewhere", "[serve]") {
  Office office;
  office.now += minutes(2);
  office.read({{k_ann, "CA2", k_now + minutes(1)}});
  office.ended(office.ann("CA1", "CA11"), minutes(2));
  CHECK(office.calls() == "CA2");
}

TEST_CASE("as soon as the database must know, it is believed", "[serve]") {
  Office office;
  office.answered(office.ann("CA1", "CA11"));
  office.now += seconds(29);
  office.read({});
  CHECK(office.calls() == "CA1");
  office.now += seconds(1);
  office.read({});
  CHECK(office.calls().empty());
  CHECK(office.talking.talking(k_here) == 0);
}

TEST_CASE("while the database is away what was heard holds, for as long as a call may last", "[serve]") {
  Office office;
  office.read({{k_bob, "CA9", k_now - minutes(1)}});
  office.now += seconds(1);
  office.answered(office.ann("CA1", "CA11"));
  office.now += hours(1);
  CHECK(office.calls() == "CA1 CA9");
  office.ended({k_bob, "CA91", "CA9"}, hours(1));
  CHECK(office.calls() == "CA1");
  office.now += hours(1);
  CHECK(office.calls() == "CA1");  // Bob's end is not forgotten
  office.answered({k_bob, "CA21", "CA2"});
  office.now += hours(2) + seconds(1);
  CHECK(office.calls() == "CA2");  // Ann's is taken to be lost
}

TEST_CASE("a call that the database names ends with on_call_hours also while that is away", "[serve]") {
  Office office;
  office.read({{k_ann, "CA1", k_now}});
  office.now += hours(4);
  CHECK(office.calls() == "CA1");
  office.now += seconds(1);
  CHECK(office.calls().empty());
}

TEST_CASE("who hung up is free also where only the call's own end was heard", "[serve]") {
  Office office;
  office.read({{k_bob, "CA2", k_now}});
  office.answered(office.ann("CA1", "CA11"));
  office.talking.call_ended(k_here, "CA1", k_now + seconds(9));
  office.talking.call_ended(k_here, "CA2", k_now + seconds(9));
  CHECK(office.calls().empty());
}

TEST_CASE("no more is remembered than one call of each user, and so many ends", "[serve]") {
  Talking talking(10);
  Office office;
  for (int i = 0; i < 1000; ++i) {
    const auto call = fmt::format("CA{}", i);
    const UserLeg leg{k_ann, call, call};
    talking.answered(k_here, leg, k_now + seconds(i));
    CHECK(talking.talking(k_here) == 1);
    if (i % 2 == 0) talking.call_ended(k_here, call, k_now + seconds(i));
  }
  CHECK(talking.corrected(office.estate(), k_now + seconds(1000))->on_call.size() == 1);
  // An end that was forgotten is news again, if it is about the time of the last ones.
  talking.answered(k_here, {k_bob, "CA0", "CA0"}, k_now + seconds(1000));
  talking.answered(k_here, {k_bob, "CA998", "CA998"}, k_now + seconds(1001));
  const auto corrected = talking.corrected(office.estate(), k_now + seconds(1002));
  REQUIRE(corrected->on_call.size() == 2);
  CHECK(corrected->on_call.back().call_sid == "CA0");
}

}  // namespace
}  // namespace ringctl::serve
