#include "sim/scenario.hpp"

#include <fmt/format.h>

#include "support/catch.hpp"
#include "support/errors.hpp"
#include "support/temp_dir.hpp"

using namespace ringctl;
using namespace ringctl::sim;
using namespace std::chrono_literals;

namespace {

Scenario read(const std::string& text) { return read_scenario("s.json", text, "."); }

/// A scenario with these members beside a name.
std::string with(const std::string& members) { return "{\"scenario\": \"s\",\n" + members + "}"; }

const std::string k_steps =
    "\"steps\": [{\"at\": \"0s\", \"call\": {\"name\": \"lin\", \"from\": \"+16265550101\", "
    "\"to\": \"+12025550100\"}}]";

std::string refusal(const std::string& text) {
  try {
    read(text);
  } catch (const Error& error) {
    CHECK(error.errc() == Errc::invalid);
    CHECK(error.slug() == "scenario.bad");
    return error.message();
  }
  return "it was taken";
}

}  // namespace

TEST_CASE("a scenario needs no more than a name and something to happen", "[sim]") {
  const auto scenario = read(with(k_steps));
  CHECK(scenario.name == "s");
  CHECK(scenario.at == default_beginning());
  REQUIRE(scenario.steps.size() == 1);
  const auto& call = std::get<CallStep>(scenario.steps.front().what);
  CHECK(call.name == "lin");
  CHECK(call.to == "+12025550100");
  CHECK(!scenario.expect.records);
  CHECK(scenario.expect.problems.empty());
}

TEST_CASE("what is wrong with a scenario is said with file, line and path", "[sim]") {
  CHECK(refusal("{\n \"scenario\": \"s\",\n \"stebs\": []\n}") ==
        "s.json:3: /stebs is not known; did you mean steps?");
  CHECK(refusal("{\"scenario\": \"s\"}") == "s.json:1: the file needs \"steps\"");
  CHECK(refusal("{\n\"scenario\": 7\n}") == "s.json:2: /scenario is 7, not a text");
  CHECK(refusal("{\"scenario\": \"s\",\n\n\"scenario\": \"t\"}") == "s.json:3: /scenario stands twice");
  CHECK(
      refusal(with("\"steps\": [\n{\"at\": \"soon\", \"hang_up\": {\"call\": \"x\"}}]")).find("s.json:3: ") ==
      0);
  CHECK(refusal(with("\"steps\": []")) == "s.json:2: /steps is empty: nothing would happen");
}

TEST_CASE("a number at the end of a line counts for that line", "[sim]") {
  CHECK(refusal("{\n\"seed\": -1\n,\"scenario\": \"s\", \"steps\": []}").find("s.json:2: /seed is -1") == 0);
}

TEST_CASE("text that is no JSON is refused where it stops being so", "[sim]") {
  CHECK(refusal("{\n\"scenario\": \"s\",\n}").find("s.json:3: the file is no JSON") == 0);
  CHECK(refusal("").find("s.json:1: the file is no JSON") == 0);
  CHECK(refusal("{\"scenario\": \"\xff\"}").find("is not UTF-8") != std::string::npos);
  CHECK(refusal(std::string(1000, '[')).find("nested deeper") != std::string::npos);
}

TEST_CASE("steps do not go back in time, and name calls that were made", "[sim]") {
  CHECK(
      refusal(with(
          "\"steps\": [{\"at\": \"5s\", \"restart_serve\": true},\n{\"at\": \"4s\", \"stop_serve\": true}]")) ==
      "s.json:3: /steps/1/at lies before the step above it (5s)");
  CHECK(refusal(with("\"steps\": [{\"at\": \"5s\", \"hang_up\": {\"call\": \"lin\"}}]"))
            .find("names a call that no step makes") != std::string::npos);
  CHECK(refusal(with(k_steps + ", \"expect\": {\"calls\": {\"lim\": {}}}")).find("did you mean lin?") !=
        std::string::npos);
}

TEST_CASE("people do one thing at a time", "[sim]") {
  const auto scenario = read(with(
      "\"people\": {\"client:ann@example.com\": {\"answers_after\": \"4s\", \"then\": [{\"hear\": \"press\"}, "
      "{\"press\": \"1w2\"}, {\"speak\": \"hello\", \"takes\": \"1s\"}, {\"hang_up\": true}]}}, " +
      k_steps));
  const auto& ann = scenario.people.at("client:ann@example.com");
  CHECK(ann.pickup == Pickup::answer);
  CHECK(ann.after == 4s);
  REQUIRE(ann.then.size() == 4);
  CHECK(std::get<Speak>(ann.then[2]).takes == 1s);
  const auto person = [](const std::string& what) {
    return refusal(with("\"people\": {\"+12025550191\": " + what + "}, " + k_steps));
  };
  CHECK(person("{\"busy\": true, \"rings_out\": true}").find("contradicts") != std::string::npos);
  CHECK(person("{\"then\": [{\"wait\": \"1s\", \"press\": \"1\"}]}").find("more or less than one") !=
        std::string::npos);
  CHECK(person("{\"then\": [{\"press\": \"hello\"}]}").find("keys are") != std::string::npos);
  CHECK(person("{\"then\": [{\"hang_up\": true}, {\"wait\": \"1s\"}]}").find("comes after hanging up") !=
        std::string::npos);
}

TEST_CASE("expected rows have known columns, and all of them name a call or none does", "[sim]") {
  const auto expect = [](const std::string& what) {
    return refusal(with(k_steps + ", \"expect\": " + what));
  };
  CHECK(expect("{\"records\": [{\"statos\": \"completed\"}]}").find("did you mean status?") !=
        std::string::npos);
  CHECK(expect("{\"records\": [{\"call\": \"lin\"}, {\"status\": \"completed\"}]}").find("another kind") !=
        std::string::npos);
  CHECK(expect("{\"takes\": \"about a minute\"}").find("not a time") != std::string::npos);
  CHECK(expect("{\"twiml\": [{\"of\": \"lin\"}]}").find("expects nothing") != std::string::npos);
}

TEST_CASE("faults are known ones", "[sim]") {
  const auto scenario =
      read(with(k_steps + ", \"faults\": [{\"of\": \"status\", \"do\": \"double\", \"times\": 2}]"));
  REQUIRE(scenario.faults.size() == 1);
  CHECK(scenario.faults.front().fault.what == Breaking::doubled);
  CHECK(scenario.faults.front().fault.times == 2);
  CHECK(refusal(with(k_steps + ", \"faults\": [{\"of\": \"status\", \"do\": \"dubble\"}]"))
            .find("did you mean double?") != std::string::npos);
}

TEST_CASE("lengths of time read back as they are written", "[sim]") {
  for (const auto* text : {"0s", "250ms", "4s", "1m30s", "2h", "1d1h1m1s1ms"}) {
    const auto span = try_parse_span(text);
    REQUIRE(span);
    CHECK(span_text(*span) == text);
  }
  CHECK(try_parse_span("90s") == milliseconds(90s));
  for (const auto* text : {"", "5", "s", "1s1m", "1s1s", "-1s", "1.5s", "9999999999h", "1 s"})
    CHECK(!try_parse_span(text));
}

TEST_CASE("bounds hold at their edges", "[sim]") {
  CHECK(try_parse_bound("20s")->holds(20s));
  CHECK(!try_parse_bound("20s")->holds(21s));
  CHECK(try_parse_bound("at least 20s")->holds(20s));
  CHECK(!try_parse_bound("at least 20s")->holds(19s));
  CHECK(try_parse_bound("at most 1m")->holds(60s));
  CHECK(!try_parse_bound("at most"));
}

TEST_CASE("a scenario that is not there, or is a folder, is a mistake in the command", "[sim]") {
  const test::TempDir folder;
  for (const auto& path : {folder / "none.json", folder.path()}) {
    try {
      load_scenario(path);
      FAIL("it was read");
    } catch (const Error& error) {
      CHECK(error.slug() == "scenario.no_file");
      CHECK(error.errc() == Errc::usage);
    }
  }
}
