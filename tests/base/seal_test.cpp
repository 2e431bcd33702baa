#include "base/seal.hpp"

#include "support/catch.hpp"
#include "support/errors.hpp"

using namespace ringctl;
using base::SealKey;
using base::Secret;
using test::slug_of;

namespace {

constexpr const char* k_hex = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
constexpr const char* k_about = "accounts/1/AC1";

SealKey key(std::string hex = k_hex) { return SealKey(Secret(std::move(hex))); }

}  // namespace

TEST_CASE("what was sealed opens again with the same key and for the same thing", "[base]") {
  for (const auto& plain :
       {std::string(), std::string("token"), std::string("a\0b", 3), std::string(5000, 'x')}) {
    const auto sealed = key().seal(Secret(plain), k_about);
    CHECK(sealed.starts_with("v1:"));
    CHECK(key().open(sealed, k_about).reveal() == plain);
  }
}

TEST_CASE("what was sealed before still opens: nonce, ciphertext and tag in Base64, by libsodium alone",
          "[base]") {
  CHECK(key().open("v1:QEFCQ0RFRkdISUpLTE1OT1BRUlNUVVZXoFZuFb6Ynag83O0E0AMmmQqHSbgq", k_about).reveal() ==
        "token");
  CHECK(key().id() == "2235d7c4");
}

TEST_CASE("a secret is sealed differently each time, and shows nothing of itself", "[base]") {
  const auto one = key().seal(Secret("secret-0123456789"), k_about);
  const auto two = key().seal(Secret("secret-0123456789"), k_about);
  CHECK(one != two);
  CHECK(one.find("secret") == std::string::npos);
}

TEST_CASE("another key, another thing and a changed byte open nothing", "[base]") {
  const auto sealed = key().seal(Secret("token"), k_about);
  const auto other = SealKey(SealKey::generate());
  CHECK(slug_of([&] { other.open(sealed, k_about); }) == "seal.wrong_key");
  CHECK(slug_of([&] { key().open(sealed, "accounts/2/AC1"); }) == "seal.wrong_key");
  for (std::size_t i = 0; i < sealed.size(); ++i) {
    auto changed = sealed;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    INFO(i);
    CHECK(slug_of([&] { key().open(changed, k_about); }) == "seal.wrong_key");
  }
  for (const auto* broken : {"", "v1:", "v1:AAAA", "v2:AAAA", "token"})
    CHECK(slug_of([&] { key().open(broken, k_about); }) == "seal.wrong_key");
}

TEST_CASE("a key is 64 hex digits, whatever the space around them, and no message holds it", "[base]") {
  CHECK(key(std::string("  ") + k_hex + "\n").id() == key().id());
  for (const auto& bad : {std::string(), std::string(k_hex).substr(1), std::string(k_hex) + "00",
                          "zz" + std::string(k_hex).substr(2), std::string(k_hex).insert(8, " ")}) {
    const auto error = test::error_of([&] { key(bad); });
    REQUIRE(error);
    CHECK(error->errc() == Errc::config);
    CHECK(error->slug() == "seal.bad_key");
    if (!bad.empty()) CHECK(error->message().find(bad.substr(8, 16)) == std::string::npos);
  }
}

TEST_CASE("keys that are made differ and are told apart by eight digits that are no part of them", "[base]") {
  const auto one = SealKey::generate(), two = SealKey::generate();
  CHECK(one.reveal().size() == 64);
  CHECK(one.reveal() != two.reveal());
  CHECK(SealKey(one).id() != SealKey(two).id());
  CHECK(SealKey(one).id().size() == 8);
  CHECK(one.reveal().find(SealKey(one).id()) == std::string::npos);
}
