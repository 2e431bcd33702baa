// What is left of calls whose time is over, and what stays although it is.

#include "calls/purge.hpp"

#include <set>
#include <stdexcept>

#include "audit/log.hpp"
#include "base/digest.hpp"
#include "calls/callbacks.hpp"
#include "calls/calls.hpp"
#include "calls/holds.hpp"
#include "calls/person.hpp"
#include "calls/recordings.hpp"
#include "support/catch.hpp"
#include "support/errors.hpp"
#include "support/interrupting_clock.hpp"
#include "support/temp_dir.hpp"

using namespace ringctl;
using test::call_sid;
using test::holds;

namespace {

db::Engine any_engine() { return GENERATE(from_range(test::engines())); }

/// Three old calls: answered, recorded and noted; missed, and to be called back; never over. Two days later a
/// fourth.
struct Archive : test::Person {
  explicit Archive(db::Engine engine) : Person(engine) {
    apply({known(1), leg(1, 1, "in-progress", 2, 5), leg(1, 1, "completed", 3, 65, 60),
           status(1, "completed", 0, 66, 66), recorded(1), known(2, 100), status(2, "completed", 0, 150, 50),
           known(3, 200)});
    calls::note(session(), workspace, call_sid(1), "wants a quote", false);
    clock.advance(std::chrono::hours(48));
    apply({known(4, k_days), status(4, "completed", 0, k_days + 20, 20)});
  }
  calls::Event recorded(int n) const {
    return event(calls::Kind::recording,
                 {{"CallSid", call_sid(n)},
                  {"RecordingSid", test::recording_sid(n)},
                  {"RecordingStatus", "completed"},
                  {"RecordingUrl", "https://api.example.com/Recordings/" + test::recording_sid(n)}},
                 70);
  }
  calls::PurgeOptions old(bool write = true) const { return {.before = at(3600), .write = write}; }
  calls::Purged purge(const calls::PurgeOptions& options) {
    return calls::purge(session(), workspace, options);
  }
  std::string sids() { return rows("SELECT call_sid FROM calls WHERE workspace_id = $1 ORDER BY call_sid"); }
  std::int64_t count(const std::string& table) {
    return integer("SELECT count(*) FROM " + table + " WHERE workspace_id = $1", {workspace});
  }
  std::int64_t purges_on_record() {
    return integer("SELECT count(*) FROM audit_log WHERE workspace_id = $1 AND action = 'calls.purge'",
                   {workspace});
  }
  static constexpr int k_days = 48 * 3600;
};

/// The same with sound of calls 1 and 2 on this machine, of the first in two files.
struct Tapes : Archive {
  explicit Tapes(db::Engine engine) : Archive(engine) {
    apply({recorded(2)});
    fetch(1, "one.wav");
    fetch(1, "one.mp3");
    fetch(2, "two.wav");
  }
  void fetch(int n, const std::string& name) {
    test::write_text(folder / name, name);
    note(n, {(folder / name).string(), base::sha256_hex(name)});
  }
  void note(int n, const calls::SoundFile& file) {
    write([&] {
      const auto id = calls::get_recording(db(), workspace, test::recording_sid(n)).id;
      calls::note_fetched(session(), workspace, id, file);
    });
  }
  std::string files() const {
    std::set<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(folder.path()))
      names.insert(entry.path().filename().string());
    std::string all;
    for (const auto& name : names) all += name + " ";
    return all;
  }
  /// Purges, and adds what is stuck to `stuck`.
  calls::Purged run(std::int64_t piece = 1000) {
    auto options = old();
    options.piece = piece;
    options.stuck = [&](const calls::StuckFile& file) { stuck += file.name + ": " + file.why + "\n"; };
    return purge(options);
  }
  test::TempDir folder;
  std::string stuck = {};
};

std::string lines(std::initializer_list<int> calls) {
  std::string all;
  for (const auto n : calls) all += call_sid(n) + "\n";
  return all;
}

}  // namespace

TEST_CASE("purging takes old calls with all that hangs on them, and leaves the chain whole", "[calls]") {
  Archive f(any_engine());
  REQUIRE(holds(f.log(), "wants a quote"));
  const auto events = f.count("call_events");
  const auto purged = f.purge(f.old());
  CHECK(purged.calls == 2);
  CHECK(purged.attempts == 1);
  CHECK(purged.recordings == 1);
  CHECK(purged.events == events - f.count("call_events"));
  CHECK(purged.events == 7);
  CHECK(purged.open == 1);
  CHECK(purged.held == 0);
  CHECK(f.sids() == lines({3, 4}));
  CHECK(f.count("call_attempts") == 0);
  CHECK(f.count("recordings") == 0);
  CHECK_FALSE(holds(f.log(), "wants a quote"));
  CHECK_FALSE(holds(f.log(), call_sid(1)));
  CHECK_FALSE(holds(f.rows("SELECT call_sid FROM call_events WHERE workspace_id = $1"), test::leg_sid(1)));
  const auto verdict = f.read([&] { return audit::verify(f.db(), f.workspace); });
  CHECK(verdict.reason.empty());
  CHECK(f.rows("SELECT after_image FROM audit_images WHERE workspace_id = $1 AND object_key = 'calls'") ==
        R"({"attempts":1,"before":")" + base::format_utc(f.at(3600)) +
            R"(","calls":2,"events":7,"files":0,"recordings":1})" + "\n");
  CHECK(f.purge(f.old()).calls == 0);
  CHECK(f.purges_on_record() == 1);
}

TEST_CASE("who is still to be called back stays so when the call is purged, and who was is forgotten",
          "[calls]") {
  Archive f(any_engine());
  const auto callback = [&] {
    return f.rows(
        "SELECT status, phone_number, call_id FROM callbacks WHERE workspace_id = $1 ORDER BY created_at, id");
  };
  SECTION("open") {
    f.purge(f.old());
    CHECK(holds(callback(), "open|" + test::k_caller + "|\n"));
  }
  SECTION("done") {
    calls::change_callback(f.session(), f.workspace, call_sid(2), "callbacks.complete",
                           {.notes = "booked for Tuesday", .status = "completed"});
    f.purge(f.old());
    CHECK_FALSE(holds(callback(), "completed"));
    CHECK_FALSE(holds(f.log(), "booked for Tuesday"));
  }
}

TEST_CASE("a dry run counts what a run removes, and removes nothing", "[calls]") {
  Archive f(any_engine());
  const auto before = f.log();
  const auto counted = f.purge(f.old(false));
  CHECK(f.log() == before);
  CHECK(f.purges_on_record() == 0);
  const auto purged = f.purge(f.old());
  CHECK(counted.calls == purged.calls);
  CHECK(counted.attempts == purged.attempts);
  CHECK(counted.events == purged.events);
  CHECK(counted.recordings == purged.recordings);
  CHECK(counted.open == purged.open);
}

TEST_CASE("what is held stays until the hold ends", "[calls]") {
  Archive f(any_engine());
  const auto call = f.read([&] { return calls::get(f.db(), f.workspace, call_sid(1)).id; });
  calls::HoldTarget target;
  std::string left;
  SECTION("a call") {
    target.call = call;
    left = lines({1, 3, 4});
  }
  SECTION("all of a contact") {
    target.contact = f.contact;
    left = lines({1, 2, 3, 4});
  }
  SECTION("all of a contact, those included of which nobody knew whose they are") {
    f.exec("UPDATE calls SET contact_id = NULL WHERE workspace_id = $1", {f.workspace});
    target.contact = f.contact;
    left = lines({1, 2, 3, 4});
  }
  calls::hold(f.session(), f.workspace, target, "Case 2026-17");
  const auto held = f.purge(f.old());
  CHECK(held.held == (target.call ? 1 : 2));
  CHECK(f.sids() == left);
  calls::unhold(f.session(), f.workspace, target);
  CHECK(f.purge(f.old()).held == 0);
  CHECK(f.sids() == lines({3, 4}));
}

TEST_CASE("a purge that is stopped keeps to whole calls, says what it did, and is gone on with", "[calls]") {
  Archive f(any_engine());
  auto options = f.old();
  options.piece = 1;
  int pieces = 0;
  options.between = [&](const calls::Purged& so_far) {
    CHECK(so_far.calls == ++pieces);
    throw std::runtime_error("stopped");
  };
  CHECK_THROWS_WITH(f.purge(options), "stopped");
  CHECK(f.sids() == lines({2, 3, 4}));
  CHECK(f.count("call_attempts") == 0);
  CHECK(f.purges_on_record() == 1);
  options.between = {};
  CHECK(f.purge(options).calls == 1);
  CHECK(f.sids() == lines({3, 4}));
  CHECK(f.purges_on_record() == 2);
}

TEST_CASE("each piece of a purge is on record with its counts, as it is committed", "[calls]") {
  Archive f(any_engine());
  auto options = f.old();
  options.piece = 1;
  options.between = [&](const calls::Purged& so_far) { CHECK(f.purges_on_record() == so_far.calls); };
  CHECK(f.purge(options).calls == 2);
  const auto images =
      f.rows("SELECT after_image FROM audit_images WHERE workspace_id = $1 AND object_key = 'calls'");
  CHECK(holds(images, R"({"attempts":1,)"));
  CHECK(holds(images, R"({"attempts":0,)"));
  CHECK(f.read([&] { return audit::verify(f.db(), f.workspace); }).reason.empty());
}

TEST_CASE("what began in the last 24 hours is not purged", "[calls]") {
  Archive f(any_engine());
  CHECK(test::slug_of([&] { f.purge({.before = f.clock.now() - std::chrono::hours(23)}); }) ==
        "calls.purge_too_young");
  CHECK(f.count("calls") == 4);
}

TEST_CASE("recordings of purged calls are owed a deletion at Twilio until somebody settles it", "[calls]") {
  Archive f(any_engine());
  f.purge(f.old());
  const auto owed = [&](const std::optional<calls::OwedDeletion>& after = {}) {
    return f.read([&] { return calls::owed_deletions(f.db(), f.workspace, after, 10); });
  };
  REQUIRE(owed().size() == 1);
  CHECK(owed()[0].recording_sid == test::recording_sid(1));
  CHECK(owed()[0].asked_at == f.clock.now());
  CHECK(f.read([&] { return calls::count_owed(f.db(), f.workspace); }) == 1);
  CHECK(owed(owed()[0]).empty());
  const auto settle = [&] {
    bool settled = false;
    f.write([&] { settled = calls::settle_deletion(f.db(), f.workspace, test::recording_sid(1)); });
    return settled;
  };
  CHECK(settle());
  CHECK_FALSE(settle());
  CHECK(owed().empty());
}

TEST_CASE("what was deleted at Twilio before its call was purged is not owed, and leaves no trace",
          "[calls]") {
  Archive f(any_engine());
  const test::TempDir folder;
  const auto sound = (folder / "lin.wav").string();
  const auto id =
      f.read([&] { return calls::get_recording(f.db(), f.workspace, test::recording_sid(1)).id; });
  f.write([&] { calls::note_fetched(f.session(), f.workspace, id, {sound, "00"}); });
  f.write([&] {
    calls::note_deleted(f.session(), f.workspace, id, test::recording_sid(1), "recordings.delete");
  });
  REQUIRE(holds(f.log(), sound));
  f.purge(f.old());
  CHECK(f.read([&] { return calls::count_owed(f.db(), f.workspace); }) == 0);
  CHECK_FALSE(holds(f.log(), sound));
}

TEST_CASE("a purge says from when on calls are there, and takes who was called by Twilio's journal",
          "[calls]") {
  Archive f(any_engine());
  const auto since = [&] { return f.read([&] { return calls::purged_before(f.db(), f.workspace); }); };
  CHECK_FALSE(since());
  const auto effect = [&](const std::string& state, const std::string& sid, int seconds) {
    f.exec(
        "INSERT INTO twilio_effects (id, workspace_id, line, kind, effect_key, account_sid, request, state, sid, "
        "actor, created_at, updated_at) VALUES ($1, $2, 1, 'call.start', $3, 'AC1', '{}', $4, $5, 'system', $6, $6)",
        {f.alice.ids.next(), f.workspace, test::k_to, state, sid, f.at(seconds)});
  };
  effect("done", test::call_sid(1), 0);                // its call goes
  effect("done", test::call_sid(3), 200);              // stays: so does its call
  effect("unknown", "", 5);                            // stays: somebody has to look
  effect("done", test::call_sid(4), Archive::k_days);  // stays: it is young
  f.purge(f.old(false));
  CHECK_FALSE(since());
  f.purge(f.old());
  CHECK(since() == f.at(3600));
  CHECK(f.rows("SELECT state, sid FROM twilio_effects WHERE workspace_id = $1 ORDER BY created_at") ==
        "unknown|\ndone|" + test::call_sid(3) + "\ndone|" + test::call_sid(4) + "\n");
  calls::purge(f.session(), f.workspace, {.before = f.at(60)});
  CHECK(since() == f.at(3600));
}

TEST_CASE("files that recordings were fetched into go with their calls, and a dry run leaves them",
          "[calls]") {
  Tapes f(any_engine());
  test::write_text(f.folder / "other.wav", "nobody's");
  CHECK(f.purge(f.old(false)).files == 3);
  CHECK(f.files() == "one.mp3 one.wav other.wav two.wav ");
  const auto purged = f.run();
  CHECK(purged.files == 3);
  CHECK(purged.kept == 0);
  CHECK(purged.recordings == 2);
  CHECK(f.files() == "other.wav ");
  CHECK(f.stuck.empty());
  CHECK(holds(f.rows("SELECT after_image FROM audit_images WHERE workspace_id = $1 AND object_key = 'calls'"),
              R"("files":3,)"));
}

TEST_CASE("a file that was removed by hand stands in no purge's way", "[calls]") {
  Tapes f(any_engine());
  std::filesystem::remove(f.folder / "one.mp3");
  CHECK(f.run().files == 2);
  CHECK(f.sids() == lines({3, 4}));
  CHECK(f.files().empty());
}

TEST_CASE("a call whose file cannot be removed stays with its rows, is told, and goes once it can",
          "[calls]") {
  Tapes f(any_engine());
  const auto piece = GENERATE(1, 1000);
  const auto name = (f.folder / "one.wav").string();
  test::write_text(name, "somebody's own");
  const auto purged = f.run(piece);
  CHECK(purged.calls == 1);
  CHECK(purged.kept == 1);
  CHECK(purged.recordings == 1);
  CHECK(f.stuck == name + ": it holds something else than was fetched\n");
  CHECK(f.sids() == lines({1, 3, 4}));
  CHECK(f.count("recordings") == 1);
  CHECK(f.count("call_attempts") == 1);
  CHECK(holds(f.log(), "wants a quote"));
  CHECK(f.files() == "one.wav ");
  CHECK(test::read_text(name) == "somebody's own");
  std::filesystem::rename(name, f.folder / "kept");
  CHECK(f.run(piece).kept == 0);
  CHECK(f.sids() == lines({3, 4}));
  CHECK(f.files() == "kept ");
  CHECK(f.purges_on_record() == 2);
}

TEST_CASE("nothing but what was fetched is removed, whatever the log says", "[calls]") {
  Tapes f(any_engine());
  const auto victim = f.folder / "victim";
  test::write_text(victim, "somebody's own");
  const auto digest = base::sha256_hex("somebody's own");
  SECTION("noted without its folder") { f.note(2, {std::filesystem::relative(victim).string(), digest}); }
  SECTION("noted by a way out of a folder") { f.note(2, {(f.folder / "x/../victim").string(), digest}); }
  SECTION("noted with another content") { f.note(2, {victim.string(), base::sha256_hex("sound")}); }
  SECTION("noted before contents were") {
    f.exec("UPDATE recordings SET file_name = $2, files = NULL WHERE recording_sid = $1",
           {test::recording_sid(2), victim.string()});
  }
  CHECK(f.run().kept == 1);
  CHECK(f.sids() == lines({2, 3, 4}));
  CHECK(test::read_text(victim) == "somebody's own");
}

TEST_CASE("one file of two recordings goes with the one that wrote it last", "[calls]") {
  Tapes f(any_engine());
  f.fetch(2, "one.wav");
  test::write_text(f.folder / "one.wav", "one.wav of call 2");
  f.note(2, {(f.folder / "one.wav").string(), base::sha256_hex("one.wav of call 2")});
  calls::HoldTarget target;
  target.call = f.read([&] { return calls::get(f.db(), f.workspace, call_sid(2)).id; });
  calls::hold(f.session(), f.workspace, target, "Case 2026-17");
  CHECK(f.run().calls == 1);
  CHECK(f.stuck.empty());
  CHECK(f.files() == "one.wav two.wav ");
  calls::unhold(f.session(), f.workspace, target);
  CHECK(f.run().files == 2);
  CHECK(f.files().empty());
}

TEST_CASE("files of a call that is held stay until the hold ends", "[calls]") {
  Tapes f(any_engine());
  calls::HoldTarget target;
  target.call = f.read([&] { return calls::get(f.db(), f.workspace, call_sid(1)).id; });
  calls::hold(f.session(), f.workspace, target, "Case 2026-17");
  CHECK(f.run().files == 1);
  CHECK(f.files() == "one.mp3 one.wav ");
  calls::unhold(f.session(), f.workspace, target);
  CHECK(f.run().files == 2);
  CHECK(f.files().empty());
}

TEST_CASE("a purge that dies between a file and its rows leaves the rows, and the next run finishes",
          "[calls]") {
  Tapes f(any_engine());
  test::InterruptingClock clock(f.clock);
  audit::Session session{f.db(), clock, f.alice.ids, "os:alice"};
  auto options = f.old();
  options.piece = 1;
  options.between = [&](const calls::Purged&) { clock.once([] { throw std::runtime_error("died"); }); };
  CHECK_THROWS_WITH(calls::purge(session, f.workspace, options), "died");
  CHECK(f.files().empty());
  CHECK(f.sids() == lines({2, 3, 4}));
  CHECK(f.count("recordings") == 1);
  const auto purged = f.run();
  CHECK(purged.calls == 1);
  CHECK(purged.files == 0);
  CHECK(f.sids() == lines({3, 4}));
  CHECK(f.count("recordings") == 0);
}

TEST_CASE("sound of an erased contact that was fetched is on record until the purge of its calls",
          "[calls]") {
  Tapes f(any_engine());
  f.erase();
  CHECK(f.files() == "one.mp3 one.wav two.wav ");
  CHECK(f.count("recordings") == 2);
  CHECK(f.run().files == 3);
  CHECK(f.files().empty());
}

TEST_CASE("another workspace's calls are not purged", "[calls]") {
  Archive f(any_engine());
  const auto other = f.database.add_workspace("other");
  CHECK(calls::purge(f.session(), other, f.old()).calls == 0);
  CHECK(f.count("calls") == 4);
}
