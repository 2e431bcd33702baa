#include "sim/house.hpp"

#include "sim/scenario.hpp"
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
