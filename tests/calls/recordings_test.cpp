#include "calls/recordings.hpp"

#include "calls/calls.hpp"
#include "calls/desk.hpp"
#include "calls/holds.hpp"
#include "calls/price.hpp"
#include "calls/purge.hpp"
#include "support/catch.hpp"
#include "support/errors.hpp"

using namespace ringctl;
using test::Desk;

namespace {

struct Tapes : Desk {
  explicit Tapes(db::Engine engine) : Desk(engine) {}

  calls::Event recorded(int call, int n, int seconds = 30) const {
    return event(calls::Kind::recording,
                 {{"CallSid", test::call_sid(call)},
                  {"RecordingSid", test::recording_sid(n)},
                  {"RecordingUrl", "https://api.example.com/Recordings/" + test::recording_sid(n)},
                  {"RecordingStatus", "completed"},
                  {"RecordingDuration", "20"},
                  {"RecordingSource", "DialVerb"}},
                 seconds);
  }
  std::vector<std::string> list(const calls::RecordingFilter& filter = {}, std::int64_t limit = 0) {
    return read([&] {
      std::vector<std::string> sids;
      calls::for_each(db(), workspace, filter, limit,
                      [&](const calls::RecordingRecord& one) { sids.push_back(one.recording_sid); });
      return sids;
    });
  }
  calls::RecordingRecord get(const std::string& what) {
    return read([&] { return calls::get_recording(db(), workspace, what); });
  }
};

std::vector<std::string> sids(std::initializer_list<int> numbers) {
  std::vector<std::string> all;
  for (const int n : numbers) all.push_back(test::recording_sid(n));
  return all;
}

}  // namespace

TEST_CASE("recordings are listed with their calls, the newest first", "[calls]") {
  Tapes f(GENERATE(from_range(test::engines())));
  f.apply({f.inbound(1), f.leg(1, 1, "in-progress", 1, 5), f.recorded(1, 1)});
  f.clock.advance(std::chrono::minutes(5));
  f.apply({f.inbound(2), f.recorded(2, 2)});
  CHECK(f.list() == sids({2, 1}));
  CHECK(f.list({}, 1) == sids({2}));
  CHECK(f.list({.since = f.clock.now()}) == sids({2}));
  CHECK(f.list({.until = f.clock.now()}) == sids({1}));
  CHECK(f.list({.call = test::call_sid(1)}) == sids({1}));
  CHECK(f.list({.user = f.ann_id}) == sids({1}));
  CHECK(f.list({.kind = "voicemail"}).empty());
  CHECK(f.read([&] { return calls::count(f.db(), f.workspace, calls::RecordingFilter()); }) == 2);
  const auto one = f.get(test::recording_sid(1));
  CHECK(one.call_sid == test::call_sid(1));
  CHECK(one.user_email == test::k_ann);
  CHECK(one.duration_s == 20);
}

TEST_CASE("a recording is named by its SID or the end of it", "[calls]") {
  Tapes f(GENERATE(from_range(test::engines())));
  f.apply({f.inbound(1), f.recorded(1, 1)});
  CHECK(f.get("00000001").recording_sid == test::recording_sid(1));
  CHECK(test::slug_of([&] { f.get(test::recording_sid(9)); }) == "recordings.unknown");
}

TEST_CASE("what was fetched and what was deleted is on record", "[calls]") {
  Tapes f(GENERATE(from_range(test::engines())));
  f.apply({f.inbound(1), f.recorded(1, 1)});
  const auto id = f.get(test::recording_sid(1)).id;
  f.write([&] { calls::note_fetched(f.session(), f.workspace, id, {"/srv/tapes/one.wav", "00"}); });
  CHECK(f.get(test::recording_sid(1)).file_name == "/srv/tapes/one.wav");
  CHECK(f.get(test::recording_sid(1)).fetched_at == f.clock.now());
  for (int i = 0; i < 2; ++i)
    f.write([&] {
      calls::note_deleted(f.session(), f.workspace, id, test::recording_sid(1), "recordings.delete");
    });
  CHECK(f.list().empty());
  CHECK(f.list({.deleted = true}) == sids({1}));
  CHECK(f.rows("SELECT url FROM recordings WHERE workspace_id = $1") == "\n");
  CHECK(f.rows("SELECT action FROM audit_log WHERE workspace_id = $1 ORDER BY seq") ==
        "recordings.fetch\nrecordings.delete\n");
}

TEST_CASE("what is held is not due, and nothing behind the place where a run stands", "[calls]") {
  Tapes f(GENERATE(from_range(test::engines())));
  f.apply({f.inbound(1), f.recorded(1, 1), f.inbound(2), f.recorded(2, 2)});
  f.clock.advance(std::chrono::minutes(5));
  f.apply({f.inbound(3), f.recorded(3, 3)});
  const auto due = [&](const std::optional<calls::DueRecording>& after = {}) {
    return f.read([&] { return calls::due_recordings(f.db(), f.workspace, f.clock.now(), after, 10); });
  };
  const auto count = [&] {
    return f.read([&] { return calls::count_due(f.db(), f.workspace, f.clock.now()); });
  };
  REQUIRE(due().size() == 2);
  CHECK(due(due().back()).empty());
  const auto held = f.get(test::recording_sid(1)).id;
  const auto is_held = [&] { return f.read([&] { return calls::is_held(f.db(), f.workspace, held); }); };
  CHECK_FALSE(is_held());
  calls::HoldTarget target;
  target.call = f.read([&] { return calls::get(f.db(), f.workspace, test::call_sid(1)).id; });
  calls::hold(f.session(), f.workspace, target, "Case 2026-17");
  CHECK(is_held());
  REQUIRE(due().size() == 1);
  CHECK(due()[0].recording_sid == test::recording_sid(2));
  CHECK(count().due == 1);
  CHECK(count().held == 1);
  calls::unhold(f.session(), f.workspace, target);
  CHECK(count().due == 2);
}

TEST_CASE("a deletion is a change of its call, and of the day that was kept", "[calls]") {
  Tapes f(GENERATE(from_range(test::engines())));
  f.apply({f.inbound(1), f.recorded(1, 1), f.status(1, "completed", 1, 40, 40)});
  const auto keep_day = [&] {
    f.exec(
        "INSERT INTO call_days (workspace_id, day, zone, definitions, starts_at, ends_at, made_at) "
        "VALUES ($1, '2026-03-08', 'UTC', 1, $2, $3, $2)",
        {f.workspace, f.at(-3600), f.at(3600)});
  };
  const auto days = [&] {
    return f.integer("SELECT count(*) FROM call_days WHERE workspace_id = $1", {f.workspace});
  };
  const auto changes = [&] { return f.read([&] { return calls::last_changed(f.db(), f.workspace); }); };
  keep_day();
  const auto before = changes();
  const auto id = f.get(test::recording_sid(1)).id;
  f.write(
      [&] { calls::note_deleted(f.session(), f.workspace, id, test::recording_sid(1), "recordings.purge"); });
  CHECK(changes() == before + 1);
  CHECK(days() == 0);
  keep_day();
  const std::vector<calls::Price> prices{{test::call_sid(1), "-0.0085", "USD"}};
  f.write([&] { calls::set_prices(f.session(), f.workspace, prices); });
  CHECK(changes() == before + 2);
  CHECK(days() == 0);
}

TEST_CASE("one that was purged with its call is owed no longer once it is gone", "[calls]") {
  Tapes f(GENERATE(from_range(test::engines())));
  f.apply({f.inbound(1), f.recorded(1, 1), f.status(1, "completed", 1, 40, 40)});
  const auto id = f.get(test::recording_sid(1)).id;
  f.clock.advance(std::chrono::hours(48));
  calls::purge(f.session(), f.workspace, {.before = f.at(3600)});
  const auto owed = [&] { return f.read([&] { return calls::count_owed(f.db(), f.workspace); }); };
  CHECK(owed() == 1);
  f.write(
      [&] { calls::note_deleted(f.session(), f.workspace, id, test::recording_sid(1), "recordings.purge"); });
  CHECK(owed() == 0);
}

TEST_CASE("a price is a decimal with its currency, and written once", "[calls]") {
  Tapes f(GENERATE(from_range(test::engines())));
  f.apply({f.inbound(1)});
  const std::vector<calls::Price> prices{{test::call_sid(1), "-0.0085", "USD"},
                                         {test::call_sid(9), "1.00", "USD"}};
  const auto set = [&] {
    std::int64_t changed = 0;
    f.write([&] { changed = calls::set_prices(f.session(), f.workspace, prices); });
    return changed;
  };
  CHECK(set() == 1);
  CHECK(set() == 0);
  CHECK(f.rows("SELECT price, price_unit FROM calls WHERE workspace_id = $1") == "-0.0085|USD\n");
  for (const auto* bad : {"", "1,5", "0.0000001", "1e3", "--1", ".5", "1."}) {
    CAPTURE(bad);
    const std::vector<calls::Price> wrong{{test::call_sid(1), bad, "USD"}};
    CHECK(test::slug_of([&] { f.write([&] { calls::set_prices(f.session(), f.workspace, wrong); }); }) ==
          "calls.bad_price");
  }
}
