// What is asked again, what is not, and how long anybody waits: the table at the head of client.hpp.
#include <atomic>

#include "support/catch.hpp"
#include "support/errors.hpp"
#include "support/eventually.hpp"
#include "support/raw_server.hpp"
#include "twilio/client.hpp"

using namespace ringctl;
using namespace std::chrono_literals;
using test::RawPeer;
using test::RawServer;
using twilio::Ask;
using twilio::Client;
using twilio::Failed;
using twilio::Outcome;
using twilio::Repeat;
using twilio::Reply;

namespace {

const base::SystemClock k_clock;
constexpr int k_retries = 2;

twilio::ClientOptions options_for(const std::string& url) {
  twilio::ClientOptions options;
  options.credentials.account_sid = "AC0123456789abcdef0123456789abcdef";
  options.credentials.password = base::Secret("secret-0123456789");
  options.bases = twilio::bases_at(url);
  options.backoff = {.first = 1ms, .cap = 2ms, .retries = k_retries};
  options.chance = [] { return 0.5; };
  options.timeout = test::k_patience;
  return options;
}

Ask ask_for(Repeat repeat, std::string method = "POST") {
  Ask ask;
  ask.method = std::move(method);
  ask.path = "/Calls.json";
  ask.repeat = repeat;
  return ask;
}

std::string answer(std::string_view body, int status = 200, std::string_view fields = {}) {
  return RawServer::response(
      body, std::string("Content-Type: application/json\r\nConnection: close\r\n") + std::string(fields),
      status);
}

/// The outcome of one request to a server that does `script` with each of `times` connections.
struct Tried {
  Outcome outcome;
  std::size_t connections;
  const Failed& failed() const { return std::get<Failed>(outcome); }
};
Tried try_against(const RawServer::Script& script, const Ask& ask, int times = k_retries + 1,
                  std::chrono::milliseconds timeout = test::k_patience) {
  RawServer server(std::vector<RawServer::Script>(static_cast<std::size_t>(times), script));
  auto options = options_for(server.url(""));
  options.timeout = timeout;
  Client client(options, k_clock);
  auto outcome = client.try_send(ask);
  return {std::move(outcome), server.connections()};
}

/// Requests that have come whole to one of the two that are waited for in vain.
std::atomic<int> asked{0};

const RawServer::Script k_hang = [](RawPeer& peer) {
  asked += !peer.read().empty();
  peer.wait_until_gone();
};
const RawServer::Script k_reset = [](RawPeer& peer) {
  peer.read();
  peer.reset();
};
const RawServer::Script k_drip = [](RawPeer& peer) {
  asked += !peer.read().empty();
  peer.drip(answer(std::string(10'000, 'x')), 50ms);
};
const RawServer::Script k_truncated = [](RawPeer& peer) {
  peer.read();
  peer.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\nConnection: close\r\n\r\n{\"sid\":");
};

/// The same with one that lets its clients wait. A machine with too much to do may need longer than the
/// deadline to have sent each of `times` requests: then all again, with more time.
Tried give_up(const RawServer::Script& script, const Ask& ask, int times) {
  for (auto timeout = 300ms;; timeout *= 4) {
    REQUIRE(timeout < test::k_patience);
    asked = 0;
    auto tried = try_against(script, ask, times, timeout);
    if (asked == times && tried.connections >= static_cast<std::size_t>(times)) return tried;
  }
}

}  // namespace

TEST_CASE("429 is asked again whatever it was, and is the failure once retries are used up", "[twilio]") {
  const auto repeat = GENERATE(Repeat::freely, Repeat::never);
  const auto tried = try_against(
      RawServer::answers(answer(R"({"code":20429,"message":"Too Many Requests"})", 429)), ask_for(repeat));
  CHECK(tried.connections == k_retries + 1);
  CHECK(tried.failed().kind == Failed::Kind::rate);
  CHECK(tried.failed().code == 20429);
  CHECK(tried.failed().message.ends_with(": too many requests"));
  CHECK(tried.failed().attempts == k_retries + 1);
  CHECK_FALSE(tried.failed().maybe_executed);
  CHECK(twilio::to_error(tried.failed()).errc() == Errc::twilio_rate);
}

TEST_CASE("a 429 that ends is an answer, also for what must not happen twice", "[twilio]") {
  RawServer server(
      {RawServer::answers(answer("{}", 429)), RawServer::answers(answer(R"({"sid":"CA1"})", 201))});
  Client client(options_for(server.url("")), k_clock);
  const auto reply = client.send(ask_for(Repeat::never));
  CHECK(reply.status == 201);
  CHECK(reply.json.text("sid") == "CA1");
  CHECK(client.traffic().requests == 2);
  CHECK(client.traffic().refused_for_rate == 1);
}

TEST_CASE("Retry-After is waited for, and one that is too long is told about", "[twilio]") {
  {
    RawServer server(
        {RawServer::answers(answer("{}", 429, "Retry-After: 1\r\n")), RawServer::answers(answer("{}"))});
    Client client(options_for(server.url("")), k_clock);
    const auto begun = k_clock.steady();
    client.send(ask_for(Repeat::freely));
    CHECK(k_clock.steady() - begun >= 1s);
  }
  const auto tried =
      try_against(RawServer::answers(answer("{}", 429, "Retry-After: 3600\r\n")), ask_for(Repeat::freely));
  CHECK(tried.connections == 1);
  CHECK(tried.failed().kind == Failed::Kind::rate);
  CHECK(tried.failed().retry_after == 3600s);
  CHECK(twilio::to_error(tried.failed()).retry_after() == 3600s);
}

TEST_CASE("5xx is asked again where that does no harm, and left in doubt where it does", "[twilio]") {
  const auto status = GENERATE(500, 502, 503, 504);
  const auto page =
      RawServer::answers(RawServer::response("<html><body>{\"code\":1,\"message\":\"no\"}</body></html>",
                                             "Content-Type: text/html\r\nConnection: close\r\n", status));
  const auto freely = try_against(page, ask_for(Repeat::freely));
  CHECK(freely.connections == k_retries + 1);
  CHECK(freely.failed().kind == Failed::Kind::down);
  CHECK(freely.failed().status == status);
  CHECK(freely.failed().code == 0);  // an HTML page is not read
  CHECK(freely.failed().message == "POST /Calls.json: HTTP " + std::to_string(status));
  CHECK(twilio::to_error(freely.failed()).errc() == Errc::twilio_down);

  const auto never = try_against(page, ask_for(Repeat::never), 1);
  CHECK(never.connections == 1);
  CHECK(never.failed().kind == Failed::Kind::unknown);
  CHECK(never.failed().maybe_executed);
  CHECK(twilio::to_error(never.failed()).errc() == Errc::unknown_outcome);
}

TEST_CASE("no answer is asked for again where that does no harm, and left in doubt where it does",
          "[twilio]") {
  struct Case {
    const char* name;
    const RawServer::Script& script;
  };
  for (const auto& [name, script] :
       {Case{"reset", k_reset}, Case{"truncated", k_truncated}, Case{"hang", k_hang}, Case{"drip", k_drip}}) {
    INFO(name);
    const bool ends_itself = &script == &k_reset || &script == &k_truncated;
    const auto freely = ends_itself ? try_against(script, ask_for(Repeat::freely, "GET"))
                                    : give_up(script, ask_for(Repeat::freely, "GET"), k_retries + 1);
    CHECK(freely.connections == k_retries + 1);
    CHECK(freely.failed().kind == Failed::Kind::down);
    CHECK(freely.failed().attempts == k_retries + 1);
    const auto never = ends_itself ? try_against(script, ask_for(Repeat::never), 1)
                                   : give_up(script, ask_for(Repeat::never), 1);
    CHECK(never.connections == 1);
    CHECK(never.failed().kind == Failed::Kind::unknown);
    CHECK(never.failed().maybe_executed);
  }
}

TEST_CASE("an attempt ends at its deadline, not before", "[twilio]") {
  const auto& script = GENERATE_REF(k_hang, k_drip);
  RawServer server({script});
  auto options = options_for(server.url(""));
  options.timeout = 300ms;
  options.backoff.retries = 0;
  Client client(options, k_clock);
  const auto begun = k_clock.steady();
  CHECK(std::holds_alternative<Failed>(client.try_send(ask_for(Repeat::freely))));
  const auto took = k_clock.steady() - begun;
  CHECK(took >= 290ms);  // it counts whole milliseconds
  CHECK(took < test::k_patience);
}

TEST_CASE("what never went out is asked again, whatever it was", "[twilio]") {
  const test::DeafPort nobody;
  Client client(options_for("http://127.0.0.1:" + std::to_string(nobody.number())), k_clock);
  const auto outcome = client.try_send(ask_for(Repeat::never));
  const auto& failed = std::get<Failed>(outcome);
  CHECK(failed.kind == Failed::Kind::down);
  CHECK(failed.attempts == k_retries + 1);
  CHECK_FALSE(failed.maybe_executed);
}

TEST_CASE("what is no answer of the API is never asked for again", "[twilio]") {
  const std::string deep(100'000, '[');
  const auto whole = [](std::string body) { return RawServer::answers(answer(body)); };
  const std::vector<std::pair<std::string, RawServer::Script>> cases = {
      {"html", whole("<html></html>")},
      {"empty", whole("")},
      {"no object", whole("[1]")},
      {"twice", whole(R"({"sid":"CA1","sid":"CA2"})")},
      {"NaN", whole(R"({"price":NaN})")},
      {"deep", whole(deep)},
      {"half", whole(R"({"sid":"CA1")")},
      {"no HTTP", RawServer::answers("SSH-2.0-OpenSSH_9.2\r\n")},
      {"redirect", RawServer::answers(answer("", 307, "Location: http://127.0.0.1:1/\r\n"))},
      {"too large", RawServer::answers("HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n")},
  };
  for (const auto& [name, script] : cases) {
    INFO(name);
    const auto get = try_against(script, ask_for(Repeat::freely, "GET"), 1);
    CHECK(get.connections == 1);
    CHECK(get.failed().kind == Failed::Kind::garbage);
    CHECK_FALSE(get.failed().maybe_executed);
    CHECK(twilio::to_error(get.failed()).errc() == Errc::twilio_garbage);
    const auto post = try_against(script, ask_for(Repeat::never), 1);
    CHECK(post.failed().maybe_executed);
    CHECK(twilio::to_error(post.failed()).errc() == Errc::unknown_outcome);
  }
}

TEST_CASE("a delete is done without a body", "[twilio]") {
  RawServer server({RawServer::answers("HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")});
  Client client(options_for(server.url("")), k_clock);
  CHECK(client.send(ask_for(Repeat::freely, "DELETE")).status == 204);
}

TEST_CASE("a redirect is followed by no login", "[twilio]") {
  RawServer elsewhere({});
  const auto tried = try_against(
      RawServer::answers(answer("", 302, "Location: " + elsewhere.url("/2010-04-01/Accounts.json") + "\r\n")),
      ask_for(Repeat::freely, "GET"), 1);
  CHECK(tried.failed().kind == Failed::Kind::garbage);
  CHECK(elsewhere.connections() == 0);
}

TEST_CASE("the body of a recording is taken as it is, within its bound", "[twilio]") {
  const std::string sound("RIFF\0\xff\x00", 7);
  RawServer server({RawServer::answers(RawServer::response(sound, "Connection: close\r\n")),
                    RawServer::answers(RawServer::response(sound, "Connection: close\r\n"))});
  Client client(options_for(server.url("")), k_clock);
  auto ask = ask_for(Repeat::freely, "GET");
  ask.raw = true;
  CHECK(client.send(ask).body == sound);
  ask.max_body = 3;
  CHECK(test::slug_of([&] { client.send(ask); }) == "twilio.garbage");
}
