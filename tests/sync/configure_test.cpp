#include "sync/configure.hpp"

#include "support/catch.hpp"
#include "sync/desk.hpp"

using namespace ringctl;
using sync::same_url;
using Desk = test::NumberDesk;
using test::slug_of;

namespace {

sync::ConfigureReport run(Desk& f, std::vector<std::string> numbers = {}, bool dry_run = false) {
  sync::ConfigureOptions options;
  options.wanted = f.wanted();
  options.numbers = std::move(numbers);
  options.dry_run = dry_run;
  return sync::configure(*f.account, options);
}

void have(Desk& f, const std::string& number) {
  f.box.add_number(number);
  f.add(number);
}

}  // namespace

TEST_CASE("two spellings of one URL are the same", "[sync]") {
  CHECK(same_url("https://PBX.example.com/v#rc=2&rp=ct,5xx", "https://pbx.example.com:443/v#rp=5xx,ct&rc=2"));
  CHECK(same_url("https://pbx.example.com", "https://pbx.example.com/"));
  CHECK_FALSE(same_url("https://pbx.example.com/v", "https://pbx.example.com/V"));
  CHECK_FALSE(same_url("https://pbx.example.com/v", "http://pbx.example.com/v"));
  CHECK_FALSE(same_url("https://pbx.example.com/v", "https://pbx.example.com/v#rc=2"));
  CHECK(same_url("https://pbx.example.com?a=1", "https://pbx.example.com/?a=1"));
  CHECK(same_url("http://pbx.example.com:80/v?a=1", "HTTP://pbx.example.com/v?a=1"));
  CHECK_FALSE(same_url("https://pbx.example.com:80/v", "https://pbx.example.com/v"));
  CHECK_FALSE(same_url("https://pbx.example.com/v?a=1", "https://pbx.example.com/v?a=2"));
  CHECK_FALSE(same_url("https://pbx.example.com/", "https://pbx.example.com//"));
  CHECK_FALSE(same_url("pbx.example.com/v", "https://pbx.example.com/v"));
  CHECK_FALSE(same_url("", "https://pbx.example.com/v"));
}

TEST_CASE("what is wanted follows from the public URL, with connection overrides", "[sync]") {
  Desk f(db::Engine::sqlite);
  const auto wanted = f.wanted("https://fallback.example.org/v");
  const auto voice = "https://pbx.example.com/api/workspaces/" + f.workspace.text() + "/voice";
  CHECK(wanted.voice_url == voice + "#rc=2&rp=ct,5xx");
  CHECK(wanted.status_callback == voice + "/status#rc=2&rp=ct,5xx");
  CHECK(wanted.sms_url == "https://pbx.example.com/api/twilio/webhook#rc=2&rp=ct,5xx");
  CHECK(wanted.voice_fallback_url == "https://fallback.example.org/v#rc=2&rp=ct,5xx");
}

TEST_CASE("URLs that Twilio cannot be given, and fallbacks on the same host, are refused", "[sync]") {
  Desk f(db::Engine::sqlite);
  const auto slug = [&](const std::string& voice, const std::string& fallback) {
    return slug_of([&] { sync::wanted_of(*f.account, {.voice = voice, .sms = {}, .fallback = fallback}); });
  };
  CHECK(slug("https://10.0.0.7/voice", "") == "webhooks.bad_url");
  CHECK(slug("https://user:secret@pbx.example.com/voice", "") == "webhooks.bad_url");
  CHECK(slug("", "https://pbx.example.com:8443/other") == "webhooks.same_host");
  CHECK(slug("https://voice.example.net/v", "https://fallback.example.org/v").empty());
}

TEST_CASE("only what differs is sent, and the second time nothing", "[sync]") {
  Desk f(GENERATE(from_range(test::engines())));
  have(f, "+12025550101");
  have(f, "+12025550102");
  CHECK(run(f, {}, true).updated == 2);
  CHECK(f.box.ledger().empty());
  const auto first = run(f);
  CHECK(first.updated == 2);
  CHECK(first.failed == 0);
  CHECK(f.there("+12025550101").voice_hook.url == f.wanted().voice_url);
  CHECK(f.there("+12025550101").sms_hook.url == f.wanted().sms_url);
  CHECK(f.row("+12025550101").configured_at.has_value());
  CHECK(f.times("POST /IncomingPhoneNumbers/") == 2);
  const auto second = run(f);
  CHECK(second.same == 2);
  CHECK_FALSE(second.job.has_value());
  CHECK(f.times("POST /IncomingPhoneNumbers/") == 2);
}

TEST_CASE("a number on a trunk keeps its voice side, and an application that hides a URL is taken off",
          "[sync]") {
  twilio::Number number;
  number.voice = number.sms = true;
  sync::Wanted wanted{.voice_url = "https://a.example.com/v",
                      .sms_url = "https://a.example.com/s",
                      .status_callback = "https://a.example.com/c"};
  number.trunk_sid = "TK0123456789abcdef0123456789abcdef";
  auto update = sync::update_for(number, wanted);
  CHECK_FALSE(update.voice_url.has_value());
  CHECK_FALSE(update.status_callback.has_value());
  CHECK(update.sms_url == wanted.sms_url);
  number.trunk_sid.clear();
  number.voice_application_sid = "AP0123456789abcdef0123456789abcdef";
  update = sync::update_for(number, wanted);
  CHECK(update.voice_application_sid == "");
  CHECK(update.voice_url == wanted.voice_url);
  CHECK_FALSE(update.voice_fallback_url.has_value());
}

TEST_CASE("updates whose answer is lost are looked at, and none is sent twice", "[sync]") {
  Desk f(GENERATE(from_range(test::engines())));
  std::vector<std::string> numbers;
  for (int i = 10; i < 30; ++i) numbers.push_back("+120255501" + std::to_string(i));
  for (const auto& number : numbers) have(f, number);
  f.box.fault("executed_lost", 0, 0.3);
  const auto report = run(f);
  f.box.clear_faults();
  CHECK(report.updated == 20);
  CHECK(report.failed == 0);
  for (const auto& [what, count] : f.box.ledger()) {
    INFO(what);
    CHECK(count == 1);
  }
  CHECK(run(f).same == 20);
}

TEST_CASE("numbers that were named and are not the account's are skipped", "[sync]") {
  Desk f(GENERATE(from_range(test::engines())));
  have(f, "+12025550101");
  f.add("+12025550102");
  const auto report = run(f, {"+12025550101", "+12025550102"});
  CHECK(report.updated == 1);
  REQUIRE(report.rows.size() == 1);
  CHECK(report.rows[0].verdict == "skipped");
  CHECK(report.rows[0].code == "missing");
}

TEST_CASE("of all numbers those that the account does not have are skipped, and told", "[sync]") {
  Desk f(GENERATE(from_range(test::engines())));
  have(f, "+12025550101");
  f.add("+12025550102");
  f.add("+12025550103", {.status = "inactive"});
  f.add("+12025550104", {.provider = "telnyx"});
  f.add("+12025550105");
  f.write([&] {
    f.db().exec("UPDATE phone_numbers SET account_sid = $1 WHERE phone_number = '+12025550105'",
                {"ACffffffffffffffffffffffffffffffff"});
  });
  for (const bool dry_run : {true, false}) {
    const auto report = run(f, {}, dry_run);
    CHECK(report.updated == 1);
    CHECK(report.skipped == 1);
    CHECK(report.failed == 0);
    REQUIRE_FALSE(report.rows.empty());
    CHECK(report.rows[0].phone_number == "+12025550102");
    CHECK(report.rows[0].verdict == "skipped");
    CHECK(report.rows[0].code == "missing");
  }
}

TEST_CASE("the TwiML app is made once, found again, and set right", "[sync]") {
  Desk f(GENERATE(from_range(test::engines())));
  CHECK(sync::configure_app(*f.account, f.wanted(), false).created);
  CHECK(f.box.ledger().empty());
  const auto made = sync::configure_app(*f.account, f.wanted(), true);
  CHECK(made.created);
  f.reload();
  CHECK(f.place.setting("twiml_app_sid") == made.sid);
  CHECK_FALSE(sync::configure_app(*f.account, f.wanted(), true).changed);
  f.box.with([&](sim::Account& account, sim::Network&) {
    account.applications.find(made.sid)->voice_hook.url = "https://elsewhere.example.org/v";
  });
  const auto mended = sync::configure_app(*f.account, f.wanted(), true);
  CHECK(mended.changed);
  CHECK_FALSE(mended.created);
  CHECK(mended.sid == made.sid);
  CHECK(f.open_effects().empty());
}
