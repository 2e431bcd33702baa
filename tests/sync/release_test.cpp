#include <functional>

#include "support/catch.hpp"
#include "support/interrupting_clock.hpp"
#include "sync/desk.hpp"
#include "sync/numbers.hpp"

using namespace ringctl;
using Desk = test::NumberDesk;
using test::slug_of;

namespace {

const std::string k_number = "+12025550101";

void have(Desk& f) {
  f.box.add_number(k_number);
  sync::apply_sync(*f.account, sync::plan_sync(*f.account, f.wanted()));
}
bool is_there(Desk& f) { return !f.there(k_number).sid.empty(); }

/// What becomes of the one number that was marked.
sync::ReleaseReport due_two_days_later(Desk& f) {
  f.clock.advance(std::chrono::hours(48));
  const auto due = sync::release_due(*f.account, true);
  REQUIRE(due.size() == 1);
  return due[0];
}

}  // namespace

TEST_CASE("a number waits a day before it is given back, and is inactive meanwhile", "[sync]") {
  Desk f(GENERATE(from_range(test::engines())));
  have(f);
  const auto report = sync::schedule_release(*f.account, k_number, false, true);
  CHECK(report.action == "scheduled");
  CHECK(report.at == f.clock.now() + std::chrono::hours(24));
  CHECK(f.row(k_number).status == "inactive");
  CHECK(sync::schedule_release(*f.account, k_number, false, true).action == "waiting");
  CHECK(sync::release_due(*f.account, true).empty());
  CHECK(is_there(f));
  f.clock.advance(std::chrono::hours(24));
  const auto due = sync::release_due(*f.account, true);
  REQUIRE(due.size() == 1);
  CHECK(due[0].action == "released");
  CHECK_FALSE(is_there(f));
  CHECK_FALSE(f.numbers().find(k_number).has_value());
  CHECK(f.open_effects().empty());
}

TEST_CASE("a release can be taken back until then", "[sync]") {
  Desk f(GENERATE(from_range(test::engines())));
  have(f);
  CHECK(sync::cancel_release(*f.account, k_number, true).action == "kept");
  sync::schedule_release(*f.account, k_number, false, true);
  CHECK(sync::cancel_release(*f.account, k_number, true).action == "canceled");
  CHECK(sync::cancel_release(*f.account, k_number, true).action == "kept");
  CHECK(f.row(k_number).status == "active");
  f.clock.advance(std::chrono::hours(48));
  CHECK(sync::release_due(*f.account, true).empty());
}

TEST_CASE("a number that is active again is not given back", "[sync]") {
  Desk f(GENERATE(from_range(test::engines())));
  have(f);
  sync::schedule_release(*f.account, k_number, false, true);
  f.numbers().update(phone::E164::parse(k_number), {.label = "Old line"});
  CHECK(f.row(k_number).release_at.has_value());
  f.numbers().update(phone::E164::parse(k_number), {.status = "active"});
  CHECK_FALSE(f.row(k_number).release_at.has_value());
  f.clock.advance(std::chrono::hours(48));
  CHECK(sync::release_due(*f.account, true).empty());
  CHECK(is_there(f));
}

TEST_CASE("a number that is kept while others are given back stays", "[sync]") {
  Desk f(GENERATE(from_range(test::engines())));
  const std::string second = "+12025550102";
  f.box.add_number(second);
  have(f);
  for (const auto& number : {k_number, second}) sync::schedule_release(*f.account, number, false, true);
  f.clock.advance(std::chrono::hours(24));
  // Bob keeps the second once the first is gone.
  test::Actor bob(f.database.connect(), f.clock, "os:bob");
  sync::Account his{.session = bob.session,
                    .workspace = f.place,
                    .client = f.client,
                    .cancel = f.cancel,
                    .public_url = "https://pbx.example.com"};
  test::InterruptingClock clock(f.clock);
  std::string told;
  std::function<void()> keep = [&] {
    if (f.db().in_transaction() || estate::Numbers(bob.session, f.workspace).find(k_number))
      return clock.once(keep);
    told = sync::cancel_release(his, second, true).action;
  };
  clock.once(keep);
  audit::Session session{f.db(), clock, f.alice.ids, "os:alice"};
  sync::Account hers{.session = session,
                     .workspace = f.place,
                     .client = f.client,
                     .cancel = f.cancel,
                     .public_url = "https://pbx.example.com"};
  const auto due = sync::release_due(hers, true);
  CHECK(told == "canceled");
  REQUIRE(due.size() == 2);
  CHECK(due[0].action == "released");
  CHECK(due[1].action == "kept");
  CHECK_FALSE(is_there(f));
  CHECK_FALSE(f.there(second).sid.empty());
  CHECK(f.row(second).status == "active");
  CHECK(f.open_effects().empty());
}

TEST_CASE("a number that is on its way back to Twilio cannot be kept any more", "[sync]") {
  Desk f(GENERATE(from_range(test::engines())));
  have(f);
  sync::schedule_release(*f.account, k_number, false, true);
  jobs::Effect effect{.id = f.alice.ids.next(),
                      .kind = "number.release",
                      .key = k_number,
                      .account_sid = f.client.account_sid(),
                      .sid = f.row(k_number).sid,
                      .actor = "alice"};
  f.write([&] {
    jobs::Effects effects(f.db(), f.clock, f.workspace);
    effects.insert(effect);
    effects.sent(effect.id);
  });
  CHECK(slug_of([&] { sync::cancel_release(*f.account, k_number, true); }) == "jobs.effect_under_way");
  CHECK(f.row(k_number).release_at.has_value());
}

TEST_CASE("a number that an agent has is not given back, and nothing is sent", "[sync]") {
  Desk f(GENERATE(from_range(test::engines())));
  have(f);
  f.assign(k_number);
  for (const bool now : {false, true})
    CHECK(slug_of([&] { sync::schedule_release(*f.account, k_number, now, true); }) == "numbers.assigned");
  CHECK(f.box.ledger().empty());
}

TEST_CASE("a number on which an extension works alone is not given back, also when its time has come",
          "[sync]") {
  Desk f(GENERATE(from_range(test::engines())));
  have(f);
  const auto extend = [&] {
    const auto id = f.row(k_number).id, user = f.alice.ids.next(), extension = f.alice.ids.next();
    f.write([&] {
      f.db().exec(
          "INSERT INTO users (id, workspace_id, email, role, ring_on, availability, is_active, created_at, "
          "updated_at) VALUES ($1, $2, 'ann@example.com', 'agent', 'client', 'online', TRUE, $3, $3)",
          {user, f.workspace, f.clock.now()});
      f.db().exec(
          "INSERT INTO user_extensions (id, workspace_id, user_id, extension, number_id, is_active, created_at, "
          "updated_at) VALUES ($1, $2, $3, '101', $4, TRUE, $5, $5)",
          {extension, f.workspace, user, id, f.clock.now()});
    });
  };
  sync::schedule_release(*f.account, k_number, false, true);
  extend();
  CHECK(due_two_days_later(f).action == "waiting");
  for (const bool now : {false, true})
    CHECK(slug_of([&] { sync::schedule_release(*f.account, k_number, now, true); }) ==
          "numbers.has_extension");
  CHECK(is_there(f));
  CHECK(f.box.ledger().empty());
}

TEST_CASE("a number that is handed to an assistant is not given back, also when its time has come",
          "[sync]") {
  Desk f(GENERATE(from_range(test::engines())));
  have(f);
  const auto hand = [&] {
    const auto id = f.row(k_number).id, assistant = f.alice.ids.next();
    f.write([&] { estate::set_assistant(f.session(), f.workspace, id, assistant); });
  };
  sync::schedule_release(*f.account, k_number, false, true);
  hand();
  CHECK(due_two_days_later(f).code == "assistants.has_number");
  CHECK(slug_of([&] { sync::schedule_release(*f.account, k_number, true, true); }) ==
        "assistants.has_number");
  CHECK(is_there(f));
}

TEST_CASE("numbers that are not at Twilio, or another account's, are not given back", "[sync]") {
  Desk f(GENERATE(from_range(test::engines())));
  have(f);
  f.add("+442079460123", {.provider = "telnyx"});
  f.add("+12025550102");
  const auto slug = [&](const std::string& number) {
    return slug_of([&] { sync::schedule_release(*f.account, number, true, true); });
  };
  CHECK(slug("+442079460123") == "numbers.not_at_twilio");
  CHECK(slug("+12025550102") == "numbers.not_at_twilio");
  const auto row = f.row("+12025550102");
  f.write([&] {
    const estate::RowVersion here{row.id, row.version};
    estate::mark_missing(f.session(), f.workspace, {&here, 1});
  });
  const auto missing =
      test::error_of([&] { sync::schedule_release(*f.account, "+12025550102", true, true); });
  REQUIRE(missing);
  CHECK(missing->slug() == "numbers.not_at_twilio");
  CHECK(missing->hint() == "ringctl numbers delete +12025550102");
  f.write([&] {
    f.db().exec("UPDATE phone_numbers SET account_sid = $1", {"ACffffffffffffffffffffffffffffffff"});
  });
  CHECK(slug(k_number) == "numbers.other_account");
  CHECK(is_there(f));
}

TEST_CASE("a SID that is another number's gives nothing back", "[sync]") {
  Desk f(GENERATE(from_range(test::engines())));
  const auto other = f.box.add_number("+12025550102");
  f.add(k_number, {.sid = other});
  CHECK(slug_of([&] { sync::schedule_release(*f.account, k_number, true, true); }) == "numbers.sid_mismatch");
  CHECK_FALSE(f.there("+12025550102").sid.empty());
  CHECK(f.box.ledger().empty());
}

TEST_CASE("a number that is gone at Twilio already is forgotten here", "[sync]") {
  Desk f(GENERATE(from_range(test::engines())));
  have(f);
  const auto sid = f.row(k_number).sid;
  f.box.with([&](sim::Account& account, sim::Network&) { account.numbers.remove(sid); });
  CHECK(sync::schedule_release(*f.account, k_number, true, true).action == "released");
  CHECK_FALSE(f.numbers().find(k_number).has_value());
}

TEST_CASE("a plan of a release changes nothing", "[sync]") {
  Desk f(GENERATE(from_range(test::engines())));
  have(f);
  CHECK(sync::schedule_release(*f.account, k_number, true, false).action == "released");
  CHECK(sync::schedule_release(*f.account, k_number, false, false).action == "scheduled");
  CHECK(f.row(k_number).status == "active");
  CHECK(is_there(f));
}

TEST_CASE("one that cannot be given back does not keep the others", "[sync]") {
  Desk f(GENERATE(from_range(test::engines())));
  const std::string second = "+12025550102", third = "+12025550103";
  f.box.add_number(second);
  f.box.add_number(third);
  have(f);
  for (const auto& number : {k_number, second, third})
    sync::schedule_release(*f.account, number, false, true);
  // Its SID here is the third's now, which is gone.
  const auto sid = f.row(third).sid;
  f.write([&] {
    f.db().exec("UPDATE phone_numbers SET sid = NULL WHERE phone_number = $1", {third});
    f.db().exec("UPDATE phone_numbers SET sid = $2 WHERE phone_number = $1", {k_number, sid});
  });
  f.clock.advance(std::chrono::hours(24));
  const auto due = sync::release_due(*f.account, true);
  REQUIRE(due.size() == 3);
  CHECK(due[0].action == "failed");
  CHECK(due[0].code == "numbers.sid_mismatch");
  CHECK(due[1].action == "released");
  CHECK(due[2].action == "waiting");
  CHECK(is_there(f));
  CHECK_FALSE(f.there(third).sid.empty());
  CHECK(f.there(second).sid.empty());
}

TEST_CASE("a number that somebody got after Twilio gave it back stays, marked as missing", "[sync]") {
  Desk f(GENERATE(from_range(test::engines())));
  have(f);
  const auto sid = f.row(k_number).sid;
  jobs::Effect effect{.id = f.alice.ids.next(),
                      .kind = "number.release",
                      .key = k_number,
                      .account_sid = f.client.account_sid(),
                      .sid = sid,
                      .actor = "alice"};
  f.write([&] {
    jobs::Effects effects(f.db(), f.clock, f.workspace);
    effects.insert(effect);
    effects.sent(effect.id);
  });
  f.assign(k_number);
  f.box.with([&](sim::Account& account, sim::Network&) { account.numbers.remove(sid); });
  const auto resolved = sync::resolve(*f.account, {});
  CHECK(resolved.done == 1);
  CHECK(f.row(k_number).missing_since.has_value());
  CHECK(f.open_effects().empty());
}
