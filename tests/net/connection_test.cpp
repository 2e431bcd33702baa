// One connection through all its phases, without sockets and on a clock that the test turns.

#include <thread>

#include "net/wire.hpp"
#include "support/catch.hpp"

using namespace ringctl;
using namespace std::chrono_literals;
using net::Counter;
using net::Refusal;
using test::Desk;

namespace {

constexpr const char* k_get = "GET /a HTTP/1.1\r\nHost: h\r\n\r\n";

void answer_path(const net::Request& request, net::Respond respond) {
  respond({.body = std::string(request.path)});
}

bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

/// Keeps requests until the test answers them.
struct Later {
  std::vector<net::Respond> waiting;
  net::Handler handler() {
    return [this](const net::Request&, net::Respond respond) { waiting.push_back(std::move(respond)); };
  }
};

std::string get(std::string_view path, std::string_view fields = {}) {
  return "GET " + std::string(path) + " HTTP/1.1\r\nHost: h\r\n" + std::string(fields) + "\r\n";
}

}  // namespace

TEST_CASE("a response says its length, its date and its type", "[net]") {
  Desk desk([](const net::Request&, net::Respond respond) {
    respond({.content_type = "text/xml", .body = "<Response/>", .headers = {{"X-One", "1"}}});
  });
  desk.table.sweep();
  auto wire = desk.connect();
  wire.feed(k_get);
  CHECK(wire.take() ==
        "HTTP/1.1 200 OK\r\nDate: Sun, 08 Mar 2026 12:00:00 GMT\r\nContent-Type: text/xml\r\nX-One: 1\r\n"
        "Content-Length: 11\r\n\r\n<Response/>");
}

TEST_CASE("a handler sees the request as it was sent", "[net]") {
  std::string seen;
  Desk desk([&](const net::Request& request, net::Respond respond) {
    seen = std::string(request.method) + "|" + std::string(request.target) + "|" + std::string(request.path) +
           "|" + std::string(request.query) + "|" + std::string(request.header("x-two").value_or("none")) +
           "|" + std::to_string(request.header_count("X-ONE")) + "|" + std::string(request.body) + "|" +
           std::string(request.remote);
    CHECK(request.id.size() == 36);
    CHECK_FALSE(request.secure);
    CHECK_FALSE(request.overloaded);
    respond({});
  });
  auto wire = desk.connect();
  wire.feed(
      "POST /a?b=c HTTP/1.1\r\nHost: h\r\nX-One: 1\r\nx-one: 2\r\nX-Two: 3\r\nContent-Length: 3\r\n\r\nxyz");
  CHECK(seen == "POST|/a?b=c|/a|b=c|3|2|xyz|192.0.2.7");
}

TEST_CASE("pipelined requests are answered in order, one at a time", "[net]") {
  Later later;
  Desk desk(later.handler());
  auto wire = desk.connect();
  wire.feed(get("/1") + get("/2") + get("/3"));
  for (int i = 1; i <= 3; ++i) {
    REQUIRE(later.waiting.size() == static_cast<std::size_t>(i));
    CHECK(wire.take().empty());
    later.waiting.back()({.body = std::to_string(i)});
    CHECK(wire.take().ends_with("\r\n\r\n" + std::to_string(i)));
  }
  CHECK(wire.reading());
  CHECK(desk.count(Counter::responses) == 3);
}

TEST_CASE("ten thousand pipelined requests answered at once need no deep stack", "[net]") {
  Desk desk(answer_path);
  auto wire = desk.connect();
  std::string many;
  for (int i = 0; i < 9'000; ++i) many += k_get;
  wire.feed(many);
  CHECK(desk.count(Counter::responses) == 9'000);
  CHECK(wire.unread() == 0);
}

TEST_CASE("a request may come byte by byte", "[net]") {
  Desk desk([](const net::Request& request, net::Respond respond) {
    respond({.body = std::string(request.body)});
  });
  auto wire = desk.connect();
  const std::string request =
      "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x\r\nde\r\n0\r\nT: v\r\n\r\n";
  for (int round = 0; round < 2; ++round) {
    for (const char c : request) wire.feed({&c, 1});
    CHECK(wire.take().ends_with("\r\n\r\nabcde"));
  }
}

TEST_CASE("a handler that throws answers 500 and is counted, once", "[net]") {
  Desk desk([](const net::Request& request, net::Respond respond) {
    if (request.path == "/held") {
      const net::Respond held = std::move(respond);
      throw std::runtime_error("held");
    }
    throw 7;
  });
  auto wire = desk.connect();
  wire.feed(get("/a"));
  CHECK(wire.status() == 500);
  wire.feed(get("/held"));
  CHECK(wire.status() == 500);
  CHECK(desk.count(Counter::failed) == 2);
  CHECK(desk.count(Counter::dropped) == 0);
  CHECK(desk.shared.in_flight == 0);
}

TEST_CASE("a Respond that is let go answers 503 and is counted", "[net]") {
  Later later;
  Desk desk([&](const net::Request& request, net::Respond respond) {
    if (request.path == "/later") later.waiting.push_back(std::move(respond));
  });
  auto wire = desk.connect();
  wire.feed(get("/a"));
  CHECK(wire.status() == 503);
  wire.feed(get("/later"));
  CHECK(wire.take().empty());
  later.waiting.clear();
  CHECK(wire.status() == 503);
  CHECK(desk.count(Counter::dropped) == 2);
  CHECK(wire.reading());
}

TEST_CASE("a handler ends a connection without an answer, at once and later, and those behind it unread",
          "[net]") {
  Later later;
  Desk desk([&](const net::Request& request, net::Respond respond) {
    if (request.path == "/now") return respond({.drop = true});
    later.waiting.push_back(std::move(respond));
  });
  auto now = desk.connect(), then = desk.connect();
  now.feed(std::string(get("/now")) + std::string(get("/behind")));
  CHECK(now.closed());
  CHECK(now.take().empty());
  CHECK(later.waiting.empty());
  then.feed(get("/later"));
  CHECK_FALSE(then.closed());
  later.waiting.front()({.drop = true});
  CHECK(then.closed());
  CHECK(then.take().empty());
  CHECK(desk.count(Counter::dropped) == 0);
  CHECK(desk.shared.in_flight == 0);
}

TEST_CASE("an answer is cut off in its body where its handler says, and the connection ends", "[net]") {
  const std::size_t cut = GENERATE(as<std::size_t>{}, 0, 40, 100, 200);
  Desk desk([cut](const net::Request&, net::Respond respond) {
    net::Response response{.body = std::string(100, 'x')};
    response.cut = cut;
    respond(std::move(response));
  });
  auto wire = desk.connect();
  wire.feed(std::string(get("/a")) + std::string(get("/behind")));
  const auto all = wire.take();
  CHECK(all.find("Content-Length: 100\r\n") != std::string::npos);
  CHECK(all.substr(all.find("\r\n\r\n") + 4) == std::string(std::min<std::size_t>(cut, 100), 'x'));
  CHECK_FALSE(wire.reading());
}

TEST_CASE("an answer that drips comes a byte at a time, until all of it is there", "[net]") {
  Desk desk([](const net::Request&, net::Respond respond) {
    net::Response response{.body = "xyz"};
    response.drip = 100ms;
    respond(std::move(response));
  });
  auto wire = desk.connect();
  wire.feed(get("/a"));
  std::string all = wire.take();
  CHECK(all == "H");
  for (int i = 0; i < 500 && !all.ends_with("xyz"); ++i) {
    desk.pass(100ms);
    const auto more = wire.take();
    CHECK(more.size() == 1);
    all += more;
  }
  CHECK(all.starts_with("HTTP/1.1 200 OK\r\n"));
  CHECK(all.ends_with("\r\n\r\nxyz"));
  // And the connection goes on.
  CHECK(wire.reading());
  CHECK(desk.count(Counter::timeout_write) == 0);
}

TEST_CASE("only the first of several answers counts", "[net]") {
  Later later;
  Desk desk(later.handler());
  auto wire = desk.connect();
  wire.feed(get("/a"));
  auto& respond = later.waiting.front();
  respond({.status = 201});
  respond({.status = 202});
  CHECK(wire.take().starts_with("HTTP/1.1 201 Created\r\n"));
  CHECK(desk.count(Counter::late) == 0);
}

TEST_CASE("an answer from another thread waits for the connection's own", "[net]") {
  Later later;
  Desk desk(later.handler());
  auto wire = desk.connect();
  wire.feed(get("/a"));
  std::thread([&] { later.waiting.front()({.body = "there"}); }).join();
  CHECK(desk.woken);
  CHECK(wire.take().empty());
  desk.table.collect();
  CHECK(wire.take().ends_with("there"));
}

TEST_CASE("a handler that answers others does not nest their next requests", "[net]") {
  // Each connection has two requests; the second handler call releases the first connection's answer, and so
  // on.
  std::vector<net::Respond> waiting;
  int depth = 0, deepest = 0;
  Desk desk([&](const net::Request&, net::Respond respond) {
    deepest = std::max(deepest, ++depth);
    waiting.push_back(std::move(respond));
    if (waiting.size() > 1) {
      auto all = std::move(waiting);
      waiting.clear();
      for (auto& one : all) one({.body = "x"});
    }
    --depth;
  });
  std::vector<test::Wire> wires;
  for (int i = 0; i < 50; ++i) wires.push_back(desk.connect());
  for (auto& wire : wires) wire.feed(get("/1") + get("/2"));
  while (desk.woken.exchange(false)) desk.table.collect();
  CHECK(deepest == 1);
  CHECK(desk.count(Counter::responses) == 100);
}

TEST_CASE("a response that would break apart is not sent", "[net]") {
  const net::Response bad[] = {{.headers = {{"X", "a\r\nSet-Cookie: b"}}},
                               {.headers = {{"X", "a\nb"}}},
                               {.headers = {{"X\r\nY", "a"}}},
                               {.headers = {{"X: Y", "a"}}},
                               {.headers = {{"", "a"}}},
                               {.headers = {{"X", std::string("a\0b", 3)}}},
                               {.content_type = "text/xml\r\nX: y"},
                               {.headers = {{"Content-Length", "3"}}},
                               {.headers = {{"transfer-encoding", "chunked"}}},
                               {.headers = {{"Connection", "close"}}},
                               {.status = 101},
                               {.status = 600},
                               {.status = -1}};
  for (const auto& response : bad) {
    Desk desk([&](const net::Request&, net::Respond respond) { respond(response); });
    auto wire = desk.connect();
    wire.feed(k_get);
    const auto text = wire.take();
    CHECK(text.starts_with("HTTP/1.1 500 "));
    CHECK_FALSE(has(text, "Set-Cookie"));
    CHECK(desk.count(Counter::invalid_responses) == 1);
  }
}

TEST_CASE("HEAD gets the length without the body, 204 and 304 get neither", "[net]") {
  int status = 200;
  Desk desk([&](const net::Request&, net::Respond respond) { respond({.status = status, .body = "body"}); });
  auto wire = desk.connect();
  wire.feed("HEAD / HTTP/1.1\r\nHost: h\r\n\r\n");
  CHECK(wire.take().ends_with("Content-Length: 4\r\n\r\n"));
  for (const int empty : {204, 304}) {
    status = empty;
    wire.feed(k_get);
    const auto text = wire.take();
    CHECK_FALSE(has(text, "Content-Length"));
    CHECK(text.ends_with("\r\n\r\n"));
  }
}

TEST_CASE("the connection closes when the client, the handler, HTTP/1.0 or the count of requests says so",
          "[net]") {
  net::Limits limits;
  limits.requests_per_connection = 2;
  Desk desk(
      [](const net::Request& request, net::Respond respond) { respond({.close = request.path == "/close"}); },
      limits);
  auto wire = desk.connect();
  wire.feed(get("/a", "Connection: close\r\n"));
  CHECK(has(wire.take(), "\r\nConnection: close\r\n"));
  CHECK(wire.closed());
  CHECK_FALSE(wire.ending());  // nothing more can come that a reset would answer

  auto by_handler = desk.connect();
  by_handler.feed(get("/close"));
  CHECK(has(by_handler.take(), "\r\nConnection: close\r\n"));
  CHECK(by_handler.ending());
  CHECK_FALSE(by_handler.closed());

  auto old = desk.connect();
  old.feed("GET /a HTTP/1.0\r\n\r\n");
  CHECK(has(old.take(), "\r\nConnection: close\r\n"));
  CHECK(old.closed());

  auto often = desk.connect();
  often.feed(get("/a"));
  CHECK_FALSE(has(often.take(), "Connection"));
  often.feed(get("/a"));
  CHECK(has(often.take(), "\r\nConnection: close\r\n"));
}

TEST_CASE("after a last response the rest of the input is read for a while, and not for ever", "[net]") {
  Desk desk(answer_path);
  auto wire = desk.connect();
  wire.feed("GET / HTTP/1.1\r\n\r\n");
  CHECK(wire.status() == 400);
  REQUIRE(wire.ending());
  wire.shut_down_done();
  wire.feed(std::string(100'000, 'x'));
  CHECK_FALSE(wire.closed());
  SECTION("until the client ends") { wire.end(); }
  SECTION("until the time is over") { desk.pass(2s); }
  SECTION("until it was too much") { wire.feed(std::string(200'000, 'x')); }
  CHECK(wire.closed());
  CHECK(desk.shared.open == 0);
}

TEST_CASE("100-continue is answered when the body is wanted and did not come yet", "[net]") {
  Desk desk([](const net::Request& request, net::Respond respond) {
    respond({.body = std::string(request.body)});
  });
  const std::string head = "POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n";
  auto wire = desk.connect();
  wire.feed(head);
  CHECK(wire.take() == "HTTP/1.1 100 Continue\r\n\r\n");
  wire.feed("abc");
  CHECK(wire.take().ends_with("\r\n\r\nabc"));
  wire.feed(head + "abc");
  CHECK(wire.take().ends_with("\r\n\r\nabc"));
  wire.window(0);
  wire.feed(head);
  REQUIRE(wire.blocked());
  wire.window(std::string::npos);
  wire.accept(1000);
  wire.feed("abc");
  CHECK(wire.take().ends_with("\r\n\r\nabc"));
}

TEST_CASE("a body past its limit is refused before it is read", "[net]") {
  Desk desk(answer_path);
  auto wire = desk.connect();
  wire.feed("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 2000000\r\n\r\n");
  CHECK(wire.status() == 413);
  CHECK(desk.count(Refusal::body_too_large) == 1);
  CHECK_FALSE(wire.reading());
}

// ---- time

TEST_CASE("a header has ten seconds in all, however steadily it drips", "[net]") {
  Desk desk(answer_path);
  auto wire = desk.connect();
  const std::string request = get("/a", "X: " + std::string(100, 'y') + "\r\n");
  wire.feed(request.substr(0, 1));
  for (std::size_t i = 1; i < 100; ++i) {
    desk.pass(100ms);
    wire.feed(request.substr(i, 1));
  }
  CHECK(wire.take().empty());
  desk.pass(100ms);
  CHECK(wire.status() == 408);
  CHECK(desk.count(Counter::timeout_header) == 1);
  CHECK(wire.ending());
}

TEST_CASE("a connection that never speaks is closed without a word", "[net]") {
  Desk desk(answer_path);
  auto wire = desk.connect();
  desk.pass(9'999ms);
  CHECK_FALSE(wire.closed());
  desk.pass(1ms);
  CHECK(wire.closed());
  CHECK(wire.take().empty());
  CHECK(desk.count(Counter::timeout_header) == 1);
}

TEST_CASE("a body must come at 1 kB a second once ten seconds are over", "[net]") {
  Desk desk([](const net::Request& request, net::Respond respond) {
    respond({.body = std::to_string(request.body.size())});
  });
  auto wire = desk.connect();
  const bool in_chunks = GENERATE(false, true);
  wire.feed(std::string("POST / HTTP/1.1\r\nHost: h\r\n") +
            (in_chunks ? "Transfer-Encoding: chunked\r\n\r\nC350\r\n" : "Content-Length: 50000\r\n\r\n"));
  SECTION("faster than that: it is served, though it takes half a minute") {
    for (int i = 0; i < 40; ++i) {
      desk.pass(800ms);
      wire.feed(std::string(1250, 'x'));
    }
    if (in_chunks) wire.feed("\r\n0\r\n\r\n");
    CHECK(wire.take().ends_with("\r\n\r\n50000"));
  }
  SECTION("slower: 408") {
    int seconds = 0;
    for (; seconds < 60 && !wire.ending(); ++seconds) {
      desk.pass(1s);
      wire.feed(std::string(500, 'x'));
    }
    CHECK(wire.status() == 408);
    // After s seconds there are 500 s bytes, and 10 s + 0.5 s are allowed: over at s = 20.
    CHECK(seconds >= 18);
    CHECK(seconds <= 20);
    CHECK(desk.count(Counter::timeout_body) == 1);
  }
}

TEST_CASE("a handler that never answers is answered for, and what it says later goes nowhere", "[net]") {
  Later later;
  Desk desk(later.handler());
  auto wire = desk.connect();
  wire.feed(get("/a"));
  desk.pass(20s);
  const auto text = wire.take();
  CHECK(text.starts_with("HTTP/1.1 503 "));
  CHECK(has(text, "\r\nRetry-After: 1\r\n"));
  CHECK(desk.count(Counter::timeout_handler) == 1);
  CHECK(desk.shared.in_flight == 0);
  later.waiting.front()({.status = 200});
  CHECK(wire.take().empty());
  CHECK(desk.count(Counter::late) == 1);
}

TEST_CASE("an answer that comes too late does not go to the next client in the slot", "[net]") {
  Later later;
  Desk desk(later.handler());
  auto first = desk.connect();
  first.feed(get("/a"));
  desk.pass(20s);
  CHECK(first.status() == 503);
  first.shut_down_done();
  first.end();
  REQUIRE(first.closed());
  auto second = desk.connect();
  second.feed(get("/b"));
  later.waiting.front()({.body = "of the first"});
  CHECK(second.take().empty());
  CHECK(desk.count(Counter::late) == 1);
  later.waiting.back()({.body = "of the second"});
  CHECK(second.take().ends_with("of the second"));
}

TEST_CASE("a reader that stalls for ten seconds is cut off, one that is only slow is not", "[net]") {
  Desk desk([](const net::Request&, net::Respond respond) { respond({.body = std::string(1000, 'x')}); });
  auto wire = desk.connect();
  wire.window(0);
  wire.feed(k_get);
  REQUIRE(wire.blocked());
  for (int i = 0; i < 5; ++i) {
    desk.pass(9s);
    REQUIRE(wire.blocked());
    wire.accept(10);
  }
  CHECK_FALSE(wire.closed());
  desk.pass(10s);
  CHECK(wire.closed());
  CHECK(desk.count(Counter::timeout_write) == 1);
}

TEST_CASE("an idle connection is closed without a word", "[net]") {
  Desk desk(answer_path);
  auto wire = desk.connect();
  wire.feed(k_get);
  wire.take();
  desk.pass(74s);
  CHECK_FALSE(wire.closed());
  desk.pass(1s);
  CHECK(wire.closed());
  CHECK(wire.take().empty());
  CHECK(desk.count(Counter::timeout_idle) == 1);
}

TEST_CASE("a TLS handshake has ten seconds, and one that fails closes", "[net]") {
  Desk desk(answer_path);
  auto stalled = desk.connect(true), failing = desk.connect(true), good = desk.connect(true);
  failing.handshake(false);
  CHECK(failing.closed());
  good.handshake(true);
  good.feed(k_get);
  CHECK(good.status() == 200);
  desk.pass(10s);
  CHECK(stalled.closed());
  CHECK_FALSE(good.closed());
  CHECK(desk.count(Counter::timeout_handshake) == 1);
  CHECK(desk.count(Counter::handshakes_failed) == 1);
}

// ---- how much at once

TEST_CASE("past the soft limit the connection that is idle longest makes room", "[net]") {
  net::Limits limits;
  limits.soft_connections = 3;
  Later later;
  Desk desk(
      [&](const net::Request& request, net::Respond respond) {
        if (request.path == "/busy") return later.waiting.push_back(std::move(respond));
        respond({});
      },
      limits);
  auto busy = desk.connect(), first = desk.connect(), second = desk.connect();
  busy.feed(get("/busy"));
  second.feed(get("/a"));
  first.feed(get("/a"));  // idle since after the second
  auto fourth = desk.connect();
  CHECK(second.closed());
  CHECK_FALSE(busy.closed());
  CHECK_FALSE(first.closed());
  CHECK(desk.count(Counter::closed_idle) == 1);
  fourth.feed(k_get);
  CHECK(fourth.status() == 200);
}

TEST_CASE("past the hard limit a new connection gets 503 at once, and past that nothing", "[net]") {
  net::Limits limits;
  limits.connections = 2;
  limits.soft_connections = 2;
  limits.refusals_at_once = 1;
  Later later;
  Desk desk(later.handler(), limits);
  auto one = desk.connect(), two = desk.connect();
  one.feed(get("/a"));
  two.feed(get("/a"));
  auto third = desk.connect();
  const auto text = third.take();
  CHECK(text.starts_with("HTTP/1.1 503 "));
  CHECK(has(text, "\r\nRetry-After: 1\r\n"));
  auto fourth = desk.connect();
  CHECK(fourth.closed());
  CHECK(fourth.take().empty());
  third.shut_down_done();
  third.end();
  auto fifth = desk.connect();
  CHECK(fifth.status() == 503);
  CHECK(desk.count(Refusal::too_many_connections) == 3);
}

TEST_CASE("past the requests in flight a handler is told so", "[net]") {
  net::Limits limits;
  limits.in_flight = 2;
  Later later;
  Desk desk(
      [&](const net::Request& request, net::Respond respond) {
        if (request.overloaded) return respond({.body = "safe"});
        later.waiting.push_back(std::move(respond));
      },
      limits);
  auto one = desk.connect(), two = desk.connect(), three = desk.connect();
  one.feed(get("/a"));
  two.feed(get("/a"));
  three.feed(get("/a"));
  CHECK(three.take().ends_with("safe"));
  later.waiting.front()({});
  three.feed(get("/a"));
  CHECK(three.take().empty());
  CHECK(desk.count(Counter::overloaded) == 1);
}

// ---- the end

TEST_CASE("a client that goes in the middle is counted, one that goes between requests is not", "[net]") {
  Later later;
  Desk desk(later.handler());
  auto polite = desk.connect(), rude = desk.connect(), impatient = desk.connect();
  polite.end();
  rude.feed("GET / HT");
  rude.end();
  CHECK(polite.closed());
  CHECK(rude.closed());
  CHECK(desk.count(Counter::aborted) == 1);
}

TEST_CASE("draining answers what came, lets idle connections wait a moment and says close", "[net]") {
  Later later;
  Desk desk(later.handler());
  auto busy = desk.connect(), idle = desk.connect(), crossing = desk.connect();
  busy.feed(get("/a"));
  desk.shared.draining = true;
  desk.table.drain();
  crossing.feed(get("/b"));
  for (auto& respond : later.waiting) respond({});
  CHECK(has(busy.take(), "\r\nConnection: close\r\n"));
  CHECK(has(crossing.take(), "\r\nConnection: close\r\n"));
  desk.pass(499ms);
  CHECK_FALSE(idle.closed());
  desk.pass(1ms);
  CHECK(idle.closed());
  CHECK(desk.count(Counter::timeout_idle) == 0);
  CHECK(desk.count(Counter::timeout_header) == 0);
}

TEST_CASE("an idle connection whose time is over is not closed on a request that waits to be read", "[net]") {
  Later later;
  Desk desk(later.handler());
  auto crossing = desk.connect();
  desk.shared.draining = true;
  desk.table.drain();
  crossing.keep_waiting(true);
  desk.pass(700ms);
  REQUIRE_FALSE(crossing.closed());
  crossing.keep_waiting(false);
  crossing.feed(get("/late"));
  later.waiting.front()({});
  CHECK(has(crossing.take(), "\r\nConnection: close\r\n"));
}

TEST_CASE("a Respond that outlives its server does no harm", "[net]") {
  Later later;
  {
    Desk desk(later.handler());
    auto wire = desk.connect();
    wire.feed(get("/a"));
  }
  later.waiting.front()({});
  later.waiting.clear();
}
