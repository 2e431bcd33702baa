#include "routing/rule.hpp"

#include "support/catch.hpp"

using namespace ringctl;
using namespace ringctl::routing;

namespace {

/// The canonical text, or why it is refused.
std::string when(std::string_view text) {
  base::Finding finding;
  const auto read = try_parse_when(text, finding);
  return read ? text_of(*read) : finding.message;
}
std::string ring(std::string_view text) {
  base::Finding finding;
  const auto read = try_parse_ring(text, finding);
  return read ? text_of(*read) : finding.message;
}

struct Case {
  const char *text, *says;
};

}  // namespace

TEST_CASE("conditions have one text, however they were written") {
  CHECK(when("{}") == "{}");
  CHECK(when(R"( {"hours": {"from":"08:00","to":"18:00"}, "called": "+12025550123"} )") ==
        R"({"called":["+12025550123"],"hours":[{"from":"08:00","to":"18:00"}]})");
  CHECK(when(R"({"caller":{"country":["de","UK","DE"],"prefix":"+4420","known":false}})") ==
        R"({"caller":{"known":false,"country":["DE","GB"],"prefix":["+4420"]}})");
  CHECK(when(R"({"days":["fri","Mon"],"holidays":["2026-12-25","2026-01-01"]})") ==
        R"({"days":["mon","fri"],"holidays":["2026-01-01","2026-12-25"]})");
  CHECK(when(R"({"not":{"contact":{"tags":" vip "}},"after_assigned":true})") ==
        R"({"not":{"contact":{"tags":["vip"]}},"after_assigned":true})");
  CHECK(when(R"({"any":[{"caller":{"known":true}},{"all":[{"days":"sun"}]}],"after_assigned":false})") ==
        R"({"any":[{"caller":{"known":true}},{"all":[{"days":["sun"]}]}]})");
  CHECK(when(R"({"hours":[{"from":"22:00","to":"00:00"},{"from":"00:00","to":"24:00"}]})") ==
        R"({"hours":[{"from":"22:00","to":"24:00"},{"from":"00:00","to":"24:00"}]})");
}

TEST_CASE("targets have one text, however they were written") {
  CHECK(ring(R"([{"users":["Ann@Example.com","bob@example.com"]},{"user":"ann@example.com"}])") ==
        R"([{"user":"ann@example.com"},{"user":"bob@example.com"}])");
  CHECK(ring(R"([{"recording":"never"},{"team":"Sales"},{"queue":true},{"voicemail":true}])") ==
        R"([{"team":"Sales"},{"queue":true},{"voicemail":true},{"recording":"never"}])");
  CHECK(ring(R"([{"reject":"busy"}])") == R"([{"reject":"busy"}])");
  CHECK(ring(R"([{"reject":"rejected"}])") == R"([{"reject":true}])");
  CHECK(ring(R"([{"skill":"german"},{"extension":"007"},{"owner":true},{"number":"+12025550190"},)"
             R"({"assistant":"sip:desk@example.com"},{"message":"Hello."},{"hangup":true}])") ==
        R"([{"skill":"german"},{"extension":"007"},{"owner":true},{"number":"+12025550190"},)"
        R"({"assistant":"sip:desk@example.com"},{"message":"Hello."},{"hangup":true}])");
}

TEST_CASE("a canonical text reads as itself") {
  for (const auto* text :
       {R"({"contact":{"lead_status":["new"],"country":["FR"],"assigned":false},"days":["sat"]})",
        R"({"all":[{"called":["+12025550123"]}],"not":{"hours":[{"from":"22:00","to":"06:00"}]}})"})
    CHECK(when(text) == text);
}

TEST_CASE("conditions that make no sense are refused, with their place") {
  const Case cases[] = {
      {R"({"hours":{"from":"8","to":"18:00"}})",
       R"(/when/hours/from: "8" is no time of day (like 08:00 or 17:30))"},
      {R"({"hours":[{"from":"25:00","to":"18:00"}]})",
       R"(/when/hours/0/from: "25:00" is no time of day (like 08:00 or 17:30))"},
      {R"({"hours":[{"from":"24:00","to":"18:00"}]})",
       R"(/when/hours/0/from: "24:00" is no time of day (like 08:00 or 17:30))"},
      {R"({"hours":[{"from":"08:00","to":"18:00"},{"from":"08:00"}]})", R"(/when/hours/1: has no "to")"},
      {R"({"hours":[{"from":"08:00","to":"08:00"}]})", "/when/hours/0: ends when it begins"},
      {R"({"hours":[]})", "/when/hours: is empty"},
      {R"({"days":["monday"]})", R"(/when/days/0: "monday" is no day (mon, tue, wed, thu, fri, sat, sun))"},
      {R"({"holidays":["2026-02-30"]})", R"(/when/holidays/0: "2026-02-30" is no date (like 2026-12-25))"},
      {R"({"called":["12025550123"]})", R"(/when/called/0: "12025550123" )"},
      {R"({"caller":{"country":"XX"}})", R"(/when/caller/country: "XX" is no country code (like US or GB))"},
      {R"({"caller":{"prefix":["+"]}})",
       R"(/when/caller/prefix/0: "+" is no beginning of numbers (like +4420))"},
      {R"({"caller":{"known":"yes"}})", R"(/when/caller/known: "yes" is neither true nor false)"},
      {R"({"caller":{}})", "/when/caller: is empty"},
      {R"({"contact":{"tag":["vip"]}})", "/when/contact/tag: is not known; did you mean tags?"},
      {R"({"contact":{"tags":[7]}})", R"(/when/contact/tags/0: "7" is no text)"},
      {R"({"contact":{"tags":[" "]}})", "/when/contact/tags/0: is empty"},
      {R"({"weather":"fine"})", "/when/weather: is not known (known: contact, caller, called"},
      {R"({"any":{"days":"mon"}})", R"(/when/any: "{"days":"mon"}" is no list)"},
      {R"({"any":[{}]})", "/when/any/0: is empty"},
      {R"({"not":{"after_assigned":true}})", "/when/not/after_assigned: is said of the whole rule"},
      {R"({"days":["mon"],"days":["tue"]})", "/when/days: stands twice"},
      {R"({"any":[{"days":["mon"]},{"called":"+12025550123","called":"+12025550124"}]})",
       "/when/any/1/called: stands twice"},
      {"[]", R"(/when: "[]" is no object)"},
      {"{", "/when: is no JSON"},
      {R"({"called": 1e999})", "/when: holds what cannot be read"},
      {"{\"contact\":{\"tags\":\"\xff\"}}", "/when: is not UTF-8 (byte 21)"},
      {R"({"not":{"not":{"not":{"not":{"not":{"not":{"not":{"not":{"not":{"not":{"not":{"not":{"not":{"not":{}}}}}}}}}}}}}}})",
       "/when: is nested deeper than 12 levels"},
  };
  for (const auto& [text, says] : cases) {
    INFO(text);
    CHECK_THAT(when(text), Catch::Matchers::StartsWith(says));
  }
}

TEST_CASE("targets that make no sense are refused, with their place") {
  const std::string long_text(1001, 'x');
  const auto long_message = R"([{"message":")" + long_text + R"("}])";
  const Case cases[] = {
      {"[]", "/ring: is empty"},
      {R"([{"recording":"always"}])", "/ring: rings nobody"},
      {R"({"team":"Sales"})", R"(/ring: "{"team":"Sales"}" is no list)"},
      {R"([{}])", "/ring/0: is empty"},
      {R"([{"team":"Sales","skill":"german"}])", "/ring/0/skill: is a second target"},
      {R"([{"person":"ann"}])", "/ring/0/person: is not known"},
      {R"([{"user":"ann"}])", R"(/ring/0/user: "ann" is no e-mail address)"},
      {R"([{"users":["ann@example.com",""]}])", "/ring/0/users/1: is empty"},
      {R"([{"extension":"12a"}])", R"(/ring/0/extension: "12a" is no extension)"},
      {R"([{"number":"555"}])", R"(/ring/0/number: "555" )"},
      {R"([{"assistant":"desk@example.com"}])", R"(/ring/0/assistant: "desk@example.com" is no SIP address)"},
      {R"([{"assistant":"sip:@example.com"}])", R"(/ring/0/assistant: "sip:@example.com" is no SIP address)"},
      {R"([{"owner":false}])", "/ring/0/owner: is true, or left out"},
      {R"([{"queue":true}])", "/ring/0/queue: has nobody before it who could answer"},
      {R"([{"message":"Hello."},{"queue":true}])", "/ring/1/queue: has nobody before it"},
      {R"([{"team":"Sales"},{"queue":true},{"team":"Support"}])", "/ring/2/team: stands behind the queue"},
      {R"([{"voicemail":true},{"team":"Sales"}])", "/ring/1/team: is never reached: the call has ended"},
      {R"([{"team":"Sales"},{"reject":true}])", "/ring/1/reject: comes too late"},
      {R"([{"reject":"gone"}])", R"(/ring/0/reject: "gone" is neither true)"},
      {R"([{"recording":"sometimes"}])", R"(/ring/0/recording: "sometimes" is neither)"},
      {long_message.c_str(), "/ring/0/message: has 1001 characters, at most 1000 are said"},
  };
  for (const auto& [text, says] : cases) {
    INFO(text);
    CHECK_THAT(ring(text), Catch::Matchers::StartsWith(says));
  }
}
