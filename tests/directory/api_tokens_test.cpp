#include "directory/api_tokens.hpp"

#include "base/digest.hpp"
#include "directory/people.hpp"
#include "records/records.hpp"
#include "support/catch.hpp"
#include "support/errors.hpp"
#include "support/session.hpp"

using namespace ringctl;
using directory::ApiTokens;
using directory::find_holder;
using test::slug_of;

namespace {

struct Tokens : test::Estate {
  explicit Tokens(db::Engine engine)
      : Estate(engine), users(session(), workspace, directory::users_noun()), tokens(session(), workspace) {
    ann = users.add({{directory::k_user_email, "ann@example.com"}, {directory::k_user_role, "supervisor"}})
              .after.id;
  }
  std::optional<directory::Holder> holder(const base::Secret& secret) {
    return find_holder(db(), secret.reveal(), clock.now());
  }

  records::Records users;
  ApiTokens tokens;
  base::Uuid ann;
};

}  // namespace

TEST_CASE("a token names its holder, and only its hash is kept", "[directory]") {
  Tokens t(GENERATE(from_range(test::engines())));
  const auto made = t.tokens.add(t.ann, " CRM ", std::nullopt);
  const auto& text = made.secret.reveal();
  CHECK(text.starts_with("rct_"));
  CHECK(text.size() == 68);
  CHECK(made.token.label == "CRM");
  const auto holder = t.holder(made.secret);
  REQUIRE(holder);
  CHECK(holder->user == t.ann);
  CHECK(holder->workspace == t.workspace);
  CHECK(holder->token == made.token.id);
  CHECK(holder->email == "ann@example.com");
  CHECK(holder->role == "supervisor");
  const auto kept = t.read([&] { return t.db().text("SELECT token_hash FROM api_tokens"); });
  CHECK(kept == base::sha256_hex(text));
}

TEST_CASE("what is no token has no holder", "[directory]") {
  Tokens t(GENERATE(from_range(test::engines())));
  const auto secret = t.tokens.add(t.ann, "", std::nullopt).secret.reveal();
  auto other = secret;
  other.back() = other.back() == '0' ? '1' : '0';
  for (const auto& wrong : {std::string(), std::string("rct_"), other, secret + "0", secret.substr(1),
                            base::sha256_hex(secret), std::string("rct_") + std::string(64, '\'')})
    CHECK_FALSE(find_holder(t.db(), wrong, t.clock.now()));
}

TEST_CASE("a token stops working when it expires, is revoked, or its user leaves", "[directory]") {
  Tokens t(GENERATE(from_range(test::engines())));
  const auto day = std::chrono::hours(24);
  const auto expiring = t.tokens.add(t.ann, "", t.clock.now() + day);
  const auto lasting = t.tokens.add(t.ann, "", std::nullopt);
  CHECK(t.holder(expiring.secret));
  t.clock.advance(day);
  CHECK_FALSE(t.holder(expiring.secret));
  CHECK(t.holder(lasting.secret));

  t.users.update("ann@example.com", {{directory::k_user_is_active, "no"}});
  CHECK_FALSE(t.holder(lasting.secret));
  CHECK(slug_of([&] { t.tokens.add(t.ann, "", std::nullopt); }) == "users.inactive");
  t.users.update("ann@example.com", {{directory::k_user_is_active, "yes"}});
  CHECK(t.holder(lasting.secret));

  CHECK(t.tokens.revoke(t.ann, lasting.token.id));
  CHECK_FALSE(t.tokens.revoke(t.ann, lasting.token.id));
  CHECK_FALSE(t.holder(lasting.secret));
}

TEST_CASE("tokens are listed with what became of them, newest first", "[directory]") {
  Tokens t(GENERATE(from_range(test::engines())));
  const auto first = t.tokens.add(t.ann, "one", std::nullopt).token;
  t.clock.advance(std::chrono::seconds(1));
  const auto second = t.tokens.add(t.ann, "two", t.clock.now() + std::chrono::hours(1)).token;
  t.tokens.revoke(t.ann, first.id);
  const auto all = t.tokens.list(t.ann);
  REQUIRE(all.size() == 2);
  CHECK(all[0].id == second.id);
  CHECK(all[0].works_at(t.clock.now()));
  CHECK_FALSE(all[0].works_at(t.clock.now() + std::chrono::hours(1)));
  CHECK(all[1].label == "one");
  CHECK(all[1].revoked_at == t.clock.now());
  CHECK_FALSE(all[1].works_at(t.clock.now()));
}

TEST_CASE("tokens of others, impossible labels and times are refused", "[directory]") {
  Tokens t(GENERATE(from_range(test::engines())));
  const auto token = t.tokens.add(t.ann, "", std::nullopt).token;
  const auto bob = t.users.add({{directory::k_user_email, "bob@example.com"}}).after.id;
  CHECK(slug_of([&] { t.tokens.revoke(bob, token.id); }) == "tokens.unknown");
  CHECK(slug_of([&] { t.tokens.add(t.session().ids.next(), "", std::nullopt); }) == "users.unknown");
  CHECK(slug_of([&] { t.tokens.add(t.ann, "a\nb", std::nullopt); }) == "tokens.bad_label");
  CHECK(slug_of([&] { t.tokens.add(t.ann, "", t.clock.now()); }) == "tokens.bad_expiry");
}

TEST_CASE("making and revoking a token is on record, without the token", "[directory]") {
  Tokens t(GENERATE(from_range(test::engines())));
  const auto made = t.tokens.add(t.ann, "CRM", std::nullopt);
  t.tokens.revoke(t.ann, made.token.id);
  std::vector<std::string> actions;
  t.read([&] {
    audit::for_each(t.db(), t.workspace, {}, false, 0, [&](const audit::Entry& entry) {
      actions.push_back(std::string(entry.action) + " " + std::string(entry.object_key));
      const auto images = std::string(entry.before_image) + std::string(entry.after_image);
      CHECK(images.find(made.secret.reveal()) == std::string::npos);
      CHECK(images.find(base::sha256_hex(made.secret.reveal())) == std::string::npos);
    });
    return true;
  });
  CHECK(actions == std::vector<std::string>{"users.add ann@example.com", "users.token_add ann@example.com",
                                            "users.token_revoke ann@example.com"});
}
