#include "twiml/write.hpp"

#include <libxml/parser.h>
#include <libxml/tree.h>

#include <memory>

#include "support/catch.hpp"
#include "twiml/limits.hpp"
#include "twiml/samples.hpp"

using namespace ringctl::twiml;
using test::Random;

namespace {

constexpr std::string_view k_head = R"(<?xml version="1.0" encoding="UTF-8"?><Response>)";

/// What stands between the tags of the root.
std::string inside(Response response) {
  auto text = write(response);
  REQUIRE(text.starts_with(k_head));
  REQUIRE(text.ends_with("</Response>"));
  return text.substr(k_head.size(), text.size() - k_head.size() - std::string_view("</Response>").size());
}

/// The document as libxml2 reads it: a reader that shares nothing with the writer.
class Document {
 public:
  explicit Document(const std::string& xml)
      : doc_(xmlReadMemory(xml.data(), static_cast<int>(xml.size()), nullptr, nullptr,
                           XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING),
             xmlFreeDoc) {
    INFO(xml);
    REQUIRE(doc_);
  }
  xmlNode* root() const { return xmlDocGetRootElement(doc_.get()); }
  static std::string name(const xmlNode* node) { return reinterpret_cast<const char*>(node->name); }
  static std::string text(const xmlNode* node) { return take(xmlNodeGetContent(node)); }
  static std::string attribute(const xmlNode* node, const char* name) {
    return take(xmlGetProp(node, reinterpret_cast<const xmlChar*>(name)));
  }

 private:
  static std::string take(xmlChar* text) {
    std::string out = text != nullptr ? reinterpret_cast<const char*>(text) : "";
    xmlFree(text);
    return out;
  }
  std::unique_ptr<xmlDoc, decltype(&xmlFreeDoc)> doc_;
};

Response ring(std::size_t clients) {
  Dial dial;
  for (std::size_t i = 0; i < clients; ++i)
    dial.nouns.emplace_back(Client{.identity = "agent_" + std::to_string(i)});
  return {{dial}};
}

}  // namespace

TEST_CASE("a verb without attributes is only its element", "[twiml]") {
  CHECK(inside({}).empty());
  CHECK(inside({{Hangup{}}}) == "<Hangup/>");
  CHECK(inside({{Leave{}, Pause{}, Reject{}}}) == "<Leave/><Pause/><Reject/>");
  CHECK(inside({{Say{.text = "Hello"}}}) == "<Say>Hello</Say>");
  CHECK(inside({{Record{}}}) == "<Record/>");
  CHECK(inside({{Gather{}}}) == "<Gather/>");
}

TEST_CASE("an attribute that is Twilio's default is left out, any other stands there", "[twiml]") {
  CHECK(inside({{Dial{.timeout = seconds(30), .nouns = {Number{.number = "+12025550143"}}}}}) ==
        "<Dial><Number>+12025550143</Number></Dial>");
  CHECK(
      inside({{Dial{.timeout = seconds(31), .answer_on_bridge = true, .record = RecordFrom::answer_dual}}}) ==
      R"(<Dial timeout="31" answerOnBridge="true" record="record-from-answer-dual"/>)");
  CHECK(inside({{Gather{.action = "/menu", .num_digits = 3, .finish_on_key = ""}}}) ==
        R"(<Gather action="/menu" numDigits="3" finishOnKey=""/>)");
  CHECK(inside({{Redirect{.url = "/next", .method = Method::get}}}) ==
        R"(<Redirect method="GET">/next</Redirect>)");
  CHECK(inside({{Reject{.reason = RejectReason::busy}}}) == R"(<Reject reason="busy"/>)");
}

TEST_CASE("an absent waitUrl is Twilio's music, an empty one silence", "[twiml]") {
  CHECK(inside({{Enqueue{.name = "sales"}}}) == "<Enqueue>sales</Enqueue>");
  CHECK(inside({{Enqueue{.name = "sales", .wait_url = ""}}}) == R"(<Enqueue waitUrl="">sales</Enqueue>)");
}

TEST_CASE("events are words between spaces, in Twilio's order", "[twiml]") {
  using enum CallEvent;
  CHECK(
      inside(
          {{Dial{.nouns = {Client{.identity = "agent_1",
                                  .status_callback = "/status",
                                  .status_callback_event = {completed, answered, initiated, ringing}}}}}}) ==
      R"(<Dial><Client statusCallback="/status" statusCallbackEvent="initiated ringing answered completed">)"
      "agent_1</Client></Dial>");
}

TEST_CASE("a client with parameters has its identity in an element of its own", "[twiml]") {
  CHECK(
      inside({{Dial{.nouns = {Client{.identity = "agent_1", .parameters = {{"call", "a&b"}}}}}}}) ==
      R"(<Dial><Client><Identity>agent_1</Identity><Parameter name="call" value="a&amp;b"/></Client></Dial>)");
}

TEST_CASE("a message has a body and media", "[twiml]") {
  CHECK(inside({{Message{.body = "Hi", .media = {"https://example.com/a.png"}, .to = "+12025550143"}}}) ==
        R"(<Message to="+12025550143"><Body>Hi</Body><Media>https://example.com/a.png</Media></Message>)");
  CHECK(inside({{Message{}}}) == "<Message/>");
}

TEST_CASE("background work stands inside Start, Stop and Connect", "[twiml]") {
  CHECK(inside({{Start{Transcription{.status_callback_url = "/t"}}}}) ==
        R"(<Start><Transcription statusCallbackUrl="/t"/></Start>)");
  CHECK(inside({{Stop{Stream{.name = "s"}}}}) == R"(<Stop><Stream name="s"/></Stop>)");
  CHECK(inside({{Connect{{.url = "wss://example.com/s", .parameters = {{"a", "b"}}}}}}) ==
        R"(<Connect><Stream url="wss://example.com/s"><Parameter name="a" value="b"/></Stream></Connect>)");
}

TEST_CASE("text stays text, whatever its bytes, in elements and attributes", "[twiml]") {
  Random random(20240229);
  for (int i = 0; i < 20000; ++i) {
    const auto text = random.awkward(random.between(1, 12));
    const auto xml = write({{Say{.text = text.written, .voice = text.written}, Hangup{}}});
    INFO(xml);
    const Document document(xml);
    const auto* say = document.root()->children;
    REQUIRE(Document::name(say) == "Say");
    CHECK(Document::text(say) == text.seen);
    if (!text.written.empty()) CHECK(Document::attribute(say, "voice") == text.seen);
    REQUIRE(say->next != nullptr);
    CHECK(Document::name(say->next) == "Hangup");
    CHECK(say->next->next == nullptr);
    CHECK(clean(text.written) == text.seen);
  }
}

TEST_CASE("every single byte, and every pair with a special one, gives a document that can be read",
          "[twiml]") {
  for (int first = 0; first < 256; ++first)
    for (const int second : {-1, 0, int{'&'}, int{'<'}, 0x80, 0xBF, 0xEF, 0xFF}) {
      std::string text(1, static_cast<char>(first));
      if (second >= 0) text += static_cast<char>(second);
      const Document document(write({{Say{.text = text, .language = text}}}));
      CHECK(Document::text(document.root()->children) == clean(text));
      CHECK(Document::attribute(document.root()->children, "language") == clean(text));
    }
}

TEST_CASE("any mixture of verbs and attributes is well-formed", "[twiml]") {
  Random random(7);
  for (int i = 0; i < 2000; ++i) {
    Response response;
    response.verbs.resize(static_cast<std::size_t>(random.between(0, 4)));
    for (auto& verb : response.verbs) random.any(verb);
    const Document document(write(response));
    CHECK(Document::name(document.root()) == "Response");
    CHECK(xmlChildElementCount(document.root()) == response.verbs.size());
  }
}

TEST_CASE("appending to a buffer writes what write() gives", "[twiml]") {
  std::string out = "before ";
  append(out, ring(10));
  CHECK(out == "before " + write(ring(10)));
}

TEST_CASE("a document of 64,000 bytes is taken, one more is not", "[twiml]") {
  Problem problem;
  Response response;
  const auto empty = write({{Say{.text = std::string(4000, 'x')}}}).size();
  for (int i = 0; i < 15; ++i) response.verbs.emplace_back(Say{.text = std::string(4000, 'x')});
  const auto left = k_max_document - write(response).size();
  REQUIRE(left < empty);
  response.verbs.emplace_back(Say{.text = std::string(left - std::string_view("<Say></Say>").size(), 'x')});
  const auto most = try_write(response, problem);
  REQUIRE(most);
  CHECK(most->size() == k_max_document);
  std::get<Say>(response.verbs.back()).text += 'x';
  CHECK_FALSE(try_write(response, problem));
  CHECK(problem.code == "document_too_long");
  CHECK(problem.message == "the answer has 64001 bytes, where Twilio takes 64000");
}

TEST_CASE("where the answer cannot be taken the safe one goes out, and a hang-up where that cannot either",
          "[twiml]") {
  const Response safe{{Say{.text = "Sorry"}}};
  Problem problem;
  CHECK(write_or(ring(10), safe, problem) == write(ring(10)));
  CHECK(problem.code.empty());
  CHECK(write_or(ring(11), safe, problem) == write(safe));
  CHECK(problem.code == "too_many_nouns");
  CHECK(write_or(ring(11), ring(12), problem) == write({{Hangup{}}}));
}
