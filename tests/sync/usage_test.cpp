#include "sync/usage.hpp"

#include <algorithm>

#include "support/catch.hpp"
#include "support/errors.hpp"
#include "support/raw_server.hpp"
#include "sync/phone_desk.hpp"

using namespace ringctl;
using test::PhoneDesk;
using test::slug_of;

TEST_CASE("usage is what Twilio tells of a period, and of no other", "[sync]") {
  PhoneDesk f(db::Engine::sqlite);
  const auto ask = [&](const sync::UsageOptions& options) {
    return sync::usage(f.account, options, [](const twilio::UsageRecord&) {});
  };
  CHECK(slug_of([&] { ask({.since = "2026-03-09", .until = "2026-03-08"}); }) == "usage.empty_period");
  CHECK(slug_of([&] { ask({.since = "yesterday"}); }) == "time.bad_date");
  CHECK(slug_of([&] { ask({.by = "week"}); }) == "usage.bad_value");
  CHECK(slug_of([&] { ask({.categories = {"calls&Category=x"}}); }) == "usage.bad_value");
  const auto unknown = test::error_of([&] { ask({.categories = {"nonsense"}}); });
  REQUIRE(unknown);
  CHECK(unknown->errc() == Errc::twilio);
  CHECK(unknown->hint().find("ringctl reports account lists") == 0);
  test::RawServer server({test::RawServer::answers(
      test::RawServer::response(R"({"code":20001,"message":"Invalid StartDate","status":400})",
                                "Content-Type: application/json\r\nConnection: close\r\n", 400))});
  auto at = f.box.options();
  at.bases.core = server.url("");
  twilio::Client refusing(at, f.wall);
  sync::Account elsewhere{
      .session = f.session(), .workspace = f.here, .client = refusing, .cancel = f.cancel};
  const auto of_date = test::error_of(
      [&] { sync::usage(elsewhere, {.categories = {"calls"}}, [](const twilio::UsageRecord&) {}); });
  REQUIRE(of_date);
  CHECK(of_date->errc() == Errc::twilio);
  CHECK(of_date->hint().empty());
  std::vector<std::string> seen;
  sync::UsageOptions options;
  options.since = "2026-03-01";
  options.until = "2026-03-02";
  options.by = "day";
  options.categories = {"calls"};
  sync::usage(f.account, options, [&](const twilio::UsageRecord& record) {
    seen.push_back(record.category + " " + record.start_date);
  });
  std::sort(seen.begin(), seen.end());
  CHECK(seen == std::vector<std::string>{"calls 2026-03-01", "calls 2026-03-02"});
}
