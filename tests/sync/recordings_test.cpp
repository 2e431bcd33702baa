#include <filesystem>

#include "base/file.hpp"
#include "calls/holds.hpp"
#include "calls/purge.hpp"
#include "jobs/journal.hpp"
#include "support/catch.hpp"
#include "support/errors.hpp"
#include "support/temp_dir.hpp"
#include "sync/phone_desk.hpp"
#include "sync/reconcile.hpp"

using namespace ringctl;
using test::PhoneDesk;

namespace {

struct Tapes : PhoneDesk {
  explicit Tapes(db::Engine engine) : PhoneDesk(engine) { apply({inbound(1)}); }

  /// One that lies at Twilio, and is on record here.
  std::string recorded(int n) {
    const auto sid = test::recording_sid(n);
    box.with([&](sim::Account& at_twilio, sim::Network&) {
      sim::Recording recording;
      recording.sid = sid;
      recording.status = "completed";
      recording.source = "RecordVerb";
      recording.length = std::chrono::seconds(2);
      at_twilio.recordings.add(recording);
    });
    apply({event(calls::Kind::recording,
                 {{"CallSid", test::call_sid(1)}, {"RecordingSid", sid}, {"RecordingStatus", "completed"}},
                 10 + n)});
    return sid;
  }
  std::string gone() {
    return rows(
        "SELECT recording_sid FROM recordings WHERE workspace_id = $1 AND deleted_at IS NOT NULL "
        "ORDER BY recording_sid");
  }
  int times(const std::string& begin) {
    int all = 0;
    for (const auto& [what, count] : box.ledger())
      if (what.starts_with(begin)) all += count;
    return all;
  }
  test::TempDir folder;
};

}  // namespace

TEST_CASE("a recording is fetched into a file of its own that nobody else reads", "[sync]") {
  Tapes f(GENERATE(from_range(test::engines())));
  const auto sid = f.recorded(1);
  sync::FetchOptions options;
  options.out = f.folder.path().string();
  const auto file = sync::fetch_recording(f.account, sid, options);
  CHECK(std::filesystem::path(file).filename() == sid + ".wav");
  CHECK(base::read_file(file, 1 << 20).starts_with("RIFF"));
  CHECK((std::filesystem::status(file).permissions() & std::filesystem::perms::others_all) ==
        std::filesystem::perms::none);
  CHECK(f.rows("SELECT file_name FROM recordings WHERE workspace_id = $1") == file + "\n");
  const auto asked = f.box.seen().requests;
  CHECK(sync::fetch_recording(f.account, sid, options) == file);
  CHECK(f.box.seen().requests == asked);
}

TEST_CASE("a file is noted from the root, so that a purge finds it from wherever it is started", "[sync]") {
  Tapes f(GENERATE(from_range(test::engines())));
  f.apply({f.status(1, "completed", 1, 60, 60)});
  const auto sid = f.recorded(1);
  sync::FetchOptions options;
  options.out = std::filesystem::relative(f.folder.path()).string() + "/";
  REQUIRE_FALSE(options.out.starts_with("/"));
  const auto file = sync::fetch_recording(f.account, sid, options);
  const auto real = std::filesystem::canonical(file).string();
  CHECK(f.rows("SELECT file_name FROM recordings WHERE workspace_id = $1") == real + "\n");
  std::filesystem::create_symlink(real, f.folder / "link.mp3");
  options.out = (f.folder / "link.mp3").string();
  options.again = true;
  sync::fetch_recording(f.account, sid, options);  // what a link names is replaced, and not the link
  CHECK(f.rows("SELECT file_name FROM recordings WHERE workspace_id = $1") == real + "\n");
  f.clock.advance(std::chrono::hours(48));
  CHECK(calls::purge(f.session(), f.workspace, {.before = f.clock.now() - std::chrono::hours(25)}).files ==
        1);
  CHECK_FALSE(std::filesystem::exists(real));
}

TEST_CASE("what cannot be put on record is not left on disk, and what is no file is none to be removed",
          "[sync]") {
  Tapes f(GENERATE(from_range(test::engines())));
  const auto sid = f.recorded(1);
  sync::FetchOptions options;
  options.out = (f.folder / "\xff.wav").string();
  CHECK(test::slug_of([&] { sync::fetch_recording(f.account, sid, options); }) == "recordings.bad_file");
  CHECK(std::filesystem::is_empty(f.folder.path()));
  CHECK(f.rows("SELECT fetched_at FROM recordings WHERE workspace_id = $1") == "\n");
  options.out = "/dev/null";
  sync::fetch_recording(f.account, sid, options);
  CHECK(f.rows("SELECT file_name, files FROM recordings WHERE workspace_id = $1") == "/dev/null|[]\n");
}

TEST_CASE("folders are made for recordings that go into one, not for a file", "[sync]") {
  Tapes f(db::Engine::sqlite);
  const auto sid = f.recorded(1);
  const auto missing = f.folder.path() / "missing";
  sync::FetchOptions options;
  options.out = (missing / "x.wav").string();
  CHECK(test::error_of([&] { sync::fetch_recording(f.account, sid, options); }));
  CHECK_FALSE(std::filesystem::exists(missing));
  options.out = missing.string() + "/";
  CHECK(std::filesystem::exists(sync::fetch_recording(f.account, sid, options)));
}

TEST_CASE("a recording that was deleted is gone at Twilio, and is said to be gone here", "[sync]") {
  Tapes f(GENERATE(from_range(test::engines())));
  const auto sid = f.recorded(1);
  CHECK(sync::delete_recording(f.account, sid, false));
  CHECK(f.gone().empty());
  CHECK(sync::delete_recording(f.account, sid, true));
  CHECK(f.gone() == sid + "\n");
  CHECK_FALSE(sync::delete_recording(f.account, sid, true));
  CHECK(test::slug_of([&] { sync::fetch_recording(f.account, sid, {}); }) == "recordings.deleted");
}

TEST_CASE("sound that was deleted at Twilio itself is noted, on the word of the call's own account alone",
          "[sync]") {
  Tapes f(db::Engine::sqlite);
  const auto sid = f.recorded(1);
  f.box.with([&](sim::Account& at_twilio, sim::Network&) { at_twilio.recordings.remove(sid); });
  sync::FetchOptions options;
  options.out = f.folder.path().string();
  const auto slug = [&] { return test::slug_of([&] { sync::fetch_recording(f.account, sid, options); }); };
  CHECK(slug() == "recordings.not_at_twilio");
  CHECK(f.gone().empty());
  f.box.with([&](sim::Account& at_twilio, sim::Network&) {
    sim::Call call;
    call.sid = test::call_sid(1);
    call.from = test::k_caller;
    call.to = test::k_from;
    call.direction = "inbound";
    call.status = "completed";
    call.created_at = call.updated_at = f.clock.now();
    call.ended_at = call.created_at;
    at_twilio.calls.add(call);
  });
  CHECK(slug() == "recordings.deleted");
  CHECK(f.gone() == sid + "\n");
  const auto asked = f.box.seen().requests;
  CHECK(slug() == "recordings.deleted");
  CHECK(f.box.seen().requests == asked);  // what is known is not asked again
  CHECK(std::filesystem::is_empty(f.folder.path()));
}

TEST_CASE("a purge deletes what is old, many at once, and goes on where it was stopped", "[sync]") {
  Tapes f(GENERATE(from_range(test::engines())));
  for (int n = 1; n <= 5; ++n) f.recorded(n);
  f.clock.advance(std::chrono::hours(1));
  f.recorded(6);
  const auto before = f.clock.now();
  CHECK(sync::purge_recordings(f.account, before, false).deleted == 5);
  CHECK(f.gone().empty());
  const auto report = sync::purge_recordings(f.account, before, true);
  CHECK(report.deleted == 5);
  CHECK(report.failed == 0);
  CHECK(f.rows("SELECT count(*) FROM recordings WHERE workspace_id = $1 AND deleted_at IS NULL") == "1\n");
  REQUIRE(report.job);
  CHECK(test::slug_of([&] { sync::resume_purge(f.account, *report.job, true); }) == "jobs.not_unfinished");
  CHECK_FALSE(sync::purge_recordings(f.account, before, true).job);
}

TEST_CASE("the sound of a call that is held stays at Twilio, and who asked for less is on record", "[sync]") {
  Tapes f(GENERATE(from_range(test::engines())));
  const auto sid = f.recorded(1);
  calls::HoldTarget target;
  target.call = f.call(test::call_sid(1)).id;
  calls::hold(f.session(), f.workspace, target, "Case 2026-17");
  f.clock.advance(std::chrono::hours(1));
  CHECK(test::slug_of([&] { sync::delete_recording(f.account, sid, false); }) == "recordings.held");
  CHECK(test::slug_of([&] { sync::delete_recording(f.account, sid, true); }) == "recordings.held");
  const auto report = sync::purge_recordings(f.account, f.clock.now(), true);
  CHECK(report.deleted == 0);
  CHECK(report.held == 1);
  CHECK(f.gone().empty());
  CHECK(f.times("DELETE /Recordings") == 0);
  CHECK(f.rows("SELECT object_key FROM audit_log l JOIN audit_images i ON i.audit_id = l.id "
               "WHERE l.workspace_id = $1 AND l.action = 'recordings.kept'") == sid + "\n");
  calls::unhold(f.session(), f.workspace, target);
  CHECK(sync::purge_recordings(f.account, f.clock.now(), true).deleted == 1);
}

TEST_CASE("what purged calls left at Twilio goes with the next purge, or by itself", "[sync]") {
  Tapes f(GENERATE(from_range(test::engines())));
  f.apply({f.status(1, "completed", 1, 60, 60)});
  const auto sid = f.recorded(1);
  f.clock.advance(std::chrono::hours(48));
  calls::purge(f.session(), f.workspace, {.before = f.clock.now() - std::chrono::hours(25)});
  const auto owed = [&] { return f.read([&] { return calls::count_owed(f.db(), f.workspace); }); };
  REQUIRE(owed() == 1);
  CHECK(sync::purge_recordings(f.account, std::nullopt, false).deleted == 1);
  CHECK(owed() == 1);
  std::optional<base::Instant> older_than;
  SECTION("by itself") {}
  SECTION("with what is old") { older_than = f.clock.now(); }
  CHECK(sync::purge_recordings(f.account, older_than, true).deleted == 1);
  CHECK(owed() == 0);
  CHECK(f.times("DELETE /Recordings/" + sid) == 1);
  CHECK_FALSE(sync::purge_recordings(f.account, older_than, true).job);
  // What is left of them says how many there were.
  CHECK(f.rows("SELECT count(*) FROM audit_log WHERE workspace_id = $1 AND action = 'recordings.purge'") ==
        "1\n");
}

TEST_CASE("more recordings than are looked at together go all the same, the failed ones once", "[sync]") {
  Tapes f(db::Engine::sqlite);
  for (int n = 1; n <= 230; ++n) f.recorded(n);
  f.clock.advance(std::chrono::hours(1));
  f.box.fault("garbage", 1);
  const auto report = sync::purge_recordings(f.account, f.clock.now(), true);
  CHECK(report.deleted + report.gone + report.failed == 230);
  CHECK(report.failed == 1);
  const auto again = sync::purge_recordings(f.account, f.clock.now(), true);
  CHECK(again.deleted + again.gone == 1);
  CHECK(f.rows("SELECT count(*) FROM recordings WHERE workspace_id = $1 AND deleted_at IS NULL") == "0\n");
}

TEST_CASE("a purge that loses its login stops, and is resumed", "[sync]") {
  Tapes f(db::Engine::sqlite);
  for (int n = 1; n <= 3; ++n) f.recorded(n);
  f.clock.advance(std::chrono::hours(1));
  base::CancelToken stopped;
  stopped.cancel(130);
  auto options = f.box.options();
  options.cancel = &stopped;
  twilio::Client cut(std::move(options), f.wall);
  sync::Account account{.session = f.session(), .workspace = f.here, .client = cut, .cancel = stopped};
  const auto error = test::error_of([&] { sync::purge_recordings(account, f.clock.now(), true); });
  REQUIRE(error);
  CHECK(error->errc() == Errc::interrupted);
  const auto job = base::Uuid::parse(error->job_id());
  CHECK(sync::resume_purge(f.account, job, true).deleted == 3);
  CHECK(f.read([&] { return jobs::Journal(f.db(), f.clock, f.workspace).get(job.view()).state; }) ==
        jobs::State::finished);
}
