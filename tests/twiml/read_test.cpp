#include "twiml/read.hpp"

#include "support/catch.hpp"
#include "twiml/limits.hpp"
#include "twiml/samples.hpp"
#include "twiml/write.hpp"

using namespace ringctl::twiml;
using test::Random;

namespace {

Response read(const std::string& xml) {
  Problem problem;
  auto response = try_read(xml, problem);
  INFO(xml);
  INFO(problem.code << " " << problem.message);
  REQUIRE(response);
  return *response;
}

/// "line element: code" of what is wrong.
std::string problem_of(const std::string& xml) {
  Problem problem;
  const bool taken = try_read(xml, problem).has_value();
  INFO(xml);
  REQUIRE(taken == problem.code.empty());
  return taken ? "" : std::to_string(problem.line) + " " + problem.element + ": " + problem.code;
}
std::string wrapped(const std::string& verbs) { return "<Response>" + verbs + "</Response>"; }

template <typename V>
void check_round_trips(Random& random) {
  for (int i = 0; i < 300; ++i) {
    const Response written{{random.verb<V>()}};
    const auto xml = write(written);
    INFO(xml);
    CHECK((read(xml) == written));
  }
}
template <typename... V>
void check_each(Random& random, const std::variant<V...>*) {
  (check_round_trips<V>(random), ...);
}

}  // namespace

TEST_CASE("every verb with any attributes is read back as it was written", "[twiml]") {
  Random random(42);
  check_each(random, static_cast<const Verb*>(nullptr));
}

TEST_CASE("verbs may be laid out over lines, with comments and a declaration", "[twiml]") {
  const auto response = read(R"(<?xml version="1.0" encoding="utf-8"?>
<!-- an answer -->
<Response>
  <Say voice="alice" loop="2">Hello &amp; &#x77;elcome</Say>
  <Dial timeout="20" action='/next'>
    <Number statusCallbackEvent="ringing  answered">
      +12025550143
    </Number>
    <Client><Identity> agent_1 </Identity><Parameter name="a" value="b"/></Client>
  </Dial>
</Response>
)");
  REQUIRE(response.verbs.size() == 2);
  CHECK((std::get<Say>(response.verbs[0]) == Say{.text = "Hello & welcome", .voice = "alice", .loop = 2}));
  const auto& dial = std::get<Dial>(response.verbs[1]);
  CHECK(dial.timeout == seconds(20));
  CHECK(dial.action == "/next");
  REQUIRE(dial.nouns.size() == 2);
  CHECK(std::get<Number>(dial.nouns[0]).number == "+12025550143");
  CHECK((std::get<Number>(dial.nouns[0]).status_callback_event ==
         Set<CallEvent>{CallEvent::ringing, CallEvent::answered}));
  CHECK((std::get<Client>(dial.nouns[1]) == Client{.identity = "agent_1", .parameters = {{"a", "b"}}}));
}

TEST_CASE("the text of a Dial is a number, the text of a Message its body", "[twiml]") {
  CHECK((read(wrapped("<Dial>+12025550143</Dial>")) ==
         Response{{Dial{.nouns = {Number{.number = "+12025550143"}}}}}));
  CHECK((read(wrapped("<Message>Thanks</Message>")) == Response{{Message{.body = "Thanks"}}}));
}

TEST_CASE("what is spoken keeps its white space, CDATA is text", "[twiml]") {
  CHECK((read(wrapped("<Say>  a\n b </Say>")) == Response{{Say{.text = "  a\n b "}}}));
  CHECK((read(wrapped("<Say>  </Say>")) == Response{{Say{.text = "  "}}}));
  CHECK((read(wrapped("<Say><![CDATA[<a> & b]]></Say>")) == Response{{Say{.text = "<a> & b"}}}));
}

TEST_CASE("an empty response is no verbs", "[twiml]") {
  CHECK(read("<Response/>").verbs.empty());
  CHECK(read("\xEF\xBB\xBF<Response>\n</Response>\n").verbs.empty());
}

TEST_CASE("what verbs, attributes and nestings are not known is a problem with its place", "[twiml]") {
  CHECK(problem_of("<Response>\n<Sey>Hello</Sey></Response>") == "2 Sey: unexpected_element");
  CHECK(problem_of("<Response>\n\n<Say voise='a'>x</Say></Response>") == "3 Say: unknown_attribute");
  CHECK(problem_of(wrapped("<Gather>\n<Dial/></Gather>")) == "2 Gather/Dial: unexpected_element");
  CHECK(problem_of(wrapped("<Dial><Say>x</Say></Dial>")) == "1 Dial/Say: unexpected_element");
  CHECK(problem_of(wrapped("<Number>+12025550143</Number>")) == "1 Number: unexpected_element");
  CHECK(problem_of(wrapped("<Say>a <break/> b</Say>")) == "1 Say/break: unexpected_element");
  CHECK(problem_of(wrapped("<say>a</say>")) == "1 say: unexpected_element");
  CHECK(problem_of(wrapped("<Hangup>now</Hangup>")) == "1 Hangup: unexpected_text");
  CHECK(problem_of(wrapped("loose text")) == "1 : unexpected_text");
  CHECK(problem_of(wrapped("<Dial>+12025550143<Number>+12025550144</Number></Dial>")) ==
        "1 Dial/Number: unexpected_element");
  CHECK(problem_of("<Response version='1'/>") == "1 : unknown_attribute");
  CHECK(problem_of(wrapped("<Message><Body>a</Body><Body>b</Body></Message>")) ==
        "1 Message/Body: unexpected_element");
  CHECK(problem_of(wrapped("<Start/>")) == "1 Start: not_one");
  CHECK(problem_of(wrapped("<Connect><Stream/><Stream/></Connect>")) == "1 Connect: not_one");
}

TEST_CASE("a value that Twilio does not know is a problem", "[twiml]") {
  for (const auto* verb :
       {"<Dial timeout='4'/>", "<Dial timeout='601'/>", "<Dial timeout='x'/>", "<Dial timeout=''/>",
        "<Dial timeout='99999999999999999999'/>", "<Dial record='yes'/>", "<Dial answerOnBridge='1'/>",
        "<Dial method='post'/>", "<Dial recordingStatusCallbackEvent='done'/>"}) {
    CHECK(problem_of(wrapped(verb)) == "1 Dial: bad_value");
  }
  CHECK(problem_of(wrapped("<Gather numDigits='0'/>")) == "1 Gather: bad_value");
  CHECK(problem_of(wrapped("<Say>no</Say><Reject/>")) == "0 Reject: reject_not_first");
}

TEST_CASE("the same attribute twice is a problem", "[twiml]") {
  CHECK(problem_of(wrapped("<Dial timeout='20' timeout='30'/>")) == "1 Dial: repeated_attribute");
}

TEST_CASE("what is not one Response is a problem", "[twiml]") {
  CHECK(problem_of("") == "1 : no_response");
  CHECK(problem_of("   ") == "1 : no_response");
  CHECK(problem_of("hello") == "1 : text_outside");
  CHECK(problem_of("<html/>") == "1 : not_a_response");
  CHECK(problem_of("<Response/><Response/>") == "1 : second_root");
  CHECK(problem_of("<Response/> and more") == "1 : text_outside");
  CHECK(problem_of("<Response>").ends_with("not_xml"));
  CHECK(problem_of("<Response>\n<Say>x</Response>") == "2 : not_xml");
  CHECK(problem_of("<Response><Say a=b/></Response>").ends_with("not_xml"));
}

TEST_CASE("no document types, no entities beyond the five", "[twiml]") {
  CHECK(problem_of("<!DOCTYPE Response [<!ENTITY a \"b\">]><Response/>") == "1 : document_type");
  CHECK(problem_of("<!DOCTYPE Response SYSTEM \"file:///etc/passwd\"><Response/>") == "1 : document_type");
  for (const auto* text : {"&a;", "&nbsp;", "&", "& b;", "&#0;", "&#1;", "&#xD800;", "&#xFFFE;", "&#x110000;",
                           "&#99999999999;", "&#;", "&#x;", "&#xg;", "&#-1;", "&AMP;"}) {
    INFO(text);
    CHECK(problem_of(wrapped(std::string("<Say>") + text + "</Say>")) == "1 : unknown_reference");
  }
  CHECK(problem_of(wrapped("<!-- & --><Say><![CDATA[&]]></Say>")).empty());
}

TEST_CASE("bytes that XML forbids, and other encodings, are problems", "[twiml]") {
  CHECK(problem_of(wrapped("\n<Say>\x01</Say>")) == "2 : bad_character");
  CHECK(problem_of(wrapped("<Say>\xFF</Say>")) == "1 : bad_character");
  CHECK(problem_of(wrapped("<Say>\xEF\xBF\xBF</Say>")) == "1 : bad_character");
  CHECK(problem_of(wrapped(std::string("<Say>a\0b</Say>", 14))) == "1 : bad_character");
  CHECK(problem_of("<?xml version='1.0' encoding='ISO-8859-1'?><Response/>") == "1 : bad_encoding");
}

TEST_CASE("more than 64,000 bytes are not read", "[twiml]") {
  CHECK(problem_of(std::string(k_max_document, ' ') + "<Response/>") == "0 : document_too_long");
}

TEST_CASE("a document nested deeper than any answer is a problem, not a crash", "[twiml]") {
  std::string deep;
  for (int i = 0; i < 10000; ++i) deep += "<a>";
  CHECK_FALSE(problem_of(deep).empty());
  CHECK_FALSE(problem_of(wrapped(deep)).empty());
}
