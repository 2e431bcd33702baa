#include "sim/ladder.hpp"

#include "base/text.hpp"
#include "sim/scenario.hpp"
#include "support/catch.hpp"

using namespace ringctl;
using namespace ringctl::sim;
using namespace std::chrono_literals;

namespace {

Played short_call() {
  Played played;
  played.began = default_beginning();
  Call lin{.sid = "CA1", .from = "+16265550101", .to = "+12025550100", .status = "completed"};
  Call ann{.sid = "CA2", .parent_sid = "CA1", .from = "+16265550101", .to = "client:ann@example.com"};
  ann.direction = "outbound-dial";
  played.calls = {lin, ann};
  const auto add = [&](milliseconds at, What what, const std::string& sid, const std::string& text,
                       std::vector<std::pair<std::string, std::string>> facts) {
    played.timeline.push_back({played.began + at, what, sid, text, std::move(facts)});
  };
  add(0s, What::call, "CA1", "", {{"from", lin.from}, {"to", lin.to}, {"direction", "inbound"}});
  add(0s, What::webhook, "CA1", "",
      {{"kind", "voice"}, {"http", "200"}, {"twiml", "Dial client:ann@example.com"}});
  add(0s, What::call, "CA2", "", {{"from", lin.from}, {"to", ann.to}, {"direction", "outbound-dial"}});
  add(0s, What::webhook, "CA2", "", {{"kind", "status"}, {"http", "204"}, {"twiml", ""}});
  add(4s, What::status, "CA2", "in-progress", {{"status", "in-progress"}});
  add(34s, What::did, "CA2", "hangs up", {});
  add(34s, What::heard, "CA1",
      "Say: good-bye, and thank you very much for calling us on this fine day of the year", {});
  add(34s, What::status, "CA1", "completed", {{"status", "completed"}});
  return played;
}

std::size_t letters_in(std::string_view line) {
  std::size_t count = 0;
  for (const char c : line) count += (static_cast<unsigned char>(c) & 0xC0U) != 0x80U ? 1 : 0;
  return count;
}

}  // namespace

TEST_CASE("a ladder has a column for each party, callers first", "[sim]") {
  const auto text = ladder(short_call(), {.width = 80, .utf8 = false});
  const auto head = text.substr(0, text.find('\n'));
  const auto lin = head.find("+16265550101"), twilio = head.find("Twilio"), serve = head.find("serve"),
             ann = head.find("ann@example.com");
  CHECK(lin < twilio);
  CHECK(twilio < serve);
  CHECK(serve < ann);
  CHECK(ann != std::string::npos);
}

TEST_CASE("a ladder fits its width, in ASCII where nothing else is shown", "[sim]") {
  for (const std::size_t width : {60U, 80U, 120U})
    for (const bool utf8 : {true, false}) {
      const auto text = ladder(short_call(), {.width = width, .utf8 = utf8});
      INFO(text);
      for (const auto line : base::split(text, '\n')) CHECK(letters_in(line) <= width);
      if (!utf8)
        for (const char c : text) CHECK(static_cast<unsigned char>(c) < 0x80);
    }
}

TEST_CASE("a ladder tells who did what and when, and leaves out what only tells", "[sim]") {
  const auto text = ladder(short_call(), {.width = 120, .utf8 = false});
  INFO(text);
  for (const auto* part :
       {"calls +12025550100", "voice", "rings", "picks up", "hangs up", "0:04.0", "0:34.0"})
    CHECK(text.find(part) != std::string::npos);
  CHECK(text.find("status") == std::string::npos);
}

TEST_CASE("whoever is seen answering does not pick up once more", "[sim]") {
  auto played = short_call();
  played.timeline.insert(played.timeline.begin() + 4,
                         {played.began + 4s, What::did, "CA2", "answers", {{"who", "person"}}});
  const auto text = ladder(played, {.width = 120, .utf8 = false});
  INFO(text);
  CHECK(text.find("answers") != std::string::npos);
  CHECK(text.find("picks up") == std::string::npos);
}

TEST_CASE("more parties than there is room for share a column", "[sim]") {
  auto played = short_call();
  for (int i = 0; i < 20; ++i)
    played.timeline.push_back(
        {played.began,
         What::call,
         "",
         "",
         {{"to", "+120255501" + std::to_string(10 + i)}, {"direction", "outbound-dial"}}});
  const auto text = ladder(played, {.width = 80, .utf8 = false});
  INFO(text);
  CHECK(text.substr(0, text.find('\n')).find("others") != std::string::npos);
}

TEST_CASE("what came from outside does not drive the terminal", "[sim]") {
  auto played = short_call();
  played.timeline.push_back({played.began, What::heard, "CA1", "Say: \x1b[2J", {}});
  CHECK(ladder(played).find('\x1b') == std::string::npos);
  CHECK(timeline_text(played).find('\x1b') == std::string::npos);
}

TEST_CASE("time is told from the beginning", "[sim]") {
  CHECK(clock_text(0ms) == "0:00.0");
  CHECK(clock_text(64'250ms) == "1:04.2");
  CHECK(clock_text(3'723'000ms) == "1:02:03");
}

TEST_CASE("nothing is drawn of nothing", "[sim]") { CHECK(ladder({}).empty()); }
