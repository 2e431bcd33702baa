// One exchange in virtual time and in real time, with a real server.
#include "sim/transport.hpp"

#include <algorithm>
#include <mutex>
#include <thread>

#include "net/listener.hpp"
#include "support/catch.hpp"
#include "support/patient.hpp"
#include "support/raw_server.hpp"

using namespace ringctl;
using namespace ringctl::sim;
using namespace std::chrono_literals;

namespace {

http::Request request_to(std::uint16_t port, std::string_view path = "/") {
  http::Request request;
  request.url = "http://127.0.0.1:" + std::to_string(port) + std::string(path);
  return request;
}

int status_of(const http::Outcome& outcome) {
  const auto* const response = std::get_if<http::Response>(&outcome);
  return response == nullptr ? 0 : response->status;
}

/// Answers what is not slow at once.
net::Handler handler(test::Patient& patient) {
  return [&patient](const net::Request& request, net::Respond respond) {
    if (request.path == "/slow") return patient.keep(std::move(respond));
    respond({.status = 204});
  };
}

/// The agenda's steps until then, for at most test::k_patience.
bool step_until(Agenda& agenda, const std::function<bool()>& holds) {
  return test::eventually([&] {
    agenda.step(5ms);
    return holds();
  });
}

}  // namespace

TEST_CASE("in virtual time an exchange takes none of it, and its answer is a step of its own", "[sim]") {
  test::Listener listener;
  VirtualClock clock(base::parse_utc("2026-03-09T15:00:00.000Z"));
  Agenda agenda(clock);
  const auto begin = agenda.now();
  PromptTransport transport(agenda);
  std::string body;
  auto request = request_to(listener.port(), "/voice");
  request.method = "POST";
  request.body = "a=b";
  transport.send(std::move(request),
                 [&](http::Outcome outcome) { body = std::get<http::Response>(outcome).body; });
  CHECK(body.empty());
  CHECK(agenda.step());
  CHECK(body == "POST /voice a=b");
  CHECK(agenda.now() == begin);
}

TEST_CASE("in virtual time a timeout takes as long as it says", "[sim]") {
  test::RawServer server({[](test::RawPeer& peer) { peer.wait_until_gone(); }});
  VirtualClock clock(base::parse_utc("2026-03-09T15:00:00.000Z"));
  Agenda agenda(clock);
  const auto begin = agenda.now();
  PromptTransport transport(agenda);
  auto request = request_to(server.port());
  request.timeout = 50ms;
  bool late = false;
  transport.send(std::move(request), [&](http::Outcome outcome) {
    const auto* const failure = std::get_if<http::Failure>(&outcome);
    late = failure != nullptr && failure->fault == http::Fault::timeout;
  });
  CHECK(agenda.step());
  CHECK(late);
  CHECK(agenda.now() == begin + 50ms);
}

TEST_CASE("what cannot be sent is a server that cannot be reached, from a later step", "[sim]") {
  VirtualClock clock(base::parse_utc("2026-03-09T15:00:00.000Z"));
  Agenda agenda(clock);
  PromptTransport prompt(agenda);
  ThreadTransport threaded(agenda);
  std::vector<http::Fault> faults;
  const auto note = [&](http::Outcome outcome) { faults.push_back(std::get<http::Failure>(outcome).fault); };
  for (Transport* transport : std::initializer_list<Transport*>{&prompt, &threaded}) {
    http::Request request;
    request.url = "no URL at all";
    transport->send(request, note);
    request.url = "http://hooks.example.org/";  // another machine, in the clear
    transport->send(request, note);
  }
  const test::DeafPort nobody;
  prompt.send(request_to(nobody.number()), note);
  CHECK(faults.empty());
  while (agenda.step()) {
  }
  CHECK(faults == std::vector<http::Fault>(5, http::Fault::unreachable));
}

TEST_CASE("in real time a request that breaks no rule but its own is told of too", "[sim]") {
  base::SystemClock clock;
  Agenda agenda(clock);
  ThreadTransport transport(agenda);
  const test::DeafPort nobody;
  auto request = request_to(nobody.number());
  request.fields = {{"X-Note", "a\r\nb"}};
  int told = 0;
  transport.send(std::move(request), [&](const http::Outcome& outcome) {
    CHECK(std::holds_alternative<http::Failure>(outcome));
    ++told;
  });
  CHECK(step_until(agenda, [&] { return told == 1; }));
}

TEST_CASE("a slow URL holds up nobody", "[sim]") {
  test::Patient patient;
  test::Listener listener(handler(patient));
  base::SystemClock clock;
  Agenda agenda(clock);
  ThreadTransport transport(agenda);
  int slow = 0, quick = 0;
  const auto self = std::this_thread::get_id();
  for (int i = 0; i < 5; ++i)
    transport.send(request_to(listener.port(), "/slow"), [&](const http::Outcome&) { ++slow; });
  for (int i = 0; i < 50; ++i)
    transport.send(request_to(listener.port(), "/quick"), [&](const http::Outcome& outcome) {
      CHECK(std::this_thread::get_id() == self);
      CHECK(status_of(outcome) == 204);
      ++quick;
    });
  CHECK(step_until(agenda, [&] { return quick == 50; }));
  CHECK(slow == 0);
  CHECK(test::eventually([&] { return patient.holding() == 5; }));
  patient.let_go(200);
  CHECK(step_until(agenda, [&] { return slow == 5; }));
}

TEST_CASE("a server's line is bounded, and holds up no other server", "[sim]") {
  test::Patient patient, other;
  test::Listener full(handler(patient)), idle(handler(other));
  base::SystemClock clock;
  Agenda agenda(clock);
  ThreadTransport transport(agenda, {.per_server = 2});
  int slow = 0, quick = 0;
  for (int i = 0; i < 5; ++i)
    transport.send(request_to(full.port(), "/slow"), [&](const http::Outcome& outcome) {
      CHECK(status_of(outcome) == 200);
      ++slow;
    });
  transport.send(request_to(idle.port(), "/quick"), [&](const http::Outcome&) { ++quick; });
  CHECK(step_until(agenda, [&] { return quick == 1; }));
  CHECK(test::eventually([&] { return patient.holding() == 2; }));
  CHECK(step_until(agenda, [&] {
    patient.let_go(200);
    return slow == 5;
  }));
  CHECK(patient.most() <= 2);
}

TEST_CASE("a transport that goes leaves what is on its way, and tells nobody", "[sim]") {
  test::Patient patient;
  test::Listener listener(handler(patient));
  base::SystemClock clock;
  Agenda agenda(clock);
  bool told = false;
  const auto begin = std::chrono::steady_clock::now();
  {
    ThreadTransport transport(agenda);
    auto request = request_to(listener.port(), "/slow");
    request.timeout = 10min;  // were its answer waited for
    transport.send(std::move(request), [&](const http::Outcome&) { told = true; });
    CHECK(test::eventually([&] { return patient.holding() == 1; }));
  }
  CHECK(std::chrono::steady_clock::now() - begin < test::k_patience);
  agenda.step(10ms);
  CHECK_FALSE(told);
  patient.let_go(200);
}
