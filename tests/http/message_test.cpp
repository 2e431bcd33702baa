#include "http/message.hpp"

#include "support/catch.hpp"

using namespace ringctl;
using http::Fault;

TEST_CASE("a field is found whatever its case, the first of several", "[http]") {
  const http::Response response{.fields = {{"Content-Type", "text/xml"}, {"content-type", "text/plain"}}};
  CHECK(response.field("CONTENT-TYPE") == "text/xml");
  CHECK(response.field("Date").empty());
}

TEST_CASE("POST and PATCH are not repeatable, nor is any method that nobody knows", "[http]") {
  for (const auto* method : {"GET", "HEAD", "PUT", "DELETE", "OPTIONS"}) CHECK(http::is_idempotent(method));
  for (const auto* method : {"POST", "PATCH", "get", "BUY", ""}) CHECK_FALSE(http::is_idempotent(method));
}

TEST_CASE("every fault has a name of its own and an exit status", "[http]") {
  const auto error_of = [](Fault fault) { return http::to_error({fault, true, "why"}); };
  CHECK(error_of(Fault::unreachable).slug() == "http.unreachable");
  CHECK(error_of(Fault::tls).slug() == "http.tls");
  CHECK(error_of(Fault::timeout).slug() == "http.timeout");
  CHECK(error_of(Fault::broken).slug() == "http.broken");
  for (const auto fault : {Fault::unreachable, Fault::tls, Fault::timeout, Fault::broken})
    CHECK(error_of(fault).errc() == Errc::twilio_down);
  CHECK(error_of(Fault::garbage).slug() == "http.garbage");
  CHECK(error_of(Fault::too_large).slug() == "http.too_large");
  for (const auto fault : {Fault::garbage, Fault::too_large})
    CHECK(error_of(fault).errc() == Errc::twilio_garbage);
  CHECK(error_of(Fault::cancelled).slug() == "http.cancelled");
  CHECK(error_of(Fault::cancelled).errc() == Errc::interrupted);
  CHECK(error_of(Fault::tls).message() == "why");
}
