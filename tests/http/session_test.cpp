// The client against a real listener: what goes out, what comes back, over how many connections, how many at
// a time.
#include "http/session.hpp"

#include <mutex>

#include "base/build_info.hpp"
#include "net/listener.hpp"
#include "support/catch.hpp"
#include "support/errors.hpp"
#include "support/patient.hpp"
#include "support/raw_server.hpp"

using namespace ringctl;
using namespace std::chrono_literals;
using http::Fault;
using http::Outcome;
using http::Request;
using http::Response;
using http::Session;
using test::RawPeer;
using test::RawServer;

namespace {

std::string url_of(const test::Listener& listener, std::string_view path = "/") {
  return "http://127.0.0.1:" + std::to_string(listener.port()) + std::string(path);
}

Response answer_of(Outcome outcome) {
  if (auto* const response = std::get_if<Response>(&outcome)) return std::move(*response);
  const auto& failure = std::get<http::Failure>(outcome);
  throw std::runtime_error(std::string(slug_of(failure.fault)) + ": " + failure.message);
}

http::Failure failure_of(Outcome outcome) {
  if (auto* const failure = std::get_if<http::Failure>(&outcome)) return std::move(*failure);
  throw std::runtime_error("there is an answer: " + std::to_string(std::get<Response>(outcome).status));
}

/// The request as the server saw it, byte for byte.
std::string bytes_of(Request request, std::string_view path = "/") {
  std::string seen;
  RawServer server({[&](RawPeer& peer) {
    seen = peer.read();
    peer.send(RawServer::response(""));
  }});
  request.url = server.url(path);
  Session session;
  answer_of(session.perform(std::move(request)));
  return seen;
}

}  // namespace

TEST_CASE("a request arrives as it was given, and its answer comes back whole", "[http]") {
  test::Listener listener([](const net::Request& request, net::Respond respond) {
    net::Response response;
    response.status = 418;
    response.content_type = "text/plain";
    response.headers = {{"X-Seen", std::string(request.header("x-note").value_or("none"))}, {"X-Empty", ""}};
    response.body =
        std::string(request.method) + " " + std::string(request.target) + " " + std::string(request.body);
    respond(std::move(response));
  });
  Session session;
  const auto response = answer_of(session.perform({.method = "PUT",
                                                   .url = url_of(listener, "/a%20b?c=d&e"),
                                                   .fields = {{"X-Note", "hi"}},
                                                   .body = std::string("x\0y", 3)}));
  CHECK(response.status == 418);
  CHECK(response.body == std::string("PUT /a%20b?c=d&e x\0y", 20));
  CHECK(response.field("content-type") == "text/plain");
  CHECK(response.field("x-seen") == "hi");
  CHECK(response.elapsed > 0us);
  CHECK(response.elapsed < test::k_patience);
  CHECK_FALSE(response.retry_after);
}

TEST_CASE("nothing is added to a request but what HTTP needs and the name of the program", "[http]") {
  const auto agent = "User-Agent: ringctl/" + std::string(base::build_info().version) + "\r\n";
  const auto get = bytes_of({.url = {}}, "/v/../w?x");
  CHECK(get.starts_with("GET /v/../w?x HTTP/1.1\r\nHost: 127.0.0.1:"));
  CHECK(get.find(agent) != std::string::npos);
  CHECK(std::count(get.begin(), get.end(), '\n') == 5);  // with Accept

  const auto post = bytes_of({.method = "POST",
                              .url = {},
                              .fields = {{"User-Agent", "TwilioProxy/1.1"}, {"X-Empty", ""}},
                              .body = std::string(5000, 'x')});
  CHECK(post.find("User-Agent: TwilioProxy/1.1\r\n") != std::string::npos);
  CHECK(post.find("X-Empty:\r\n") != std::string::npos);
  CHECK(post.find("Content-Length: 5000\r\n") != std::string::npos);
  for (const auto* absent : {"ringctl/", "Expect", "Content-Type"})
    CHECK(post.find(absent) == std::string::npos);
  CHECK(post.ends_with("\r\n\r\n" + std::string(5000, 'x')));

  const auto empty = bytes_of({.method = "POST", .url = {}});
  CHECK(empty.find("Content-Length: 0\r\n") != std::string::npos);
  CHECK(bytes_of({.method = "DELETE", .url = {}}).starts_with("DELETE / HTTP/1.1\r\n"));

  Request with_login{.url = {}};
  with_login.login = http::Login{"AC1", base::Secret("secret")};
  CHECK(bytes_of(with_login).find("Authorization: Basic QUMxOnNlY3JldA==\r\n") != std::string::npos);
}

TEST_CASE("a user and password in the URL are sent as a login is", "[http]") {
  std::string seen;
  RawServer server({[&](RawPeer& peer) {
    seen = peer.read();
    peer.send(RawServer::response(""));
  }});
  Session session;
  answer_of(session.perform({.url = "http://AC1:secret@127.0.0.1:" + std::to_string(server.port()) + "/x"}));
  CHECK(seen.starts_with("GET /x HTTP/1.1\r\n"));
  CHECK(seen.find("Authorization: Basic QUMxOnNlY3JldA==\r\n") != std::string::npos);
}

TEST_CASE("a HEAD has no body, however long it says it is", "[http]") {
  RawServer server({RawServer::answers("HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n")});
  Session session;
  const auto response = answer_of(session.perform({.method = "HEAD", .url = server.url()}));
  CHECK(response.status == 200);
  CHECK(response.body.empty());
}

TEST_CASE("interim answers are passed over, chunks put together, Retry-After is read", "[http]") {
  RawServer server({RawServer::answers(
      "HTTP/1.1 103 Early Hints\r\nX-Early: yes\r\n\r\nHTTP/1.1 429 Slow Down\r\nRetry-After: 7\r\n"
      "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n")});
  Session session;
  const auto response = answer_of(session.perform({.url = server.url()}));
  CHECK(response.status == 429);
  CHECK(response.body == "abcde");
  CHECK(response.retry_after == 7s);
  CHECK(response.field("x-early").empty());
}

TEST_CASE("a redirect is an answer and is not followed", "[http]") {
  RawServer elsewhere({});
  RawServer server(
      {RawServer::answers(RawServer::response("", "Location: " + elsewhere.url("/stolen") + "\r\n", 307))});
  Session session;
  const auto response = answer_of(session.perform({.method = "POST", .url = server.url(), .body = "x"}));
  CHECK(response.status == 307);
  CHECK(response.field("location") == elsewhere.url("/stolen"));
  CHECK(elsewhere.connections() == 0);
}

TEST_CASE("a method or field that would break a request apart is refused before anything goes out",
          "[http]") {
  RawServer server({});
  Session session;
  const auto slug = [&](Request request) {
    if (request.url.empty()) request.url = server.url();
    return test::slug_of([&] { session.start(std::move(request), [](Outcome) {}); });
  };
  CHECK(slug({.method = "GET / HTTP/1.1\r\nX:", .url = {}}) == "http.bad_request");
  CHECK(slug({.method = "", .url = {}}) == "http.bad_request");
  CHECK(slug({.url = {}, .fields = {{"X-A", "b\r\nX-C: d"}}}) == "http.bad_request");
  CHECK(slug({.url = {}, .fields = {{"X-A", std::string("b\0c", 3)}}}) == "http.bad_request");
  CHECK(slug({.url = {}, .fields = {{"X A", "b"}}}) == "http.bad_request");
  CHECK(slug({.url = {}, .fields = {{"", "b"}}}) == "http.bad_request");
  CHECK(slug({.url = "http://pbx.example.com/"}) == "http.not_secure");
  CHECK(session.waiting() == 0);
  CHECK(server.connections() == 0);
}

TEST_CASE("requests one after another share a connection", "[http]") {
  test::Listener listener;
  Session session;
  for (int i = 0; i < 20; ++i)
    CHECK(answer_of(session.perform({.method = "POST", .url = url_of(listener), .body = "x"})).body ==
          "POST / x");
  CHECK(listener.server.stats().of(net::Counter::accepted) == 1);
}

TEST_CASE("no more go out at once than the bound says, and all are answered in the end", "[http]") {
  test::Patient patient;
  test::Listener listener(
      [&](const net::Request&, net::Respond respond) { patient.keep(std::move(respond)); });
  Session session({.bound = 3});
  std::size_t answered = 0;
  for (int i = 0; i < 10; ++i)
    session.start({.url = url_of(listener)},
                  [&](Outcome outcome) { answered += answer_of(std::move(outcome)).status == 204; });
  CHECK(session.waiting() == 10);
  const auto until_held = [&](std::size_t count) {
    return test::eventually([&] { return session.step(1ms), patient.holding() == count; });
  };
  REQUIRE(until_held(3));
  CHECK(session.under_way() == 3);
  CHECK(session.waiting() == 7);

  SECTION("which may be raised meanwhile") {
    session.set_bound(5);
    REQUIRE(until_held(5));
    CHECK(session.under_way() == 5);
  }
  SECTION("or lowered, for those that come") {
    session.set_bound(1);
    patient.let_go();
    REQUIRE(until_held(1));
    CHECK(session.under_way() == 1);
  }
  REQUIRE(test::eventually([&] { return patient.let_go(), !session.step(1ms); }));
  CHECK(answered == 10);
  CHECK(patient.most() <= 5);
  CHECK(listener.server.stats().of(net::Counter::accepted) <= 5);
}

TEST_CASE("whoever is told of an answer may ask on", "[http]") {
  test::Listener listener;
  Session session({.bound = 1});
  std::vector<std::string> bodies;
  const std::function<void(Outcome)> next = [&](Outcome outcome) {
    bodies.push_back(answer_of(std::move(outcome)).body);
    if (bodies.size() < 3)
      session.start({.url = url_of(listener, "/" + std::to_string(bodies.size()))}, next);
  };
  session.start({.url = url_of(listener, "/0")}, next);
  session.finish();
  CHECK(bodies == std::vector<std::string>{"GET /0 ", "GET /1 ", "GET /2 "});
}

TEST_CASE("what is thrown by whoever is told comes out, and the session goes on", "[http]") {
  test::Listener listener;
  Session session;
  session.start({.url = url_of(listener)}, [](Outcome) { throw std::runtime_error("mine"); });
  CHECK_THROWS_WITH(session.finish(), "mine");
  CHECK(session.under_way() == 0);
  CHECK(answer_of(session.perform({.url = url_of(listener)})).status == 200);
}

TEST_CASE("a session that goes drops what is under way and tells nobody", "[http]") {
  test::Patient patient;
  test::Listener listener(
      [&](const net::Request&, net::Respond respond) { patient.keep(std::move(respond)); });
  {
    Session session;
    session.start({.url = url_of(listener)}, [](Outcome) { FAIL("told"); });
    REQUIRE(test::eventually([&] { return session.step(1ms), patient.holding() == 1; }));
  }
  patient.let_go();
}

TEST_CASE("once it is cancelled everything ends, what waited without having gone out", "[http]") {
  test::Patient patient;
  test::Listener listener(
      [&](const net::Request&, net::Respond respond) { patient.keep(std::move(respond)); });
  base::CancelToken cancel;
  Session session({.bound = 1, .cancel = &cancel});
  std::vector<bool> maybe_executed;
  const auto note = [&](Outcome outcome) {
    const auto failure = failure_of(std::move(outcome));
    CHECK(failure.fault == Fault::cancelled);
    maybe_executed.push_back(failure.maybe_executed);
  };
  for (int i = 0; i < 2; ++i) session.start({.method = "POST", .url = url_of(listener)}, note);
  REQUIRE(test::eventually([&] { return session.step(1ms), patient.holding() == 1; }));
  cancel.cancel(130);
  session.finish();
  CHECK(maybe_executed == std::vector<bool>{true, false});
  patient.let_go();
}

TEST_CASE("what is awaited is answered though it was cancelled meanwhile", "[http]") {
  test::Patient patient;
  test::Listener listener(
      [&](const net::Request&, net::Respond respond) { patient.keep(std::move(respond)); });
  base::CancelToken cancel;
  Session session({.bound = 2, .cancel = &cancel});
  int answered = 0, cut = 0;
  session.start({.method = "POST", .url = url_of(listener), .awaited = true}, [&](Outcome outcome) {
    answered += std::holds_alternative<http::Response>(outcome) ? 1 : 0;
  });
  session.start({.method = "POST", .url = url_of(listener)},
                [&](Outcome outcome) { cut += failure_of(std::move(outcome)).fault == Fault::cancelled; });
  REQUIRE(test::eventually([&] { return session.step(1ms), patient.holding() == 2; }));
  cancel.cancel(130);
  session.step(1ms);
  CHECK(cut == 1);
  patient.let_go();
  session.finish();
  CHECK(answered == 1);
}
