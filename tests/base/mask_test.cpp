#include "base/mask.hpp"

#include "support/catch.hpp"

using ringctl::base::masked_party;

TEST_CASE("a number is told apart in a log, and not told") {
  CHECK(masked_party("+15550100199") == "+1555***0199");
  CHECK(masked_party("+442079460123") == "+4420***0123");
  CHECK(masked_party("+1555010019") == "+1555***0019");
  CHECK(masked_party("+155501001") == "***");
  CHECK(masked_party("5550100199") == "***");
  CHECK(masked_party("+1 555 010 0199") == "***");
  CHECK(masked_party("sip:ann@192.0.2.7") == "sip:***");
  CHECK(masked_party("ann@192.0.2.7") == "***");
  CHECK(masked_party("client:agent_0123") == "client:agent_0123");
  CHECK(masked_party("client:+15550100199") == "client:+1555***0199");
  CHECK(masked_party("client:") == "client:");
  CHECK(masked_party("anonymous") == "anonymous");
  CHECK(masked_party("").empty());
}
