// `ringctl webhooks send`: to the real server, and to servers that answer what nobody should.
#include <fmt/format.h>

#include "support/eventually.hpp"
#include "support/raw_server.hpp"
#include "support/serve_site.hpp"

using namespace ringctl;
using test::Machine;
using test::ProcessResult;
using test::RawPeer;
using test::RawServer;
using test::ServeSite;

namespace {

constexpr const char* k_xml = "Content-Type: text/xml\r\n";
constexpr const char* k_hang_up = "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Response><Hangup/></Response>";

/// With the token and account of ServeSite, which stand in no argument.
ProcessResult send(const Machine& machine, const std::string& to, Machine::Arguments more = {},
                   std::map<std::string, std::string> environment = {}) {
  environment.emplace("TWILIO_AUTH_TOKEN", ServeSite::k_token);
  environment.emplace("TWILIO_ACCOUNT_SID", ServeSite::k_account);
  Machine::Arguments arguments = {"webhooks", "send", "--to", to};
  arguments.insert(arguments.end(), more.begin(), more.end());
  auto result = machine.run(
      arguments,
      {.program = {}, .environment = std::move(environment), .input = {}, .directory = {}, .meanwhile = {}});
  CHECK((result.out + result.err).find(ServeSite::k_token) == std::string::npos);
  return result;
}

ProcessResult send_to(const RawServer::Script& script, Machine::Arguments more = {}) {
  RawServer server({script});
  return send(Machine(), server.url("/voice"), std::move(more));
}

/// "8 webhooks.bad_answer", or "0".
std::string verdict(const ProcessResult& result) {
  const auto open = result.err.rfind("  ["), close = result.err.find(']', open);
  const auto status = std::to_string(result.status);
  return result.status == 0 ? status : status + " " + result.err.substr(open + 3, close - open - 3);
}

std::string value_of(const std::string& body, std::string_view name) {
  const auto at = ("&" + body).find("&" + std::string(name) + "=");
  REQUIRE(at != std::string::npos);
  const auto begin = at + name.size() + 1;
  return body.substr(begin, body.find('&', begin) - begin);
}

}  // namespace

TEST_CASE("a call sent to the real server is answered with TwiML and is on record", "[serve]") {
  for (const auto engine : test::engines()) {
    ServeSite serve(engine, {.listen = test::ServeOptions::Listen::tcp});
    serve.site().ok({"numbers", "add", "+12025550123", "--country-code", "US"});
    serve.site().ok({"users", "add", "ann@example.com", "--role", "agent"});
    serve.start();
    const auto& machine = serve.site().machine();
    const std::map<std::string, std::string> public_url = {{"RINGCTL_PUBLIC_URL", ServeSite::k_public_url}};
    const std::string sid(fmt::format("CA{:a>32}", ""));

    const auto sent = send(machine, serve.url(serve.voice()), {"--call-sid", sid, "-o", "json"}, public_url);
    INFO(sent.err << sent.out << serve.log());
    REQUIRE(sent.status == 0);
    const auto answer = nlohmann::json::parse(sent.out);
    CHECK(answer["ok"] == true);
    CHECK(answer["problem"].is_null());
    CHECK(answer["status"] == 200);
    CHECK(answer["sid"] == sid);
    CHECK(answer["signed_url"] == ServeSite::k_public_url + serve.voice());
    CHECK(answer["content_type"].get<std::string>().starts_with("text/xml"));
    CHECK(answer["verbs"].get<int>() >= 1);
    CHECK(answer["dur_ms"].get<double>() > 0);
    CHECK(answer["body"].get<std::string>().find("<Dial") != std::string::npos);

    const auto ended =
        send(machine, serve.url(serve.voice("/status")),
             {"--event", "status", "--status", "canceled", "--call-sid", sid, "-o", "json"}, public_url);
    CHECK(ended.status == 0);
    CHECK(nlohmann::json::parse(ended.out)["status"] == 204);
    CHECK(test::eventually(
        [&] {
          const auto shown = serve.site().run({"calls", "show", sid, "-o", "json"});
          return shown.status == 0 && nlohmann::json::parse(shown.out).at("status") == "missed";
        },
        25));

    // Signed as what it was posted to, which is not what Twilio would have been given.
    const auto refused = send(machine, serve.url(serve.voice()));
    CHECK(verdict(refused) == "8 webhooks.bad_answer");
    CHECK(refused.err.find("--url-signed-as") != std::string::npos);
    CHECK(
        send(machine, serve.url(serve.voice()), {"--url-signed-as", ServeSite::k_public_url + serve.voice()})
            .status == 0);
  }
}

TEST_CASE("a server that listens on a Unix socket is sent to as well", "[serve]") {
  ServeSite serve(db::Engine::sqlite);
  serve.lay_out(1);
  serve.start();
  const auto& machine = serve.site().machine();
  const auto socket = (machine.home() / "serve.sock").string(), to = "http://localhost" + serve.voice();
  const auto sent = send(machine, to, {"--unix-socket", socket, "--to-number", test::k_main_line},
                         {{"RINGCTL_PUBLIC_URL", ServeSite::k_public_url}});
  INFO(sent.err << sent.out);
  CHECK(sent.status == 0);
  CHECK(sent.out.find("<Dial") != std::string::npos);
  CHECK(send(machine, to, {"--unix-socket", socket + ".gone"}).status == 22);
  const auto refused = send(machine, "unix:" + socket);
  CHECK(verdict(refused) == "2 usage.bad_value");
  CHECK(refused.err.find("--to http://localhost/api/twilio/voice/inbound --unix-socket " + socket) !=
        std::string::npos);
}

TEST_CASE("what is sent is what Twilio would send, and what --dry-run shows", "[system]") {
  std::string seen;
  const auto sent = send_to(
      [&](RawPeer& peer) {
        seen = peer.read();
        peer.send(RawServer::response("", {}, 204));
      },
      {"--event", "status", "--status", "busy", "--from", "+12025550177", "--to-number", "+12025550188",
       "--param", "Extra=a b&c", "--param", "Direction=outbound-api"});
  CHECK(sent.status == 0);
  CHECK(seen.starts_with("POST /voice HTTP/1.1\r\n"));
  for (const auto* field : {"Content-Type: application/x-www-form-urlencoded", "User-Agent: TwilioProxy/",
                            "X-Twilio-Signature: ", "I-Twilio-Idempotency-Token: "})
    CHECK(seen.find(field) != std::string::npos);
  const auto body = seen.substr(seen.find("\r\n\r\n") + 4);
  CHECK(value_of(body, "From") == "%2B12025550177");
  CHECK(value_of(body, "To") == "%2B12025550188");
  CHECK(value_of(body, "CallStatus") == "busy");
  CHECK(value_of(body, "Direction") == "outbound-api");
  CHECK(value_of(body, "Extra") == "a+b%26c");
  CHECK(value_of(body, "AccountSid") == ServeSite::k_account);
  CHECK(value_of(body, "CallSid").size() == 34);

  RawServer nobody({});
  const Machine machine;
  const auto dry = send(machine, nobody.url("/voice"), {"-n", "-o", "json"},
                        {{"RINGCTL_PUBLIC_URL", "https://pbx.example.com/"}});
  CHECK(dry.status == 0);
  const auto shown = nlohmann::json::parse(dry.out);
  CHECK(shown["signed_url"] == "https://pbx.example.com/voice");
  CHECK(nobody.connections() == 0);
  // Whoever verifies takes it.
  const auto form = machine.file("form.txt", shown["body"].get<std::string>()).string();
  const auto verified = machine.run({"webhooks", "verify", "--url", "https://pbx.example.com/voice",
                                     "--signature", shown["signature"].get<std::string>(), "--body", form},
                                    {.program = {},
                                     .environment = {{"TWILIO_AUTH_TOKEN", ServeSite::k_token}},
                                     .input = {},
                                     .directory = {},
                                     .meanwhile = {}});
  CHECK(verified.status == 0);
  const auto text = send(machine, nobody.url("/voice"), {"-n", "-o", "table"});
  CHECK(text.out.starts_with("POST http://127.0.0.1:"));
  CHECK(text.out.find("X-Twilio-Signature: ") != std::string::npos);
}

TEST_CASE("what is sent in another account's name is signed with that account's token", "[system]") {
  const std::string other = fmt::format("AC{:032}", 7);
  const auto signature = [&](const std::string& tokens) {
    const auto shown = send(Machine(), "http://127.0.0.1:1/voice",
                            {"-n", "-o", "json", "--call-sid", fmt::format("CA{:032}", 1), "--param",
                             "Timestamp=now", "--param", "AccountSid=" + other},
                            {{"TWILIO_AUTH_TOKEN", tokens}, {"RINGCTL_PUBLIC_URL", ServeSite::k_public_url}});
    return shown.status == 0 ? nlohmann::json::parse(shown.out)["signature"].get<std::string>() : shown.err;
  };
  const auto own = signature(fmt::format("{}\n{}:theirs", ServeSite::k_token, other));
  CHECK(own == signature(fmt::format("{}:theirs\n{}", other, ServeSite::k_token)));
  CHECK(own != signature(fmt::format("{}:others", other)));
  CHECK(signature(ServeSite::k_token).find("webhooks.no_token") != std::string::npos);
}

TEST_CASE("an answer is shown as it is read: status, time, and one tag a line", "[system]") {
  const auto result = send_to(RawServer::answers(RawServer::response(k_hang_up, k_xml)), {"-o", "table"});
  CHECK(result.status == 0);
  CHECK(result.out.starts_with("200 in "));
  CHECK(result.out.ends_with(
      " ms, text/xml\n\n<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Response>\n<Hangup/>\n</Response>\n"));
}

TEST_CASE("what a server answers drives no terminal", "[system]") {
  const auto result =
      send_to(RawServer::answers(RawServer::response("two\nlines \x1b[2J", "Content-Type: text/\x1b[1m\r\n")),
              {"-o", "table"});
  CHECK(result.status == 8);
  CHECK((result.out + result.err).find('\x1b') == std::string::npos);
  CHECK(result.out.find("\n\ntwo\nlines \u241b[2J\n") != std::string::npos);
}

TEST_CASE("an answer that Twilio would not take is said to be one", "[system]") {
  const auto of = [](std::string bytes, Machine::Arguments more = {}) {
    more.insert(more.end(), {"-o", "json"});
    const auto result = send_to(RawServer::answers(std::move(bytes)), std::move(more));
    INFO(result.err);
    CHECK(result.status == 8);
    CHECK(result.err.find("webhooks.bad_answer") != std::string::npos);
    return nlohmann::json::parse(result.out)["problem"].get<std::string>();
  };
  CHECK(of(RawServer::response(k_hang_up, k_xml, 500)) ==
        "the server answered 500, which to Twilio is a failure");
  CHECK(of(RawServer::response("", "Location: /elsewhere\r\n", 302)) ==
        "the server answered 302, which to Twilio is a failure");
  CHECK(of(RawServer::response("", {}, 404), {"--event", "status"}).find("404") != std::string::npos);
  CHECK(of(RawServer::response(k_hang_up, "Content-Type: application/json\r\n")) ==
        "the content type \"application/json\" is not one that Twilio reads as TwiML");
  CHECK(of(RawServer::response(k_hang_up)).find("content type") != std::string::npos);
  CHECK(of(RawServer::response("<Response><Hangup></Response>", k_xml))
            .starts_with("the answer is not TwiML: line 1"));
  CHECK(of(RawServer::response("<Response><Jump/></Response>", k_xml)).find("Jump") != std::string::npos);
  CHECK(of(RawServer::response("", k_xml)).starts_with("the answer is not TwiML"));
}

TEST_CASE("a server that cannot be reached, or speaks no HTTP, ends it with a status of its own",
          "[system]") {
  const test::DeafPort deaf;
  CHECK(verdict(send(Machine(), fmt::format("http://127.0.0.1:{}/voice", deaf.number()))) ==
        "22 http.unreachable");
  CHECK(verdict(send_to(RawServer::answers(""))) == "22 http.broken");
  CHECK(verdict(send_to(RawServer::answers("Welcome!\r\n\r\n"))) == "23 http.garbage");
  CHECK(verdict(send_to(RawServer::answers(RawServer::response(std::string(70'000, ' '), k_xml)))) ==
        "23 http.too_large");
  CHECK(send_to([](RawPeer& peer) { peer.wait_until_gone(); }, {"--timeout", "300ms"}).status == 41);
}

TEST_CASE("what cannot be sent is refused before anybody is asked", "[system]") {
  RawServer nobody({});
  const Machine machine;
  const auto with = [&](Machine::Arguments more) {
    return verdict(send(machine, nobody.url(), std::move(more)));
  };
  CHECK(verdict(send(machine, "http://pbx.example.com/voice")) == "2 http.not_secure");
  CHECK(verdict(send(machine, "pbx.example.com/voice")) == "2 usage.bad_value");
  CHECK(with({"--event", "earthquake"}).starts_with("2 "));
  CHECK(with({"--status", "busy"}) == "2 usage.bad_value");
  CHECK(with({"--param", "Digits"}) == "2 usage.bad_value");
  CHECK(with({"--param", "=1"}) == "2 usage.bad_value");
  CHECK(with({"--url-signed-as", "pbx.example.com"}) == "2 usage.bad_value");
  CHECK(verdict(machine.run({"webhooks", "send", "--to", nobody.url()})) == "4 webhooks.no_account");
  CHECK(verdict(machine.run({"webhooks", "send", "--to", nobody.url(), "--param", "AccountSid=AC1"})) ==
        "4 webhooks.no_token");
  const std::string other = "AC99999999999999999999999999999999";
  const auto others = send(machine, nobody.url(), {"--param", "AccountSid=" + other});
  CHECK(verdict(others) == "4 webhooks.no_token");
  CHECK(others.err.find("no auth token of " + other + " is configured") != std::string::npos);
  CHECK(nobody.connections() == 0);
}

TEST_CASE("a URL with a password is refused, and no trace shows a secret", "[system]") {
  RawServer server({RawServer::answers(RawServer::response(k_hang_up, k_xml))});
  const auto url = fmt::format("http://ann:canary@127.0.0.1:{}/voice", server.port());
  for (const auto& more : {Machine::Arguments{}, {"--url-signed-as", "https://canary@pbx.example.com/"}}) {
    const auto refused = send(Machine(), more.empty() ? url : server.url(), more);
    CHECK(verdict(refused) == "2 usage.login_in_argv");
    CHECK((refused.out + refused.err).find("canary") == std::string::npos);
  }
  CHECK(server.connections() == 0);

  const auto traced = send(Machine(), server.url("/voice"), {"--trace"});
  CHECK(traced.status == 0);
  CHECK(traced.err.find("http.request method=POST url=" + server.url("/voice")) != std::string::npos);
  CHECK(traced.err.find("http.answer status=200") != std::string::npos);
}

TEST_CASE("a body that is not there, or too long for a webhook, is refused", "[system]") {
  const Machine machine;
  const auto verified = [&](const std::string& body) {
    return verdict(machine.run({"webhooks", "verify", "--url", "https://pbx.example.com/sms", "--signature",
                                "wYqlSYDYQXX+az4vhdS/trUF4ZA=", "--body", body}));
  };
  CHECK(verified("nowhere.txt") == "2 input.not_found");
  CHECK(verified(machine.home().string()) == "2 input.unreadable");
  CHECK(verified(machine.file("big.txt", std::string(70'000, 'x')).string()) == "7 usage.too_long");
}

TEST_CASE("what no Twilio would send is refused before anything goes out", "[system]") {
  const test::Machine machine;
  const auto sent = [&](std::initializer_list<std::string> more) {
    test::Machine::Arguments arguments = {"webhooks", "send"};
    arguments.insert(arguments.end(), more);
    return machine.run(arguments);
  };
  const auto short_sid = sent({"--to", "http://127.0.0.1:1/x", "--call-sid", "CA1"});
  CHECK(short_sid.status == 2);
  CHECK(short_sid.err.find(R"("CA1" is no SID of a call (CA and 32 hex digits))") != std::string::npos);
  const auto message = sent({"--to", "http://127.0.0.1:1/x", "--event", "message", "--call-sid",
                             "CA0123456789abcdef0123456789abcdef"});
  CHECK(message.err.find("is no SID of a message") != std::string::npos);
  const auto bare = sent({"--to", "127.0.0.1:8080/api/twilio/voice/inbound"});
  CHECK(bare.status == 2);
  CHECK(bare.err.find("hint: --to http://127.0.0.1:8080/api/twilio/voice/inbound") != std::string::npos);
}

TEST_CASE("a refused account is not blamed on the URL", "[system]") {
  const auto refused = [](const std::string& why) {
    const auto body = R"({"detail":")" + why + R"("})";
    return send_to(RawServer::answers(RawServer::response(body, {}, 403))).err;
  };
  CHECK(refused("the account is none of the workspace's").find("--twilio-accounts") != std::string::npos);
  CHECK(refused("the signature is wrong").find("--url-signed-as") != std::string::npos);
}
