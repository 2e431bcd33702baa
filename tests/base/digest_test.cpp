#include "base/digest.hpp"

#include "support/catch.hpp"

using ringctl::base::Digest;
using ringctl::base::hmac_sha256_hex;
using ringctl::base::random_hex;
using ringctl::base::Secret;
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

TEST_CASE("HMAC-SHA256 gives the values of its standard, also for keys longer than a block") {
  // RFC 4231, cases 1, 2 and 6.
  CHECK(hmac_sha256_hex(Secret(std::string(20, '\x0b')), "Hi There") ==
        "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  CHECK(hmac_sha256_hex(Secret("Jefe"), "what do ya want for nothing?") ==
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  CHECK(hmac_sha256_hex(Secret(std::string(131, '\xaa')),
                        "Test Using Larger Than Block-Size Key - Hash Key First") ==
        "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

TEST_CASE("random hex is as long as asked and never the same") {
  CHECK(random_hex(16).size() == 32);
  CHECK(random_hex(0).empty());
  CHECK(random_hex(16) != random_hex(16));
  CHECK(random_hex(64).find_first_not_of("0123456789abcdef") == std::string::npos);
}
