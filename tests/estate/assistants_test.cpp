#include "estate/trunks.hpp"
#include "support/catch.hpp"
#include "support/errors.hpp"
#include "support/interrupting_clock.hpp"
#include "support/session.hpp"

using namespace ringctl;
using base::Secret;
using estate::AssistantChange;
using test::slug_of;

namespace {

constexpr const char* k_secret = "secret-of-livekit";

struct Site : test::Estate {
  explicit Site(db::Engine engine) : Estate(engine), assistants(session(), workspace) {}

  static AssistantChange named(const char* name) {
    AssistantChange change;
    change.name = name;
    return change;
  }
  static AssistantChange fresh(const char* name = "desk", const char* host = "wss://example.livekit.cloud") {
    auto change = named(name);
    change.host = host;
    change.api_key = "APIexample";
    change.api_secret = Secret(k_secret);
    return change;
  }
  void add(const AssistantChange& change = fresh()) { assistants.save(change, &key); }
  void hand_number() {
    const auto id = alice.ids.next();
    const auto assistant = assistants.get("desk").id;
    write([&] {
      db().exec(
          "INSERT INTO phone_numbers (id, workspace_id, phone_number, provider, status, assistant_id, created_at, "
          "updated_at) VALUES ($1, $2, '+12025550100', 'twilio', 'active', $3, $4, $4)",
          {id, workspace, assistant, clock.now()});
    });
  }

  base::SealKey key{Secret(std::string(64, 'a'))}, other_key{Secret(std::string(64, 'b'))};
  estate::Assistants assistants;
};

}  // namespace

TEST_CASE("an assistant is kept with its secret sealed, and nowhere in the clear", "[estate]") {
  Site t(GENERATE(from_range(test::engines())));
  t.add();
  const auto assistant = t.assistants.get("desk");
  CHECK(assistant.host == "https://example.livekit.cloud");
  CHECK(assistant.sip_domain == "example.sip.livekit.cloud");
  CHECK(estate::sip_url_of(assistant) == "sip:example.sip.livekit.cloud;transport=tcp");
  CHECK(assistant.room_prefix == "call-");
  CHECK(assistant.key_id == t.key.id());
  CHECK(t.assistants.open(assistant, t.key).reveal() == k_secret);
  CHECK(slug_of([&] { t.assistants.open(assistant, t.other_key); }) == "seal.wrong_key");
  t.read([&] {
    CHECK(t.db()
              .text("SELECT sealed FROM assistants WHERE workspace_id = $1", {t.workspace})
              ->find("secret-of") == std::string::npos);
    audit::for_each(t.db(), t.workspace, {}, false, 0, [&](const audit::Entry& entry) {
      CHECK(std::string(entry.after_image).find(k_secret) == std::string::npos);
    });
    return true;
  });
  CHECK_FALSE(t.assistants.save(Site::fresh(), &t.key));
  CHECK(t.assistants.get("desk").version == 1);
}

TEST_CASE("a host is LiveKit's, one of our own, or this machine in the clear", "[estate]") {
  Site t(GENERATE(from_range(test::engines())));
  struct Given {
    const char *host, *kept;
  };
  for (const auto& [host, kept] :
       {Given{"example.livekit.cloud", "https://example.livekit.cloud"},
        Given{"https://LiveKit.example.com:7880/", "https://livekit.example.com:7880"},
        Given{"http://127.0.0.1:7880", "http://127.0.0.1:7880"},
        Given{"ws://localhost:7880", "http://localhost:7880"}}) {
    INFO(host);
    auto change = Site::fresh("desk", host);
    change.sip_domain = "sip.example.com";
    t.add(change);
    CHECK(t.assistants.get("desk").host == kept);
  }
  for (const auto* host : {"", "http://livekit.example.com", "ftp://livekit.example.com", "https://user@host",
                           "https://host/path", "https://host:port", "ws://127.evil.example.com"}) {
    INFO(host);
    auto change = Site::fresh("other", host);
    change.sip_domain = "sip.example.com";
    CHECK(slug_of([&] { t.add(change); }) == "assistants.invalid");
  }
  CHECK(slug_of([&] { t.add(Site::fresh("other", "https://livekit.example.com")); }) == "assistants.invalid");
}

TEST_CASE("a new assistant needs host, key and secret, and each is checked", "[estate]") {
  Site t(GENERATE(from_range(test::engines())));
  const auto slug = [&](const AssistantChange& change) { return slug_of([&] { t.add(change); }); };
  CHECK(slug(Site::named("desk")) == "assistants.invalid");
  auto change = Site::fresh();
  change.api_secret.reset();
  CHECK(slug(change) == "assistants.invalid");
  change = Site::fresh();
  change.api_secret = Secret("two words");
  const auto refused = test::error_of([&] { t.add(change); });
  REQUIRE(refused);
  CHECK(refused->slug() == "assistants.invalid");
  CHECK(refused->message().find("two words") == std::string::npos);
  change = Site::fresh();
  change.api_key = "";
  CHECK(slug(change) == "assistants.invalid");
  change = Site::fresh();
  change.room_prefix = "a room";
  CHECK(slug(change) == "assistants.invalid");
  // 32 characters, which are 96 bytes: too many for a part of a name of 64.
  std::string wide;
  for (int i = 0; i < 32; ++i) wide += "\u3042";
  CHECK(slug(Site::fresh(wide.c_str())) == "assistants.invalid");
  CHECK(slug_of([&] { t.assistants.save(Site::fresh(), nullptr); }) == "seal.no_key");
  CHECK(t.assistants.list().empty());
}

TEST_CASE("what is not given of an assistant stays; another key needs its own secret", "[estate]") {
  Site t(GENERATE(from_range(test::engines())));
  t.add();
  auto change = Site::named("desk");
  change.agent_name = "reception";
  change.inbound_trunk_id = "ST_example";
  CHECK(t.assistants.save(change, nullptr));
  CHECK(t.assistants.get("desk").agent_name == "reception");
  CHECK(t.assistants.open(t.assistants.get("desk"), t.key).reveal() == k_secret);
  auto other_key = Site::named("desk");
  other_key.api_key = "APIother";
  CHECK(slug_of([&] { t.assistants.save(other_key, nullptr); }) == "assistants.invalid");
  auto moved = Site::named("desk");
  moved.host = "wss://other.livekit.cloud";
  CHECK(t.assistants.save(moved, nullptr));
  CHECK(t.assistants.get("desk").sip_domain == "other.sip.livekit.cloud");
  CHECK(t.assistants.get("desk").inbound_trunk_id.empty());
}

TEST_CASE("an assistant with numbers stays, and so does its host", "[estate]") {
  Site t(GENERATE(from_range(test::engines())));
  t.add();
  t.hand_number();
  CHECK(t.assistants.get("desk").numbers == 1);
  auto moved = Site::named("desk");
  moved.host = "wss://other.livekit.cloud";
  CHECK(slug_of([&] { t.assistants.save(moved, nullptr); }) == "assistants.in_use");
  CHECK(slug_of([&] { t.assistants.remove("desk"); }) == "assistants.in_use");
  t.write([&] {
    t.db().exec("UPDATE phone_numbers SET assistant_id = NULL WHERE workspace_id = $1", {t.workspace});
  });
  t.assistants.remove("desk");
  CHECK(slug_of([&] { t.assistants.get("desk"); }) == "assistants.unknown");
}

TEST_CASE("secrets of assistants are sealed anew with another key", "[estate]") {
  Site t(GENERATE(from_range(test::engines())));
  t.add();
  t.add(Site::fresh("night"));
  CHECK(t.assistants.seal_anew(t.key, t.other_key, false) == 2);
  CHECK(t.assistants.get("night").key_id == t.key.id());
  CHECK(t.assistants.seal_anew(t.key, t.other_key) == 2);
  CHECK(t.assistants.open(t.assistants.get("night"), t.other_key).reveal() == k_secret);
  CHECK(slug_of([&] { t.assistants.open(t.assistants.get("desk"), t.key); }) == "seal.wrong_key");
  CHECK(t.assistants.seal_anew(t.key, t.other_key) == 0);
}

TEST_CASE("a secret of an assistant that another process keeps meanwhile is not lost",
          "[estate][postgresql]") {
  Site t(db::Engine::postgresql);
  t.add();
  test::InterruptingClock clock(t.clock);
  test::Actor bob(t.database.connect(), clock, "os:bob");
  estate::Assistants bobs(bob.session, t.workspace);
  const auto keep = [&](const char* secret) {
    auto change = Site::named("desk");
    change.api_secret = Secret(secret);
    t.add(change);
  };
  const auto secret = [&] { return t.assistants.open(t.assistants.get("desk"), t.key).reveal(); };
  clock.once([&] { keep("second"); });
  auto renamed = Site::named("desk");
  renamed.new_name = "front";
  CHECK(slug_of([&] { bobs.save(renamed, nullptr); }) == "assistants.stale");
  CHECK(secret() == "second");
  clock.once([&] { keep("third"); });
  CHECK(slug_of([&] { bobs.seal_anew(t.key, t.other_key); }) == "assistants.stale");
  CHECK(secret() == "third");
}
