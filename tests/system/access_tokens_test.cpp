// The token endpoint, from an API token made on the command line to what Twilio's Voice SDK is given: the
// real server, on both engines.
#include <fmt/format.h>
#include <openssl/evp.h>

#include <algorithm>

#include "support/eventually.hpp"
#include "support/serve_site.hpp"

using namespace ringctl;
using test::HttpReply;
using test::ServeSite;

namespace {

const std::string k_key = "SK0123456789abcdef0123456789abcdef", k_app = "AP0123456789abcdef0123456789abcdef";
const std::string k_secret = "a secret that must not be seen";
const std::string k_own = "/api/twilio/token";

test::ServeOptions with_key() {
  return {.environment = {{"TWILIO_ACCOUNT_SID", ServeSite::k_account},
                          {"TWILIO_API_KEY", k_key},
                          {"TWILIO_API_SECRET", k_secret}}};
}

/// Ann and Bob, and Ann's API token.
struct Desk {
  explicit Desk(db::Engine engine, const test::ServeOptions& options = with_key()) : serve(engine, options) {
    const auto& site = serve.site();
    site.ok({"users", "add", "ann@example.com"});
    site.ok({"users", "add", "bob@example.com"});
    site.ok({"workspaces", "update", "default", "--twiml-app-sid", k_app});
    token = site.json({"users", "token", "ann@example.com", "--label", "CRM"}).at("token").get<std::string>();
  }
  std::string identity_of(const std::string& email) const {
    auto id = serve.site().json({"users", "show", email}).at("id").get<std::string>();
    std::erase(id, '-');
    return "agent_" + id;
  }
  std::string path(const std::string& identity) const {
    return fmt::format("/api/workspaces/{}/token?identity={}", serve.workspace(), identity);
  }
  HttpReply ask(const std::string& path) const { return ask(path, token); }
  HttpReply ask(const std::string& path, const std::string& bearer) const {
    return serve.send(
        fmt::format("GET {} HTTP/1.1\r\nHost: pbx.example.com\r\nConnection: close\r\n"
                    "Authorization: Bearer {}\r\n\r\n",
                    path, bearer));
  }

  ServeSite serve;
  std::string token;
};

nlohmann::json json_of(const HttpReply& reply) {
  CHECK(reply.header("Cache-Control") == "no-store");
  return nlohmann::json::parse(reply.body());
}

/// A part of a JWT.
nlohmann::json part(const std::string& token, std::size_t index) {
  std::size_t from = 0;
  for (; index > 0; --index) from = token.find('.', from) + 1;
  auto text = token.substr(from, token.find('.', from) - from);
  std::replace(text.begin(), text.end(), '-', '+');
  std::replace(text.begin(), text.end(), '_', '/');
  const auto padding = (4 - text.size() % 4) % 4;
  text.append(padding, '=');
  std::string bytes(text.size() / 4 * 3, '\0');
  REQUIRE(EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()),
                          reinterpret_cast<const unsigned char*>(text.data()),
                          static_cast<int>(text.size())) >= 0);
  REQUIRE(bytes.size() > padding);
  bytes.erase(bytes.size() - padding);
  return nlohmann::json::parse(bytes);
}

}  // namespace

TEST_CASE("an agent's browser gets an access token for its own identity, and for no other", "[serve]") {
  Desk desk(GENERATE(from_range(test::engines())));
  desk.serve.start();
  const auto ann = desk.identity_of("ann@example.com");
  for (const auto& path : {desk.path(ann), k_own}) {
    const auto reply = desk.ask(path);
    REQUIRE(reply.status() == 200);
    const auto body = json_of(reply);
    CHECK(body.size() == 1);
    const auto token = body.at("token").get<std::string>();
    CHECK(token.starts_with("eyJ"));
    const auto claims = part(token, 1);
    CHECK(claims.at("grants").at("identity") == ann);
    CHECK(claims.at("grants").at("voice").at("outgoing").at("application_sid") == k_app);
    CHECK(claims.at("grants").at("voice").at("incoming").at("allow") == true);
    CHECK(claims.at("iss") == k_key);
    CHECK(claims.at("sub") == ServeSite::k_account);
    CHECK(claims.at("exp").get<int>() - claims.at("iat").get<int>() == 3600);
    CHECK(desk.serve.log().find(token) == std::string::npos);
  }
  CHECK(desk.ask(desk.path(desk.identity_of("bob@example.com"))).status() == 403);
  const auto shared = desk.ask(desk.path("user"));
  CHECK(shared.status() == 400);
  CHECK(json_of(shared).at("error") == R"(Identity must start with "agent_" prefix for security)");
  const auto missing = desk.ask(desk.path(""));
  CHECK(missing.status() == 400);
  CHECK(json_of(missing) ==
        nlohmann::json{{"error", "Identity parameter is required. Each agent must have a unique identity."},
                       {"hint", "Use format: agent_{userId}"}});

  const auto nobody = desk.serve.get(desk.path(ann));
  CHECK(nobody.status() == 401);
  CHECK(nobody.header("WWW-Authenticate").starts_with("Bearer"));
  CHECK(desk.ask(desk.path(ann), "rct_" + std::string(64, '0')).status() == 401);
  for (const auto& secret : {desk.token, k_secret}) CHECK(desk.serve.log().find(secret) == std::string::npos);
}

TEST_CASE("an API token that is revoked, or whose user leaves, opens nothing from then on", "[serve]") {
  Desk desk(GENERATE(from_range(test::engines())));
  const auto& site = desk.serve.site();
  desk.serve.start();
  const auto second = site.json({"users", "token", "ann@example.com"});
  CHECK(desk.ask(k_own, second.at("token")).status() == 200);
  site.ok({"users", "token", "ann@example.com", "--revoke", second.at("id").get<std::string>()});
  CHECK(desk.ask(k_own, second.at("token")).status() == 401);
  CHECK(desk.ask(k_own).status() == 200);
  site.ok({"users", "deactivate", "ann@example.com", "--yes"});
  CHECK(desk.ask(k_own).status() == 401);
}

TEST_CASE("a server without an API key serves calls, and says what tokens lack", "[serve]") {
  Desk desk(GENERATE(from_range(test::engines())), {.environment = {{"TWILIO_API_KEY", k_key}}});
  desk.serve.start();
  const auto refused = desk.ask(k_own);
  CHECK(refused.status() == 503);
  CHECK(json_of(refused).at("error") ==
        "Tokens cannot be made, for these settings are missing or wrong: account_sid, api_secret");
  CHECK(desk.serve.get("/readyz").status() == 200);
}

TEST_CASE("the identity that everybody shared calls nobody any more", "[serve]") {
  Desk desk(db::Engine::sqlite);
  desk.serve.start();
  const auto response =
      desk.serve.answer(desk.serve.voice(), desk.serve.inbound("client:user", "+12125550123"));
  CHECK(std::holds_alternative<twiml::Say>(response.verbs.at(0)));
  CHECK(std::holds_alternative<twiml::Hangup>(response.verbs.at(1)));
}
