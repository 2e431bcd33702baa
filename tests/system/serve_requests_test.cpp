// Requests that are not quite Twilio's, or were Twilio's once: what is spoofed, hostile, old or odd changes
// neither who gets in nor what is on record.
#include <fmt/format.h>

#include "support/eventually.hpp"
#include "support/serve_site.hpp"

using namespace ringctl;
using test::Form;
using test::k_main_line;
using test::ServeSite;

namespace {

const std::string k_caller = "+16265550101";

Form with(Form form, Form more) {
  for (auto& [name, value] : more) {
    std::erase_if(form, [&](const auto& field) { return field.first == name; });
    form.emplace_back(name, value);
  }
  return form;
}

bool rings(const twiml::Response& response) {
  return !response.verbs.empty() && std::holds_alternative<twiml::Dial>(response.verbs.front());
}

/// A signed webhook with header lines beside, or in the place of, those it has.
test::HttpReply post_with(const ServeSite& serve, const Form& form, const std::string& host,
                          const std::string& lines) {
  const auto path = serve.voice(), body = test::encode_form(form);
  return serve.send(
      fmt::format("POST {} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nX-Twilio-Signature: {}\r\n"
                  "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n{}\r\n{}",
                  path, host, test::signature(ServeSite::k_token, ServeSite::k_public_url + path, form),
                  body.size(), lines, body));
}

std::size_t calls_on_record(const ServeSite& serve) {
  return serve.site().json({"calls", "list", "--limit", "0"}).size();
}

}  // namespace

TEST_CASE("no header says what was signed: spoofed hosts and forwarding change no verdict", "[serve]") {
  ServeSite serve(db::Engine::sqlite);
  serve.lay_out(1);
  serve.start();
  const std::string spoofed[] = {"",
                                 "X-Forwarded-Proto: http\r\n",
                                 "X-Forwarded-Host: evil.example.com\r\n",
                                 "X-Forwarded-For: 203.0.113.9\r\nX-Forwarded-Port: 1\r\n",
                                 "X-Forwarded-Proto: https, http\r\nX-Forwarded-Host: a, b\r\n",
                                 "Forwarded: for=203.0.113.9;host=evil.example.com;proto=http\r\n",
                                 "X-Original-URL: /api\r\nX-Rewrite-URL: /api\r\n"};
  for (const auto* host : {"pbx.example.com", "evil.example.com", "127.0.0.1:1"})
    for (const auto& lines : spoofed) {
      INFO(host << " " << lines);
      CHECK(post_with(serve, serve.inbound(k_caller, k_main_line), host, lines).status() == 200);
      // Signed for where the headers point to, not for where we are.
      const auto form = serve.inbound(k_caller, k_main_line);
      CHECK(serve
                .post_signed_as(
                    serve.voice(), form,
                    test::signature(ServeSite::k_token, "https://evil.example.com" + serve.voice(), form))
                .status() == 403);
    }
}

TEST_CASE("while tokens rotate a server takes what either signed, and nothing else", "[serve]") {
  const std::string next(32, 'b'), other(32, 'c');
  ServeSite serve(db::Engine::sqlite, {.environment = {{"TWILIO_AUTH_TOKEN_SECONDARY", next}}});
  serve.lay_out(1);
  serve.start();
  const auto status = [&](const std::string& token) {
    const auto form = serve.inbound(k_caller, k_main_line);
    return serve
        .post_signed_as(serve.voice(), form,
                        test::signature(token, ServeSite::k_public_url + serve.voice(), form))
        .status();
  };
  CHECK(status(ServeSite::k_token) == 200);
  CHECK(status(next) == 200);
  CHECK(status(other) == 403);
}

TEST_CASE("a webhook that is replayed after a restart gets the same answer and changes nothing", "[serve]") {
  for (const auto engine : test::engines()) {
    INFO(db::engine_name(engine));
    ServeSite serve(engine);
    serve.lay_out(2);
    serve.start();
    const auto call = serve.inbound(k_caller, k_main_line);
    const auto over =
        with(call, {{"CallStatus", "completed"}, {"CallDuration", "30"}, {"SequenceNumber", "5"}});
    const auto answer = serve.answer(serve.voice(), call);
    CHECK(serve.post(serve.voice("/status"), over).status() == 204);
    CHECK(serve.terminate() == 0);
    const auto before = serve.site().json({"calls", "show", "CA" + std::string(31, '0') + "1"});
    serve.start();
    for (int i = 0; i < 5; ++i) {
      CHECK(serve.answer(serve.voice(), call) == answer);
      CHECK(serve.post(serve.voice("/status"), over).status() == 204);
    }
    CHECK(serve.terminate() == 0);
    CHECK(serve.site().json({"calls", "show", "CA" + std::string(31, '0') + "1"}) == before);
    CHECK(calls_on_record(serve) == 1);
  }
}

TEST_CASE("parameters that nobody knows, that come twice, or in no charset are kept and disturb nothing",
          "[serve]") {
  for (const auto engine : test::engines()) {
    INFO(db::engine_name(engine));
    ServeSite serve(engine);
    serve.lay_out(1);
    serve.start();
    std::vector<Form> odd;
    auto many = serve.inbound(k_caller, k_main_line);
    for (int i = 0; i < 900; ++i) many.emplace_back(fmt::format("New{}", i), "x");
    odd.push_back(many);
    auto twice = serve.inbound(k_caller, k_main_line);
    twice.emplace_back("CallSid", "CA" + std::string(32, 'f'));
    twice.emplace_back("From", "+12025550199");
    odd.push_back(twice);
    odd.push_back(
        with(serve.inbound(k_caller, k_main_line),
             {{"CallerName", "\xff\xfe\x80"}, {"\xc0\xaf", "\x01\x02"}, {"Nul", std::string("a\0b", 3)}}));
    odd.push_back(with(serve.inbound(k_caller, k_main_line), {{"CallStatus", "teleported"}}));
    odd.push_back(with(serve.inbound(k_caller, k_main_line), {{"ApiVersion", std::string(40'000, 'x')}}));
    for (const auto& form : odd) CHECK(rings(serve.answer(serve.voice(), form)));
    CHECK(serve
              .post(serve.voice("/status"),
                    with(odd[0], {{"CallStatus", "teleported"}, {"SequenceNumber", "-1"}}))
              .status() == 204);
    CHECK(serve.terminate() == 0);
    CHECK(calls_on_record(serve) == odd.size());
  }
}

TEST_CASE("what a caller says of itself stays text", "[serve]") {
  const std::string hostile[] = {"</Dial><Hangup/><Dial>",
                                 "]]>",
                                 "&lt;Say&gt;",
                                 "\"'><Redirect>http://evil</Redirect>",
                                 "<!--",
                                 "<?xml?>",
                                 "\r\nX-Evil: 1\r\n\r\n",
                                 "\x01\x1b[2J",
                                 "\xef\xbf\xbf"};
  ServeSite serve(db::Engine::sqlite);
  serve.lay_out(1);
  serve.start();
  const auto plain = serve.answer(serve.voice(), serve.inbound("anonymous", k_main_line));
  for (const auto& text : hostile) {
    INFO(text);
    const auto call =
        with(serve.inbound(text, k_main_line), {{"CallerName", text}, {"Caller", text}, {"Digits", text}});
    const auto response = serve.answer(serve.voice(), call);
    REQUIRE(rings(response));
    CHECK(response.verbs.size() == plain.verbs.size());
    const auto& dial = std::get<twiml::Dial>(response.verbs.front());
    CHECK(dial.nouns.size() == 1);
    for (const auto* rest : {"/menu/1", "/next/s0w0", "/accepted/s0w0"}) {
      const auto reply = serve.post(serve.voice(rest), with(call, {{"DialCallStatus", text}}));
      CHECK(reply.status() == 200);
      CHECK(reply.header("x-evil").empty());
    }
  }
}
