#include "net/refusal_log.hpp"

#include <string>

#include "support/catch.hpp"
#include "support/stderr_of.hpp"

using namespace ringctl;
using namespace std::chrono_literals;
using net::Refusal;

TEST_CASE("the log has a line a minute for each reason to refuse, with how many came meanwhile", "[net]") {
  net::RefusalLog log;
  const std::chrono::steady_clock::time_point start{};
  const auto said = [&](Refusal refusal, std::chrono::seconds after) {
    return test::stderr_of([&] { log.note(refusal, "192.0.2.7", start + after); });
  };
  const std::string line =
      "ringctl: warning: listener.refused reason=body_too_large status=413 remote=192.0.2.7 ";
  CHECK(said(Refusal::body_too_large, 0s) == line + "unsaid=0\n");
  CHECK(said(Refusal::body_too_large, 1s).empty());
  CHECK(said(Refusal::body_too_large, 59s).empty());
  CHECK(said(Refusal::request_line, 59s) ==
        "ringctl: warning: listener.refused reason=request_line status=400 remote=192.0.2.7 unsaid=0\n");
  CHECK(said(Refusal::body_too_large, 60s) == line + "unsaid=2\n");
  CHECK(said(Refusal::body_too_large, 119s).empty());
  CHECK(said(Refusal::body_too_large, 120s) == line + "unsaid=1\n");
}
