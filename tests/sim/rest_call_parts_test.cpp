#include "rest_site.hpp"

namespace ringctl::test {
namespace {

TEST_CASE("a stream that REST starts beside a call is the network's, and tells of its end", "[sim]") {
  RestSite site;
  const auto placed = site.post("/Calls.json",
                                "To=%2B12025550191&From=%2B12025550101"
                                "&Twiml=%3CResponse%3E%3CPause+length%3D%2260%22%2F%3E%3C%2FResponse%3E");
  REQUIRE(placed.status == 201);
  const auto streams = "/Calls/" + placed.json["sid"].get<std::string>() + "/Streams";
  const std::string form = "Url=wss%3A%2F%2Fx.example%2Fs&Name=s&StatusCallback=https%3A%2F%2Fx.example%2Ft";
  CHECK(site.post(streams + ".json", form).code() == 21220);
  while (site.clock.now() < base::parse_utc("2026-03-09T15:00:05.000Z") && site.agenda.step()) {
    if (site.account.calls.find(placed.json["sid"])->status == "in-progress") break;
  }
  const auto started = site.post(streams + ".json", form);
  CHECK(started.json["status"] == "in-progress");
  const auto stopped = site.post(streams + "/s.json", "Status=stopped");
  CHECK(stopped.json["status"] == "stopped");
  CHECK(stopped.json["sid"] == started.json["sid"]);
  CHECK(site.web.kinds == std::vector<std::string>{"stream", "stream"});  // its beginning and its end
}

}  // namespace
}  // namespace ringctl::test
