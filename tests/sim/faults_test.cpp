#include "sim/faults.hpp"

#include <algorithm>
#include <filesystem>
#include <regex>
#include <set>

#include "base/file.hpp"
#include "support/catch.hpp"

using namespace ringctl;
using namespace ringctl::sim;
using namespace std::chrono_literals;

namespace {

struct Broken {
  VirtualClock clock{base::parse_utc("2026-03-09T15:00:00.000Z")};
  Agenda agenda{clock};
  Timeline timeline;
  Sids sids{7};
  Faults faults{agenda, timeline, sids};
};

}  // namespace

TEST_CASE("every kind of webhook that the network makes can be named", "[sim]") {
  const std::regex made(
      R"re(\b(?:request|page|whisper)\.kind = "([a-z-]+)"|core_?\.tell\("([a-z-]+)"|after\(scene_?, "([a-z-]+)")re");
  std::set<std::string> kinds;
  for (const auto& entry : std::filesystem::directory_iterator(RINGCTL_SOURCE_DIR "/lib/sim")) {
    const auto source = base::read_file(entry.path().string());
    for (std::sregex_iterator at(source.begin(), source.end(), made), end; at != end; ++at)
      for (std::size_t i = 1; i <= 3; ++i)
        if ((*at)[i].matched) kinds.insert((*at)[i]);
  }
  CHECK(kinds.size() >= 20);
  for (const auto& kind : kinds) {
    INFO(kind);
    CHECK(std::ranges::count(webhook_kinds(), kind) == 1);
  }
}

TEST_CASE("faults are made by their words", "[sim]") {
  CHECK(try_make_fault("status", "double")->what == Breaking::doubled);
  CHECK(try_make_fault("*", "answer_418")->status == 418);
  CHECK(try_make_fault("*", "answer_5xx")->status == 503);
  CHECK(try_make_fault("rest", "429")->status == 429);
  CHECK(try_make_fault("rest", "429")->what == Breaking::refused);
  CHECK(try_make_fault("rest", "garbage")->what == Breaking::garbage);
  CHECK(try_make_fault("rest", "slow")->time() == 2s);
  CHECK(try_make_fault("voice", "garbage")->what == Breaking::garbled);
  for (const auto* none : {"", "429", "hang", "answer_", "answer_99", "answer_1000", "answer_x", "Double"})
    CHECK_FALSE(try_make_fault("voice", none));
  for (const auto* none : {"", "double", "200", "answer_503", "42x"})
    CHECK_FALSE(try_make_fault("rest", none));
  for (const bool rest : {false, true})
    for (const auto& word : fault_words(rest)) CHECK(try_make_fault(rest ? "rest" : "*", word));
}

TEST_CASE("a fault strikes its own kind, so often as it may, and is counted", "[sim]") {
  Broken all;
  auto fault = try_make_fault("status", "double").value();
  fault.times = 2;
  all.faults.add(fault);
  CHECK(all.faults.strike(Stage::whole, "voice").empty());
  CHECK(all.faults.strike(Stage::whole, "rest").empty());
  CHECK(all.faults.strike(Stage::attempt, "status").empty());
  CHECK(all.faults.strike(Stage::whole, "status", "CA1").size() == 1);
  CHECK(all.faults.strike(Stage::whole, "status", "CA2").size() == 1);
  CHECK(all.faults.strike(Stage::whole, "status", "CA3").empty());
  CHECK(all.faults.counted().front().struck == 2);
  REQUIRE(all.timeline.entries().size() == 2);
  CHECK(all.timeline.entries().front().what == What::fault);
  CHECK(all.timeline.entries().front().call_sid == "CA1");
  CHECK(all.timeline.entries().front().fact("do") == "double");
}

TEST_CASE("a fault of every webhook leaves REST alone", "[sim]") {
  Broken all;
  all.faults.add(try_make_fault("*", "lose").value());
  all.faults.add(try_make_fault("rest", "503").value());
  CHECK(all.faults.strike(Stage::whole, "voice").size() == 1);
  CHECK(all.faults.strike(Stage::rest, "rest").size() == 1);
  CHECK(all.faults.strike(Stage::rest, "voice").empty());
}

TEST_CASE("a share of what it could strike is drawn from the seed, the same each time", "[sim]") {
  const auto pattern = [] {
    Broken all;
    auto fault = try_make_fault("*", "delay").value();
    fault.share = 0.3;
    all.faults.add(fault);
    std::string text;
    for (int i = 0; i < 1000; ++i) text += all.faults.strike(Stage::whole, "status").empty() ? '.' : 'x';
    return text;
  };
  const auto first = pattern();
  CHECK(first == pattern());
  const auto struck = std::count(first.begin(), first.end(), 'x');
  CHECK(struck > 220);
  CHECK(struck < 380);
}

TEST_CASE("of one sort the first strikes", "[sim]") {
  Broken all;
  auto first = try_make_fault("*", "delay").value(), second = first;
  first.by = 1s;
  second.by = 5s;
  all.faults.add(first);
  all.faults.add(second);
  const auto struck = all.faults.strike(Stage::whole, "voice");
  REQUIRE(struck.size() == 1);
  CHECK(struck.front().time() == 1s);
}
