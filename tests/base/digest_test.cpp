#include "base/digest.hpp"

#include "support/catch.hpp"

using ringctl::base::Digest;
using ringctl::base::random_hex;
using ringctl::base::sha256_hex;

TEST_CASE("SHA-256 gives the values of its standard") {
  CHECK(sha256_hex("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(sha256_hex("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(sha256_hex(std::string(1'000'000, 'a')) ==
        "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST_CASE("a running digest is that of all that came so far, and goes on") {
  Digest digest;
  CHECK(digest.hex() == sha256_hex(""));
  digest.update("a").update("b");
  CHECK(digest.hex() == sha256_hex("ab"));
  digest.update("").update("c");
  CHECK(digest.hex() == sha256_hex("abc"));
}

TEST_CASE("random hex is as long as asked and never the same") {
  CHECK(random_hex(16).size() == 32);
  CHECK(random_hex(0).empty());
  CHECK(random_hex(16) != random_hex(16));
  CHECK(random_hex(64).find_first_not_of("0123456789abcdef") == std::string::npos);
}
