#include "sync/drift.hpp"

#include <set>

#include "support/catch.hpp"
#include "sync/desk.hpp"
#include "sync/numbers.hpp"

using namespace ringctl;
using Desk = test::NumberDesk;
using Codes = std::set<std::string>;

namespace {

void have(Desk& f, const std::string& number) {
  f.box.add_number(number);
  f.add(number);
}
/// As they should be.
void settle(Desk& f) {
  sync::apply_sync(*f.account, sync::plan_sync(*f.account, f.wanted()));
  sync::ConfigureOptions options;
  options.wanted = f.wanted();
  sync::configure(*f.account, options);
}
sync::AuditReport look_at(Desk& f, bool fix = false, std::chrono::days idle_after = std::chrono::days(0)) {
  sync::AuditOptions options;
  options.wanted = f.wanted();
  options.idle_after = idle_after;
  auto report = sync::audit_numbers(*f.account, options);
  if (fix) sync::mend_numbers(*f.account, options, report);
  return report;
}
/// Only of this, as a dry run or not.
sync::AuditReport mend(Desk& f, sync::Drift only, bool dry_run) {
  sync::AuditOptions options;
  options.wanted = f.wanted();
  options.only = {only};
  options.idle_after = std::chrono::days(0);
  options.dry_run = dry_run;
  auto report = sync::audit_numbers(*f.account, options);
  sync::mend_numbers(*f.account, options, report);
  return report;
}
Codes codes(const sync::AuditReport& report) {
  Codes all;
  for (const auto& finding : report.findings) all.emplace(sync::drift_code(finding.drift));
  return all;
}

}  // namespace

TEST_CASE("every finding has a code of its own and a meaning", "[sync]") {
  Codes all;
  for (const auto& info : sync::drift_table()) {
    CHECK(all.emplace(info.code).second);
    CHECK_FALSE(info.meaning.empty());
    CHECK(sync::drift_code(info.drift) == info.code);
  }
}

TEST_CASE("numbers that are as they should be have no finding", "[sync]") {
  Desk f(GENERATE(from_range(test::engines())));
  have(f, "+12025550101");
  settle(f);
  const auto report = look_at(f);
  CHECK(report.numbers == 1);
  CHECK(codes(report).empty());
  CHECK_FALSE(report.differs());
}

TEST_CASE("webhooks that lead elsewhere are found, and mended when asked", "[sync]") {
  Desk f(GENERATE(from_range(test::engines())));
  have(f, "+12025550101");
  settle(f);
  f.tamper("+12025550101", [](sim::Number& n) {
    n.voice_hook.url = "https://elsewhere.example.org/v";
    n.sms_hook.url.clear();
  });
  CHECK(codes(look_at(f)) == Codes{"voice_url", "sms_url"});
  const auto fixed = look_at(f, true);
  CHECK_FALSE(fixed.differs());
  CHECK(fixed.job.has_value());
  CHECK(codes(look_at(f)).empty());
}

TEST_CASE("only what was asked for is mended, and nothing in a dry run", "[sync]") {
  Desk f(GENERATE(from_range(test::engines())));
  have(f, "+12025550101");
  settle(f);
  f.tamper("+12025550101", [](sim::Number& n) {
    n.voice_hook.url = "https://elsewhere.example.org/v";
    n.sms_hook.url = "https://elsewhere.example.org/s";
  });
  const auto planned = mend(f, sync::Drift::voice_url, true);
  REQUIRE(planned.findings.size() == 1);
  CHECK(planned.findings.front().fixed);
  CHECK(planned.to_mend() == 1);
  CHECK_FALSE(planned.job.has_value());
  CHECK(codes(look_at(f)) == Codes{"voice_url", "sms_url"});
  CHECK_FALSE(mend(f, sync::Drift::voice_url, false).differs());
  CHECK(f.there("+12025550101").sms_hook.url == "https://elsewhere.example.org/s");
  CHECK(codes(look_at(f)) == Codes{"sms_url"});
}

TEST_CASE("a messaging service that takes messages is found, and a trunk that is none of ours", "[sync]") {
  Desk f(GENERATE(from_range(test::engines())));
  have(f, "+12025550101");
  have(f, "+12025550102");
  settle(f);
  f.box.add_service("alerts", {"+12025550101"});
  f.tamper("+12025550102", [](sim::Number& n) { n.trunk_sid = "TK0123456789abcdef0123456789abcdef"; });
  CHECK(codes(look_at(f)) == Codes{"messaging_service", "trunk"});
}

TEST_CASE("what an agent's number cannot do, and its missing emergency address, are found", "[sync]") {
  Desk f(GENERATE(from_range(test::engines())));
  have(f, "+12025550101");
  f.assign("+12025550101");
  settle(f);
  CHECK(codes(look_at(f)) == Codes{"emergency_address"});
  f.tamper("+12025550101", [](sim::Number& n) {
    n.voice = false;
    n.emergency_address_sid = "AD0123456789abcdef0123456789abcdef";
  });
  CHECK(codes(look_at(f)) == Codes{"no_voice"});
}

TEST_CASE("numbers on one side only, of a country that is left out, or another account's are found",
          "[sync]") {
  Desk f(GENERATE(from_range(test::engines())));
  have(f, "+12025550101");
  settle(f);
  f.box.add_number("+12025550102");
  f.add("+12025550103");
  CHECK(codes(look_at(f)) == Codes{"missing", "unknown"});
  f.decide("account_countries", "GB");
  CHECK(codes(look_at(f)).contains("country"));
  f.write([&] {
    f.db().exec("UPDATE phone_numbers SET account_sid = $1 WHERE phone_number = '+12025550103'",
                {"ACffffffffffffffffffffffffffffffff"});
  });
  CHECK(codes(look_at(f)).contains("account"));
}

TEST_CASE("a number that nobody called or texted for so long is idle, which is a warning", "[sync]") {
  Desk f(GENERATE(from_range(test::engines())));
  have(f, "+12025550101");
  settle(f);
  // The box made it now, by its own clock.
  f.clock.set(base::SystemClock().now() + std::chrono::days(100));
  const auto report = look_at(f, false, std::chrono::days(90));
  CHECK(codes(report) == Codes{"idle"});
  CHECK_FALSE(report.differs());
  CHECK(codes(look_at(f, false, std::chrono::days(120))).empty());
}
