#include "http/trace.hpp"

#include "base/log.hpp"
#include "support/catch.hpp"
#include "support/stderr_of.hpp"

using namespace ringctl;

TEST_CASE("values of fields are shown only where they are known to be harmless", "[http]") {
  CHECK(http::fields_text({{"Content-Type", "text/xml"},
                           {"Authorization", "Basic QUM6c2VjcmV0"},
                           {"X-Api-Key", "secret"},
                           {"Set-Cookie", "id=secret"}}) ==
        "content-type=text/xml authorization=*** x-api-key=*** set-cookie=***");
}

TEST_CASE("a trace tells what went out and what came, and nothing that is secret", "[http]") {
  http::Request request{.method = "POST", .url = "https://u:secret@h.example/v"};
  request.body = "Body=secret";
  request.login = http::Login{"AC1", base::Secret("secret")};
  http::Response response{.status = 201, .fields = {{"Twilio-Request-Id", "RQ1"}}, .body = "secret"};

  const auto quiet = test::stderr_of([&] { http::trace_request(request, "https://***@h.example/v"); });
  CHECK(quiet.empty());
  base::configure_log(base::LogLevel::trace, base::LogFormat::text);
  const auto text = test::stderr_of([&] {
    http::trace_request(request, "https://***@h.example/v");
    http::trace_outcome(response, "https://***@h.example/v");
    http::trace_outcome(http::Failure{http::Fault::timeout, true, "h.example:443 did not answer"},
                        "https://h.example/");
  });
  base::configure_log(base::LogLevel::warn, base::LogFormat::text);
  CHECK(text.find("secret") == std::string::npos);
  CHECK(text.find("http.request method=POST url=https://***@h.example/v login=*** bytes=11") !=
        std::string::npos);
  CHECK(text.find("http.answer status=201") != std::string::npos);
  CHECK(text.find("twilio-request-id=RQ1") != std::string::npos);
  CHECK(text.find("http.timeout") != std::string::npos);
}
