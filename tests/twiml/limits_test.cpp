#include "twiml/limits.hpp"

#include "support/catch.hpp"

using namespace ringctl::twiml;

namespace {

/// "element: code" of the first problem, "" if there is none.
std::string problem_of(Verb verb) {
  const auto problem = find_problem({{std::move(verb)}});
  return problem ? problem->element + ": " + problem->code : "";
}

Dial dial(Noun noun) { return Dial{.nouns = {std::move(noun)}}; }

}  // namespace

TEST_CASE("ten numbers and clients ring at once, an eleventh is too many", "[twiml]") {
  Dial ten;
  for (int i = 0; i < 5; ++i) {
    ten.nouns.emplace_back(Client{.identity = "agent_1"});
    ten.nouns.emplace_back(Number{.number = "+12025550143"});
  }
  CHECK(problem_of(ten).empty());
  ten.nouns.emplace_back(Sip{.uri = "sip:a@example.com"});
  CHECK(problem_of(ten).empty());
  ten.nouns.emplace_back(Number{.number = "+12025550143"});
  CHECK(problem_of(ten) == "Dial: too_many_nouns");
}

TEST_CASE("numbers and durations outside Twilio's ranges are problems", "[twiml]") {
  CHECK(problem_of(Dial{.timeout = seconds(4)}) == "Dial: out_of_range");
  CHECK(problem_of(Dial{.timeout = seconds(5)}).empty());
  CHECK(problem_of(Dial{.timeout = seconds(600)}).empty());
  CHECK(problem_of(Dial{.timeout = seconds(601)}) == "Dial: out_of_range");
  CHECK(problem_of(Record{.max_length = seconds(1)}) == "Record: out_of_range");
  CHECK(problem_of(Record{.max_length = seconds(14401)}) == "Record: out_of_range");
  CHECK(problem_of(Gather{.num_digits = 0}) == "Gather: out_of_range");
  CHECK(problem_of(Pause{seconds(0)}) == "Pause: out_of_range");
  CHECK(problem_of(Say{.loop = 1001}) == "Say: out_of_range");
  CHECK(problem_of(Say{.loop = 0}).empty());
  CHECK(problem_of(dial(Conference{.max_participants = 251})) == "Dial/Conference: out_of_range");
  CHECK(problem_of(Gather{.prompts = {Play{.loop = -1}}}) == "Gather/Play: out_of_range");
}

TEST_CASE("lengths count characters, not bytes", "[twiml]") {
  std::string umlauts;
  for (int i = 0; i < 4096; ++i) umlauts += "ü";
  CHECK(problem_of(Say{.text = umlauts}).empty());
  CHECK(problem_of(Say{.text = umlauts + "u"}) == "Say: too_long");
  CHECK(problem_of(Enqueue{.name = std::string(64, 'q')}).empty());
  CHECK(problem_of(Enqueue{.name = std::string(65, 'q')}) == "Enqueue: too_long");
  CHECK(problem_of(Dial{.call_reason = std::string(51, 'r')}) == "Dial: too_long");
  CHECK(problem_of(dial(Conference{.participant_label = std::string(129, 'l')})) ==
        "Dial/Conference: too_long");
  CHECK(problem_of(dial(Sip{.uri = "sip:" + std::string(250, 'a') + "?x-a=1"})).empty());
  CHECK(problem_of(dial(Sip{.uri = "sip:" + std::string(251, 'a')})) == "Dial/Sip: too_long");
  CHECK(problem_of(dial(Sip{.uri = "sip:a@b?" + std::string(1024, 'h')})) == "Dial/Sip: too_long");
  CHECK(problem_of(
            dial(Client{.identity = "a", .parameters = {{std::string(250, 'n'), std::string(250, 'v')}}})) ==
        "Dial/Client/Parameter: too_long");
}

TEST_CASE("Reject comes first or the call is billed", "[twiml]") {
  CHECK_FALSE(find_problem({{Reject{}}}));
  const auto problem = find_problem({{Say{.text = "No"}, Reject{}}});
  REQUIRE(problem);
  CHECK(problem->code == "reject_not_first");
}

TEST_CASE("a stream's URL has no query", "[twiml]") {
  CHECK(problem_of(Connect{{.url = "wss://example.com/s"}}).empty());
  CHECK(problem_of(Connect{{.url = "wss://example.com/s?a=1"}}) == "Connect/Stream: query_in_stream");
  CHECK(problem_of(Start{Stream{.url = "wss://example.com/s?a=1"}}) == "Start/Stream: query_in_stream");
}
