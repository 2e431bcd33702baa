#include "twilio/rest_account.hpp"

#include "support/catch.hpp"
#include "support/errors.hpp"
#include "support/eventually.hpp"
#include "support/raw_server.hpp"
#include "support/twilio_box.hpp"

using namespace ringctl;
using test::RawServer;
using test::slug_of;
using test::TwilioBox;
using twilio::Client;

namespace {

const base::SystemClock k_clock;

twilio::ClientOptions options_for(const RawServer& server, std::string key = {}) {
  twilio::ClientOptions options;
  options.credentials.account_sid = "AC0123456789abcdef0123456789abcdef";
  options.credentials.user = std::move(key);
  options.credentials.password = base::Secret("secret-0123456789");
  options.bases = twilio::bases_at(server.url(""));
  options.timeout = test::k_patience;
  return options;
}

RawServer::Script says(std::string body, int status = 200, std::string fields = {}) {
  return RawServer::answers(RawServer::response(
      body, "Content-Type: application/json\r\nConnection: close\r\n" + std::move(fields), status));
}

}  // namespace

TEST_CASE("the account tells its state and its balance", "[twilio]") {
  TwilioBox box;
  Client client(box.options(), k_clock);
  const auto account = twilio::fetch_account(client);
  REQUIRE(account);
  CHECK(account->sid == client.account_sid());
  CHECK(account->status == "active");
  CHECK_FALSE(twilio::fetch_balance(client).currency.empty());
}

TEST_CASE("an API key that may not ask for the account is no failure, a wrong token is", "[twilio]") {
  const std::string body = R"({"code":20003,"message":"Authenticate","status":401})";
  RawServer server({says(body, 401), says(body, 401)});
  Client with_key(options_for(server, "SK0123456789abcdef0123456789abcdef"), k_clock);
  CHECK_FALSE(twilio::fetch_account(with_key));
  Client with_token(options_for(server), k_clock);
  CHECK(slug_of([&] { twilio::fetch_account(with_token); }) == "twilio.auth");
}

TEST_CASE("applications of a name are those of exactly that name", "[twilio]") {
  TwilioBox box;
  Client client(box.options(), k_clock);
  const auto created = client.send(twilio::create_application_ask({.friendly_name = "ringctl main"}));
  client.send(twilio::create_application_ask({.friendly_name = "ringctl main 2"}));
  const auto found = twilio::find_applications(client, "ringctl main");
  REQUIRE(found.size() == 1);
  CHECK(found[0].sid == created.json.text("sid"));
  CHECK(twilio::update_application(client, found[0].sid, {.voice_url = "https://pbx.example.com/v"})
            .voice_hook.url == "https://pbx.example.com/v");
  CHECK_FALSE(twilio::find_application(client, "AP00000000000000000000000000000000"));
}

TEST_CASE("a number that is verified already is a conflict", "[twilio]") {
  RawServer server({says(R"({"code":21450,"message":"Phone number already verified","status":400})", 400)});
  Client client(options_for(server), k_clock);
  CHECK(slug_of([&] { twilio::verify_caller_id(client, "+12025550100", ""); }) == "callerids.verified");
}

TEST_CASE("a recording's sound is fetched from the configured base and from nowhere else", "[twilio]") {
  RawServer elsewhere({});
  RawServer server({says("", 302, "Location: " + elsewhere.url("/sound.wav") + "\r\n"),
                    says(R"({"code":20404,"message":"gone"})", 404)});
  Client client(options_for(server), k_clock);
  const auto fetch = [&](std::string_view format) {
    twilio::fetch_recording_sound(client, "RE0123456789abcdef0123456789abcdef", format, 1000);
  };
  CHECK(slug_of([&] { fetch("wav"); }) == "recordings.redirected");
  CHECK(elsewhere.connections() == 0);
  CHECK(slug_of([&] { fetch("wav"); }) == "twilio.not_found");
  CHECK(slug_of([&] { fetch("exe"); }) == "recordings.bad_format");
}

TEST_CASE("a service that leaves messages to the number's URL captures none", "[twilio]") {
  twilio::Service service;
  CHECK(service.captures());  // without a URL it drops them
  service.use_inbound_webhook_on_number = true;
  CHECK_FALSE(service.captures());
}

TEST_CASE("a service lists its numbers", "[twilio]") {
  TwilioBox box;
  const auto number = box.add_number("+12025550100");
  const auto service = box.add_service("texts", {"+12025550100"});
  Client client(box.options(), k_clock);
  const auto services = twilio::list_services(client);
  REQUIRE(services.size() == 1);
  CHECK(services[0].sid == service);
  CHECK(twilio::list_service_numbers(client, service) == std::vector<std::string>{number});
}
