#include "jobs/effects.hpp"
#include "support/catch.hpp"
#include "support/errors.hpp"
#include "sync/effect_row.hpp"
#include "sync/phone_desk.hpp"
#include "sync/talk.hpp"

using namespace ringctl;
using test::PhoneDesk;

namespace {

const std::string k_ann_phone = "+12025550143";

test::BoxOptions box_that_hangs_shortly() {
  test::BoxOptions options;
  options.hangs = std::chrono::milliseconds(50);
  return options;
}

struct Office : PhoneDesk {
  explicit Office(db::Engine engine, std::int64_t limit = 100)
      : PhoneDesk(engine, box_that_hangs_shortly()),
        assignment((in_real_time(), assign(ann_id, number_id, limit))) {
    exec("UPDATE users SET phone_number = $2, ring_on = 'phone' WHERE id = $1", {ann_id, k_ann_phone});
  }
  sync::Started start(bool write = true) {
    sync::StartOptions options{.agent = test::k_ann, .to = test::k_to};
    options.write = write;
    return sync::start_call(account, options);
  }
  std::int64_t used() {
    return integer(
        "SELECT coalesce(sum(reserved - refunded - adjusted), 0) FROM daily_usage WHERE assignment_id = $1",
        {assignment});
  }
  std::size_t calls_at_twilio() {
    return static_cast<std::size_t>(twilio::list_calls(client, {}, [](const twilio::Call&) { return true; }));
  }
  std::vector<jobs::Effect> open() {
    return read([&] { return jobs::Effects(db(), clock, workspace).open(std::nullopt); });
  }
  base::Uuid add_callback() {
    const auto id = alice.ids.next();
    exec(
        "INSERT INTO callbacks (id, workspace_id, phone_number, status, due_at, created_at, updated_at) "
        "VALUES ($1, $2, $3, 'open', $4, $4, $4)",
        {id, workspace, test::k_to, clock.now()});
    return id;
  }
  base::Uuid assignment;
};

}  // namespace

TEST_CASE("a call that is started rings its agent first, is counted, and is on record", "[sync]") {
  Office f(GENERATE(from_range(test::engines())));
  const auto started = f.start();
  CHECK(started.rung == k_ann_phone);
  CHECK(started.verdict.from_number == test::k_from);
  const auto leg = twilio::fetch_call(f.client, started.call_sid);
  CHECK(leg.to == k_ann_phone);
  CHECK(f.calls_at_twilio() == 1);
  CHECK(f.used() == 1);
  CHECK(f.rows("SELECT call_sid, direction, from_number, to_number FROM calls WHERE workspace_id = $1") ==
        started.call_sid + "|outbound|" + test::k_from + "|" + test::k_to + "\n");
  CHECK(f.rows("SELECT call_sid FROM reservations WHERE workspace_id = $1") == started.call_sid + "\n");
  CHECK(f.effects() == "call.start|done\n");
}

TEST_CASE("a call that limits refuse rings nobody", "[sync]") {
  Office f(GENERATE(from_range(test::engines())), 0);
  const auto error = test::error_of([&] { f.start(); });
  REQUIRE(error);
  CHECK(error->errc() == Errc::differs);
  CHECK(error->details().size() == 1);
  CHECK(f.calls_at_twilio() == 0);
  CHECK(f.effects().empty());
}

TEST_CASE("no number is called from itself: not the destination, and not the agent's telephone", "[sync]") {
  Office f(GENERATE(from_range(test::engines())));
  const auto to_itself =
      test::error_of([&] { sync::start_call(f.account, {.agent = test::k_ann, .to = test::k_from}); });
  REQUIRE(to_itself);
  CHECK(to_itself->slug() == "limits.refused");
  REQUIRE(to_itself->details().size() == 1);
  CHECK(to_itself->details().front().starts_with("same_number: "));
  f.exec("UPDATE users SET phone_number = $2 WHERE id = $1", {f.ann_id, test::k_from});
  for (const bool write : {false, true}) {
    const auto error = test::error_of([&] { f.start(write); });
    REQUIRE(error);
    CHECK(error->errc() == Errc::conflict);
    CHECK(error->slug() == "calls.same_number");
    CHECK_FALSE(error->hint().empty());
  }
  CHECK(f.used() == 0);
  CHECK(f.calls_at_twilio() == 0);
  CHECK(f.effects().empty());
}

TEST_CASE("a dry run counts nothing and rings nobody", "[sync]") {
  Office f(db::Engine::sqlite);
  CHECK(f.start(false).verdict.allowed);
  CHECK(f.used() == 0);
  CHECK(f.calls_at_twilio() == 0);
  CHECK(f.effects().empty());
}

TEST_CASE("a call that Twilio refuses is given back", "[sync]") {
  Office f(GENERATE(from_range(test::engines())));
  f.exec("UPDATE phone_numbers SET phone_number = '+12025550109'");  // not the account's
  CHECK(test::error_of([&] { f.start(); })->errc() == Errc::twilio);
  CHECK(f.used() == 0);
  CHECK(f.effects() == "call.start|refused\n");
  CHECK(f.rows("SELECT count(*) FROM calls WHERE workspace_id = $1") == "0\n");
}

TEST_CASE("a call whose answer was lost is looked up, never dialled again", "[sync]") {
  Office f(GENERATE(from_range(test::engines())));
  f.box.fault("executed_lost", 1);
  const auto error = test::error_of([&] { f.start(); });
  REQUIRE(error);
  CHECK(error->errc() == Errc::unknown_outcome);
  CHECK(f.used() == 1);
  auto effects = f.open();
  REQUIRE(effects.size() == 1);
  const auto row = sync::resolve_call_effect(f.account, effects.front());
  CHECK(row.state == "done");
  CHECK(f.calls_at_twilio() == 1);
  CHECK(f.open().empty());
  CHECK(f.rows("SELECT call_sid FROM calls WHERE workspace_id = $1") == row.sid + "\n");
  CHECK(f.rows("SELECT call_sid FROM reservations WHERE workspace_id = $1") == row.sid + "\n");
}

TEST_CASE("a call that may ring is never said to have failed, though nothing can be written down", "[sync]") {
  Office f(db::Engine::sqlite);
  f.db().exec_script(
      "CREATE TRIGGER full BEFORE UPDATE ON twilio_effects WHEN NEW.state <> 'sent' "
      "BEGIN SELECT RAISE(ABORT, 'the disk is full'); END");
  f.box.fault("executed_lost", 1);
  const auto error = test::error_of([&] { f.start(); });
  REQUIRE(error);
  CHECK(error->errc() == Errc::unknown_outcome);
  CHECK(f.used() == 1);
  f.db().exec_script("DROP TRIGGER full");
  CHECK(sync::resolve_call_effect(f.account, f.open().at(0)).state == "done");
  CHECK(f.calls_at_twilio() == 1);
}

TEST_CASE("a call that never was is given back once Twilio must show it", "[sync]") {
  Office f(GENERATE(from_range(test::engines())));
  f.box.fault("hang", 1);
  CHECK(test::error_of([&] { f.start(); })->errc() == Errc::unknown_outcome);
  f.box.clear_faults();
  CHECK(sync::resolve_call_effect(f.account, f.open().at(0)).state == "unknown");
  f.clock.advance(std::chrono::minutes(2));
  CHECK(sync::resolve_call_effect(f.account, f.open().at(0)).state == "undone");
  CHECK(f.used() == 0);
  CHECK(f.calls_at_twilio() == 0);
}

TEST_CASE("a callback is tied to the call that is placed for it", "[sync]") {
  Office f(db::Engine::sqlite);
  sync::StartOptions options{.agent = test::k_ann, .to = test::k_to};
  options.callback = f.add_callback();
  const auto started = sync::start_call(f.account, options);
  CHECK(f.rows("SELECT calling_sid, status FROM callbacks WHERE workspace_id = $1") ==
        started.call_sid + "|open\n");
  CHECK(test::slug_of([&] { sync::start_call(f.account, options); }) == "callbacks.being_called");
  CHECK(f.calls_at_twilio() == 1);
  CHECK(f.used() == 1);
}

TEST_CASE("nobody is called back again while the answer to the last time is not known", "[sync]") {
  Office f(GENERATE(from_range(test::engines())));
  sync::StartOptions options{.agent = test::k_ann, .to = test::k_to};
  options.callback = f.add_callback();
  f.box.fault("executed_lost", 1);
  CHECK(test::error_of([&] { sync::start_call(f.account, options); })->errc() == Errc::unknown_outcome);
  const auto again = test::error_of([&] { sync::start_call(f.account, options); });
  REQUIRE(again);
  CHECK(again->errc() == Errc::conflict);
  CHECK(again->slug() == "callbacks.call_unknown");
  CHECK(again->hint() == "ringctl jobs resolve");
  CHECK(f.calls_at_twilio() == 1);
  CHECK(f.used() == 1);

  auto other = options;  // of another callback nothing is unknown
  other.callback = f.add_callback();
  other.write = false;
  CHECK(sync::start_call(f.account, other).verdict.allowed);
  const auto open = f.open();
  REQUIRE(open.size() == 1);
  CHECK(sync::resolve_call_effect(f.account, open.front()).state == "done");
  CHECK(test::slug_of([&] { sync::start_call(f.account, options); }) == "callbacks.being_called");
}

TEST_CASE("an agent without a telephone, or who takes part no more, is not rung", "[sync]") {
  Office f(db::Engine::sqlite);
  f.exec("UPDATE users SET phone_number = NULL WHERE id = $1", {f.ann_id});
  CHECK(test::slug_of([&] { f.start(); }) == "users.no_phone");
  f.exec("UPDATE users SET is_active = FALSE WHERE id = $1", {f.ann_id});
  CHECK(test::slug_of([&] { f.start(); }) == "users.inactive");
  CHECK(f.calls_at_twilio() == 0);
}
