#include "support/catch.hpp"
#include "sync/desk.hpp"

using namespace ringctl;
using jobs::Effect;
using jobs::EffectState;
using Desk = test::DatedDesk;

namespace {

/// As a run that was killed leaves it.
Effect left(Desk& f, const std::string& kind, const std::string& key, bool sent,
            const std::string& sid = {}) {
  Effect effect;
  effect.id = f.alice.ids.next();
  effect.kind = kind;
  effect.key = key;
  effect.account_sid = f.client.account_sid();
  effect.sid = sid;
  effect.actor = "os:alice";
  f.write([&] {
    jobs::Effects effects(f.db(), f.clock, f.workspace);
    effects.insert(effect);
    if (sent) effects.sent(effect.id);
  });
  return effect;
}
std::string state(const sync::ResolveReport& report) {
  return report.rows.size() == 1 ? report.rows[0].state : "?";
}

}  // namespace

TEST_CASE("a purchase that had happened is done, one that had not is undone", "[sync]") {
  Desk f(GENERATE(from_range(test::engines())));
  const auto sid = f.box.add_number("+12025550101");
  left(f, "number.buy", "+12025550101", true);
  left(f, "number.buy", "+12025550102", true);
  left(f, "number.buy", "+12025550103", false);
  const auto report = sync::resolve(*f.account, {});
  CHECK(report.done == 1);
  CHECK(report.undone == 2);
  CHECK(report.unknown == 0);
  REQUIRE(report.rows.size() == 3);
  CHECK(report.rows[0].sid == sid);
  CHECK(f.open_effects().empty());
  CHECK(f.box.ledger().empty());
}

TEST_CASE("a number whose digits stand in a longer one is not taken for it", "[sync]") {
  Desk f(GENERATE(from_range(test::engines())));
  f.box.add_number("+442079460123");
  left(f, "number.buy", "+44207946012", true);
  CHECK(state(sync::resolve(*f.account, {})) == "undone");
}

TEST_CASE("a release that had happened takes the row along", "[sync]") {
  Desk f(GENERATE(from_range(test::engines())));
  const std::string sid = "PN0123456789abcdef0123456789abcdef";
  f.add("+12025550101", {.sid = sid});
  left(f, "number.release", "+12025550101", true, sid);
  CHECK(state(sync::resolve(*f.account, {})) == "done");
  CHECK_FALSE(f.numbers().find("+12025550101").has_value());
}

TEST_CASE("a release that had not happened leaves the row", "[sync]") {
  Desk f(GENERATE(from_range(test::engines())));
  const auto sid = f.box.add_number("+12025550101");
  f.add("+12025550101", {.sid = sid});
  left(f, "number.release", "+12025550101", true, sid);
  CHECK(state(sync::resolve(*f.account, {})) == "undone");
  CHECK(f.row("+12025550101").sid == sid);
  CHECK(f.box.ledger().empty());
}

TEST_CASE("a TwiML app that was made is the workspace's", "[sync]") {
  Desk f(GENERATE(from_range(test::engines())));
  const auto made = sync::configure_app(*f.account, f.wanted(), true);
  f.decide("twiml_app_sid", "-");
  left(f, "application.create", "ringctl main", true);
  CHECK(state(sync::resolve(*f.account, {})) == "done");
  f.reload();
  CHECK(f.place.setting("twiml_app_sid") == made.sid);
}

TEST_CASE("what another account was asked for stays unknown, and so does what nobody answers about",
          "[sync]") {
  Desk f(GENERATE(from_range(test::engines())));
  const auto effect = left(f, "number.buy", "+12025550101", true);
  f.box.fault("503");
  CHECK(sync::resolve(*f.account, {}).unknown == 1);
  f.box.clear_faults();
  f.write([&] {
    f.db().exec("UPDATE twilio_effects SET account_sid = $1 WHERE id = $2",
                {"ACffffffffffffffffffffffffffffffff", effect.id});
  });
  CHECK(sync::resolve(*f.account, {}).unknown == 1);
  CHECK(f.open_effects().size() == 1);
}
