#include "sim/house.hpp"

#include "sim/scenario.hpp"
#include "sim/scratch.hpp"
#include "support/catch.hpp"

using namespace ringctl;
using namespace ringctl::sim;

namespace {

class StuckHouse final : public House {
 public:
  using House::House;
  void settle() override { throw Error(Errc::failure, "sim.serve_stuck", "serve is stuck"); }
};

class CountingTransport final : public Transport {
 public:
  void send(http::Request, Done) override { ++sent; }
  int sent = 0;
};

}  // namespace

TEST_CASE("a serve that is stuck ends the run, and is no webhook that failed", "[sim]") {
  VirtualClock clock(default_beginning());
  Agenda agenda(clock);
  StuckHouse house({}, clock);
  CountingTransport through;
  HouseTransport transport(house, agenda, through);
  http::Request request;
  request.url = std::string(House::k_nowhere) + "/api/workspaces/default/voice";
  transport.send(request, [](const http::Outcome&) { FAIL("it was answered"); });
  CHECK(through.sent == 0);
  CHECK_THROWS_AS(agenda.step(), Error);
}

TEST_CASE("an answer of the built-in serve that is larger than Twilio takes is none", "[sim]") {
  Scratch scratch;
  const auto database = scratch.make("", [](db::Connection&) {});
  VirtualClock clock(default_beginning());
  House house({.account_sid = "AC0123456789abcdef0123456789abcdef",
               .auth_token = base::Secret("fedcba9876543210fedcba9876543210"),
               .open = [&] { return database->open(); }},
              clock);
  house.start();
  http::Request request;
  request.method = "GET";
  request.url = std::string(House::k_nowhere) + "/healthz";
  const auto whole = house.ask(request);
  const auto* const answer = std::get_if<http::Response>(&whole);
  REQUIRE(answer != nullptr);
  REQUIRE(answer->body.size() > 1);
  request.max_body = answer->body.size();
  CHECK(std::holds_alternative<http::Response>(house.ask(request)));
  --request.max_body;
  const auto cut = house.ask(request);
  const auto* const failure = std::get_if<http::Failure>(&cut);
  REQUIRE(failure != nullptr);
  CHECK(failure->fault == http::Fault::too_large);
  house.stop();
}
