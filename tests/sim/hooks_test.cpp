// What goes out as a webhook, and what the network takes from what comes back.
#include "sim/hooks.hpp"

#include <deque>

#include "support/catch.hpp"
#include "support/contains.hpp"
#include "twilio/signature.hpp"

using namespace ringctl;
using namespace ringctl::sim;
using namespace std::chrono_literals;
using test::contains;

namespace {

constexpr std::string_view k_begin = "2026-03-09T15:00:00.000Z";
const std::string k_token = "12345";
const std::string k_voice = "https://pbx.example.com/api/voice";

http::Outcome answer(int status, std::string body = {},
                     http::Fields fields = {{"Content-Type", "text/xml"}}) {
  http::Response response;
  response.status = status;
  response.body = std::move(body);
  response.fields = std::move(fields);
  return response;
}
http::Outcome moved(int status, std::string to) { return answer(status, {}, {{"Location", std::move(to)}}); }
http::Outcome failed(http::Fault fault, bool maybe_executed) {
  return http::Failure{fault, maybe_executed, "127.0.0.1:4711 is gone"};
}

/// Answers with what stands ready, and 200 with an empty document after that.
class FakeTransport final : public Transport {
 public:
  explicit FakeTransport(Agenda& agenda) : agenda_(agenda) {}
  void send(http::Request request, Done done) override {
    sent.push_back(std::move(request));
    at.push_back(agenda_.now());
    auto outcome = answer(200, "<Response/>");
    if (!ready.empty()) {
      outcome = std::move(ready.front());
      ready.pop_front();
    }
    agenda_.in(0ms, [done = std::move(done), outcome] { done(outcome); });
  }

  std::deque<http::Outcome> ready = {};
  std::vector<http::Request> sent = {};
  std::vector<base::Instant> at = {};

 private:
  Agenda& agenda_;
};

std::string field(const http::Request& request, std::string_view name) {
  for (const auto& [key, value] : request.fields)
    if (key == name) return value;
  return {};
}

struct Site {
  Site() { account.auth_token = base::Secret(k_token); }

  VirtualClock clock{base::parse_utc(k_begin)};
  Agenda agenda{clock};
  Timeline timeline;
  Sids sids{7};
  Account account;
  Faults faults{agenda, timeline, sids};
  FakeTransport transport{agenda};
  Hooks hooks{agenda,
              account,
              timeline,
              sids,
              transport,
              faults,
              {.bases = {"https://pbx.example.com", "http://127.0.0.1:8080"}}};

  WebRequest voice(std::string url = k_voice) const {
    WebRequest request;
    request.kind = "voice";
    request.call_sid = "CA1";
    request.url = std::move(url);
    request.parameters = {{"From", "+16265550101"}, {"CallSid", "CA1"}, {"Empty", ""}};
    return request;
  }
  WebRequest status(std::string number = "0") const {
    auto request = voice();
    request.kind = "status";
    request.parameters.emplace_back("SequenceNumber", std::move(number));
    request.wants_twiml = false;
    return request;
  }
  void run() {
    while (agenda.step()) {
    }
  }
  WebAnswer ask(WebRequest request) {
    std::vector<WebAnswer> answers;
    hooks.ask(std::move(request), [&](WebAnswer one) { answers.push_back(std::move(one)); });
    CHECK(answers.empty());
    CHECK_FALSE(hooks.idle());
    run();
    CHECK(hooks.idle());
    REQUIRE(answers.size() == 1);
    return answers.front();
  }
  void strike(std::string_view of, std::string_view word, std::optional<std::chrono::milliseconds> by = {},
              std::optional<int> times = {}) {
    auto fault = try_make_fault(of, word).value();
    fault.by = by;
    fault.times = times;
    faults.add(std::move(fault));
  }
  base::Instant after(std::chrono::milliseconds time) const { return base::parse_utc(k_begin) + time; }
  std::vector<Entry> entries(What what) const {
    std::vector<Entry> found;
    for (const auto& entry : timeline.entries())
      if (entry.what == what) found.push_back(entry);
    return found;
  }
};

std::string sign(const std::string& url, const Parameters& parameters = {}) {
  twilio::Form form;
  for (const auto& [name, value] : parameters) form.add(name, value);
  return twilio::sign(k_token, url, form);
}

}  // namespace

TEST_CASE("a webhook is a form, signed as the public URL and sent to where the server is", "[sim]") {
  Site site;
  const auto asked = site.voice(k_voice + "?a=b#rc=2");
  const auto got = site.ask(asked);
  CHECK(got.error == 0);
  CHECK(got.status == 200);
  CHECK(got.url == k_voice + "?a=b");
  REQUIRE(site.transport.sent.size() == 1);
  const auto& sent = site.transport.sent.front();
  CHECK(sent.method == "POST");
  CHECK(sent.url == "http://127.0.0.1:8080/api/voice?a=b");
  CHECK(sent.body == "From=%2B16265550101&CallSid=CA1&Empty=");
  CHECK(field(sent, "Content-Type") == "application/x-www-form-urlencoded; charset=UTF-8");
  CHECK(field(sent, "X-Twilio-Signature") == sign(k_voice + "?a=b", asked.parameters));
  CHECK(field(sent, "I-Twilio-Idempotency-Token").size() == 36);
  CHECK(sent.connect_timeout == 5s);
  CHECK(sent.timeout == 15s);
  CHECK(sent.max_body == 64'000);
}

TEST_CASE("a GET has its parameters in the query, which is signed", "[sim]") {
  Site site;
  auto asked = site.voice(k_voice + "?a=b");
  asked.method = "GET";
  const auto got = site.ask(asked);
  const auto& sent = site.transport.sent.front();
  CHECK(sent.method == "GET");
  CHECK(sent.body.empty());
  CHECK(sent.url == "http://127.0.0.1:8080/api/voice?a=b&From=%2B16265550101&CallSid=CA1&Empty=");
  CHECK(field(sent, "X-Twilio-Signature") == sign(k_voice + "?a=b&From=%2B16265550101&CallSid=CA1&Empty="));
  CHECK(field(sent, "Content-Type").empty());
  CHECK(got.url == k_voice + "?a=b");  // what relative URLs are relative to
}

TEST_CASE("a URL of somebody else is asked as it is written", "[sim]") {
  Site site;
  site.ask(site.voice("https://pbx.example.com.evil.example/x"));
  site.ask(site.voice("https://hooks.example.org:8443/x"));
  CHECK(site.transport.sent.at(0).url == "https://pbx.example.com.evil.example/x");
  CHECK(site.transport.sent.at(1).url == "https://hooks.example.org:8443/x");
  // For calls over https the port is not signed.
  CHECK(field(site.transport.sent.at(1), "X-Twilio-Signature") ==
        sign("https://hooks.example.org/x", site.voice().parameters));
}

TEST_CASE("the port is signed where a text is asked about", "[sim]") {
  Site site;
  auto asked = site.voice("https://hooks.example.org:8443/sms");
  asked.kind = "message";
  site.ask(asked);
  CHECK(field(site.transport.sent.front(), "X-Twilio-Signature") ==
        sign("https://hooks.example.org:8443/sms", asked.parameters));
}

TEST_CASE("user and password of a URL are neither signed nor sent before the server asks", "[sim]") {
  Site site;
  site.transport.ready = {answer(401, {}, {{"WWW-Authenticate", "Basic realm=\"x\""}}),
                          answer(200, "<Response/>")};
  const auto asked = site.voice("https://ann:secret@hooks.example.org/x");
  CHECK(site.ask(asked).error == 0);
  REQUIRE(site.transport.sent.size() == 2);
  for (const auto& sent : site.transport.sent) {
    CHECK(sent.url == "https://hooks.example.org/x");
    CHECK(field(sent, "X-Twilio-Signature") == sign("https://hooks.example.org/x", asked.parameters));
  }
  CHECK_FALSE(site.transport.sent.at(0).login);
  REQUIRE(site.transport.sent.at(1).login);
  CHECK(site.transport.sent.at(1).login->user == "ann");
  CHECK(site.timeline.entries().front().text.find("secret") == std::string::npos);
}

TEST_CASE("what a webhook got is told in one entry, without the server's port", "[sim]") {
  Site site;
  site.transport.ready = {answer(
      200,
      "<Response><Say>Hi</Say><Dial><Client>ann</Client><Number>+12025550177</Number></Dial></Response>")};
  site.ask(site.voice());
  REQUIRE(site.timeline.entries().size() == 1);
  const auto& entry = site.timeline.entries().front();
  CHECK(entry.what == What::webhook);
  CHECK(entry.call_sid == "CA1");
  CHECK(entry.fact("kind") == "voice");
  CHECK(entry.fact("url") == "/api/voice");
  CHECK(entry.fact("http") == "200");
  CHECK(entry.fact("twiml") == "Say; Dial client:ann +12025550177");
  CHECK(entry.fact("error").empty());
}

TEST_CASE("an answer that is no use has Twilio's code", "[sim]") {
  struct Row {
    http::Outcome outcome;
    int error;
  };
  const Row rows[] = {
      {answer(404), 11200},
      {answer(500, "<Response/>"), 11200},
      {answer(304), 11200},
      {answer(302, {}, {}), 11200},  // to nowhere
      {failed(http::Fault::broken, true), 11205},
      {failed(http::Fault::timeout, true), 11205},
      {failed(http::Fault::garbage, true), 11200},
      {failed(http::Fault::too_large, true), 11750},
      {answer(200, "{}", {{"Content-Type", "application/json"}}), 12300},
      {answer(200, "<Response/>", {}), 12300},
      {answer(200, "hello"), 12100},
      {answer(200, "<Response><Say>"), 12100},
      {answer(200, std::string("\0\xFF\xFE<", 4)), 12100},
      {answer(200, "<Response><Shout/></Response>"), 0},  // for whoever runs it
      {answer(200, "<Response/>", {{"content-type", "Application/XML; charset=utf-8"}}), 0},
      {answer(204, {}, {}), 0},
  };
  for (const auto& row : rows) {
    Site site;
    site.transport.ready = {row.outcome};
    const auto got = site.ask(site.voice());
    CAPTURE(row.error, got.problem);
    CHECK(got.error == row.error);
    CHECK(got.problem.empty() == (row.error == 0));
    CHECK(site.transport.sent.size() == 1);
    CHECK(got.problem.find("4711") == std::string::npos);
    CHECK(site.entries(What::problem).empty());  // whoever wanted TwiML tells
  }
}

TEST_CASE("who is only told may answer with any text, and a failure is a problem", "[sim]") {
  Site site;
  site.transport.ready = {answer(200, "garbage\xFF", {}), answer(503)};
  CHECK(site.ask(site.status()).error == 0);
  CHECK(site.entries(What::problem).empty());
  CHECK(site.ask(site.status()).error == 11200);
  REQUIRE(site.entries(What::problem).size() == 1);
  CHECK(site.entries(What::problem).front().fact("code") == "11200");
}

TEST_CASE("what is no URL is not asked", "[sim]") {
  Site site;
  for (const auto* url : {"", "/voice", "gopher://x/", "https://", "https://exa mple.com/", "mailto:x"}) {
    CAPTURE(url);
    CHECK(site.ask(site.voice(url)).error == 11100);
  }
  CHECK(site.ask(site.voice("http://hooks.example.org/x")).error == 11205);
  CHECK(site.transport.sent.empty());
}

TEST_CASE("only a connection that fails is tried again, once, with the same token", "[sim]") {
  Site site;
  const auto refused = failed(http::Fault::unreachable, false);
  site.transport.ready = {refused, refused, refused};
  CHECK(site.ask(site.voice()).error == 11205);
  REQUIRE(site.transport.sent.size() == 2);
  const auto token = field(site.transport.sent.at(0), "I-Twilio-Idempotency-Token");
  CHECK(field(site.transport.sent.at(1), "I-Twilio-Idempotency-Token") == token);
  site.transport.ready = {answer(503)};
  site.ask(site.voice());
  CHECK(site.transport.sent.size() == 3);
  CHECK(field(site.transport.sent.at(2), "I-Twilio-Idempotency-Token") != token);
}

TEST_CASE("a URL says itself what is tried again", "[sim]") {
  Site site;
  site.transport.ready = {answer(503), answer(502), answer(200, "<Response/>")};
  CHECK(site.ask(site.voice(k_voice + "#rc=2&rp=5xx")).error == 0);
  CHECK(site.transport.sent.size() == 3);
  site.transport.ready = {failed(http::Fault::unreachable, false)};
  CHECK(site.ask(site.voice(k_voice + "#rc=2&rp=5xx")).error == 11205);
  CHECK(site.transport.sent.size() == 4);
  site.transport.ready = {failed(http::Fault::unreachable, false)};
  CHECK(site.ask(site.voice(k_voice + "#rc=0")).error == 11205);
  CHECK(site.transport.sent.size() == 5);
}

TEST_CASE("301 and 302 turn a POST into a GET that has lost its parameters", "[sim]") {
  for (const int status : {301, 302, 303}) {
    Site site;
    site.transport.ready = {moved(status, "other?x=y")};
    const auto got = site.ask(site.voice());
    REQUIRE(site.transport.sent.size() == 2);
    const auto& sent = site.transport.sent.at(1);
    CHECK(sent.method == "GET");
    CHECK(sent.body.empty());
    CHECK(sent.url == "http://127.0.0.1:8080/api/other?x=y");
    CHECK(field(sent, "X-Twilio-Signature") == sign("https://pbx.example.com/api/other?x=y"));
    CHECK(got.url == "https://pbx.example.com/api/other?x=y");
  }
}

TEST_CASE("307 and 308 keep the POST and its parameters", "[sim]") {
  for (const int status : {307, 308}) {
    Site site;
    // The server may know itself by its real address only.
    site.transport.ready = {moved(status, "http://127.0.0.1:8080/second")};
    const auto asked = site.voice();
    const auto got = site.ask(asked);
    REQUIRE(site.transport.sent.size() == 2);
    CHECK(site.transport.sent.at(1).method == "POST");
    CHECK(site.transport.sent.at(1).body == site.transport.sent.at(0).body);
    CHECK(field(site.transport.sent.at(1), "X-Twilio-Signature") ==
          sign("https://pbx.example.com/second", asked.parameters));
    CHECK(got.url == "https://pbx.example.com/second");
  }
}

TEST_CASE("ten redirects are followed, and no eleventh", "[sim]") {
  Site ten;
  ten.transport.ready.assign(10, moved(302, "/again"));
  CHECK(ten.ask(ten.voice()).error == 0);
  CHECK(ten.transport.sent.size() == 11);
  Site eleven;
  eleven.transport.ready.assign(11, moved(302, "/again"));
  CHECK(eleven.ask(eleven.voice()).error == 11215);
  CHECK(eleven.transport.sent.size() == 11);
}

TEST_CASE("an answer takes the latency that was asked for", "[sim]") {
  Site site;
  Hooks slow(site.agenda, site.account, site.timeline, site.sids, site.transport, site.faults,
             {.latency = 250ms});
  base::Instant answered_at{};
  slow.ask(site.voice(), [&](const WebAnswer&) { answered_at = site.agenda.now(); });
  site.run();
  CHECK(answered_at == site.after(250ms));
}

TEST_CASE("what comes back when the hooks are gone finds nobody", "[sim]") {
  Site site;
  bool told = false;
  {
    Hooks brief(site.agenda, site.account, site.timeline, site.sids, site.transport, site.faults);
    brief.ask(site.voice(), [&](const WebAnswer&) { told = true; });
  }
  site.run();
  CHECK_FALSE(told);
}

// --- faults ---

TEST_CASE("a doubled webhook comes twice with one token, and is answered once", "[sim]") {
  Site site;
  site.strike("status", "double");
  site.ask(site.status());
  REQUIRE(site.transport.sent.size() == 2);
  CHECK(site.transport.sent.at(0).body == site.transport.sent.at(1).body);
  CHECK(site.transport.sent.at(0).fields == site.transport.sent.at(1).fields);
  CHECK(site.entries(What::webhook).size() == 2);
}

TEST_CASE("a delayed webhook goes out later", "[sim]") {
  Site site;
  site.strike("voice", "delay", 10s);
  site.ask(site.voice());
  CHECK(site.transport.at == std::vector{site.after(10s)});
}

TEST_CASE("a webhook out of order comes after the one behind it", "[sim]") {
  Site site;
  site.strike("status", "reorder");
  for (const auto* number : {"0", "1"}) site.hooks.ask(site.status(number), [](const WebAnswer&) {});
  site.run();
  REQUIRE(site.transport.sent.size() == 2);
  CHECK_THAT(site.transport.sent.at(0).body, contains("SequenceNumber=1"));
  CHECK_THAT(site.transport.sent.at(1).body, contains("SequenceNumber=0"));
}

TEST_CASE("a webhook that nothing comes behind goes out all the same", "[sim]") {
  Site site;
  site.strike("*", "reorder");
  CHECK(site.ask(site.voice()).error == 0);
  CHECK(site.transport.at == std::vector{site.after(2s)});
}

TEST_CASE("a replay is the same bytes once more, later", "[sim]") {
  Site site;
  site.strike("status", "replay", 90s);
  site.ask(site.status());
  REQUIRE(site.transport.sent.size() == 2);
  CHECK(site.transport.sent.at(0).body == site.transport.sent.at(1).body);
  CHECK(site.transport.sent.at(0).fields == site.transport.sent.at(1).fields);
  CHECK(site.transport.at.at(1) == site.after(90s));
}

TEST_CASE("a bad signature is as long as a good one", "[sim]") {
  Site site;
  site.strike("voice", "bad_signature", {}, 1);
  for (int i = 0; i < 2; ++i) site.ask(site.voice());
  const auto good = sign(k_voice, site.voice().parameters);
  CHECK(field(site.transport.sent.at(0), "X-Twilio-Signature") != good);
  CHECK(field(site.transport.sent.at(0), "X-Twilio-Signature").size() == good.size());
  CHECK(field(site.transport.sent.at(1), "X-Twilio-Signature") == good);
}

TEST_CASE("a lost webhook costs the time of its attempts to connect, and nothing arrives", "[sim]") {
  Site site;
  site.strike("status", "lose");
  CHECK(site.ask(site.status()).error == 11205);
  CHECK(site.transport.sent.empty());
  CHECK(site.agenda.now() == site.after(10s));
}

TEST_CASE("a timeout costs virtual time, and the server got it", "[sim]") {
  Site site;
  site.strike("voice", "timeout", {}, 1);
  CHECK(site.ask(site.voice(k_voice + "#rt=4000&rp=rt")).error == 0);
  CHECK(site.transport.at == std::vector{site.after(0s), site.after(4s)});
}

TEST_CASE("a late answer is an answer, unless it comes too late", "[sim]") {
  Site site;
  site.strike("voice", "late", 3s);
  CHECK(site.ask(site.voice()).error == 0);
  CHECK(site.agenda.now() == site.after(3s));
  CHECK(site.ask(site.voice(k_voice + "#rt=1000")).error == 11205);
  CHECK(site.agenda.now() == site.after(4s));
}

TEST_CASE("a status that a proxy answers is not the server's", "[sim]") {
  Site site;
  site.strike("voice", "answer_503", {}, 1);
  const auto got = site.ask(site.voice());
  CHECK(got.error == 11200);
  CHECK(got.status == 503);
  CHECK(site.transport.sent.empty());
}

TEST_CASE("garbage is no document", "[sim]") {
  Site site;
  site.strike("voice", "garbage");
  CHECK(site.ask(site.voice()).error == 12100);
  CHECK(site.transport.sent.size() == 1);
}

TEST_CASE("all attempts together take no longer than a URL says", "[sim]") {
  Site site;
  site.strike("voice", "timeout");
  CHECK(site.ask(site.voice(k_voice + "#rc=5&rp=all&rt=4000&tt=9000")).error == 11205);
  CHECK(site.transport.at == std::vector{site.after(0s), site.after(4s), site.after(8s)});
  CHECK(site.agenda.now() == site.after(9s));
}

TEST_CASE("no password of a URL or of SIP is in the timeline", "[sim]") {
  Site site;
  site.transport.ready = {
      answer(
          200,
          "<Response><Play>https://ann:secret@a.example/x</Play><Dial><Sip username=\"u\" "
          "password=\"secret\">sip:a@b.example</Sip></Dial><Redirect>https://u:secret@b.example/</Redirect>"
          "</Response>"),
      answer(500)};
  site.ask(site.voice());
  auto tells = site.status();
  tells.url = "https://ann:secret@pbx.example.com/api/status#rc=0";
  site.ask(tells);
  for (const auto& entry : site.timeline.entries()) {
    CHECK(entry.text.find("secret") == std::string::npos);
    for (const auto& [name, value] : entry.facts) CHECK(value.find("secret") == std::string::npos);
  }
  CHECK(site.entries(What::webhook).at(1).fact("url") == "/api/status#rc=0");
}

TEST_CASE("a user and password of a URL are decoded before they are shown", "[sim]") {
  Site site;
  site.transport.ready = {answer(401, {}, {{"WWW-Authenticate", "Basic realm=\"x\""}}),
                          answer(200, "<Response/>")};
  site.ask(site.voice("https://ann%3Ab:p%40ss@hooks.example.org/x"));
  REQUIRE(site.transport.sent.size() == 2);
  REQUIRE(site.transport.sent.at(1).login);
  CHECK(site.transport.sent.at(1).login->user == "ann:b");
  CHECK(site.transport.sent.at(1).login->password.reveal() == "p@ss");
}
