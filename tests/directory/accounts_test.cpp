#include "directory/accounts.hpp"

#include <fmt/format.h>

#include "db/transaction.hpp"
#include "directory/workspaces.hpp"
#include "support/catch.hpp"
#include "support/errors.hpp"
#include "support/interrupting_clock.hpp"
#include "support/session.hpp"

using namespace ringctl;
using base::Secret;
using directory::Accounts;
using directory::NewAccount;
using test::slug_of;

namespace {

constexpr const char* k_one = "AC0123456789abcdef0123456789abcdef";
constexpr const char* k_two = "AC1123456789abcdef0123456789abcdef";
constexpr const char* k_key = "SK0123456789abcdef0123456789abcdef";

struct Site : test::Estate {
  explicit Site(db::Engine engine) : Estate(engine), accounts(session(), workspace) {}

  static NewAccount by_token(const char* sid = k_one, const char* token = "token-of-one") {
    NewAccount account{.account_sid = sid, .secrets = {}};
    account.secrets.auth_tokens.emplace_back(token);
    return account;
  }
  static NewAccount by_key(const char* sid = k_one) {
    NewAccount account{.account_sid = sid, .secrets = {}};
    account.api_key = k_key;
    account.secrets.api_secret = Secret("secret-of-key");
    return account;
  }
  std::string accounts_setting() {
    return directory::Workspaces(session()).get(workspace.view()).setting("twilio_accounts");
  }

  base::SealKey key{Secret(std::string(64, 'a'))};
  Accounts accounts;
};

}  // namespace

TEST_CASE("a login is saved, opens again and stands nowhere in the clear", "[directory]") {
  Site t(GENERATE(from_range(test::engines())));
  const auto edit = t.accounts.set(Site::by_token(), t.key);
  CHECK(edit.added);
  CHECK(edit.account.is_main);
  CHECK(edit.account.key_id == t.key.id());
  const auto account = t.accounts.get(k_one);
  const auto secrets = t.accounts.open(account, t.key);
  REQUIRE(secrets.auth_tokens.size() == 1);
  CHECK(secrets.auth_tokens[0].reveal() == "token-of-one");
  CHECK(secrets.api_secret.empty());
  t.read([&] {
    const auto sealed =
        t.db().text("SELECT sealed FROM twilio_accounts WHERE workspace_id = $1", {t.workspace});
    CHECK(sealed->find("token") == std::string::npos);
    audit::for_each(t.db(), t.workspace, {}, false, 0, [&](const audit::Entry& entry) {
      CHECK((std::string(entry.before_image) + std::string(entry.after_image)).find("token-of-one") ==
            std::string::npos);
    });
    return true;
  });
  CHECK(t.accounts_setting() == k_one);
  CHECK_FALSE(t.accounts.set(Site::by_token(), t.key).changed);
  CHECK(t.accounts.get(k_one).version == 1);
}

TEST_CASE("what is not given of an account stays: key, tokens, being the main one", "[directory]") {
  Site t(GENERATE(from_range(test::engines())));
  t.accounts.set(Site::by_token(), t.key);
  CHECK(t.accounts.set(Site::by_key(), t.key).changed);
  auto account = t.accounts.get(k_one);
  CHECK(account.api_key == k_key);
  CHECK(account.is_main);
  CHECK(t.accounts.open(account, t.key).auth_tokens.at(0).reveal() == "token-of-one");
  auto rotated = Site::by_token(k_one, "token-new");
  rotated.secrets.auth_tokens.emplace_back("token-of-one");
  t.accounts.set(rotated, t.key);
  account = t.accounts.get(k_one);
  const auto secrets = t.accounts.open(account, t.key);
  CHECK(account.api_key == k_key);
  CHECK(secrets.api_secret.reveal() == "secret-of-key");
  CHECK(secrets.auth_tokens.size() == 2);
  auto other_key = NewAccount{.account_sid = k_one, .secrets = {}};
  other_key.api_key = "SKfedcba9876543210fedcba9876543210";
  CHECK(slug_of([&] { t.accounts.set(other_key, t.key); }) == "accounts.no_secret");
}

TEST_CASE("an account goes back to its auth token, and its API key and secret are forgotten", "[directory]") {
  Site t(GENERATE(from_range(test::engines())));
  t.accounts.set(Site::by_key(), t.key);
  NewAccount token{.account_sid = k_one, .secrets = {}};
  token.drops_key = true;
  CHECK(slug_of([&] { t.accounts.set(token, t.key); }) == "accounts.no_secret");  // it has no token yet
  t.accounts.set(Site::by_token(), t.key);
  CHECK(t.accounts.set(token, t.key).changed);
  const auto account = t.accounts.get(k_one);
  const auto secrets = t.accounts.open(account, t.key);
  CHECK(account.api_key.empty());
  CHECK(secrets.api_secret.empty());
  CHECK(secrets.auth_tokens.at(0).reveal() == "token-of-one");
  CHECK_FALSE(t.accounts.set(token, t.key).changed);
}

TEST_CASE("a workspace has one main account, and the next one when it goes", "[directory]") {
  Site t(GENERATE(from_range(test::engines())));
  t.accounts.set(Site::by_token(), t.key);
  auto second = Site::by_token(k_two, "token-of-two");
  t.accounts.set(second, t.key);
  CHECK(t.accounts.find_main()->account_sid == k_one);
  second.is_main = true;
  t.accounts.set(second, t.key);
  CHECK(t.accounts.find_main()->account_sid == k_two);
  CHECK_FALSE(t.accounts.get(k_one).is_main);
  CHECK(t.accounts_setting() == std::string(k_one) + "|" + k_two);
  t.accounts.remove(k_two);
  CHECK(t.accounts.find_main()->account_sid == k_one);
  CHECK(t.accounts_setting() == k_one);
  CHECK(slug_of([&] { t.accounts.remove(k_two); }) == "accounts.unknown");
  t.accounts.remove(k_one);
  CHECK_FALSE(t.accounts.find_main());
  CHECK(t.accounts_setting().empty());
}

TEST_CASE("webhooks of the configured account stay taken when a workspace gets an account of its own",
          "[directory]") {
  Site t(GENERATE(from_range(test::engines())));
  auto login = Site::by_token(k_two);
  login.configured_sid = k_one;
  t.accounts.set(login, t.key);
  CHECK(t.accounts_setting() == std::string(k_one) + "|" + k_two);
  t.accounts.remove(k_two);
  CHECK(t.accounts_setting() == k_one);
  // A workspace that names accounts has decided.
  t.accounts.set(Site::by_token(k_two), t.key);
  login.configured_sid = "AC2123456789abcdef0123456789abcdef";
  t.accounts.set(login, t.key);
  CHECK(t.accounts_setting() == std::string(k_one) + "|" + k_two);
}

TEST_CASE("an account's own history tells when it became the main one, and when not any more",
          "[directory]") {
  Site t(GENERATE(from_range(test::engines())));
  t.accounts.set(Site::by_token(), t.key);
  auto second = Site::by_token(k_two, "token-of-two");
  second.is_main = true;
  t.accounts.set(second, t.key);
  t.accounts.remove(k_two);
  std::vector<std::string> actions;
  t.read([&] {
    audit::Filter filter;
    filter.object_type = "twilio_account";
    audit::for_each(t.db(), t.workspace, filter, false, 0, [&](const audit::Entry& entry) {
      const bool is_main = entry.after_image.find("\"is_main\":true") != std::string_view::npos;
      actions.push_back(fmt::format("{} {}{}", entry.action, entry.object_key, is_main ? " main" : ""));
    });
    return true;
  });
  const std::string one = k_one, two = k_two;
  CHECK(actions == std::vector<std::string>{"accounts.add " + one + " main", "accounts.update " + one,
                                            "accounts.add " + two + " main", "accounts.remove " + two,
                                            "accounts.update " + one + " main"});
}

TEST_CASE("a token that another process keeps meanwhile is not lost", "[directory][postgresql]") {
  Site t(db::Engine::postgresql);
  t.accounts.set(Site::by_token(), t.key);
  test::InterruptingClock clock(t.clock);
  test::Actor bob(t.database.connect(), clock, "os:bob");
  Accounts bobs(bob.session, t.workspace);
  const base::SealKey other{Secret(std::string(64, 'b'))};
  const auto token = [&](const base::SealKey& key) {
    return t.accounts.open(t.accounts.get(k_one), key).auth_tokens.at(0).reveal();
  };
  clock.once([&] { t.accounts.set(Site::by_token(k_one, "token-second"), t.key); });
  CHECK(slug_of([&] { bobs.set(Site::by_token(k_one, "token-of-bob"), t.key); }) == "accounts.stale");
  CHECK(token(t.key) == "token-second");
  clock.once([&] { t.accounts.set(Site::by_token(k_one, "token-third"), t.key); });
  CHECK(slug_of([&] { bobs.seal_anew(t.key, other); }) == "accounts.stale");
  CHECK(token(t.key) == "token-third");
  CHECK(bobs.seal_anew(t.key, other) == 1);
  CHECK(token(other) == "token-third");
}

TEST_CASE("a plan writes nothing", "[directory]") {
  Site t(GENERATE(from_range(test::engines())));
  CHECK(t.accounts.set(Site::by_token(), t.key, false).added);
  CHECK(t.accounts.list().empty());
  CHECK(t.accounts_setting().empty());
  t.accounts.set(Site::by_token(), t.key);
  t.accounts.remove(k_one, false);
  CHECK(t.accounts.list().size() == 1);
}

TEST_CASE("what is no login is refused, and nothing of it is said", "[directory]") {
  Site t(db::Engine::sqlite);
  CHECK(slug_of([&] { t.accounts.set(Site::by_token("AC1"), t.key); }) == "accounts.bad_sid");
  auto bad_key = Site::by_key();
  bad_key.api_key = "AC0123456789abcdef0123456789abcdef";
  CHECK(slug_of([&] { t.accounts.set(bad_key, t.key); }) == "accounts.bad_sid");
  CHECK(slug_of([&] { t.accounts.set({.account_sid = k_one, .secrets = {}}, t.key); }) ==
        "accounts.no_secret");
  auto no_secret = Site::by_token();
  no_secret.api_key = k_key;
  CHECK(slug_of([&] { t.accounts.set(no_secret, t.key); }) == "accounts.no_secret");
  auto no_key = Site::by_token();
  no_key.secrets.api_secret = Secret("secret-of-key");
  CHECK(slug_of([&] { t.accounts.set(no_key, t.key); }) == "accounts.no_secret");
  for (const auto* token : {"", "two words", "line\nbreak"}) {
    const auto error = test::error_of([&] { t.accounts.set(Site::by_token(k_one, token), t.key); });
    REQUIRE(error);
    CHECK(error->slug() == "accounts.no_secret");
    CHECK(error->message().find("two words") == std::string::npos);
  }
  CHECK(t.accounts.list().empty());
}

TEST_CASE("an account that another workspace has is refused, and that one is not named", "[directory]") {
  Site t(GENERATE(from_range(test::engines())));
  const auto other = t.database.add_workspace("secret name");
  Accounts(t.session(), other).set(Site::by_token(), t.key);
  const auto error = test::error_of([&] { t.accounts.set(Site::by_token(), t.key); });
  REQUIRE(error);
  CHECK(error->slug() == "accounts.held_elsewhere");
  CHECK(error->hint().find("ringctl accounts remove AC") != std::string::npos);
  CHECK(error->message().find("secret name") == std::string::npos);
  CHECK(t.accounts.list().empty());
}

TEST_CASE("an account with numbers is not removed", "[directory]") {
  Site t(GENERATE(from_range(test::engines())));
  t.accounts.set(Site::by_token(), t.key);
  const auto id = t.alice.ids.next();
  t.write([&] {
    t.db().exec(
        "INSERT INTO phone_numbers (id, workspace_id, phone_number, provider, status, account_sid, created_at, "
        "updated_at) VALUES ($1, $2, '+12025550100', 'twilio', 'active', $3, $4, $4)",
        {id, t.workspace, k_one, t.clock.now()});
  });
  CHECK(slug_of([&] { t.accounts.remove(k_one); }) == "accounts.in_use");
  CHECK(t.accounts.list().size() == 1);
}

TEST_CASE("another key opens nothing and says which one does; a new key takes over what the old one opens",
          "[directory]") {
  Site t(GENERATE(from_range(test::engines())));
  t.accounts.set(Site::by_token(), t.key);
  const base::SealKey other{Secret(std::string(64, 'b'))};
  const auto account = t.accounts.get(k_one);
  const auto error = test::error_of([&] { t.accounts.open(account, other); });
  REQUIRE(error);
  CHECK(error->errc() == Errc::auth);
  CHECK(error->slug() == "seal.wrong_key");
  CHECK(error->message().find(t.key.id()) != std::string::npos);
  CHECK(t.accounts.seal_anew(other, t.key) == 0);
  CHECK(t.accounts.seal_anew(t.key, other, false) == 1);
  CHECK(t.accounts.get(k_one).key_id == t.key.id());
  CHECK(t.accounts.seal_anew(t.key, other) == 1);
  CHECK(t.accounts.seal_anew(t.key, other) == 0);
  CHECK(t.accounts.open(t.accounts.get(k_one), other).auth_tokens.at(0).reveal() == "token-of-one");
  // With a token given anew the old key is not needed.
  CHECK(t.accounts.set(Site::by_token(k_one, "token-new"), t.key).changed);
}

TEST_CASE("a check and a trunk are noted", "[directory]") {
  Site t(GENERATE(from_range(test::engines())));
  t.accounts.set(Site::by_token(), t.key);
  t.accounts.note_checked(k_one);
  t.accounts.note_trunk(k_one, "TK0123456789abcdef0123456789abcdef");
  const auto account = t.accounts.get(k_one);
  CHECK(account.checked_at == t.clock.now());
  CHECK(account.trunk_sid == "TK0123456789abcdef0123456789abcdef");
  CHECK(slug_of([&] { t.accounts.note_checked(k_two); }) == "accounts.unknown");
  CHECK(slug_of([&] { t.accounts.note_trunk(k_two, ""); }) == "accounts.unknown");
}

TEST_CASE("serve gets the tokens of every workspace, each with its account", "[directory]") {
  Site t(GENERATE(from_range(test::engines())));
  CHECK_FALSE(directory::has_sealed_accounts(t.db()));
  t.accounts.set(Site::by_token(), t.key);
  const auto other = t.database.add_workspace("other");
  Accounts(t.session(), other).set(Site::by_token(k_two, "token-of-two"), t.key);
  CHECK(directory::has_sealed_accounts(t.db()));
  std::vector<std::string> unread, lines;
  for (const auto& line : directory::sealed_auth_tokens(t.db(), t.key, &unread))
    lines.push_back(line.reveal());
  CHECK(lines ==
        std::vector<std::string>{std::string(k_one) + ":token-of-one", std::string(k_two) + ":token-of-two"});
  CHECK(unread.empty());
  const base::SealKey wrong{Secret(std::string(64, 'b'))};
  CHECK(directory::sealed_auth_tokens(t.db(), wrong, &unread).empty());
  CHECK(unread == std::vector<std::string>{k_one, k_two});
}
