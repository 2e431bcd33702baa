#include "serve/access_tokens.hpp"

#include <nlohmann/json.hpp>

#include "directory/people.hpp"
#include "directory/workspaces.hpp"
#include "records/records.hpp"
#include "serve/service_site.hpp"
#include "support/contains.hpp"
#include "support/eventually.hpp"

using namespace ringctl;
using test::contains;
using test::HttpResponse;

namespace {

const std::string k_account = "AC0123456789abcdef0123456789abcdef",
                  k_key = "SK0123456789abcdef0123456789abcdef", k_app = "AP0123456789abcdef0123456789abcdef";
const std::string k_secret = "a secret that must not be seen";
const std::string k_own = "/api/twilio/token";

/// Ann and Bob, and Ann's API token.
struct Desk : test::ServiceSite {
  explicit Desk(db::Engine engine) : ServiceSite(engine) {
    ann = add("ann@example.com"), bob = add("bob@example.com");
    token = directory::ApiTokens(session(), workspace).add(ann, "", std::nullopt).secret.reveal();
    decide(k_app);
    auto& grant = options.tokens.grant;
    grant.account_sid = k_account;
    grant.api_key = k_key;
    grant.api_secret = base::Secret(k_secret);
  }

  records::Records people() { return {session(), workspace, directory::users_noun()}; }
  base::Uuid add(const std::string& email) {
    return people().add({{directory::k_user_email, email}}).after.id;
  }
  void decide(const std::string& app) {
    directory::Workspaces(session()).update("main", {.settings = {{"twiml_app_sid", app}}});
  }
  std::string path(const std::string& query) const { return path_of(workspace, query); }
  static std::string path_of(const base::Uuid& where, const std::string& query) {
    return "/api/workspaces/" + where.text() + "/token" + query;
  }
  std::string own_path() const { return path("?identity=" + directory::identity_of(ann)); }

  HttpResponse ask(const std::string& target) const { return ask(target, "Bearer " + token); }
  HttpResponse ask(const std::string& target, const std::string& authorization) const {
    return get(target, {{"Authorization", authorization}});
  }

  /// What Twilio's Voice SDK is shown by Ann.
  std::string minted() const {
    auto grant = options.tokens.grant;
    grant.identity = directory::identity_of(ann);
    grant.application_sid = k_app;
    return twilio::mint(grant, clock.now());
  }

  base::Uuid ann, bob;
  std::string token;
};

nlohmann::json json_of(const HttpResponse& response) {
  CHECK(response.header("Content-Type") == "application/json");
  CHECK(response.header("Cache-Control") == "no-store");
  return nlohmann::json::parse(response.body);
}

std::string error_of(const HttpResponse& response) {
  return json_of(response).at("error").get<std::string>();
}

}  // namespace

TEST_CASE("a user gets an access token for their own identity, for an hour, signed with the API key",
          "[serve]") {
  Desk desk(GENERATE(from_range(test::engines())));
  desk.start();
  for (const auto& target : {desk.own_path(), desk.path("?identity=agent_" + desk.ann.text()), k_own,
                             k_own + "?identity=" + directory::identity_of(desk.ann)}) {
    CAPTURE(target);
    const auto response = desk.ask(target);
    CHECK(response.status == 200);
    CHECK(json_of(response) == nlohmann::json{{"token", desk.minted()}});
  }
  CHECK(desk.ask(k_own, "bearer  " + desk.token).status == 200);
  // An answer is counted once it is on its way.
  CHECK(test::eventually([&] {
    const auto metrics = desk.metrics();
    const auto says = [&](const char* line) { return metrics.find(line) != std::string::npos; };
    return says(R"(ringctl_webhook_requests_total{route="workspace_token",status="200"} 2)") &&
           says(R"(ringctl_webhook_requests_total{route="own_token",status="200"} 3)");
  }));
}

TEST_CASE("an identity that is missing, nobody's own or another's is refused in the words agreed on",
          "[serve]") {
  Desk desk(GENERATE(from_range(test::engines())));
  desk.start();
  for (const auto* query : {"", "?identity=", "?identity", "?Identity=agent_1"}) {
    const auto missing = desk.ask(desk.path(query));
    CHECK(missing.status == 400);
    CHECK(json_of(missing) ==
          nlohmann::json{{"error", "Identity parameter is required. Each agent must have a unique identity."},
                         {"hint", "Use format: agent_{userId}"}});
  }
  for (const auto* other : {"user", "Agent_1", "client:agent_1", "+agent_1", "agent%00_"})
    for (const auto& target : {desk.path("?identity="), k_own + "?identity="}) {
      const auto wrong = desk.ask(target + other);
      CHECK(wrong.status == 400);
      CHECK(error_of(wrong) == R"(Identity must start with "agent_" prefix for security)");
    }
  for (const auto& other :
       {directory::identity_of(desk.bob), "agent_" + desk.bob.text(), std::string("agent_"),
        std::string("agent_7"), directory::identity_of(desk.ann) + "0",
        directory::identity_of(desk.bob) + "&identity=" + directory::identity_of(desk.ann)})
    for (const auto& target : {desk.path("?identity="), k_own + "?identity="}) {
      const auto refused = desk.ask(target + other);
      CHECK(refused.status == 403);
      CHECK(error_of(refused) == "Identity is not that of the API token's user");
    }
}

TEST_CASE("without an API token that works nobody is told anything", "[serve]") {
  Desk desk(GENERATE(from_range(test::engines())));
  desk.start();
  const auto nothing = desk.get(desk.path(""));
  CHECK(nothing.status == 401);
  CHECK(nothing.header("WWW-Authenticate") == R"(Bearer realm="ringctl")");
  CHECK(error_of(nothing) == "An API token is required");
  for (const auto& shown : {std::string("Bearer"), std::string("Bearer "), "Basic " + desk.token, desk.token})
    CHECK(desk.ask(desk.own_path(), shown).status == 401);
  CHECK(desk.get(desk.own_path() + "&token=" + desk.token).status == 401);
  CHECK(desk.get(desk.own_path(), {{"Authorization", "Bearer x"}, {"Authorization", "Bearer " + desk.token}})
            .status >= 400);

  auto other = desk.token;
  other.back() = other.back() == '0' ? '1' : '0';
  for (const auto& wrong : {other, std::string("x"), desk.token + "0", desk.token + " " + desk.token}) {
    const auto refused = desk.ask(desk.path(""), "Bearer " + wrong);
    CHECK(refused.status == 401);
    CHECK(refused.header("WWW-Authenticate") == R"(Bearer realm="ringctl", error="invalid_token")");
    CHECK(error_of(refused) == "The API token does not work");
  }
}

TEST_CASE("an API token stops working when it expires, is revoked, or its user or workspace is inactive",
          "[serve]") {
  Desk desk(GENERATE(from_range(test::engines())));
  directory::ApiTokens tokens(desk.session(), desk.workspace);
  const auto expiring = tokens.add(desk.ann, "", desk.clock.now() + std::chrono::hours(1));
  const auto revoked = tokens.add(desk.ann, "", std::nullopt);
  desk.start();
  const auto status = [&](const base::Secret& secret) {
    return desk.ask(desk.own_path(), "Bearer " + secret.reveal()).status;
  };
  CHECK(status(expiring.secret) == 200);
  desk.clock.advance(std::chrono::hours(1));
  CHECK(status(expiring.secret) == 401);
  CHECK(status(revoked.secret) == 200);
  tokens.revoke(desk.ann, revoked.token.id);
  CHECK(status(revoked.secret) == 401);

  desk.people().update("ann@example.com", {{directory::k_user_is_active, "no"}});
  CHECK(desk.ask(desk.own_path()).status == 401);
  desk.people().update("ann@example.com", {{directory::k_user_is_active, "yes"}});
  CHECK(desk.ask(desk.own_path()).status == 200);
  directory::Workspaces(desk.session()).update("main", {.is_active = false});
  CHECK(desk.ask(desk.own_path()).status == 401);
}

TEST_CASE("an API token opens its own workspace only", "[serve]") {
  Desk desk(GENERATE(from_range(test::engines())));
  const auto other = desk.database.add_workspace("other");
  desk.start();
  const auto query = "?identity=" + directory::identity_of(desk.ann);
  for (const auto& where : {other, desk.ann}) {
    const auto refused = desk.ask(Desk::path_of(where, query));
    CHECK(refused.status == 403);
    CHECK(error_of(refused) == "The API token is for another workspace");
  }
}

TEST_CASE("what a token needs and is not there is named, with no value of it", "[serve]") {
  Desk desk(GENERATE(from_range(test::engines())));
  auto& grant = desk.options.tokens.grant;
  std::string names;
  SECTION("nothing is configured") {
    grant = {};
    names = "account_sid, api_key, api_secret";
  }
  SECTION("the secret stands where the key belongs") {
    grant.api_key = k_secret;
    names = "api_key";
  }
  SECTION("the workspace has no TwiML app") {
    desk.decide("-");
    names = "twiml_app_sid of the workspace";
  }
  desk.start();
  const auto refused = desk.ask(k_own);
  CHECK(refused.status == 503);
  CHECK(error_of(refused) == "Tokens cannot be made, for these settings are missing or wrong: " + names);
  CHECK(refused.body.find(k_secret) == std::string::npos);
  CHECK(desk.get(k_own).status == 401);  // nor is that told to just anybody
}

TEST_CASE("a TwiML app that the workspace changes is in the next token", "[serve]") {
  Desk desk(GENERATE(from_range(test::engines())));
  auto& service = desk.start();
  const auto before = desk.ask(k_own).body;
  desk.decide("AP" + std::string(32, 'e'));
  service.reload();
  CHECK(desk.ask(k_own).body != before);
}

TEST_CASE("while the database is away a token can be asked for again in a moment", "[serve]") {
  Desk desk(GENERATE(from_range(test::engines())));
  desk.start();
  desk.door.set(test::Door::State::away);
  const auto away = desk.ask(desk.own_path());
  CHECK(away.status == 503);
  CHECK(away.header("Retry-After") == "1");
  CHECK(error_of(away) == "The database cannot be asked now");
  desk.door.set(test::Door::State::open);
  // Whoever found it away is believed for a moment.
  CHECK(test::eventually([&] { return desk.ask(desk.own_path()).status == 200; }));
}

TEST_CASE("a database that hangs holds up whoever asks for a token until the deadline, and nobody else",
          "[serve]") {
  Desk desk(db::Engine::sqlite);
  desk.options.tokens.pool = {.threads = 1, .max_queue = 1};
  desk.options.tokens.deadline = std::chrono::milliseconds(300);
  desk.start();
  desk.door.set(test::Door::State::hanging);
  test::HttpClient first(desk.service->port()), second(desk.service->port());
  const auto asked =
      "GET " + k_own + " HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + desk.token + "\r\n\r\n";
  REQUIRE(first.send(asked));
  REQUIRE(second.send(asked));
  CHECK(desk.get("/healthz").status == 200);
  for (auto* client : {&first, &second}) {
    const auto late = client->read();
    REQUIRE(late);
    CHECK(late->status == 503);
    CHECK(late->header("Retry-After") == "1");
  }
  desk.door.set(test::Door::State::open);
  CHECK(test::eventually([&] { return desk.ask(k_own).status == 200; }));
}

TEST_CASE("tokens are asked for with GET", "[serve]") {
  Desk desk(GENERATE(from_range(test::engines())));
  desk.start();
  for (const auto* method : {"POST", "PUT", "DELETE", "HEAD", "OPTIONS"}) {
    test::HttpClient client(desk.service->port());
    REQUIRE(client.send(std::string(method) + " " + k_own + " HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " +
                        desk.token + "\r\nContent-Length: 0\r\n\r\n"));
    const auto refused = client.read(std::string(method) == "HEAD");
    REQUIRE(refused);
    CHECK(refused->status == 405);
    CHECK(refused->header("Allow") == "GET");
  }
}
