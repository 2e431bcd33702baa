#include "report/kept_days.hpp"

#include <atomic>
#include <regex>
#include <set>
#include <thread>

#include "calls/calls.hpp"
#include "calls/counter.hpp"
#include "db/maintenance.hpp"
#include "directory/contacts.hpp"
#include "phone/overlay.hpp"
#include "report/counting_sql.hpp"
#include "report/ledger.hpp"
#include "support/catch.hpp"

using namespace ringctl;
using base::Zone;
using report::By;
using test::days_of;
using test::Ledger;
using test::utc;
using namespace std::chrono_literals;

namespace {

db::Engine any_engine() { return GENERATE(from_range(test::engines())); }

/// All that an answer says.
std::string text_of(const report::Answer& answer) {
  std::string text;
  const auto add = [&](const report::Row& row) {
    text += fmt::format("{}|{}|{}|{}|{}", row.key, row.name, test::text_of(row.now),
                        test::text_of(row.before), fmt::join(row.trend, " "));
    for (const auto* costs : {&row.costs, &row.costs_before})
      for (const auto& cost : *costs)
        text += fmt::format("|{} {} {} {}", cost.unit, cost.calls, cost.billed_min, cost.micros);
    text += "\n";
  };
  add(answer.total);
  for (const auto& row : answer.rows) add(row);
  return text;
}

constexpr By k_all[] = {By::nothing, By::agent, By::team,  By::number,  By::hour,    By::weekday,
                        By::week,    By::day,   By::month, By::country, By::outcome, By::rule};

/// Three days of calls of every kind, that are over, and today's.
struct Kept : Ledger {
  explicit Kept(db::Engine engine) : Ledger(engine) {
    for (const auto* day : {"2026-03-05", "2026-03-06", "2026-03-07", "2026-03-08"}) {
      const auto morning = utc(fmt::format("{}T09:10:00", day));
      day_calls.push_back(taken(morning));
      const auto missed =
          log({.started = morning + 20min, .status = "missed", .number = number_id, .ended = 30s});
      ring(missed, {.user = ann_id, .status = "no-answer", .ended = 15s});
      ring(missed, {.user = bob_id, .status = "busy", .ended = 5s});
      record(missed);
      log({.started = morning + 1h,
           .direction = "outbound",
           .number = number_id,
           .user = bob_id,
           .team = sales,
           .answered = 8s,
           .ended = 100s,
           .duration_s = 100,
           .other = "+442079460123",
           .rule = "Evening",
           .price = "-0.028",
           .price_unit = "USD"});
      log({.started = morning + 2h,
           .direction = "outbound",
           .status = "canceled",
           .user = ann_id,
           .ended = 1s,
           .refusal = "limit_reached"});
    }
  }

  report::Period period() { return {zone().start_of(base::parse_day("2026-03-05")), clock.now()}; }

  /// Every report says the same, whether days are kept or not.
  void require_equal() {
    for (const auto by : k_all) {
      report::Question question{.period = period(), .by = by};
      const auto kept = text_of(ask(question));
      question.use_kept_days = false;
      INFO("by " << report::name_of(by));
      CHECK(kept == text_of(ask(question)));
    }
    CHECK(report::differing_days(db(), workspace).empty());
  }

  std::vector<base::Uuid> day_calls = {};
};

const std::string k_three = "2026-03-05 2026-03-06 2026-03-07";

}  // namespace

TEST_CASE("days that have been over for six hours are kept", "[report]") {
  Kept f(any_engine());
  f.clock.set("2026-03-08T05:59:59.999Z");
  CHECK(f.keep().days == 2);
  CHECK(f.kept() == "2026-03-05 2026-03-06");
  f.clock.set("2026-03-08T06:00:00.000Z");
  const auto kept = f.keep();
  CHECK(kept.days == 1);
  CHECK(kept.calls == 3);
  CHECK(kept.missing == 0);
  CHECK(f.kept() == k_three);
  f.require_equal();
}

TEST_CASE("what is kept is read instead of counted", "[report]") {
  Kept f(any_engine());
  f.keep();
  const auto answer = f.ask({.period = f.period()});
  CHECK(answer.kept == 3);
  CHECK(answer.counted == 1);
  const auto counted = f.ask({.period = f.period(), .use_kept_days = false});
  CHECK(counted.kept == 0);
  CHECK(counted.counted == 4);
  // Half a day is never kept.
  const auto half = f.ask({.period = {utc("2026-03-05T12:00:00"), utc("2026-03-07T12:00:00")}});
  CHECK(half.kept == 1);
}

TEST_CASE("keeping again changes nothing", "[report]") {
  Kept f(any_engine());
  f.keep();
  CHECK(f.keep().days == 0);
  CHECK(f.keep(0, true).days == 3);
  CHECK(f.kept() == k_three);
  f.require_equal();
}

TEST_CASE("the newest days are kept first, as many as asked for", "[report]") {
  Kept f(any_engine());
  const auto kept = f.keep(2);
  CHECK(kept.days == 2);
  CHECK(kept.missing == 1);
  CHECK(f.kept() == "2026-03-06 2026-03-07");
  f.require_equal();
}

TEST_CASE("days without calls are kept, and miss nobody", "[report]") {
  Ledger f(any_engine());
  CHECK(f.keep().days == 0);
  f.taken(utc("2026-03-03T10:00:00"));
  const auto two = f.keep(2);
  CHECK(two.missing == 3);
  CHECK(f.kept() == "2026-03-06 2026-03-07");
  CHECK(f.keep().days == 3);
  CHECK(f.kept() == "2026-03-03 2026-03-04 2026-03-05 2026-03-06 2026-03-07");
}

TEST_CASE("a run that is stopped has kept the days it had done", "[report]") {
  Kept f(any_engine());
  const auto stop = [](const report::Kept& so_far) {
    if (so_far.days == 2) throw std::runtime_error("stopped");
  };
  CHECK_THROWS_AS(report::keep_days(f.session(), f.workspace, 0, false, stop), std::runtime_error);
  CHECK(f.kept() == "2026-03-06 2026-03-07");
  CHECK(f.keep().days == 1);
  f.require_equal();
}

TEST_CASE("a change of a call takes its day away, and no other", "[report][slow]") {
  Kept f(any_engine());
  const auto first = f.day_calls[1];
  const auto sid =
      f.rows(fmt::format("SELECT call_sid FROM calls WHERE workspace_id = $1 AND id = '{}'", first.text()));
  const auto change = GENERATE(range(0, 10));
  CAPTURE(change);
  f.keep();
  switch (change) {
    case 0:
      calls::set_outcome(f.session(), f.workspace, sid.substr(0, 34), "interested");
      break;
    case 1:
      f.exec("UPDATE calls SET price = '-0.01', price_unit = 'USD' WHERE id = $1", {first});
      break;
    case 2:
      f.exec("DELETE FROM calls WHERE id = $1", {first});
      break;
    case 3:
      f.taken(utc("2026-03-06T23:59:59"));
      break;
    case 4:
      f.taken(utc("2026-03-06T00:00:00"));
      break;
    case 5:
      f.record(first);
      break;
    case 6:
      f.exec(
          "DELETE FROM recordings WHERE call_id IN (SELECT id FROM calls WHERE started_at > $1 AND "
          "started_at < $2)",
          {utc("2026-03-06T00:00:00"), utc("2026-03-07T00:00:00")});
      break;
    case 7:
      f.ring(first, {.user = f.bob_id, .status = "canceled", .ended = 4s});
      break;
    case 8:
      f.exec("UPDATE call_attempts SET status = 'busy', answered_at = NULL WHERE call_id = $1", {first});
      break;
    case 9:
      f.exec("DELETE FROM call_attempts WHERE call_id = $1", {first});
      break;
  }
  CHECK(f.kept() == "2026-03-05 2026-03-07");
  f.require_equal();
  CHECK(f.keep().days == 1);
  CHECK(f.kept() == k_three);
  f.require_equal();
}

TEST_CASE("a call that moves to another day takes both away", "[report]") {
  Kept f(any_engine());
  f.keep();
  f.exec("UPDATE calls SET started_at = $2 WHERE id = $1", {f.day_calls[0], utc("2026-03-07T10:00:00")});
  CHECK(f.kept() == "2026-03-06");
  f.require_equal();
}

TEST_CASE("a leg or a recording that moves to another call takes the days of both away", "[report]") {
  Kept f(any_engine());
  const auto* const table = GENERATE("call_attempts", "recordings");
  f.record(f.day_calls[0]);
  f.keep();
  f.exec(fmt::format("UPDATE {} SET call_id = $2 WHERE call_id = $1", table),
         {f.day_calls[0], f.day_calls[2]});
  CHECK(f.kept() == "2026-03-06");
  f.require_equal();
}

TEST_CASE("a webhook that comes late takes the day of its call away", "[report]") {
  Kept f(any_engine());
  constexpr int k_two_days = 2 * 86400;
  f.apply({f.inbound(900, -k_two_days)});
  f.keep();
  CHECK(f.kept() == k_three);
  f.apply({f.status(900, "completed", 1, -k_two_days + 40, 40)});
  CHECK(f.kept() == "2026-03-05 2026-03-07");
  f.keep();
  f.require_equal();
  CHECK(f.ask({.period = f.period()}).total.now.waiting == 0);
}

TEST_CASE("a note, and an outcome that was there, leave the day kept", "[report]") {
  Kept f(db::Engine::sqlite);  // a trigger of PostgreSQL sees statements, not what they changed
  f.keep();
  f.exec("UPDATE calls SET notes = 'called back', outcome = outcome, version = version + 1 WHERE id = $1",
         {f.day_calls[1]});
  CHECK(f.kept() == k_three);
  f.exec("UPDATE calls SET outcome = 'Sold' WHERE id = $1", {f.day_calls[1]});
  CHECK(f.kept() == "2026-03-05 2026-03-07");
  f.require_equal();
}

TEST_CASE("a rule that turns out to have routed nothing takes the day away", "[report]") {
  Kept f(any_engine());
  f.keep();
  f.exec("UPDATE calls SET routed_by = 'extension' WHERE rule_name = 'Evening' AND started_at < $1",
         {utc("2026-03-06T00:00:00")});
  CHECK(f.kept() == "2026-03-06 2026-03-07");
  f.require_equal();
}

TEST_CASE("every column of a call that is counted takes the day away", "[report]") {
  Kept f(db::Engine::sqlite);  // PostgreSQL's trigger names none
  const auto trigger =
      f.db().text("SELECT sql FROM sqlite_schema WHERE name = 'call_days_call_altered'").value();
  std::set<std::string> counted;
  const std::regex column("\\bc\\.([a-z_]+)");
  for (const auto by : report::k_dimensions)
    for (const auto& sql :
         {report::calls_statement(db::Engine::sqlite, by), report::legs_statement(db::Engine::sqlite, by),
          report::spans_statement(db::Engine::sqlite, by)})
      for (std::sregex_iterator at(sql.begin(), sql.end(), column), end; at != end; ++at)
        counted.insert((*at)[1]);
  counted.erase("id");
  counted.erase("workspace_id");
  CHECK(counted.size() > 10);
  for (const auto& name : counted) {
    INFO(name);
    CHECK(trigger.find("OLD." + name + " IS NOT NEW." + name) != std::string::npos);
    CHECK(std::regex_search(trigger, std::regex("OF[^;]*\\b" + name + "\\b[^;]*ON calls")));
  }
}

TEST_CASE("an erased contact's calls are counted anew, of no country", "[report]") {
  Kept f(any_engine());
  const auto contact = f.alice.ids.next();
  f.exec("INSERT INTO contacts (id, workspace_id, created_at, updated_at) VALUES ($1, $2, $3, $3)",
         {contact, f.workspace, f.clock.now()});
  f.exec(
      "INSERT INTO contact_phones (contact_id, workspace_id, phone_number, position) VALUES ($1, $2, $3, 0)",
      {contact, f.workspace, test::k_caller});
  f.exec("UPDATE calls SET contact_id = $2 WHERE id = $1", {f.day_calls[1], contact});
  f.keep();
  directory::erase_contact(f.session(), f.workspace, contact, true);
  CHECK(f.kept().find("2026-03-06") == std::string::npos);
  f.require_equal();
  f.keep();
  f.require_equal();
}

TEST_CASE("a number that is deleted leaves its calls to none", "[report]") {
  Kept f(any_engine());
  f.keep();
  f.exec("DELETE FROM phone_numbers WHERE id = $1", {f.number_id});
  CHECK(f.kept().empty());
  f.require_equal();
  f.keep();
  f.require_equal();
}

TEST_CASE("days of another zone are neither read nor left", "[report]") {
  Kept f(any_engine());
  f.keep();
  f.decide("timezone", "Asia/Kathmandu");
  CHECK(f.ask({.period = f.period()}).kept == 0);
  f.require_equal();
  CHECK(f.keep().days == 3);
  CHECK(f.integer("SELECT count(*) FROM call_days WHERE zone = 'UTC'") == 0);
  CHECK(f.ask({.period = f.period()}).kept == 3);
  f.require_equal();
  // Whoever asks in the old zone gets its days counted.
  const report::Question question{.period = days_of(Zone::utc(), "2026-03-05", "2026-03-08")};
  CHECK(f.ask(question, Zone::utc()).kept == 0);
}

TEST_CASE("a change finds its day at the zone's own midnight", "[report]") {
  Kept f(any_engine());
  f.decide("timezone", "Asia/Kathmandu");
  f.keep();
  f.taken(utc("2026-03-05T18:14:59"));
  CHECK(f.kept() == "2026-03-06 2026-03-07");
  f.taken(utc("2026-03-06T18:15:00"));
  CHECK(f.kept() == "2026-03-06");
  f.require_equal();
}

TEST_CASE("a day of 23 hours is kept whole", "[report]") {
  Kept f(any_engine());
  f.decide("timezone", "America/New_York");
  f.taken(utc("2026-03-09T03:59:59"));
  f.taken(utc("2026-03-09T04:00:00"));
  f.clock.set("2026-03-09T14:00:00.000Z");
  f.keep();
  CHECK(f.rows("SELECT starts_at, ends_at FROM call_days WHERE workspace_id = $1 AND day = '2026-03-08'")
            .find("05:00:00") != std::string::npos);
  f.require_equal();
  f.clock.set("2026-03-10T14:00:00.000Z");
  CHECK(f.keep().days == 1);
  f.require_equal();
}

TEST_CASE("sums of other definitions are neither read nor left", "[report]") {
  Kept f(any_engine());
  f.keep();
  f.exec("UPDATE call_days SET definitions = $1", {report::k_definitions + 1});
  f.exec("UPDATE call_tallies SET tallies = replace(tallies, ' 1', ' 1000')");
  CHECK(f.ask({.period = f.period()}).kept == 0);
  f.require_equal();
  CHECK(f.keep().days == 3);
  f.require_equal();
}

TEST_CASE("days kept by somebody who knew other area codes are neither read nor left", "[report]") {
  Kept f(any_engine());
  phone::add_area_code("957=CA");
  f.log({.started = utc("2026-03-06T10:00:00"), .status = "missed", .ended = 9s, .other = "+19575550123"});
  f.keep();
  CHECK(f.ask({.period = f.period()}).kept == 3);
  phone::add_area_code("957=US");
  CHECK(f.ask({.period = f.period()}).kept == 0);
  f.require_equal();
  CHECK(f.keep().days == 3);
  CHECK(f.ask({.period = f.period()}).kept == 3);
  f.require_equal();
}

TEST_CASE("a day whose bounds the zone has moved since is kept anew", "[report]") {
  Kept f(any_engine());
  f.keep();
  f.exec("UPDATE call_days SET starts_at = $1 WHERE day = '2026-03-06'", {utc("2026-03-06T01:00:00")});
  f.require_equal();
  CHECK(f.keep().days == 1);
  CHECK(f.ask({.period = f.period()}).kept == 3);
  f.require_equal();
}

TEST_CASE("a day that a killed run had announced is not read, and kept by the next", "[report]") {
  Kept f(any_engine());
  f.keep();
  f.exec("DELETE FROM call_tallies WHERE day = '2026-03-06'");
  f.exec("UPDATE call_days SET definitions = -5 WHERE day = '2026-03-06'");
  CHECK(f.ask({.period = f.period()}).kept == 2);
  f.require_equal();
  CHECK(f.keep().days == 1);
  f.require_equal();
}

TEST_CASE("sums that are not what counting gives are found", "[report]") {
  Kept f(any_engine());
  f.keep();
  f.exec(
      "UPDATE call_tallies SET tallies = replace(tallies, ' 1 ', ' 2 ') WHERE day = '2026-03-06' AND dimension = 'agent'");
  const auto differing = report::differing_days(f.db(), f.workspace);
  REQUIRE(differing.size() == 1);
  CHECK(differing[0] == base::parse_day("2026-03-06"));
}

TEST_CASE("a day whose sums were damaged is counted, and found", "[report]") {
  Kept f(any_engine());
  f.keep();
  f.exec("UPDATE call_tallies SET tallies = 'junk' WHERE day = '2026-03-06'");
  const auto answer = f.ask({.period = f.period(), .with_before = false});
  CHECK(answer.kept == 2);
  CHECK(answer.counted == 2);
  CHECK(report::differing_days(f.db(), f.workspace) == std::vector{base::parse_day("2026-03-06")});
  CHECK(f.keep(0, true).days == 3);
  f.require_equal();
}

TEST_CASE("a day of other definitions between others is not read, whatever its sums look like", "[report]") {
  Kept f(any_engine());
  f.keep();
  f.exec("UPDATE call_days SET definitions = definitions + 1 WHERE day = '2026-03-06'");
  f.exec("UPDATE call_tallies SET tallies = 'of another form' WHERE day = '2026-03-06'");
  CHECK(f.ask({.period = f.period()}).kept == 2);
  f.require_equal();
}

TEST_CASE("nobody else's days are kept or forgotten", "[report]") {
  Kept f(any_engine());
  f.keep();
  const auto other = f.database.add_workspace("other");
  CHECK(report::keep_days(f.session(), other, 0, true).days == 0);
  CHECK(f.kept() == k_three);
}

TEST_CASE("kept days travel with the estate", "[report]") {
  Kept f(any_engine());
  f.keep();
  for (const auto engine : test::engines()) {
    test::TestDatabase there(engine);
    db::copy(f.db(), there.connection(), {});
    CHECK(report::differing_days(there.connection(), f.workspace).empty());
    const db::Transaction transaction(there.connection(), db::Scope::of(f.workspace), db::Access::read);
    CHECK(report::ask(there.connection(), f.workspace, Zone::utc(), {.period = f.period()}).kept == 3);
  }
}

TEST_CASE("no change slips in between counting and keeping", "[report][slow]") {
  Kept f(any_engine());
  std::atomic<bool> stop = false;
  std::thread keeper([&] {
    test::Actor actor(f.database.connect(), f.clock, "system");
    while (!stop) report::keep_days(actor.session, f.workspace, 0, false);
  });
  std::thread another([&] {
    test::Actor actor(f.database.connect(), f.clock, "system");
    while (!stop) report::keep_days(actor.session, f.workspace, 2, true);
  });
  for (int n = 0; n < 300; ++n) {
    f.write([&] {
      calls::lock_counter(f.db(), f.workspace);
      f.db().exec("UPDATE calls SET outcome = $2, duration_s = $3 WHERE id = $1",
                  {f.day_calls[static_cast<std::size_t>(n % 3)], n % 2 == 0 ? "interested" : "resolved", n});
      f.db().exec("UPDATE call_attempts SET status = $2 WHERE call_id = $1",
                  {f.day_calls[static_cast<std::size_t>(n % 2)], n % 4 < 2 ? "busy" : "completed"});
    });
    if (n % 10 == 0) CHECK(report::differing_days(f.db(), f.workspace).empty());
  }
  stop = true;
  keeper.join();
  another.join();
  f.require_equal();
  f.keep();
  CHECK(f.kept() == k_three);
  f.require_equal();
}
