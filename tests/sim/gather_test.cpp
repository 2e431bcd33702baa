#include "network_world.hpp"

namespace ringctl::sim {
namespace {

const std::string k_menu =
    "<Gather action=\"/menu\" numDigits=\"3\"><Say>Press the extension you wish to reach</Say></Gather>"
    "<Say>Nobody pressed anything</Say>";

TEST_CASE("keys cut the prompt short and go to the action", "[sim]") {
  World world;
  world.web.answer("/voice", {k_menu});
  world.web.answer("/menu", {"<Say>Thank you</Say>"});
  const auto sid = world.call({WaitFor{500ms}, Press{"101"}});
  world.finish();
  const auto asked = world.web.of("gather");
  REQUIRE(asked.size() == 1);
  CHECK(asked[0].get("Digits") == "101");
  CHECK(asked[0].get("CallStatus") == "in-progress");
  CHECK(asked[0].at < world.record(sid).created_at + 1s);
  CHECK(world.heard(sid, "Thank you"));
  CHECK_FALSE(world.heard(sid, "Nobody"));
}

TEST_CASE("whoever waits to hear something presses once it was said", "[sim]") {
  World world;
  world.web.answer("/voice", {"<Say>This call may be recorded</Say>" + k_menu});
  world.web.answer("/menu", {"<Hangup/>"});
  world.call({WaitToHear{"extension"}, Press{"102"}});
  world.finish();
  REQUIRE(world.web.of("gather").size() == 1);
  CHECK(world.web.of("gather")[0].get("Digits") == "102");
}

TEST_CASE("without a key the next verb runs after the timeout", "[sim]") {
  World world;
  world.web.answer("/voice", {"<Gather timeout=\"7\" action=\"/menu\"/><Say>Nobody pressed anything</Say>"});
  const auto sid = world.call();
  world.run_for(6900ms);
  CHECK_FALSE(world.heard(sid, "Nobody"));
  world.run_for(200ms);
  CHECK(world.heard(sid, "Nobody"));
  world.finish();
  CHECK(world.web.of("gather").empty());
}

TEST_CASE("an empty result is reported only where it is wanted", "[sim]") {
  World world;
  world.web.answer("/voice", {"<Gather action=\"/menu\" actionOnEmptyResult=\"true\"/>"});
  world.web.answer("/menu", {"<Hangup/>"});
  world.call();
  world.finish();
  REQUIRE(world.web.of("gather").size() == 1);
  CHECK(world.web.of("gather")[0].get("Digits").empty());
}

TEST_CASE("the finishing key ends the digits and is none of them", "[sim]") {
  World world;
  world.web.answer("/voice", {"<Gather action=\"/menu\" finishOnKey=\"*\"/>"});
  world.web.answer("/menu", {"<Hangup/>"});
  world.call({Press{"12#*9"}});
  world.finish();
  REQUIRE(world.web.of("gather").size() == 1);
  CHECK(world.web.of("gather")[0].get("Digits") == "12#");
}

TEST_CASE("the time starts again with each digit", "[sim]") {
  World world;
  world.web.answer("/voice", {"<Gather action=\"/menu\" timeout=\"3\"/>"});
  world.web.answer("/menu", {"<Hangup/>"});
  world.call({Press{"1"}, WaitFor{2s}, Press{"2"}, WaitFor{2s}, Press{"3"}});
  world.finish();
  REQUIRE(world.web.of("gather").size() == 1);
  CHECK(world.web.of("gather")[0].get("Digits") == "123");
}

TEST_CASE("what is said comes as a text", "[sim]") {
  World world;
  world.web.answer("/voice", {"<Gather input=\"speech\" action=\"/menu\" speechTimeout=\"auto\" "
                              "partialResultCallback=\"/partial\"/>"});
  world.web.answer("/menu", {"<Hangup/>"});
  world.call({WaitFor{1s}, Speak{"sales please", 2s}});
  world.finish();
  REQUIRE(world.web.of("gather").size() == 1);
  CHECK(world.web.of("gather")[0].get("SpeechResult") == "sales please");
  CHECK(world.web.of("gather")[0].get("Confidence") == "0.9");
  CHECK(world.web.of("partial").size() == 1);
}

TEST_CASE("without an action the document itself is asked again", "[sim]") {
  World world;
  world.web.answer("/voice", {"<Gather numDigits=\"1\"/>", "<Say>Again</Say>"});
  const auto sid = world.call({Press{"1"}});
  world.finish();
  CHECK(world.heard(sid, "Again"));
}

TEST_CASE("hanging up in the prompt asks nothing more", "[sim]") {
  World world;
  world.web.answer("/voice", {k_menu});
  const auto sid = world.call({WaitFor{300ms}, HangUp{}});
  world.finish();
  CHECK(world.status(sid) == "completed");
  CHECK(world.web.of("gather").empty());
  CHECK(world.web.of("status").size() == 1);
}

}  // namespace
}  // namespace ringctl::sim
