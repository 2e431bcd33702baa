#include "twilio/rest_trunking.hpp"

#include "support/catch.hpp"
#include "support/twilio_box.hpp"

using namespace ringctl;
using test::TwilioBox;
using twilio::Client;

namespace {

const base::SystemClock k_clock;

}  // namespace

TEST_CASE("a trunk is made, given an address and numbers, and taken down again", "[twilio]") {
  TwilioBox box;
  const auto number = box.add_number("+12025550100");
  Client client(box.options(), k_clock);
  CHECK(twilio::create_trunk_ask("x").repeat == twilio::Repeat::never);
  const auto trunk = twilio::trunk_from(client.send(twilio::create_trunk_ask("ringctl main")).json);
  REQUIRE(trunk);
  CHECK(twilio::list_trunks(client).size() == 1);

  twilio::OriginationUrl url;
  url.friendly_name = "livekit";
  url.sip_url = "sip:example.sip.livekit.cloud;transport=tcp";
  client.send(twilio::create_origination_url_ask(trunk->sid, url));
  auto urls = twilio::list_origination_urls(client, trunk->sid);
  REQUIRE(urls.size() == 1);
  CHECK(urls[0].sip_url == url.sip_url);
  urls[0].enabled = false;
  CHECK_FALSE(twilio::update_origination_url(client, trunk->sid, urls[0]).enabled);

  client.send(twilio::attach_number_ask(trunk->sid, number));
  CHECK(twilio::list_trunk_numbers(client, trunk->sid) == std::vector<std::string>{number});
  client.send(twilio::detach_number_ask(trunk->sid, number));
  CHECK(twilio::list_trunk_numbers(client, trunk->sid).empty());
  twilio::delete_origination_url(client, trunk->sid, urls[0].sid);
  twilio::delete_trunk(client, trunk->sid);
  CHECK_FALSE(twilio::find_trunk(client, trunk->sid));
  twilio::delete_trunk(client, trunk->sid);  // gone is what was wanted
}
